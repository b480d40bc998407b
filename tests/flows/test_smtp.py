"""E-mails over a real SMTP server on loopback: delivered, or a clear line that tells no secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows import smtp
from flows.errors import SettingsError
from flows.settings import load
from flows.smtp import Letter, Result, Server, post
from tests.flows.mailserver import PASSWORD, SENDER, USER, Authority, Box, mailserver, speaking

DATA = b"From: digest@example.org\r\nSubject: x\r\n\r\n.one\r\ntwo\r\n"
TO = ("ada@example.org", "ben@example.net")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def _secure(authority: Authority) -> Iterator[Box]:
    with mailserver(authority.context(), login=True) as box:
        yield box


@pytest.fixture
def secure(_secure: Box) -> Box:
    """A server with STARTTLS that asks for a login, as good as new."""
    fresh = Box()
    for name in ("refused", "at_data", "hang_up", "letters", "begun", "encrypted", "logins"):
        setattr(_secure, name, getattr(fresh, name))
    return _secure


def at(port: int, authority: Authority | None = None, **more: object) -> Server:
    """A server with the right user and password, unless told otherwise."""
    plain = Server("127.0.0.1", port, "starttls", USER, SecretStr(PASSWORD), authority.file if authority else None, 20)
    return replace(plain, **more)  # type: ignore[arg-type]


def letters(*recipients: str) -> list[Letter]:
    """A letter to each."""
    return [Letter(SENDER, recipient, DATA) for recipient in recipients or TO]


def results(server: Server, *recipients: str) -> list[Result]:
    """What becomes of letters to these; no result holds a secret or an address."""
    found = list(post(server, letters(*recipients)))
    told = " ".join(result.reason for result in found)
    assert not any(secret in told for secret in (PASSWORD, USER, *TO))
    return found


def test_starttls_and_login(secure: Box, authority: Authority) -> None:
    """Each recipient gets a message of its own, as it was given, encrypted, after one login."""
    assert results(at(secure.port, authority)) == [Result("sent"), Result("sent")]
    assert secure.letters == [(recipient, DATA) for recipient in TO]
    assert secure.encrypted == [True, True]
    assert secure.logins == [True]


def test_tls_from_the_first_byte(authority: Authority) -> None:
    """With implicit TLS too."""
    with mailserver(tls=authority.context()) as box:
        sent = results(at(box.port, authority, tls="tls", user=None, password=None))
    assert [result.state for result in sent] == ["sent", "sent"]
    assert box.encrypted == [True, True]


def test_none_is_for_this_machine() -> None:
    """Without TLS a server on loopback gets the messages; any other gets nothing, not even a name."""
    with mailserver() as box:
        assert results(at(box.port, tls="none", user=None, password=None)) == [Result("sent")] * 2
    assert box.recipients == list(TO)


def test_none_is_for_no_other_machine() -> None:
    """Without TLS a server at any other address is told nothing, not even who asks."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it asks for the address that would be used
            own = str(probe.getsockname()[0])
        except OSError:
            own = "127.0.0.1"
    if own.startswith("127."):
        pytest.skip("this machine has no address but loopback's")
    with mailserver(host=own) as box:
        (result, _) = results(at(box.port, host=own, tls="none", user=None, password=None))
    assert result == Result("failed", "SMTP_TLS=none is for a server on this machine alone: use starttls or tls")
    assert box.begun == []


def test_a_wrong_password(secure: Box, authority: Authority) -> None:
    """A wrong password is told by its code, asked once for all letters, and to be mended."""
    (first, second) = results(at(secure.port, authority, password=SecretStr("wrong-one")))
    assert (
        first
        == second
        == Result("failed", f"127.0.0.1:{secure.port} does not accept SMTP_USER and SMTP_PASSWORD (535)")
    )
    assert secure.letters == []
    assert not any(secure.logins)


def test_no_tls_offered(authority: Authority) -> None:
    """A server that offers no STARTTLS gets neither the password nor a message."""
    with mailserver(login=True) as box:
        (result, _) = results(at(box.port, authority))
    assert result.state == "failed"
    assert "does not offer STARTTLS; nothing was sent" in result.reason
    assert (box.logins, box.begun) == ([], [])


@pytest.mark.parametrize(("known", "name"), [(False, "127.0.0.1"), (True, "mail.example.org")])
def test_an_untrusted_certificate(authority: Authority, known: bool, name: str) -> None:
    """A certificate of nobody's, or of another name, ends it before the password is told."""
    with mailserver(authority.context(name), login=True) as box:
        (result, _) = results(at(box.port, authority if known else None))
    assert result.state == "failed"
    assert "is not trusted" in result.reason
    assert (box.logins, box.begun) == ([], [])


def test_tls_to_a_server_that_speaks_none() -> None:
    """TLS asked of a port that greets in plain text is a setting to be mended."""
    with speaking(b"220 hello\r\n") as port:
        assert [(r.state, "does not speak TLS" in r.reason) for r in results(at(port, tls="tls"))] == [
            ("failed", True)
        ] * 2


def test_one_unknown_recipient(secure: Box, authority: Authority) -> None:
    """A recipient that is refused for good costs the others nothing; the server's words lose the address."""
    secure.refused = {TO[0]: f"550 5.1.1 <{TO[0]}>: no such user, says {USER} {PASSWORD}"}
    first, second = results(at(secure.port, authority))
    assert first.state == "failed"
    assert first.reason.startswith("the server refused the recipient: 550 5.1.1 <...>: no such user")
    assert second == Result("sent")
    assert secure.recipients == [TO[1]]


