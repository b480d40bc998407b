"""E-mails to a mail server, each told apart: sent, to be tried again, or refused for good.

    settings -> server -> connect (TLS with a checked certificate, login) -> one message a recipient -> Result, ...

An outcome is a value with one clear line. No line holds a password, a user's name or an address: what a server answers
is cleaned of them, and its answer to a login is not repeated at all.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr

from flows.errors import SettingsError
from flows.settings import Settings

TIMEOUT_S: Final = 30.0
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_ADDRESS: Final = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDR_SPEC: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
"""RFC 5322's dot-atoms; no quoted names, comments or literals, which nobody's address needs."""
State = Literal["sent", "waiting", "failed"]
_FAULTS: Final[tuple[tuple[type[Exception], State, str], ...]] = (
    (
        ssl.SSLCertVerificationError,
        "failed",
        "the certificate of {where} is not trusted ({detail}); SMTP_CA_FILE may name another authority",
    ),
    (ssl.SSLEOFError, "waiting", "{where} hung up"),
    (ssl.SSLError, "failed", "{where} does not speak TLS as asked; look at SMTP_TLS and SMTP_PORT"),
    (
        smtplib.SMTPNotSupportedError,
        "failed",
        "{where} does not offer {detail}; nothing was sent: look at SMTP_TLS and SMTP_PORT",
    ),
    (smtplib.SMTPConnectError, "failed", "{where} does not speak SMTP; look at SMTP_HOST and SMTP_PORT"),
    (smtplib.SMTPServerDisconnected, "waiting", "{where} hung up"),
    (smtplib.SMTPException, "failed", "{where} offers no way to log in that is known here"),
    (TimeoutError, "waiting", "{where} did not answer within {seconds:.0f} s"),
    (OSError, "waiting", "{where} cannot be reached ({detail})"),
    (Exception, "failed", "{where} cannot be used; look at SMTP_HOST and SMTP_PORT"),
)
"""What ends a connection: SMTPException is an OSError, so that the order matters."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and who we are to it."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str | None
    password: SecretStr | None
    ca_file: Path | None
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one recipient; `data` as it goes over the wire."""

    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a letter: `waiting` means that a later try may help, `failed` that something is to be mended."""

    state: State
    reason: str = ""


