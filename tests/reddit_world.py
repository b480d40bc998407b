"""A Reddit on loopback that changes while it is read, and a collector's memory.

    world = Reddit(Forum(posts, notes)); world.fail("/new", told(503), times=3)
    with hosting(world) as base_url: ...                 or Store().run(world), which collects once

It speaks the protocol as `sample` does, adds Reddit's rate-limit headers and keeps every request that it was asked.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from records import Channel, ChannelState, FetchResult, Item, Thread
from sample.forum import Forum, Note, Post
from sample.server import Answer, Request, Route, hosting, reddit_answer
from sources import reddit

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHANNEL = Channel("mining", "subreddit", "investor", "mining", "all")
KEY = b"a key"
WINDOW, ALLOWED = 600, 10**7
"""Seconds, and calls in them; so many that nobody waits, unless a test says otherwise."""


def told(status: int, body: object = None, **headers: str) -> Answer:
    """Return an answer as Reddit's API words it; header names are written with underscores."""
    text = json.dumps(body if body is not None else {"message": "x", "error": status}).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, text, {"Content-Type": "application/json", **given})


@dataclass
class Fault:
    """What a path that matches answers, so many times."""

    path: re.Pattern[str]
    answer: Answer | Route | None
    times: int


@dataclass
class Reddit:
    """A forum as a server answers for it; `before` may change the forum before each answer."""

    forum: Forum
    before: Callable[[Request], None] = lambda request: None
    allowed: int = ALLOWED
    began: float = field(default_factory=time.monotonic)
    asked: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fail(self, path: str, answer: Answer | Route | None, times: int = 10**9) -> None:
        """Answer like this where a path holds the pattern; None hangs up."""
        self.faults.append(Fault(re.compile(path), answer, times))

    def __call__(self, request: Request) -> Answer | Route | None:
        """Answer one request."""
        self.asked.append(request)
        self.before(request)
        for fault in self.faults:
            if fault.times and fault.path.search(request.path):
                fault.times -= 1
                return self._limited(fault.answer) if isinstance(fault.answer, Answer) else fault.answer
        return self._limited(reddit_answer(self.forum, request))

    def calls(self, path: str = "") -> int:
        """How many requests were for data, of those whose path holds the pattern."""
        return sum("access_token" not in r.path and re.search(path, r.path) is not None for r in self.asked)

    def _limited(self, answer: Answer) -> Answer:
        used = self.calls()
        limits = {
            "x-ratelimit-remaining": f"{max(0, self.allowed - used)}.0",
            "x-ratelimit-used": str(used),
            "x-ratelimit-reset": str(max(1, WINDOW - int(time.monotonic() - self.began))),
        }
        return replace(answer, headers={**limits, **answer.headers})


@dataclass
class Store:
    """What a collector keeps: items by fullname, threads that are not through, the watermark, the gaps."""

    items: dict[str, Item] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)
    watermark: datetime | None = None

    def run(
        self, world: Reddit | Forum, *, channel: Channel = CHANNEL, now: datetime = NOW, budget: int = 200
    ) -> list[FetchResult]:
        """Collect once over HTTP and commit each result."""
        with hosting(world if isinstance(world, Reddit) else Reddit(world)) as base_url:
            client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
            state = ChannelState(channel.name, watermark=self.watermark)
            found = reddit.pages(
                client, channel, state, known=self.known, waiting=lambda: self.waiting(now), author_key=KEY, now=now,
                call_budget=budget,
            )  # fmt: skip
            return list(self.commit(found))

    def known(self, names: Iterable[str]) -> set[str]:
        """Tell which of the names are stored."""
        return self.items.keys() & set(names)

    def waiting(self, now: datetime) -> list[Thread]:
        """Return the threads that are due, or have stubs left."""
        return [t for t in self.threads.values() if t.stubs or (t.due_at and t.due_at <= now)]

    def commit(self, results: Iterable[FetchResult]) -> Iterator[FetchResult]:
        """Take in each result as it comes."""
        for result in results:
            self.items.update({item.guid: item for item in result.items})
            self.threads.update({thread.guid: thread for thread in result.threads})
            self.watermark = result.watermark or self.watermark
            yield result

    def comments(self) -> set[str]:
        """Return the fullnames of the comments."""
        return {name for name in self.items if name.startswith("t1_")}


def posts(count: int, *, start: int = 0, end: datetime = NOW, apart: timedelta = timedelta(minutes=10)) -> list[Post]:
    """Return submissions, the last of them at `end`."""
    return [
        Post(f"p{n:05}", "mining", f"Title {n}", "", "Ada", end - apart * (start + count - 1 - n))
        for n in range(start, start + count)
    ]


def note(key: str, parent: str, body: str = "Words", author: str | None = "Ben", thread: str = "p00000") -> Note:
    """Return a comment."""
    return Note(key, thread, parent, author, body, NOW - timedelta(minutes=5))


def grove(size: int) -> list[Note]:
    """A tree of so many comments: wide levels of forty, chains deeper than a page shows, and bushes on both."""
    notes = []
    for n in range(size):
        if n % 5 == 0:
            parent = "t3_p00000"
        elif n % 5 in (1, 2):
            parent = f"t1_n{n - 1:04}"
        else:
            parent = f"t1_n{max(0, n - 35) if n % 7 else n // 2:04}"
        notes.append(note(f"n{n:04}", parent, f"Comment {n}"))
    return notes