@pytest.mark.parametrize("code", ["451 4.7.1 greylisted", "452 4.2.2 over quota", "450 4.2.0 busy"])
def test_greylisting(secure: Box, authority: Authority, code: str) -> None:
    """An answer for now waits for another try."""
    secure.refused = {TO[0]: code}
    assert results(at(secure.port, authority), TO[0]) == [
        Result("waiting", f"the server refused the recipient: {code}")
    ]
    secure.refused = {}
    assert results(at(secure.port, authority), TO[0]) == [Result("sent")]


@pytest.mark.parametrize(("code", "state"), [("552 5.3.4 too big", "failed"), ("451 4.3.0 later", "waiting")])
def test_a_message_refused(secure: Box, authority: Authority, code: str, state: str) -> None:
    """A message may be refused at its end, for good or for now."""
    secure.at_data = code
    found = results(at(secure.port, authority))
    assert [(r.state, r.reason) for r in found] == [(state, f"the server refused the message: {code}")] * 2


def test_a_server_that_hangs_up_over_a_message(secure: Box, authority: Authority) -> None:
    """Hung up within a message: it waits, and the next one gets a connection of its own."""
    secure.hang_up = True
    line = "the server hung up before it had taken the message"
    assert results(at(secure.port, authority)) == [Result("waiting", line)] * 2
    assert secure.begun == list(TO)
    assert secure.letters == []


def test_good_bye_in_the_middle(secure: Box, authority: Authority) -> None:
    """A 421 closes the connection: that letter waits, the next goes by another."""
    secure.refused = {TO[0]: "421 4.3.2 shutting down"}
    first, second = results(at(secure.port, authority))
    assert first == Result("waiting", "the server refused the recipient: 421 4.3.2 shutting down")
    assert second == Result("sent")


@pytest.mark.parametrize(
    ("said", "then_wait", "state", "line"),
    [
        (b"", False, "waiting", "hung up"),
        (b"", True, "waiting", "did not answer within 1 s"),
        (b"220 hello\r\n", True, "waiting", "did not answer within 1 s"),
        (b"421 4.3.2 too busy\r\n", False, "waiting", "turned us away: 421 4.3.2 too busy"),
        (b"554 5.7.1 not you\r\n", False, "failed", "turned us away: 554 5.7.1 not you"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "failed", "does not speak SMTP"),
    ],
)
def test_servers_that_are_none(said: bytes, then_wait: bool, state: str, line: str) -> None:
    """A port that hangs up, is silent, sends us away or speaks something else: one line, and nothing waits for ever."""
    with speaking(said, then_wait=then_wait) as port:
        first, second = results(at(port, timeout_s=1))
    assert first == second
    assert first.state == state
    assert line in first.reason


def test_nobody_listens() -> None:
    """A port that is closed can be tried again later."""
    with speaking(b"") as port:
        pass
    (result, _) = results(at(port))
    assert result == Result("waiting", f"127.0.0.1:{port} cannot be reached (Connection refused)")


def test_a_file_that_is_no_certificate(secure: Box, tmp_path: Path) -> None:
    """SMTP_CA_FILE must be readable as certificates, or nothing is sent."""
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "none.pem"):
        assert "SMTP_CA_FILE cannot be read" in results(at(secure.port, ca_file=path))[0].reason


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"smtp_host": None}, "SMTP_HOST is not set"),
        ({"smtp_user": None}, "belong together"),
        ({"smtp_password": None}, "belong together"),
        ({"smtp_password": "hünter2"}, "plain ASCII"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, str | None], line: str) -> None:
    """What is missing or cannot be carried is told before anything is asked, without its value."""
    whole = {"smtp_host": "127.0.0.1", "smtp_user": USER, "smtp_password": PASSWORD}
    with pytest.raises(SettingsError, match=line) as caught:
        smtp.server(load(**{**whole, **given}))
    assert "nter2" not in str(caught.value)


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_ports(tls: str, port: int) -> None:
    """Each way has its usual port, until one is named."""
    plain = {"smtp_host": "127.0.0.1", "smtp_user": None, "smtp_password": None, "smtp_tls": tls}
    assert smtp.server(load(**plain, smtp_port=None)).port == port
    assert smtp.server(load(**plain, smtp_port=2525)).port == 2525


def test_addresses() -> None:
    """Commas part addresses; each counts once."""
    assert smtp.addresses("SMTP_TO", " ada@example.org,ben@example.net, ada@example.org ,") == TO
    assert smtp.addresses("SMTP_TO", None) == ()


@pytest.mark.parametrize(
    "bad",
    [
        "eve", "eve@", "@evil.example", "Eve <eve@evil.example>", "eve@evil.example\r\nBcc: all@evil.example",
        "e ve@evil.example", "êve@evil.example", "eve@évil.example", "eve@evil.example>", "eve@@evil.example", "<>",
    ],
)  # fmt: skip
def test_no_addresses(bad: str) -> None:
    """What is no address, or would be more than one line, is refused by its place in the list."""
    with pytest.raises(SettingsError, match=r"^SMTP_TO: number 2 is no address") as caught:
        smtp.addresses("SMTP_TO", f"ben@example.net, {bad}")
    assert "ve" not in str(caught.value)
