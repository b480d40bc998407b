"""A Reddit in memory that speaks its API's JSON.

    Forum(posts, notes) -> listing | search | tree | morechildren | info -> JSON values

What it does as Reddit does: listings are cut at 1,000, removed submissions counted, and paged with `after` or `before`
by the anchor's place among the names: one that was deleted gives an empty page, one that never was is no anchor at all.
A tree shows a few replies of each comment, hides the rest behind a `more` stub, and ends deep threads in a "continue
this thread" stub (count 0, no children); `morechildren` answers flat, at most a hundred at a time, and hides what
remains behind another stub. Of a deleted comment that was answered the place stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

Json = dict[str, Any]
LISTING_CAP = 1000
SEARCH_CAP = 250


@dataclass(frozen=True, slots=True)
class Post:
    """A submission; `id` is base 36."""

    id: str
    subreddit: str
    title: str
    text: str
    author: str | None  # None: the account is gone
    created: datetime
    url: str | None = None  # what a link post links to

    @property
    def fullname(self) -> str:
        """Return Reddit's name for it."""
        return f"t3_{self.id}"

    @property
    def permalink(self) -> str:
        """Return its path on the site."""
        return f"/r/{self.subreddit}/comments/{self.id}/{_slug(self.title)}/"


@dataclass(frozen=True, slots=True)
class Note:
    """A comment; `parent` is the fullname of what it answers."""

    id: str
    thread: str  # the submission's id
    parent: str
    author: str | None
    body: str
    created: datetime

    @property
    def fullname(self) -> str:
        """Return Reddit's name for it."""
        return f"t1_{self.id}"


