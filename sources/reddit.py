"""Subreddits and searches in, items out, a page at a time.

    /r/NAME/new | /r/NAME/search -> FetchResult(submissions, threads to read), one per page, back to what is known
    /comments/ID and its stubs -> FetchResult(comments, the thread as it stands), one per call
    the run -> FetchResult(what it came to, watermark, gaps), the last one

Each result is to be committed at once, so that a kill loses nothing that was read. The watermark and the gaps come with
a listing's last page: a run that ends before begins again at the top, and finds everything younger than the old
watermark. Threads that a run did not come to are handed to the next one by whoever keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import praw

from records import DELETED, Channel, ChannelState, FetchResult, Gap, Item, Thread
from sources import reddit_visits
from sources.reddit_calls import Calls, Refused
from sources.reddit_http import Keys, connect
from sources.reddit_items import Desk, fullname, things
from sources.reddit_listing import Listing, Page, Place, places
from sources.reddit_threads import Threads

__all__ = ["Keys", "connect", "pages"]

_NAME = re.compile(r"[A-Za-z0-9_]{2,30}")
Known = Callable[[Collection[str]], set[str]]
Waiting = Callable[[], Sequence[Thread]]
AT_ONCE = 100  # names in one look-up


def pages(  # noqa: PLR0913 - five of them by name
    reddit: praw.Reddit,
    channel: Channel,
    state: ChannelState,
    *,
    known: Known,
    author_key: bytes,
    now: datetime,
    waiting: Waiting = tuple,
    call_budget: int = 200,
) -> Iterator[FetchResult]:
    """Read a subreddit's or a search's newest submissions and the comments that are due; yield what each call brought.

    `known` tells which of some fullnames are stored, `waiting` the channel's threads that are due or have stubs left.
    The first run (no watermark) reads one page of 100 of a subreddit, and a search's whole window; later ones page from
    the top to five known submissions and two hours past the watermark, at most 1,000, else there is a gap.

    Sum `fetched` and `dropped` over all results; state, reason and retry_at of the run are those of the last one, which
    carries no items. A watermark of None leaves the old one standing. Failures are results, not exceptions.
    """
    run = _Run(Calls(reddit, call_budget, now), Desk(channel, author_key, now), state, known)
    try:
        yield from run.submissions()
        if channel.comments:
            yield from run.comments(waiting())
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
    newest: datetime | None = None
    gaps: list[Gap] = field(default_factory=list)
    fresh: dict[str, Thread] = field(default_factory=dict)  # that may not be stored yet when the comments' turn comes
    quiet: set[str] = field(default_factory=set)  # without a comment, as the listing says
    gone: set[str] = field(default_factory=set)  # deleted since they were listed
    shut: list[str] = field(default_factory=list)  # subreddits of a search that cannot be read
    threads: Threads | None = None

    def submissions(self) -> Iterator[FetchResult]:
        """Yield the pages of every listing, newest first, until they meet what is known."""
        wanted = places(self.desk.channel)
        for number, place in enumerate(wanted, 1):
            if (place.name or not place.is_search) and not _NAME.fullmatch(place.name):
                raise Refused("hard", "not a subreddit's name: letters, digits and underscores only")
            try:
                yield from self._listing(place, is_last=number == len(wanted))
            except Refused as no:
                if no.stops or no.state == "soft" or len(self.shut) + 1 == len(wanted):
                    raise
                self.shut.append(f"r/{place.name}: {no.reason}")

    def comments(self, waiting: Sequence[Thread]) -> Iterator[FetchResult]:
        """Yield the comments of threads that are due, and of stubs that are left, as far as the calls last."""
        threads = {thread.guid: thread for thread in waiting} | self.fresh
        due = {name: thread for name, thread in threads.items() if reddit_visits.is_due(thread, self.desk.now)}
        for unseen in _chunks([name for name in due if name not in self.seen]):
            yield from self._looked_up(unseen, due)
        if quiet := self.quiet & due.keys():
            visited = tuple(reddit_visits.read(due[name], self.desk.now, due[name].stubs) for name in sorted(quiet))
            yield FetchResult(self.desk.channel.name, "ok", threads=visited)
        self.threads = Threads(self.calls, self.desk, self.known, self.seen)
        yield from self.threads.read([thread for name, thread in threads.items() if name not in quiet | self.gone])

    def _looked_up(self, names: list[str], due: Mapping[str, Thread]) -> Iterator[FetchResult]:
        """Look at submissions that no listing showed: edited, deleted, or without a comment, they need no tree."""
        try:
            found = things(self.calls.get("api/info", {"id": ",".join(names)}))
        except Refused as no:
            if no.stops:
                raise
            return
        named = {n: data for _, data in found if (n := fullname("t3", data)) and n in due}
        page = Page(named, frozenset(names), len(found))
        result = self._page(page)
        dead = {item.guid for item in result.items if DELETED in item.flags} | (set(names) - page.named.keys())
        self.gone |= dead
        yield replace(result, threads=tuple(reddit_visits.ended(due[name], self.desk.now) for name in sorted(dead)))

    def told(self) -> FetchResult:
        """Return what the run came to."""
        return FetchResult(
            self.desk.channel.name,
            "ok" if self.seen else "empty",
            self.reason(),
            watermark=self._watermark(),
            gaps=tuple(self.gaps),
        )

    def reason(self, first: str = "") -> str:
        """Return in words what is missing, after `first`; empty where nothing is."""
        parts = (first, *self.shut, *self._of_threads(), *(gap.reason for gap in self.gaps))
        return "; ".join(part for part in parts if part)

    def _of_threads(self) -> Iterator[str]:
        if (told := self.threads) is None:
            return
        causes = told.unread.most_common()
        why = causes[0][0] if len(causes) == 1 else ", ".join(f"{cause} ({n})" for cause, n in causes)
        yield f"{told.unread.total()} of {told.planned} threads not read: {why}" if causes else ""
        if told.unvisited:
            yield f"{told.unvisited} of {told.planned} threads not visited: {self.calls.budget} calls used up"
        yield f"{told.stubs_left} more-stubs left" if told.stubs_left else ""
        yield f"{told.given_up} more-stubs given up, for they led nowhere" if told.given_up else ""

    def _watermark(self) -> datetime | None:
        return max((at for at in (self.newest, self.state.watermark) if at), default=None)

    def _listing(self, place: Place, *, is_last: bool) -> Iterator[FetchResult]:
        since, now = self.state.watermark, self.desk.now
        listing = Listing(self.calls, place, self.desk.channel.name, since, self.known, now)
        for page in listing.pages():
            result = self._page(page)
            if listing.through:
                self.gaps += [listing.gap] if listing.gap else []
            if listing.through and is_last:
                result = replace(result, watermark=self._watermark(), gaps=tuple(self.gaps))
            yield result

    def _page(self, page: Page) -> FetchResult:
        items = []
        for name, data in page.named.items():
            if name in self.seen or (item := self.desk.submission(data)) is None:
                continue
            items.append(item)
            self._note(item, is_new=name not in page.stored, comments=data.get("num_comments"))
        self.seen |= page.named.keys()
        fresh = (self.fresh.get(item.guid) for item in items)
        return FetchResult(
            self.desk.channel.name,
            "ok" if page.fetched else "empty",
            items=tuple(items),
            fetched=page.fetched,
            dropped=page.fetched - len(items),
            threads=tuple(thread for thread in fresh if thread),
        )

    def _note(self, item: Item, *, is_new: bool, comments: object) -> None:
        """Remember what the listing tells of a submission: how new it is, and whether there is anything to read."""
        if item.date_quality == "explicit":
            self.newest = max(item.published_at, self.newest or item.published_at)
        if not comments:
            self.quiet.add(item.guid)
        if is_new and self.desk.channel.comments and DELETED not in item.flags:
            thread = Thread(item.guid, item.title, item.url, item.published_at, due_at=self.desk.now)
            self.fresh[item.guid] = thread if comments else reddit_visits.read(thread, self.desk.now)


def _chunks(names: Sequence[str]) -> Iterator[list[str]]:
    """Names by the hundred; a single one is as well looked at with its tree."""
    for start in range(0, len(names) if len(names) > 1 else 0, AT_ONCE):
        yield list(names[start : start + AT_ONCE])
