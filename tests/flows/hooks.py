"""A service on loopback that takes messages by HTTP, and keeps them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hook:
    """A web hook: `status` is what it answers, `taken` what it was told, each with the path it came by."""

    port: int = 0
    status: int = 200
    taken: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def address(self, path: str = "/hook", user: str = "") -> str:
        """As Apprise names it."""
        return f"json://{user}127.0.0.1:{self.port}{path}"


@contextmanager
def hook() -> Iterator[Hook]:
    """A web hook, ended by the test."""
    kept = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept.taken.append((self.path, body))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
