"""One polite, bounded, conditional GET: the only way to a feed.

    url -> its host's turn -> checked address -> headers -> unpacked body     Page | NotModified | Failure
             ^-------------------- redirect, at most five --------------------'

Nothing a server does raises: what it did wrong is a Failure with a reason.
"""

from __future__ import annotations

import email.utils
import errno
import functools
import hashlib
import re
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self

import httpcore
import httpx

from records import State
from sources.errors import NoAnswer, RefusedAddress, SourceError
from sources.inflate import Inflater
from sources.network import CONNECT_S, READ_S, Deadline, GuardedBackend
from sources.pace import Scoreboard
from sources.page import Answer, Failure, NotModified, Page

__all__ = ["Answer", "Failure", "Http", "NotModified", "Page"]

MAX_REDIRECTS = 5
PEACE = timedelta(minutes=15)
"""How long a host is left alone that says 429 without saying for how long."""
LONGEST_PEACE = timedelta(days=7)

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
_FRESHNESS = ("cache-control", "expires", "age", "date")
_STATES: dict[int, State] = {401: "blocked", 403: "blocked", 451: "blocked", 410: "gone", 408: "soft", 429: "soft"}
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_TIMEOUTS = {"connect": CONNECT_S, "read": READ_S, "write": READ_S}


_Headers = list[tuple[bytes, bytes]]


class _Hop(NamedTuple):
    address: httpx.URL
    permanent: bool


class Http:
    """A client that many threads may share; `close` it, or use it with `with`.

    `allow_hosts` holds "host:port" that may have private addresses, exactly as URLs name them.
    `total_s` bounds one GET from its first connection to its last byte, redirects included, waiting for a turn not.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        allow_hosts: frozenset[str] = frozenset(),
        host_delay: float = 5.0,
        total_s: float = 30.0,
        max_bytes: int = 15_000_000,
    ) -> None:
        self.user_agent = user_agent
        self._allow = frozenset(h.strip().lower() for h in allow_hosts)
        self._total_s = total_s
        self._max_bytes = max_bytes
        self._board = Scoreboard(host_delay)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End every wait for a turn; requests under way end by themselves."""
        self._board.close()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None, now: datetime) -> Answer:
        """Fetch `url`, conditionally where validators are given (RFC 9110, 13.1)."""
        headers = _request_headers(self.user_agent, etag, last_modified)
        deadline = Deadline(self._total_s)
        try:
            return self._follow(url, headers, deadline, now)
        except SourceError as error:
            return Failure("soft", str(error))
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return Failure("soft", self._reason(error, deadline))

    def _follow(self, url: str, headers: _Headers, deadline: Deadline, now: datetime) -> Answer:
        address, before, permanent = _address(url), "", True
        for hop in range(MAX_REDIRECTS + 1):
            if until := self._board.held(address.host, now):
                return Failure("soft", f"{address.host} asked for peace until {until:%Y-%m-%d %H:%M} UTC", until)
            waiting = time.monotonic()
            with self._board.turn(address.host, paced=address.host != before):
                deadline.extend(time.monotonic() - waiting)
                answer = self._exchange(url, address, headers, deadline, now)
            if not isinstance(answer, _Hop):
                return _arrived(answer, address, moved=permanent and hop > 0)
            # What was read over TLS is never again asked for in the clear.
            permanent &= answer.permanent and not (address.scheme == "https" and answer.address.scheme == "http")
            address, before = answer.address, address.host
        return Failure("hard", f"more than {MAX_REDIRECTS} redirects")

    def _exchange(
        self, url: str, address: httpx.URL, headers: _Headers, deadline: Deadline, now: datetime
    ) -> Answer | _Hop:
        target = httpcore.URL(
            scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path
        )
        backend = GuardedBackend(self._allow, deadline)
        with (
            httpcore.HTTPConnection(target.origin, ssl_context=_tls(), network_backend=backend) as connection,
            connection.stream("GET", target, headers=headers, extensions={"timeout": _TIMEOUTS}) as response,
        ):
            if response.status in _REDIRECTS:
                return _redirect(address, response)
            if 200 <= response.status < 300:
                return _page(url, address, response, deadline, self._max_bytes)
            return self._refusal(address.host, response, conditional=len(headers) > 3, now=now)

    def _refusal(self, host: str, response: httpcore.Response, *, conditional: bool, now: datetime) -> Answer:
        headers = _headers(response)
        if response.status == 304 and conditional:
            fresh = tuple((name, value) for name, value in headers.items() if name in _FRESHNESS)
            return NotModified(_validator(headers.get("etag")), _validator(headers.get("last-modified")), fresh)
        peace = _retry_after(headers.get("retry-after", ""), now) if response.status in (429, 503) else None
        if response.status == 429:
            peace = peace or now + PEACE
            self._board.hold(host, peace)
        soft: State = "soft" if response.status >= 500 or response.status == 304 else "hard"
        return Failure(_STATES.get(response.status, soft), f"HTTP {response.status}", peace)

    def _reason(self, error: Exception, deadline: Deadline) -> str:
        if deadline.over:
            return f"no complete answer within {self._total_s:g} s"
        if isinstance(error, httpcore.ConnectTimeout):
            return f"no connection within {CONNECT_S:g} s"
        if isinstance(error, httpcore.TimeoutException):
            return f"no answer for {READ_S:g} s"
        return _broken(error)


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _request_headers(user_agent: str, etag: str | None, last_modified: str | None) -> _Headers:
    pairs = [("User-Agent", user_agent), ("Accept", _ACCEPT), ("Accept-Encoding", "gzip, deflate")]
    pairs += [("If-None-Match", etag)] if etag else []
    pairs += [("If-Modified-Since", last_modified)] if last_modified else []
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in pairs]


