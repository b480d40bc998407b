"""The sample, served over real HTTP on loopback: fourteen feeds and Reddit's API.

    with serve(now) as base_url: ...          channels_toml(base_url) says where everything is

Feeds carry an ETag and answer 304; one answers 503 on purpose. Reddit's OAuth token endpoint takes any credentials but
the client id "wrong". Nothing leaves the machine, and the server ends with the `with` block.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from sample.channels import OUTLETS, Outlet, channels_toml
from sample.forum import Forum, Note, Post
from sample.pages import CONTENT_TYPES, page
from sample.rows import Row, load, moment

__all__ = ["Answer", "Request", "channels_toml", "forum", "hosting", "reddit_answer", "serve"]

TREE = re.compile(r"/(?:r/\w+/)?comments/(?P<post>[a-z0-9]+)(?:/[^/]*/(?P<comment>[a-z0-9]+))?/?")
NEW = re.compile(r"/r/(?P<sub>\w+)/new/?")
SEARCH = re.compile(r"(?:/r/(?P<sub>\w+))?/search/?")
WINDOWS = {"hour": 1, "day": 24, "week": 168, "month": 720, "year": 8760}
"""Hours that a search looks back, by the word that asks for it."""
LARGEST_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What it gets."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[[BaseHTTPRequestHandler], None]
"""What answers a request by itself."""


def forum(now: datetime) -> Forum:
    """Return the sample's subreddits as they stand at `now`."""
    posts = (
        Post(r.id, r.channel, r.title, r.text, r.author, moment(r, now), r.url)
        for r in load()
        if r.kind == "submission"
    )
    return Forum(posts, (_note(row, now) for row in load() if row.kind == "comment"), clock=lambda: now)


@contextmanager
def serve(now: datetime) -> Iterator[str]:
    """Serve the sample as it stands at `now` on a free port of 127.0.0.1; give the base URL, without a slash."""
    feeds = {o.path: _feed_answer(o, now) for o in OUTLETS}
    reddit = forum(now)

    def answer(request: Request) -> Answer:
        found = feeds.get(request.path)
        return _unless_known(found, request) if found else reddit_answer(reddit, request)

    with hosting(answer) as base_url:
        yield base_url


def reddit_answer(reddit: Forum, request: Request) -> Answer:
    """Answer as Reddit's API would: token, listings, trees, morechildren, info."""
    if request.path == "/api/v1/access_token":
        return _token(request)
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        return _json({"message": "Unauthorized", "error": 401}, 401)
    return _data_answer(reddit, request)


@contextmanager
def hosting(answer: Callable[[Request], Answer | Route | None]) -> Iterator[str]:
    """Run a real HTTP server on loopback around `answer`; give its base URL.

    None for an answer hangs up; a function writes what it likes, and hangs up where it says so.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one packet, or each answer waits for the client's delayed acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            self._reply()

        def _reply(self) -> None:
            given = answer(_request(self))
            self.close_connection = self.close_connection or given is None
            if callable(given):
                given(self)
            elif given is not None:
                _send(self, given)

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet: the sample's server shares a terminal with the run that it feeds."""

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up; anything else is a bug and is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # handed on as it came


def _data_answer(reddit: Forum, request: Request) -> Answer:
    if found := NEW.fullmatch(request.path):
        return _new(reddit, found["sub"], request)
    if found := SEARCH.fullmatch(request.path):
        return _search(reddit, found["sub"], request)
    if found := TREE.fullmatch(request.path):
        known = found["post"] in reddit.posts and (not found["comment"] or found["comment"] in reddit.notes)
        return _json(reddit.tree(found["post"], found["comment"])) if known else _missing()
    if request.path.rstrip("/") == "/api/morechildren":
        children = request.form.get("children", "").split(",")
        return _json(reddit.morechildren(request.form.get("link_id", "").removeprefix("t3_"), children))
    if request.path.rstrip("/") == "/api/info":
        return _json(reddit.info(request.query.get("id", "").split(",")))
    return _missing()


def _new(reddit: Forum, subreddit: str, request: Request) -> Answer:
    if not reddit.has(subreddit):
        return _elsewhere(subreddit)
    anchors = {"after": request.query.get("after"), "before": request.query.get("before")}
    return _json(reddit.listing(subreddit, limit=_limit(request), **anchors))


def _search(reddit: Forum, subreddit: str | None, request: Request) -> Answer:
    if subreddit and not reddit.has(subreddit):
        return _elsewhere(subreddit)
    hours = WINDOWS.get(request.query.get("t", "all"))
    since = reddit.clock() - timedelta(hours=hours) if hours else None
    query, after = request.query.get("q", ""), request.query.get("after")
    return _json(reddit.search(query, subreddit, since=since, limit=_limit(request), after=after))


def _elsewhere(subreddit: str) -> Answer:
    # Reddit sends the asker of a missing subreddit to its search page.
    return Answer(302, headers={"Location": f"/subreddits/search?q={subreddit}"})


def _limit(request: Request) -> int:
    limit = request.query.get("limit", "25")
    return int(limit) if limit.isdecimal() else 25


def _token(request: Request) -> Answer:
    if request.method != "POST" or _client_id(request.headers.get("authorization", "")) in {"", "wrong"}:
        return _json({"message": "Unauthorized", "error": 401}, 401)
    # Not a secret: the sample has no accounts.
    granted = {"access_token": "sample", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
    return _json(granted)


def _client_id(authorization: str) -> str:
    try:
        return base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _note(row: Row, now: datetime) -> Note:
    thread = row.thread or ""
    parent = f"t3_{thread}" if row.parent == thread else f"t1_{row.parent}"
    return Note(row.id, thread, parent, row.author, row.text, moment(row, now))


def _feed_answer(outlet: Outlet, now: datetime) -> Answer:
    if outlet.broken:
        return Answer(503, b"Down for maintenance.\n", {"Content-Type": "text/plain"})
    body = page(outlet, [row for row in load() if row.channel == outlet.name], now)
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    return Answer(200, body, {"Content-Type": CONTENT_TYPES[outlet.format], "ETag": etag})


def _unless_known(answer: Answer, request: Request) -> Answer:
    etag = answer.headers.get("ETag")
    if etag and etag in request.headers.get("if-none-match", ""):
        return Answer(304, headers={"ETag": etag})
    return answer


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8"})


def _missing() -> Answer:
    return _json({"message": "Not Found", "error": 404}, 404)


def _request(handler: BaseHTTPRequestHandler) -> Request:
    length = handler.headers.get("Content-Length", "0")
    body = handler.rfile.read(min(int(length), LARGEST_BODY) if length.isdecimal() else 0)
    parts = urlsplit(handler.path)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    return Request(handler.command, parts.path, _fields(parts.query), _fields(body.decode("utf-8", "replace")), headers)


def _fields(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if handler.close_connection:
        handler.send_header("Connection", "close")
    if answer.status != 304:
        handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body)
