"""Real HTTP servers on loopback that behave, or misbehave, as told; ended by the `with` that opened them.

with Server({"/feed": answer(b"<rss/>")}) as server: http.get(server.url("/feed"), ...)
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

Route = Callable[[BaseHTTPRequestHandler], None]


class Seen(NamedTuple):
    """A request as it arrived; `at` is monotonic."""

    path: str
    headers: Mapping[str, str]
    at: float


class Server:
    """Serves `routes` (path without query -> what to do) on a free port of `host`; `seen` holds every request."""

    def __init__(
        self, routes: Mapping[str, Route], host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.routes = dict(routes)
        self.seen: list[Seen] = []
        self._lock = threading.Lock()
        self._server = _Threads((host, 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def allow(self) -> frozenset[str]:
        """Itself, as an allow-list names it."""
        return frozenset({f"127.0.0.1:{self.port}"})

    def url(self, path: str = "/") -> str:
        """The address of one of its pages."""
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Note the request, then do what its route says; a client that hangs up is no error."""
        with self._lock:
            self.seen.append(Seen(handler.path, dict(handler.headers), time.monotonic()))
        try:
            self.routes.get(handler.path.partition("?")[0], answer(b"", status=404))(handler)
        except OSError:
            handler.close_connection = True


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


def answer(body: bytes, status: int = 200, **headers: str) -> Route:
    """A complete answer; header names are written with underscores."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        _head(handler, status, {"Content-Length": str(len(body)), **headers})
        handler.wfile.write(body)

    return route


def redirect(to: str, status: int = 302) -> Route:
    """A redirect, to whatever address."""
    return answer(b"", status, Location=to)


def conditional(body: bytes, etag: str) -> Route:
    """The body, or 304 to whoever has it already."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers.get("If-None-Match") == etag
        answer(b"" if known else body, 304 if known else 200, ETag=etag)(handler)

    return route


def cut(body: bytes, keep: int, **headers: str) -> Route:
    """Announces the whole body, sends `keep` bytes of it and hangs up."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        _head(handler, 200, {"Content-Length": str(len(body)), **headers})
        handler.wfile.write(body[:keep])
        handler.close_connection = True

    return route


def drip(pause: float, *, head: bool = False) -> Route:
    """A byte every `pause` seconds, for ever: of the body, or of the head."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        if head:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        else:
            _head(handler, 200, {"Content-Length": "100000"})
        while True:
            handler.wfile.write(b"x")
            time.sleep(pause)

    return route


def slow(seconds: float, then: Route) -> Route:
    """Thinks before it answers."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        then(handler)

    return route


class Crowd:
    """A route that thinks before it answers, and remembers how many requests it ever thought about at once.

    A request leaves before its answer is written: a client that goes on at once is never counted twice.
    """

    def __init__(self, seconds: float, then: Route) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._seconds, self._then = seconds, then

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        """Count, think, answer."""
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self._seconds)
        with self._lock:
            self._now -= 1
        self._then(handler)


def raw(data: bytes) -> Route:
    """Sends these bytes and hangs up, whatever HTTP may say."""

    def route(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return route


def _head(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