def _address(url: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        address = base.join(url) if base else httpx.URL(url)
        if address.port is not None and not 0 < address.port < 65536:
            raise ValueError(address.port)
    except (httpx.InvalidURL, ValueError) as error:
        raise RefusedAddress("address refused: it cannot be read as a URL") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise RefusedAddress(f"address refused: {address.scheme or 'no scheme'} is neither http nor https")
    return address


def _redirect(address: httpx.URL, response: httpcore.Response) -> Failure | _Hop:
    location = _headers(response).get("location", "")
    if not location:
        return Failure("hard", f"HTTP {response.status} that leads nowhere")
    return _Hop(_address(location, address), response.status in _PERMANENT)


def _arrived(answer: Answer, address: httpx.URL, *, moved: bool) -> Answer:
    if not moved or isinstance(answer, Failure):
        return answer
    if isinstance(answer, Page):
        return replace(answer, moved=True)
    return replace(answer, moved_to=_public(address))


def _public(address: httpx.URL) -> str:
    return str(address.copy_with(username="", password="", fragment=None))


def _page(url: str, address: httpx.URL, response: httpcore.Response, deadline: Deadline, limit: int) -> Page:
    headers = _headers(response)
    body, whole = _read(response, headers.get("content-encoding", ""), limit)
    deadline.cap(None)
    return Page(
        url=url,
        final_url=_public(address),
        status=response.status,
        headers=tuple(headers.items()),
        body=body,
        body_hash=hashlib.blake2b(body, digest_size=16).hexdigest(),
        etag=_validator(headers.get("etag")) if whole else None,
        last_modified=_validator(headers.get("last-modified")) if whole else None,
        truncated=not whole,
    )


def _read(response: httpcore.Response, coding: str, limit: int) -> tuple[bytes, bool]:
    """The unpacked body, and whether all of it came: a connection that breaks off keeps what came before."""
    inflater, came = Inflater(coding, limit), True
    try:
        for chunk in response.iter_stream():
            inflater.feed(chunk)
    except (httpcore.RemoteProtocolError, httpcore.ReadError):
        came = False
    body, whole = inflater.finish()
    if not body and not came:
        raise NoAnswer("connection broken off")
    return body, came and whole


def _headers(response: httpcore.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in response.headers:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def _validator(value: str | None) -> str | None:
    """A validator fit to be sent back; servers send stranger things than we care to repeat."""
    return value if value and len(value) <= 1024 and re.fullmatch(r"[\x20-\x7e\xa0-\xff]+", value) else None


def _retry_after(value: str, now: datetime) -> datetime | None:
    """When to come back, from seconds or an HTTP date (RFC 9110, 10.2.3); None where it says nothing of use."""
    if re.fullmatch(r"\s*\d{1,9}(\.\d*)?\s*", value):
        at = now + timedelta(seconds=float(value))
    else:
        try:
            at = email.utils.parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(at.astimezone(UTC), now + LONGEST_PEACE) if at > now else None


def _broken(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ssl.SSLError):
            return "no trusted certificate" if isinstance(cause, ssl.SSLCertVerificationError) else "TLS failed"
        if isinstance(cause, OSError) and cause.errno in _NO_ROUTE:
            return "network is unreachable"
        cause = cause.__cause__ or cause.__context__
    return "connection broken off" if isinstance(error, httpcore.NetworkError) else "the answer is not HTTP"
