"""A recorded run plays again without a socket, so that a fault met in the field becomes a test."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample.server import Answer, hosting
from sources.fetch import Failure, NotModified, Page
from sources.tape import Player, Recorder, TapeError, public, stem
from tests.flows.command import oresight
from tests.flows.test_demo import ask
from tests.flows.test_faults import RSS, listed, one_line, with_channel
from tests.servers import Server, answer, conditional

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ITEMS = "select item_id, channel, title, text, url, published_at, first_seen_at::date seen from items order by all"
TOLD = "select channel, state, fetched, new, reason from coverage order by all"


@pytest.mark.long
def test_a_recorded_run_plays_again_without_its_server(tmp_path: Path) -> None:
    """Another home, no server, the same items, states and reasons; a second replay adds nothing."""
    routes = {
        "/good": Answer(200, RSS % (1, 1), {"ETag": '"1"'}),
        "/cut": Answer(200, (RSS % (2, 2))[:-30]),
        "/down": Answer(503, b"", {"Retry-After": "7200"}),
        "/gone": Answer(410),
    }
    tape = tmp_path / "tape"
    with hosting(lambda request: routes[request.path]) as base:
        env = listed(tmp_path, base, "good", "cut", "down", "gone")
        first = oresight("collect", "--record", str(tape), home=tmp_path / "var", env=env)
    again = oresight("collect", "--replay", str(tape), home=tmp_path / "other", env=env)
    twice = oresight("collect", "--replay", str(tape), home=tmp_path / "other", env=env)
    assert (first.returncode, again.returncode, twice.returncode) == (4, 4, 4), first.stderr + again.stderr
    assert b"collected 2 new" in again.stderr
    assert b"collected 0 new and 0 changed" in twice.stderr
    assert ask(tmp_path / "other", ITEMS) == ask(tmp_path / "var", ITEMS)
    told = ask(tmp_path / "other", TOLD)
    assert all(row in told for row in ask(tmp_path / "var", TOLD))


@pytest.mark.long
def test_only_the_feeds_on_the_tape_are_asked(tmp_path: Path) -> None:
    """A tape of one feed says nothing about the others: they get no row, and no failure."""
    with hosting(lambda _: Answer(200, RSS % (1, 1))) as base:
        env = listed(tmp_path, base, "a", "b")
        oresight("collect", "--only", "a", "--record", str(tmp_path / "tape"), home=tmp_path / "var", env=env)
    with_channel(env, '[[subreddit]]\nname = "mining"\ncommunity = "investor"')
    done = oresight("collect", "--replay", str(tmp_path / "tape"), home=tmp_path / "other", env=env)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 channels due delivered" in one_line(done.stderr)
    assert ask(tmp_path / "other", "select channel from coverage") == [{"channel": "a"}]
    none = oresight("collect", "--replay", str(tmp_path / "tape"), "--only", "b", home=tmp_path / "other", env=env)
    assert none.returncode == 2
    assert "holds no answer for any of these channels" in one_line(none.stderr)


@pytest.mark.long
def test_a_recording_asks_for_whole_pages(tmp_path: Path) -> None:
    """A feed that would say "not modified" is recorded with its body, or the tape could not be played elsewhere."""
    with Server({"/feed": conditional(RSS % (1, 1), '"x"')}) as server:
        env = listed(tmp_path, server.url("").rstrip("/"), "feed")
        oresight("collect", home=tmp_path / "var", env=env)
        oresight("collect", "--all", "--record", str(tmp_path / "tape"), home=tmp_path / "var", env=env)
    assert oresight("collect", "--replay", str(tmp_path / "tape"), home=tmp_path / "new", env=env).returncode == 0
    assert ask(tmp_path / "new", "select count(*) n from items") == [{"n": "1"}]


def test_no_credential_reaches_the_tape(tmp_path: Path) -> None:
    """Cookies, tokens, passwords and keys in addresses are nowhere in the folder."""
    secret = "s3cr3t-7781"
    headers = {
        "Set-Cookie": f"sid={secret}",
        "X-Api-Key": secret,
        "X-Auth-Token": secret,
        "Content-Type": "text/xml",
        "WWW-Authenticate": secret,
    }
    with (
        Server({"/feed": answer(RSS % (1, 1), **headers)}) as server,
        Recorder(tmp_path / "tape", {}, "test", allow_hosts=server.allow, host_delay=0) as http,
    ):
        url = f"http://me:{secret}@127.0.0.1:{server.port}/feed?api_key={secret}&page=2&author=7"
        page = http.get(url, now=NOW)
    assert isinstance(page, Page)
    written = b"".join(p.name.encode() + p.read_bytes() for p in (tmp_path / "tape").iterdir())
    assert secret.encode() not in written
    assert b"text/xml" in written
    played = Player(tmp_path / "tape", "test").get(url, now=NOW)
    assert isinstance(played, Page)
    assert played.body == page.body


def test_an_address_that_was_learned_plays_under_the_lists_own(tmp_path: Path) -> None:
    """A feed that has moved is asked elsewhere: the tape answers to the address that channels.toml has."""
    with Server({"/new": answer(RSS % (1, 1))}) as server:
        aliases = {server.url("/new"): "http://old.example/feed"}
        with Recorder(tmp_path, aliases, "test", allow_hosts=server.allow, host_delay=0) as http:
            http.get(server.url("/new"), now=NOW)
    page = Player(tmp_path, "test").get("http://old.example/feed", now=NOW)
    assert isinstance(page, Page)
    assert page.final_url == server.url("/new")


def test_answers_come_in_the_order_in_which_they_were_recorded(tmp_path: Path) -> None:
    """An address asked three times answers so again, then stays with its last answer; the clock is the tape's."""
    takes = iter([answer(b"one", ETag='"\xe9"'), answer(b"two")])

    def next_take(handler: BaseHTTPRequestHandler) -> None:
        next(takes)(handler)

    routes = {"/": next_take, "/no": answer(b"", 429, Retry_After="90")}
    with Server(routes) as server, Recorder(tmp_path, {}, "test", allow_hosts=server.allow, host_delay=0) as http:
        given = [http.get(server.url("/"), now=NOW), http.get(server.url("/"), now=NOW)]
        given.append(http.get(server.url("/no"), now=NOW))
    player = Player(tmp_path, "test")
    assert player.recorded_at == NOW
    assert player.get(server.url("/"), etag='"x"', now=NOW) == given[0]
    assert [player.get(server.url("/"), now=NOW) for _ in range(3)] == [given[1]] * 3
    assert (
        player.get(server.url("/no"), now=NOW) == given[2] == Failure("soft", "HTTP 429", NOW + timedelta(seconds=90))
    )
    assert isinstance(player.get(server.url("/other"), now=NOW), Failure)
    assert not isinstance(given[0], NotModified | Failure)


