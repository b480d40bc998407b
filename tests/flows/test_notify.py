"""Messages through Apprise: told to every address, failures told apart, and no secret of an address anywhere."""

from __future__ import annotations

import logging

import pytest

from flows.notify import Failure, addresses, notify
from flows.settings import Settings, load
from tests.flows.hooks import Hook, hook

TITLE, BODY = "Week 47", "41 % – “quoted” & <b>kept</b>"


def with_urls(urls: str) -> Settings:
    """Settings with these addresses."""
    return load(notify_urls=urls)


@pytest.mark.parametrize(
    ("urls", "names"),
    [
        ("", []),
        (" , ", []),
        ("json://a/b", ["json (1)"]),
        ("slack://x/y/z, json://a?to=b,c\n tgram://t/1 ", ["slack (1)", "json (2)", "tgram (3)"]),
        ("hunter2", ["chat (1)"]),
    ],
)
def test_addresses_are_parted_and_named(urls: str, names: list[str]) -> None:
    """Commas and blanks part addresses, but not within one; a name tells kind and place, and no secret."""
    found = addresses(with_urls(urls))
    assert [name for name, _ in found] == names
    assert all(",json" not in address for _, address in found)


def test_a_message_arrives_everywhere() -> None:
    """Title and body come as they were given, at every address."""
    with hook() as one, hook() as two:
        assert notify(with_urls(f"{one.address()}, {two.address('/x')}"), TITLE, BODY) == ()
    assert [(path, sent["title"], sent["message"]) for path, sent in one.taken] == [("/hook", TITLE, BODY)]
    assert [path for path, _ in two.taken] == ["/x"]


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (500, Failure("json (1)", "it answered HTTP 500 Internal Server Error", temporary=True)),
        (429, Failure("json (1)", "it answered HTTP 429 Too Many Requests", temporary=True)),
        (401, Failure("json (1)", "it answered HTTP 401 Unauthorized", temporary=False)),
        (404, Failure("json (1)", "it answered HTTP 404 Not Found", temporary=False)),
    ],
)
def test_a_refusal_is_told(status: int, failure: Failure) -> None:
    """What a service answers becomes a failure; the others get the message all the same."""
    with hook() as bad, hook() as good:
        bad.status = status
        assert notify(with_urls(f"{bad.address()} {good.address()}"), TITLE, BODY) == (failure,)
    assert len(good.taken) == 1


def failures(gone: Hook) -> str:
    """Addresses that fail in every way, each with the word hunter2 where a secret may stand."""
    return " ".join(
        (
            gone.address("/hunter2/path?token=hunter2", "bob:hunter2@"),
            "slack://hunter2",
            "nosuchthing://hunter2/hunter2",
            "tgram://hunter2:abcdefghijklmnopqrstuvwxyz012345678/hunter2",
        )
    )


def test_no_secret_is_told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever fails, and however much is logged, no part of an address is in a log, a failure or an output."""
    caplog.set_level(logging.NOTSET)
    with hook() as gone:
        urls = failures(gone)
    found = notify(with_urls(urls), TITLE, BODY)
    assert [failure.target for failure in found][:3] == ["json (1)", "slack (2)", "nosuchthing (3)"]
    assert "cannot be reached" in found[0].reason
    assert found[0].temporary
    assert "ORESIGHT_NOTIFY_URLS" in found[2].reason
    told = " ".join((caplog.text, *map(repr, found), *map(str, found), *capfd.readouterr(), repr(with_urls(urls))))
    assert "hunter2" not in told


def test_logging_is_left_as_it_was() -> None:
    """Who logs Apprise elsewhere finds its loggers as they were."""
    logger = logging.getLogger("apprise")
    before = (logger.propagate, logger.level, list(logger.handlers))
    with hook() as there:
        notify(with_urls(there.address()), TITLE, BODY)
    assert (logger.propagate, logger.level, list(logger.handlers)) == before


def test_nobody_to_tell() -> None:
    """Without addresses nothing happens."""
    assert notify(with_urls(" "), TITLE, BODY) == ()