class Forum:
    """Posts and comments, and the answers that Reddit's API would give about them."""

    def __init__(
        self,
        posts: Iterable[Post],
        notes: Iterable[Note],
        *,
        width: int = 4,
        depth: int = 8,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.clock = clock or partial(datetime.now, UTC)
        self.posts = {post.id: post for post in posts}
        self.notes = {note.id: note for note in notes}
        self.width, self.depth = width, depth
        self._replies: dict[str, list[Note]] = defaultdict(list)
        self._per_thread: dict[str, int] = defaultdict(int)
        self.gone: set[str] = set()  # fullnames of what was deleted
        self._edited: set[str] = set()
        for note in self.notes.values():
            self._hang(note)

    def add(self, *new: Post | Note) -> None:
        """Let submissions and comments appear."""
        for one in new:
            if isinstance(one, Post):
                self.posts[one.id] = one
            else:
                self.notes[one.id] = one
                self._hang(one)

    def delete(self, *fullnames: str) -> None:
        """Let submissions and comments be deleted by their authors."""
        self.gone |= set(fullnames)

    def edit(self, comment: str, body: str) -> None:
        """Let a comment say something else."""
        old = self.notes[comment]
        siblings = self._replies[old.parent]
        self.notes[comment] = siblings[siblings.index(old)] = replace(old, body=body)
        self._edited.add(old.fullname)

    def has(self, subreddit: str) -> bool:
        """Tell whether there is such a subreddit."""
        return any(post.subreddit.lower() == subreddit.lower() for post in self.posts.values())

    def listing(self, subreddit: str, *, limit: int, after: str | None = None, before: str | None = None) -> Json:
        """Return the newest submissions: GET /r/SUBREDDIT/new."""
        return self._paged(self._of(subreddit), LISTING_CAP, limit, after, before)

    def search(
        self, query: str, subreddit: str | None, *, since: datetime | None, limit: int, after: str | None = None
    ) -> Json:
        """Return the newest submissions that hold every word of a query: GET /r/SUBREDDIT/search?sort=new."""
        words = query.lower().replace('"', " ").split()
        found = [
            post
            for post in (self._of(subreddit) if subreddit else list(self.posts.values()))
            if (since is None or post.created >= since)
            and all(word in f"{post.title} {post.text}".lower() for word in words)
        ]
        return self._paged(found, SEARCH_CAP, limit, after, None)

    def tree(self, post: str, comment: str | None = None) -> list[Json]:
        """Return a submission and its comments: GET /comments/POST[/_/COMMENT]."""
        top = [self.notes[comment]] if comment else self._there(self._replies[f"t3_{post}"])
        children = [self._tree_of(top[0], 0)] if comment else self._level(top, f"t3_{post}", 0)
        return [_listing([self._post(self.posts[post])]), _listing(children)]

    def morechildren(self, post: str, children: Sequence[str], *, cap: int = 100) -> Json:
        """Return hidden comments and their replies, flat: POST /api/morechildren."""
        asked = self._there([self.notes[c] for c in children if c in self.notes and self.notes[c].thread == post])
        flat: list[Note] = []
        while asked and len(flat) < cap:
            note = asked.pop(0)
            flat.append(note)
            asked = [*self._there(self._replies[note.fullname]), *asked]
        things = [_thing("t1", self._note(note, "")) for note in flat]
        return {"json": {"errors": [], "data": {"things": things + self._left(asked)}}}

    def info(self, names: Iterable[str]) -> Json:
        """Return submissions and comments by fullname: GET /api/info. Unknown names are passed over."""
        found = []
        for name in names:
            kind, _, key = name.partition("_")
            if kind == "t3" and key in self.posts:
                found.append(self._post(self.posts[key]))
            if kind == "t1" and key in self.notes:
                found.append(_thing("t1", self._note(self.notes[key], "")))
        return _listing(found)

    def _paged(self, posts: list[Post], cap: int, limit: int, after: str | None, before: str | None) -> Json:
        newest = sorted(posts, key=lambda post: (post.created, post.id), reverse=True)[:cap]
        there = [post for post in newest if post.fullname not in self.gone]
        line = there[::-1] if before else there
        anchor = before or after
        if anchor and anchor.removeprefix("t3_") in self.posts:
            names = [post.fullname for post in line]
            line = line[names.index(anchor) + 1 :] if anchor in names else []
        page = line[: max(1, min(limit, 100))]
        more = page[-1].fullname if line[len(page) :] else None
        if before:
            page.reverse()
        first = page[0].fullname if page and anchor else None
        things = [self._post(post) for post in page]
        return _listing(things, *((page[-1].fullname if page else None, more) if before else (more, first)))

    def _hang(self, note: Note) -> None:
        self._replies[note.parent].append(note)
        self._per_thread[note.thread] += 1

    def _of(self, subreddit: str) -> list[Post]:
        return [post for post in self.posts.values() if post.subreddit.lower() == subreddit.lower()]

    def _level(self, notes: Sequence[Note], parent: str, depth: int) -> list[Json]:
        if not notes:
            return []
        if depth >= self.depth:
            return [_thing("more", {"id": "_", "name": "t1__", "count": 0, "children": [], "parent_id": parent})]
        shown = [self._tree_of(note, depth) for note in notes[: self.width]]
        return shown + self._stub(notes[self.width :], parent)

    def _tree_of(self, note: Note, depth: int) -> Json:
        below = self._level(self._there(self._replies[note.fullname]), note.fullname, depth + 1)
        return _thing("t1", self._note(note, _listing(below) if below else ""))

    def _there(self, notes: Sequence[Note]) -> list[Note]:
        """Those that still have a place: a deleted comment that nobody answered has none."""
        return [note for note in notes if note.fullname not in self.gone or self._replies[note.fullname]]

    def _left(self, notes: Sequence[Note]) -> list[Json]:
        by_parent: dict[str, list[Note]] = defaultdict(list)
        for note in notes:
            by_parent[note.parent].append(note)
        return [stub for parent, hidden in by_parent.items() for stub in self._stub(hidden, parent)]

    def _stub(self, hidden: Sequence[Note], parent: str) -> list[Json]:
        if not hidden:
            return []
        count = sum(1 + self._below(note) for note in hidden)
        ids = [note.id for note in hidden]
        return [
            _thing("more", {"id": ids[0], "name": f"t1_{ids[0]}", "count": count, "children": ids, "parent_id": parent})
        ]

    def _below(self, note: Note) -> int:
        count, waiting = 0, [note]
        while waiting:
            replies = self._replies[waiting.pop().fullname]
            count += len(replies)
            waiting += replies
        return count

    def _post(self, post: Post) -> Json:
        permalink, gone = post.permalink, post.fullname in self.gone
        data = _author(None if gone else post.author) | {
            "id": post.id,
            "name": post.fullname,
            "subreddit": post.subreddit,
            "title": "[deleted by user]" if gone else post.title,
            "selftext": "[deleted]" if gone else post.text,
            "is_self": post.url is None,
            "url": post.url or f"https://www.reddit.com{permalink}",
            "permalink": permalink,
            "created_utc": post.created.timestamp(),
            "num_comments": self._per_thread[post.id],
            "edited": False,
        }
        return _thing("t3", data)

    def _note(self, note: Note, replies: Json | str) -> Json:
        gone = note.fullname in self.gone
        return _author(None if gone else note.author) | {
            "id": note.id,
            "name": note.fullname,
            "link_id": f"t3_{note.thread}",
            "parent_id": note.parent,
            "subreddit": self.posts[note.thread].subreddit,
            "body": "[deleted]" if gone else note.body,
            "permalink": f"{self.posts[note.thread].permalink}{note.id}/",
            "created_utc": note.created.timestamp(),
            "edited": note.created.timestamp() + 60 if note.fullname in self._edited else False,
            "replies": replies,
        }


def _author(name: str | None) -> Json:
    # Reddit's JSON names a vanished account "[deleted]" rather than null.
    return {"author": name or "[deleted]"}


def _thing(kind: str, data: Json) -> Json:
    return {"kind": kind, "data": data}


def _listing(children: list[Json], after: str | None = None, before: str | None = None) -> Json:
    return _thing("Listing", {"children": children, "after": after, "before": before, "dist": len(children)})


def _slug(title: str) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower()).split()
    return "_".join(words)[:50].strip("_") or "post"
