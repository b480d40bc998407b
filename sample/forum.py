"""A Reddit in memory that speaks its API's JSON.

    Forum(posts, notes) -> listing | tree | morechildren | info -> JSON values

What it does as Reddit does: listings are cut at 1,000 and paged with `after`; a tree shows a few replies of each
comment, hides the rest behind a `more` stub, and ends deep threads in a "continue this thread" stub (count 0, no
children); `morechildren` answers flat, at most a hundred at a time, and hides what remains behind another stub.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = dict[str, Any]
LISTING_CAP = 1000


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

    def __init__(self, posts: Iterable[Post], notes: Iterable[Note], *, width: int = 4, depth: int = 8) -> None:
        self.posts = {post.id: post for post in posts}
        self.notes = {note.id: note for note in notes}
        self.width, self.depth = width, depth
        self._replies: dict[str, list[Note]] = defaultdict(list)
        self._per_thread: dict[str, int] = defaultdict(int)
        for note in self.notes.values():
            self._replies[note.parent].append(note)
            self._per_thread[note.thread] += 1

    def has(self, subreddit: str) -> bool:
        """Tell whether there is such a subreddit."""
        return any(post.subreddit.lower() == subreddit.lower() for post in self.posts.values())

    def listing(self, subreddit: str, *, limit: int, after: str | None) -> Json:
        """Return the newest submissions: GET /r/SUBREDDIT/new. An unknown `after` gives an empty page, as on Reddit."""
        newest = sorted(self._of(subreddit), key=lambda post: (post.created, post.id), reverse=True)[:LISTING_CAP]
        names = [post.fullname for post in newest]
        start = 0 if after is None else names.index(after) + 1 if after in names else len(names)
        page = newest[start : start + max(1, min(limit, 100))]
        more = start + len(page) < len(newest)
        return _listing([self._post(post) for post in page], after=page[-1].fullname if page and more else None)

    def tree(self, post: str, comment: str | None = None) -> list[Json]:
        """Return a submission and its comments: GET /comments/POST[/_/COMMENT]."""
        top = [self.notes[comment]] if comment else self._replies[f"t3_{post}"]
        children = [self._tree_of(top[0], 0)] if comment else self._level(top, f"t3_{post}", 0)
        return [_listing([self._post(self.posts[post])]), _listing(children)]

    def morechildren(self, post: str, children: Sequence[str], *, cap: int = 100) -> Json:
        """Return hidden comments and their replies, flat: POST /api/morechildren."""
        asked = [self.notes[c] for c in children if c in self.notes and self.notes[c].thread == post]
        flat: list[Note] = []
        while asked and len(flat) < cap:
            note = asked.pop(0)
            flat.append(note)
            asked = [*self._replies[note.fullname], *asked]
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
        below = self._level(self._replies[note.fullname], note.fullname, depth + 1)
        return _thing("t1", self._note(note, _listing(below) if below else ""))

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
        permalink = post.permalink
        data = _author(post.author) | {
            "id": post.id,
            "name": post.fullname,
            "subreddit": post.subreddit,
            "title": post.title,
            "selftext": post.text,
            "is_self": post.url is None,
            "url": post.url or f"https://www.reddit.com{permalink}",
            "permalink": permalink,
            "created_utc": post.created.timestamp(),
            "num_comments": self._per_thread[post.id],
            "edited": False,
        }
        return _thing("t3", data)

    def _note(self, note: Note, replies: Json | str) -> Json:
        return _author(note.author) | {
            "id": note.id,
            "name": note.fullname,
            "link_id": f"t3_{note.thread}",
            "parent_id": note.parent,
            "subreddit": self.posts[note.thread].subreddit,
            "body": note.body,
            "permalink": f"{self.posts[note.thread].permalink}{note.id}/",
            "created_utc": note.created.timestamp(),
            "edited": False,
            "replies": replies,
        }


def _author(name: str | None) -> Json:
    # Reddit's JSON names a vanished account "[deleted]" rather than null.
    return {"author": name or "[deleted]"}


def _thing(kind: str, data: Json) -> Json:
    return {"kind": kind, "data": data}


def _listing(children: list[Json], after: str | None = None) -> Json:
    return _thing("Listing", {"children": children, "after": after, "before": None, "dist": len(children)})


def _slug(title: str) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower()).split()
    return "_".join(words)[:50].strip("_") or "post"