def test_a_body_may_be_edited_by_hand(tmp_path: Path) -> None:
    """Cutting a recorded body by hand is how a test is made: the hash follows the bytes."""
    with (
        Server({"/": answer(b"<rss>whole</rss>")}) as server,
        Recorder(tmp_path, {}, "test", allow_hosts=server.allow) as http,
    ):
        http.get(server.url("/"), now=NOW)
    (body,) = tmp_path.glob("*.body")
    body.write_bytes(b"<rss>who")
    page = Player(tmp_path, "test").get(server.url("/"), now=NOW)
    assert isinstance(page, Page)
    assert page.body == b"<rss>who"


@settings(deadline=None)
@given(st.text())
def test_no_address_names_a_file_elsewhere(url: str) -> None:
    """Whatever stands in an address, its files are 32 hexadecimal digits in the tape's own folder."""
    assert set(stem(url)) <= set("0123456789abcdef")
    assert len(stem(url)) == 32
    public(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@x.org/a?b=1", "https://x.org/a?b=1"),
        ("https://x.org/f?key=k1&author=me&access_token=t", "https://x.org/f?key=hidden&author=me&access_token=hidden"),
        ("https://x.org/monkey?keyword=tin&tokens=a", "https://x.org/monkey?keyword=tin&tokens=a"),
        ("https://x.org/@user/feed", "https://x.org/@user/feed"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """What looks like a secret is hidden, what only resembles one stays."""
    assert public(url) == shown


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]",
        b'{"tape": 9}',
        b"[" * 100_000,
        b'{"tape": 1, "asked_at": "2026-11-20T09:30:00+00:00", "answer": "page", "fields": {}}',
        b'{"tape": 1, "asked_at": "2026-11-20T09:30:00+00:00", "answer": "none", "fields": {}}',
        b'{"tape": 1, "asked_at": "soon", "answer": "not-modified", "fields": {}}',
        b'{"tape": 1, "asked_at": "2026-11-20", "answer": "not-modified", "fields": {}}',
        b'{"tape": 1, "answer": "not-modified", "fields": {"etag": {"x": 1}}}',
    ],
)
def test_a_broken_tape_is_refused(tmp_path: Path, head: bytes) -> None:
    """A head that cannot be played is one line that names the file."""
    (tmp_path / f"{stem('http://x/')}-000.json").write_bytes(head)
    with pytest.raises(TapeError, match=r"-000\..*record it anew"):
        Player(tmp_path, "test")


def test_a_tape_leads_to_no_file_outside(tmp_path: Path) -> None:
    """A body that is a link to a file elsewhere is not read."""
    (tmp_path / "secret").write_text("root:x")
    tape = tmp_path / "tape"
    tape.mkdir()
    head = {"url": "", "final_url": "", "status": 200, "headers": [], "etag": None, "last_modified": None}
    path = tape / f"{stem('http://x/')}-000.json"
    path.write_text(json.dumps({"tape": 1, "asked_at": NOW.isoformat(), "answer": "page", "fields": head}))
    path.with_suffix(".body").symlink_to(tmp_path / "secret")
    with pytest.raises(TapeError, match="not a plain file"):
        Player(tape, "test")


def test_wrong_use_is_one_line(tmp_path: Path) -> None:
    """A folder in use, a folder without a tape, both options at once: exit 2 and one line."""
    env = listed(tmp_path / "list", "http://127.0.0.1:9", "a")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    full = oresight("collect", "--record", str(tmp_path / "full"), home=tmp_path / "var", env=env)
    none = oresight("collect", "--replay", str(tmp_path / "nothing"), home=tmp_path / "var", env=env)
    both = oresight("collect", "--replay", "a", "--record", "b", home=tmp_path / "var", env=env)
    assert (full.returncode, none.returncode, both.returncode) == (2, 2, 2)
    assert "record into a new folder" in one_line(full.stderr)
    assert "holds no tape" in one_line(none.stderr)
    assert b"exclude each other" in both.stderr
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep"
