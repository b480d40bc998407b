"""One submission's comments, stubs and all, within a number of calls.

    /comments/ID -> Tree -> its stubs, unread and large ones first -> /api/morechildren | /comments/ID/_/PARENT -> Tree
    stubs that an earlier run left -> Tree -> ...

The calls are those of praw's `replace_more`, over plain JSON: praw's objects ask Reddit again for each missing
attribute, and one odd stub stops the whole tree. What each call brought is handed over before the next one.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any

from records import Stub
from sources.reddit_calls import Calls, Refused, odd
from sources.reddit_items import Data, fullname, pairs, things

ORDER = "confidence"
AT_ONCE = 100  # children in one call: Reddit answers with no more comments than that
TRIES = 3
_ID = re.compile(r"[0-9a-z]{1,13}")
_ROOT = re.compile(r"t[13]_[0-9a-z]{1,13}")
Known = Callable[[Collection[str]], set[str]]


@dataclass(slots=True)
class Tree:
    """What was read of a tree. `comments` holds every comment by fullname, `parents` further ones that were looked up.

    `known` tells which comments the store holds, for a tree that was read before; a stub is then unread only where a
    child of it is not among them.
    """

    post: str  # its id, without t3_
    known: Known | None = None
    comments: MutableMapping[str, Data] = field(default_factory=dict)
    parents: MutableMapping[str, Data] = field(default_factory=dict)
    submission: Data | None = None
    nameless: int = 0
    given_up: int = 0  # stubs that led nowhere time and again
    refused: Refused | None = None  # why the run must stop, though this much was read
    _waiting: list[tuple[bool, int, int, Stub]] = field(default_factory=list)  # a heap
    _left: list[Stub] = field(default_factory=list)
    _asked: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)  # parent, children -> earlier tries
    _seen: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    @property
    def stubs(self) -> tuple[Stub, ...]:
        """What is not read yet, the most urgent first."""
        return (*(entry[3] for entry in sorted(self._waiting)), *self._left)

    @property
    def texts(self) -> Mapping[str, Data]:
        """What is known of the comments that others answer."""
        return ChainMap(self.comments, self.parents)

    def add(self, stubs: Iterable[Stub]) -> None:
        """Take in stubs that are to be read, each once; one that comes back though it was asked led nowhere."""
        for stub in stubs:
            key = (stub.parent, stub.children)
            if not stub.children and not stub.parent.startswith("t1_"):
                self.given_up += 1
            elif key in self._asked:
                self.leave(replace(stub, tries=self._asked.pop(key)))
            elif key not in self._seen:
                heappush(self._waiting, (not stub.unread, -stub.count, len(self._seen), stub))
            self._seen.add(key)

    def next(self) -> Stub | None:
        """Take the next stub, at most AT_ONCE children of it, without those that were read meanwhile."""
        while self._waiting:
            stub = heappop(self._waiting)[3]
            self._asked[stub.parent, stub.children] = stub.tries
            children = tuple(c for c in stub.children if f"t1_{c}" not in self.comments)
            if stub.children and not children:
                continue
            if rest := children[AT_ONCE:]:
                self.add([replace(stub, children=rest, count=max(0, stub.count - AT_ONCE))])
            return replace(stub, children=children[:AT_ONCE])
        return None

    def leave(self, stub: Stub) -> None:
        """Keep a stub that led nowhere for a later run, unless it has been tried often enough."""
        if stub.tries + 1 < TRIES:
            self._left.append(replace(stub, tries=stub.tries + 1))
        else:
            self.given_up += 1

    def back(self, stub: Stub) -> None:
        """Keep a stub that could not be asked for, as it stands."""
        self._left.append(stub)


def read_tree(calls: Calls, tree: Tree) -> list[Data]:
    """Read a submission with the comments that Reddit shows at once; Refused where it cannot be read at all."""
    answer = calls.get(f"comments/{tree.post}/", {"limit": 2048, "sort": ORDER})
    found = _comments_of(answer)
    head = [data for kind, data in things(answer[0]) if kind == "t3" and fullname("t3", data) == f"t3_{tree.post}"]
    tree.submission = head[0] if head else None
    return _grow(tree, found)


def read_stubs(calls: Calls, tree: Tree, *, reserve: int) -> Iterator[list[Data]]:
    """Yield what each call behind a stub brought, new comments only, until `reserve` calls are left.

    Ends early with `tree.refused` where no other call would fare better.
    """
    while calls.left > reserve and tree.refused is None and (stub := tree.next()) is not None:
        try:
            found = _grow(tree, _behind(calls, tree.post, stub))
        except Refused as no:
            if no.stops:
                tree.back(stub)
                tree.refused = no
            else:
                tree.leave(stub)
            continue
        yield found


def look_up_parents(calls: Calls, tree: Tree, comments: Iterable[Data], *, reserve: int) -> None:
    """Learn what comments answer that were read by an earlier run: one call, for those of waiting stubs too."""
    asked = (str(data.get("parent_id")) for data in comments)
    missing = dict.fromkeys(n for n in asked if n.startswith("t1_") and _is_unknown(tree, n))
    if not missing or calls.left <= reserve or tree.refused:
        return
    missing |= dict.fromkeys(s.parent for s in tree.stubs if s.parent.startswith("t1_") and _is_unknown(tree, s.parent))
    names = list(missing)[:AT_ONCE]
    try:
        found = things(calls.get("api/info", {"id": ",".join(names)}))
    except Refused as no:
        tree.refused = no if no.stops else None
        return
    tree.parents.update({name: {} for name in names})
    tree.parents.update({name: data for kind, data in found if kind == "t1" and (name := fullname("t1", data))})


def _is_unknown(tree: Tree, name: str) -> bool:
    return name not in tree.comments and name not in tree.parents and _ROOT.fullmatch(name) is not None


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


def _grow(tree: Tree, found: list[tuple[str, Data]]) -> list[Data]:
    """Take in things and what hangs on them; return the comments that were not there before.

    Without recursion: the server says how deep they go.
    """
    waiting, new, stubs = list(reversed(found)), [], []
    while waiting:
        kind, data = waiting.pop()
        if kind == "more":
            stubs.append(_stub(data))
            continue
        name = fullname("t1", data) if kind == "t1" else None
        if name is None:
            tree.nameless += 1
            continue
        if name not in tree.comments:
            tree.comments[name] = data
            new.append(data)
        if data.get("replies"):
            waiting += reversed(_replies(data["replies"]))
    tree.add(_judged(tree, stubs))
    return new


def _judged(tree: Tree, stubs: list[Stub]) -> list[Stub]:
    """Tell the stubs that hide something never read from those that hide only what the store holds."""
    if tree.known is None or not stubs:
        return stubs
    stored = tree.known([f"t1_{child}" for stub in stubs for child in stub.children])
    return [replace(stub, unread=any(f"t1_{child}" not in stored for child in stub.children)) for stub in stubs]


def _replies(listing: Any) -> list[tuple[str, Data]]:
    try:
        return things(listing)
    except Refused:
        return [("", {})]


def _stub(data: Data) -> Stub:
    children, count, parent = data.get("children"), data.get("count"), data.get("parent_id")
    ids = tuple(c for c in children if isinstance(c, str) and _ID.fullmatch(c)) if isinstance(children, list) else ()
    named = isinstance(parent, str) and _ROOT.fullmatch(parent)
    is_count = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**31
    return Stub(str(parent) if named else "", ids, int(count) if is_count and count else 0)
