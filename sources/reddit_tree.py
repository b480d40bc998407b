"""One submission's comments, stubs and all, within a number of calls.

    submission id -> /comments/ID -> stubs, the largest first -> /api/morechildren | /comments/ID/_/PARENT -> Tree

The calls are those of praw's `replace_more`, over plain JSON: praw's objects ask Reddit again for each missing
attribute, and one odd stub stops the whole tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, NamedTuple

from sources.reddit_calls import Calls, Refused, odd
from sources.reddit_items import Data, fullname, pairs, things

ORDER = "confidence"
_ID = re.compile(r"[0-9a-z]{1,13}")


class Stub(NamedTuple):
    """Comments that Reddit left out of an answer; without children it stands where a thread is too deep to show."""

    rank: int  # minus the number of comments behind it: the largest comes first
    children: tuple[str, ...]
    parent: str


@dataclass(slots=True)
class Tree:
    """What was read of a tree: comments by fullname, in the order they came."""

    comments: dict[str, Data] = field(default_factory=dict)
    nameless: int = 0
    stubs: list[Stub] = field(default_factory=list)  # a heap while it is being read, afterwards what was left
    refused: Refused | None = None  # why the run must stop, though this much was read


def read_tree(calls: Calls, post: str, *, spare: int) -> Tree:
    """Read a submission's comments, spending at most `spare` calls on stubs; Refused where it cannot be read at all."""
    tree, left = Tree(), []
    asked: set[Stub] = set()
    _grow(tree, _comments_of(calls.get(f"comments/{post}/", {"limit": 2048, "sort": ORDER})))
    while tree.stubs and spare > 0 and tree.refused is None:
        stub = heappop(tree.stubs)
        if stub in asked:  # a server that hands out the same stub for ever
            left.append(stub)
            continue
        asked.add(stub)
        spare -= 1
        try:
            _grow(tree, _behind(calls, post, stub))
        except Refused as no:
            left.append(stub)
            tree.refused = no if no.stops else None
    tree.stubs += left
    return tree


def _behind(calls: Calls, post: str, stub: Stub) -> list[tuple[str, Data]]:
    if not stub.children:
        path = f"comments/{post}/_/{stub.parent.removeprefix('t1_')}"
        return _comments_of(calls.get(path, {"limit": 2048, "sort": ORDER}))
    form = {"children": ",".join(stub.children), "link_id": f"t3_{post}", "sort": ORDER}
    answer = calls.post("api/morechildren/", form)
    try:
        found = answer["json"]["data"]["things"]
    except (TypeError, LookupError):
        raise odd("no things behind a stub") from None
    if not isinstance(found, list):
        raise odd("no list of things behind a stub")
    return pairs(found)


def _comments_of(answer: Any) -> list[tuple[str, Data]]:
    if not isinstance(answer, list) or len(answer) != 2:
        raise odd("no submission with its comments")
    return things(answer[1])


def _grow(tree: Tree, found: list[tuple[str, Data]]) -> None:
    """Take in things and what hangs on them, without recursion: the server says how deep they go."""
    waiting = list(reversed(found))
    while waiting:
        kind, data = waiting.pop()
        if kind == "more":
            heappush(tree.stubs, _stub(data))
            continue
        name = fullname("t1", data) if kind == "t1" else None
        if name is None:
            tree.nameless += 1
            continue
        tree.comments.setdefault(name, data)
        if data.get("replies"):
            waiting += reversed(_replies(data["replies"]))


def _replies(listing: Any) -> list[tuple[str, Data]]:
    try:
        return things(listing)
    except Refused:
        return [("", {})]


def _stub(data: Data) -> Stub:
    children, count = data.get("children"), data.get("count")
    ids = tuple(c for c in children if isinstance(c, str) and _ID.fullmatch(c)) if isinstance(children, list) else ()
    parent = data.get("parent_id")
    rank = -count if isinstance(count, int) else 0
    return Stub(rank, ids, parent if isinstance(parent, str) and _ID.fullmatch(parent[3:]) else "t1_")