class _Cut(Exception):
    """The connection cannot be used; what it carries is the result of everything that was to go through it."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.reason)
        self.result = result


def server(settings: Settings) -> Server:
    """The server that the settings name.

    Raises:
        SettingsError: a variable is missing or cannot be used.
    """
    user, password = settings.smtp_user, settings.smtp_password
    if not settings.smtp_host:
        raise SettingsError("SMTP_HOST is not set: name your mail server in the environment or in .env")
    if bool(user) != bool(password):
        raise SettingsError("SMTP_USER and SMTP_PASSWORD belong together: set both, or neither")
    if not ((user or "") + (password.get_secret_value() if password else "")).isascii():
        raise SettingsError("SMTP_USER and SMTP_PASSWORD must be plain ASCII: SMTP's login carries nothing else")
    port = settings.smtp_port or _PORTS[settings.smtp_tls]
    return Server(settings.smtp_host, port, settings.smtp_tls, user, password, settings.smtp_ca_file)


def addresses(name: str, value: str | None) -> tuple[str, ...]:
    """The addresses of a comma-separated variable, each once.

    Raises:
        SettingsError: one of them is none; the message tells its place and not the address.
    """
    given = [part.strip() for part in (value or "").split(",") if part.strip()]
    return tuple(dict.fromkeys(_address(name, place, part) for place, part in enumerate(given, 1)))


def _address(name: str, place: int, text: str) -> str:
    if not _ADDR_SPEC.fullmatch(text):
        raise SettingsError(f"{name}: number {place} is no address such as digest@example.org (plain ASCII, no name)")
    return text


def post(to: Server, letters: Sequence[Letter]) -> Iterator[Result]:
    """Send the letters one by one; yields a result for each as soon as it is known, in order.

    One connection serves all while it holds; a server that cannot be reached or used is asked once.
    """
    con: smtplib.SMTP | None = None
    for place, letter in enumerate(letters):
        try:
            con = con or _connect(to)
        except _Cut as cut:
            yield from [cut.result] * (len(letters) - place)
            return
        try:
            result = _send(con, letter, to)
        except _Cut as cut:
            _closed(con)
            result, con = cut.result, None
        yield result
    if con is not None:
        with suppress(OSError, smtplib.SMTPException):
            con.quit()


def _closed(con: smtplib.SMTP) -> None:
    with suppress(OSError):
        con.close()


def _connect(to: Server) -> smtplib.SMTP:
    """A connection that is encrypted, to a server whose certificate was checked, and logged in."""
    con: smtplib.SMTP | None = None
    try:
        con = _opened(to)
        con.ehlo_or_helo_if_needed()
        if to.tls == "starttls":
            con.starttls(context=_context(to))
            con.ehlo()
        if to.user and to.password:
            con.login(to.user, to.password.get_secret_value())
    except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
        if con is not None:
            _closed(con)
        raise _Cut(_unusable(error, to)) from None
    return con


def _opened(to: Server) -> smtplib.SMTP:
    if to.tls == "tls":
        return smtplib.SMTP_SSL(to.host, to.port, timeout=to.timeout_s, context=_context(to))
    con = smtplib.SMTP(to.host, to.port, timeout=to.timeout_s)
    if to.tls == "none" and not _here(con):
        _closed(con)
        raise _Cut(Result("failed", "SMTP_TLS=none is for a server on this machine alone: use starttls or tls"))
    return con


def _here(con: smtplib.SMTP) -> bool:
    """Whether the other end is this machine: told from the connection, not from a name."""
    return con.sock is not None and ipaddress.ip_address(con.sock.getpeername()[0]).is_loopback


def _context(to: Server) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=to.ca_file)
    except OSError:
        line = "SMTP_CA_FILE cannot be read as certificates (PEM): mend it, or leave it empty for the system's"
        raise _Cut(Result("failed", line)) from None


def _unusable(error: Exception, to: Server) -> Result:
    """Why no message can go through this server now, by what it takes to mend."""
    where = f"{to.host}:{to.port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        line = f"{where} does not accept SMTP_USER and SMTP_PASSWORD ({error.smtp_code})"
        return Result("waiting" if error.smtp_code < 500 else "failed", line)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return _answered(f"{where} turned us away", error.smtp_code, error.smtp_error, to)
    if _waited(error):
        error = TimeoutError()
    state, line = next((state, line) for kind, state, line in _FAULTS if isinstance(error, kind))
    return Result(state, line.format(where=where, detail=_detail(error), seconds=to.timeout_s))


def _waited(error: Exception) -> bool:
    """Whether it was the time: smtplib calls a server that says nothing disconnected."""
    return isinstance(error, TimeoutError) or "timed out" in str(error)


def _detail(error: Exception) -> str:
    """The system's own words for it; never those of the other end."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.rstrip(".")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "STARTTLS" if "STARTTLS" in str(error) else "a login over this connection"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _send(con: smtplib.SMTP, letter: Letter, to: Server) -> Result:
    """Hand over one letter. Raises _Cut where the connection is gone, or cannot be trusted to be in step."""
    try:
        con.sendmail(letter.sender, [letter.recipient], letter.data)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, text),) = error.recipients.values()
        return _checked(con, _answered("the server refused the recipient", code, text, to))
    except smtplib.SMTPSenderRefused as error:
        return _checked(con, _answered("the server refused SMTP_FROM", error.smtp_code, error.smtp_error, to))
    except smtplib.SMTPDataError as error:
        return _checked(con, _answered("the server refused the message", error.smtp_code, error.smtp_error, to))
    except (OSError, smtplib.SMTPException) as error:
        what = f"did not answer within {to.timeout_s:.0f} s" if _waited(error) else "hung up"
        raise _Cut(Result("waiting", f"the server {what} before it had taken the message")) from None
    return Result("sent")


def _checked(con: smtplib.SMTP, result: Result) -> Result:
    """The result; smtplib has closed a connection on which the server said good-bye (421)."""
    if con.sock is None:
        raise _Cut(result)
    return result


def _answered(what: str, code: int, text: bytes | str, to: Server) -> Result:
    """A server's answer as a result: RFC 5321 has 4xx for now and 5xx for good."""
    said = _clean(text, to)
    return Result("failed" if code >= 500 else "waiting", f"{what}: {code} {said}".rstrip())


def _clean(text: bytes | str, to: Server) -> str:
    """A server's words on one line, without addresses, user or password, whatever it repeats."""
    line = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for secret in (to.password.get_secret_value() if to.password else "", to.user or ""):
        line = line.replace(secret, "...") if len(secret) > 2 else line
    line = _ADDRESS.sub("<...>", line)
    return " ".join("".join(c if c.isprintable() else " " for c in line).split())[:200]
