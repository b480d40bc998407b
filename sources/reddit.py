"""Subreddits in, items out, a page at a time.

    /r/NAME/new -> FetchResult(submissions), one per page, back to what is known
    /comments/ID -> FetchResult(comments), one per thread that is new or young
    the run -> FetchResult(what it came to, watermark, gaps), the last one

Each result is to be committed at once, so that a kill loses nothing that was read. The watermark comes with the last
one only: a run that ends early begins again at the top, and finds everything younger than the old watermark.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import praw

from records import DELETED, Channel, ChannelState, FetchResult, Gap, Item
from sources.reddit_calls import Calls, Refused
from sources.reddit_http import Keys, connect
from sources.reddit_items import Data, Desk, fullname, things
from sources.reddit_tree import Tree, read_tree

__all__ = ["Keys", "connect", "pages"]

PAGE = 100
CAP = 1000  # Reddit lists no more
NEAR_CAP = 900  # removed submissions count towards the cap, though they are not listed
ENOUGH_KNOWN = 5
OVERLAP = timedelta(hours=2)
YOUNG = timedelta(hours=48)
FAILURES_IN_A_ROW = 5
_NAME = re.compile(r"[A-Za-z0-9_]{2,30}")
Known = Callable[[Collection[str]], set[str]]


def pages(  # noqa: PLR0913 - four of them by name
    reddit: praw.Reddit,
    channel: Channel,
    state: ChannelState,
    *,
    known: Known,
    author_key: bytes,
    now: datetime,
    call_budget: int = 200,
) -> Iterator[FetchResult]:
    """Read a subreddit's newest submissions and their comments; yield a result for each page and each thread.

    `known` tells which of some fullnames are stored. The first run (no watermark) reads one page of 100; later ones
    page from the top to five known submissions and two hours past the watermark, at most 1,000, else there is a gap.

    Sum `fetched` and `dropped` over all results; state, reason, retry_at and watermark of the run are those of the last
    one, which carries no items. A watermark of None leaves the old one standing. Failures are results, not exceptions.
    """
    run = _Run(Calls(reddit, call_budget, now), Desk(channel, author_key, now), state, known)
    try:
        yield from run.submissions()
        if channel.comments:
            yield from run.comments()
        yield run.told()
    except Refused as no:
        yield FetchResult(channel.name, no.state, run.reason(no.reason), retry_at=no.retry_at)


@dataclass(slots=True)
class _Run:
    """What one run has seen so far."""

    calls: Calls
    desk: Desk
    state: ChannelState
    known: Known
    seen: set[str] = field(default_factory=set)
    known_seen: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    gap: Gap | None = None
    urgent: list[Item] = field(default_factory=list)  # new submissions that have comments
    young: list[Item] = field(default_factory=list)  # known ones that still grow
    unread: Counter[str] = field(default_factory=Counter)  # threads, by reason
    unvisited: int = 0
    stubs_left: int = 0

    def submissions(self) -> Iterator[FetchResult]:
        """Yield the listing's pages, newest first, until they meet what is known."""
        name = self.desk.channel.address
        if not _NAME.fullmatch(name):
            raise Refused("hard", "not a subreddit's name: letters, digits and underscores only")
        params: dict[str, str | int] = {"limit": PAGE}
        while True:
            listing = self.calls.get(f"r/{name}/new", params)
            found = things(listing)
            yield self._page(found)
            after = listing["data"].get("after")
            if self._met() or not self._more(found, after, params.get("after")):
                return
            params["after"] = str(after)

    def comments(self) -> Iterator[FetchResult]:
        """Yield the comments of new submissions, then of young ones, as far as the calls last."""
        threads, failures = self.urgent + self.young, 0
        for number, thread in enumerate(threads):
            waiting = len(threads) - number - 1
            if self.calls.left <= 0:
                self.unvisited = waiting + 1
                return
            try:
                tree = read_tree(self.calls, thread.guid.removeprefix("t3_"), spare=self.calls.left - 1 - waiting)
            except Refused as no:
                failures += no.state == "soft"
                self.unread[no.brief] += 1
                if no.stops or failures >= FAILURES_IN_A_ROW:
                    raise
                continue
            failures = 0
            yield self._thread(thread, tree)
            if tree.refused:
                raise tree.refused

    def told(self) -> FetchResult:
        """Return what the run came to."""
        watermark = max((at for at in (self.newest, self.state.watermark) if at), default=None)
        gaps = (self.gap,) if self.gap else ()
        return FetchResult(
            self.desk.channel.name, "ok" if self.seen else "empty", self.reason(), watermark=watermark, gaps=gaps
        )

    def reason(self, first: str = "") -> str:
        """Return in words what is missing, after `first`; empty where nothing is."""
        threads, budget = len(self.urgent) + len(self.young), self.calls.budget
        causes = self.unread.most_common()
        why = causes[0][0] if len(causes) == 1 else ", ".join(f"{cause} ({n})" for cause, n in causes)
        parts = (
            first,
            f"{self.unread.total()} of {threads} threads not read: {why}" if causes else "",
            f"{self.unvisited} of {threads} threads not visited: {budget} calls used up" if self.unvisited else "",
            f"{self.stubs_left} more-stubs left" if self.stubs_left else "",
            self.gap.reason if self.gap else "",
        )
        return "; ".join(part for part in parts if part)

    def _page(self, found: list[tuple[str, Data]]) -> FetchResult:
        named = {n: data for kind, data in found if kind == "t3" and (n := fullname("t3", data)) and n not in self.seen}
        old = self.known(tuple(named)) if named else set()
        self.known_seen += len(old)
        self.seen |= named.keys()
        items = []
        for name, data in named.items():
            item = self.desk.submission(data)
            if item is not None:
                items.append(item)
                alive = DELETED not in item.flags  # without its title a thread gives its comments no context
                self._note(item, is_new=name not in old, has_comments=alive and bool(data.get("num_comments")))
        repeated = sum(fullname(kind, data) in self.seen for kind, data in found) - len(named)
        return FetchResult(
            self.desk.channel.name,
            "ok" if found else "empty",
            items=tuple(items),
            fetched=len(found) - repeated,
            dropped=len(found) - repeated - len(items),
        )

    def _note(self, item: Item, *, is_new: bool, has_comments: bool) -> None:
        at, since = item.published_at, self.state.watermark
        if item.date_quality == "explicit":
            self.newest, self.oldest = max(at, self.newest or at), min(at, self.oldest or at)
        if not has_comments:
            return
        # After a run that was cut off a submission may be known and its thread unread.
        if is_new or since is None or at >= since - OVERLAP:
            self.urgent.append(item)
        elif at > self.desk.now - YOUNG:
            self.young.append(item)

    def _met(self) -> bool:
        """Tell whether the listing has reached what earlier runs read."""
        since = self.state.watermark
        if since is None:
            return True
        return self.known_seen >= ENOUGH_KNOWN and self.oldest is not None and self.oldest < since - OVERLAP

    def _more(self, found: list[tuple[str, Data]], after: object, before: object) -> bool:
        """Tell whether the listing goes on; where it should and does not, record a gap."""
        goes_on = bool(found) and isinstance(after, str) and after != before
        if goes_on and len(self.seen) < CAP:
            return True
        broke_off = not found and before is not None and self.known_seen < ENOUGH_KNOWN
        if broke_off or len(self.seen) >= NEAR_CAP:
            self.gap = Gap(
                self.desk.channel.name,
                self.state.watermark,
                self.oldest or self.desk.now,
                f"listing ended after {len(self.seen)} submissions without reaching what is known",
            )
        return False

    def _thread(self, thread: Item, tree: Tree) -> FetchResult:
        made = (self.desk.comment(data, thread, tree.comments) for data in tree.comments.values())
        items = tuple(item for item in made if item is not None)
        fetched = len(tree.comments) + tree.nameless
        self.stubs_left += len(tree.stubs)
        return FetchResult(
            self.desk.channel.name,
            "ok",
            f"{len(tree.stubs)} more-stubs left" if tree.stubs else "",
            items=items,
            fetched=fetched,
            dropped=fetched - len(items),
        )
