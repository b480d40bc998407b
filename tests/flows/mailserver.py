"""A real SMTP server on loopback: STARTTLS or TLS with a certificate made for the test, login, and faults as told."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "ore@example.org", "hunter2-swordfish"
SENDER = "digest@example.org"


@dataclass
class Box:
    """What a server took, and how it is to answer; `refused` maps a recipient to an answer at RCPT.

    At the `stall_at`th letter it takes it, sets `stalled`, and says nothing.
    """

    port: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    at_data: str | None = None
    hang_up: bool = False
    stall_at: int | None = None
    stalled: threading.Event = field(default_factory=threading.Event)
    letters: list[tuple[str, bytes]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Who got something, in order."""
        return [recipient for recipient, _ in self.letters]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse who is to be refused."""
        self.begun.append(address)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message as it came, unless told otherwise."""
        if self.hang_up:
            _carrier(server).abort()
        if self.at_data or self.hang_up:
            return self.at_data or "451 gone"
        assert isinstance(envelope.content, bytes)
        self.letters += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        if len(self.letters) == self.stall_at:
            self.stalled.set()
            await asyncio.sleep(60)
        self.encrypted.append(_carrier(server).get_extra_info("ssl_object") is not None)
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let USER in with PASSWORD."""
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=False)


def _carrier(server: SMTP) -> asyncio.Transport:
    assert isinstance(server.transport, asyncio.Transport)
    return server.transport


class _AnyPort(Controller):
    """Takes the port that the system gives it."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.file))

    def context(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """For a server of that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(name).configure_cert(context)
        return context


@contextmanager
def mailserver(
    starttls: ssl.SSLContext | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
    host: str = "127.0.0.1",
) -> Iterator[Box]:
    """A server that keeps what it is given; with `login` it takes nothing from strangers."""
    box = Box()
    options: dict[str, Any] = {"hostname": host, "port": 0, "ssl_context": tls, "ready_timeout": 30}
    if starttls:
        options |= {"tls_context": starttls, "require_starttls": True}
    if login:
        secure = bool(starttls)
        options |= {"authenticator": box.authenticate, "auth_required": True, "auth_require_tls": secure}
    controller = _AnyPort(box, **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def speaking(said: bytes, *, then_wait: bool = False) -> Iterator[int]:
    """The port of a server that says one thing and hangs up, or says no more."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                con, _ = listener.accept()
            except OSError:
                return
            with con:
                con.sendall(said)
                if then_wait:
                    over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
