"""Answers Reddit's endpoints from recordings of the real ones, over HTTP on loopback.

    ../shared/samples/reddit/*.json -> replay() -> base URL for ORESIGHT_REDDIT_URL

The recordings are other people's and no part of this repository: `RECORDINGS` is None where they are missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sample.server import TREE, Answer, Request, hosting

_FOLDER = Path(__file__).parents[2] / "shared" / "samples" / "reddit"
RECORDINGS = _FOLDER if _FOLDER.is_dir() else None
TREE_ID = "3hahrw"
Thing = dict[str, Any]


@contextmanager
def replay(*, with_tree: bool = True, asked: list[Request] | None = None) -> Iterator[str]:
    """Serve the recordings; every subreddit has the same newest submissions.

    with_tree: the submission of the recorded tree stands in the listing too, so that a run comes to it.
    asked: takes in every request.
    """
    recorded = Recorded(with_tree)

    def answer(request: Request) -> Answer:
        if asked is not None:
            asked.append(request)
        return recorded.answer(request)

    with hosting(answer) as base_url:
        yield base_url


def comments() -> dict[str, Thing]:
    """Return every recorded comment of the tree, by fullname."""
    found: dict[str, Thing] = {}
    for _, value in _exchanges("TestCommentForest.test_replace__all"):
        _pool(value, "t1", found)
    return found


def submissions() -> dict[str, Thing]:
    """Return every recorded submission of the listing, by fullname."""
    found: dict[str, Thing] = {}
    for _, value in _exchanges("TestSubredditListings.test_new"):
        _pool(value, "t3", found)
    return found


class Recorded:
    """The recorded answers, by what was asked."""

    def __init__(self, with_tree: bool) -> None:
        tree = _exchanges("TestCommentForest.test_replace__all")
        self.token = next(value for request, value in tree if "access_token" in request["uri"])
        self.trees = {urlsplit(r["uri"]).path.rstrip("/"): value for r, value in tree if "/comments/" in r["uri"]}
        self.more = {
            _children(r["body"]["string"] if isinstance(r["body"], dict) else r["body"]): value
            for r, value in tree
            if "morechildren" in r["uri"]
        }
        self.pool = comments()
        self.listing = next(v for r, v in _exchanges("TestSubredditListings.test_new") if "/new" in r["uri"])
        if with_tree:
            self.listing["data"]["children"] += self.trees[f"/comments/{TREE_ID}"][0]["data"]["children"]
        self.info: dict[str, Thing] = {}
        for _, value in _exchanges("TestReddit.test_info"):
            for child in value.get("data", {}).get("children", ()):
                self.info[child["data"]["name"]] = child

    def answer(self, request: Request) -> Answer:
        """Answer one request: from the recordings, or 404."""
        path = request.path.rstrip("/")
        if path == "/api/v1/access_token" and request.method == "POST":
            return _json(self.token)
        signed_in = request.headers.get("authorization", "").startswith("bearer ")
        return self._data(path, request) if signed_in else _json({"message": "Unauthorized", "error": 401}, 401)

    def _data(self, path: str, request: Request) -> Answer:
        if path.startswith("/r/") and path.endswith("/new"):
            return _json(self.listing if "after" not in request.query else _listing([]))
        if path == "/api/morechildren":
            return _json(self._behind(request.form["children"].split(",")))
        if path == "/api/info":
            return _json(_listing([self.info[n] for n in request.query["id"].split(",") if n in self.info]))
        if TREE.fullmatch(path) and path in self.trees:
            return _json(self.trees[path])
        return _json({"message": "Not Found", "error": 404}, 404)

    def _behind(self, children: list[str]) -> Thing:
        recorded = self.more.get(frozenset(children))
        things = [self.pool[f"t1_{c}"] for c in children if f"t1_{c}" in self.pool]
        return recorded or {"json": {"errors": [], "data": {"things": things}}}


def _exchanges(name: str) -> list[tuple[Thing, Any]]:
    if RECORDINGS is None:
        return []
    tape = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return [(i["request"], json.loads(i["response"]["body"]["string"])) for i in tape["interactions"]]


def _children(body: str) -> frozenset[str]:
    return frozenset(parse_qs(body)["children"][0].split(","))


def _pool(value: Any, kind: str, found: dict[str, Thing]) -> None:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("kind") == kind:
                found.setdefault(value["data"]["name"], value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _listing(children: list[Thing]) -> Thing:
    return {"kind": "Listing", "data": {"children": children, "after": None, "before": None}}


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8"})
