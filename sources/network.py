"""Sockets that go nowhere they should not and never outlive their deadline.

    host, port -> addresses -> each one public, or host:port allowed by name -> connection -> timed reads

The check happens on the resolved address that is then connected to, so a name cannot resolve to one thing when
it is checked and to another when it is used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from sources.errors import NoAnswer, RefusedAddress

CONNECT_S = 10.0
"""How long one connection may take to open."""
READ_S = 15.0
"""How long a server may say nothing."""

_EMBEDDED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))  # RFC 6052, RFC 4291 2.5.5.1
_REFUSED = tuple(
    ipaddress.ip_network(n)
    for n in (
        "168.63.129.16/32",  # a cloud's own host agent, outside the private ranges
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "fec0::/10",
        "5f00::/16",
    )
)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Deadline:
    """The end of one exchange on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """Move the end: waiting for one's turn is not the server's fault."""
        self._end += seconds

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self._end

    def cap(self, seconds: float | None) -> float:
        """The shorter of `seconds` and what is left; raises httpcore.ReadTimeout when nothing is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline passed")
        return left if seconds is None else min(seconds, left)


class GuardedBackend(httpcore.NetworkBackend):
    """A network backend for httpcore: checked addresses, capped waits.

    `allow` holds "host:port" as written in the URL; those may resolve to anything.
    """

    def __init__(self, allow: frozenset[str], deadline: Deadline) -> None:
        self._allow = allow
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of `host` that answers; raises RefusedAddress, NoAnswer."""
        addresses = _resolve(host, port, self._deadline.cap(timeout))
        if host_port(host, port) not in self._allow:
            check(host, addresses)
        for last, address in ((a == addresses[-1], a) for a in addresses):
            try:
                stream = self._plain.connect_tcp(address, port, self._deadline.cap(timeout), local_address)
                return _TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise
        raise NoAnswer("name does not resolve")


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline, however often the server sends a byte."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.cap(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.cap(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.cap(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def host_port(host: str, port: int) -> str:
    """The form in which the allow-list names a server: "host:port", an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check(host: str, addresses: Iterable[str]) -> None:
    """Raise RefusedAddress unless every address is a public one."""
    for text in addresses:
        if not is_public(text):
            raise RefusedAddress(f"address refused: {host} is {text}, which is not public")


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet's.

    Loopback, private, link-local (clouds' metadata among them), carrier-grade NAT, multicast and reserved ranges
    are not; an IPv4 address inside an IPv6 one (mapped, compatible, 6to4, Teredo, NAT64) is judged too.
    """
    address: _Address = ipaddress.ip_address(text.partition("%")[0])
    inner = _embedded(address)
    if inner:
        return all(is_public(str(i)) for i in inner)
    named = any(address.version == n.version and address in n for n in _REFUSED)
    return address.is_global and not (named or address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: _Address) -> tuple[ipaddress.IPv4Address, ...]:
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.teredo:
        return address.teredo
    if address.sixtofour:
        return (address.sixtofour,)
    if any(address in n for n in _EMBEDDED):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def _resolve(host: str, port: int, timeout: float) -> list[str]:
    """Addresses of `host`; raises NoAnswer. In a thread of its own, because the resolver knows no deadline."""
    found: list[str] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(timeout)
    if not found:
        raise NoAnswer("name does not resolve")
    return list(found)
