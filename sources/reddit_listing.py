"""One listing, from its top down to what earlier runs read.

    /r/NAME/new | /r/NAME/search -> [(kind, data)], ... page by page -> met what is known, or a gap

`before` is not to be trusted: Reddit answers a deleted anchor with an empty page and no error. So each run begins at
the top, and ends where five submissions are known and one is two hours older than the watermark. An empty page in the
middle is asked for again after an earlier anchor, for the first may have been deleted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from records import Channel, Gap, Window
from sources.reddit_calls import Calls
from sources.reddit_items import Data, fullname, moment, things

PAGE = 100
CAP = 1000  # Reddit lists no more
NEAR_CAP = 900  # removed submissions count towards the cap, though they are not listed
SEARCH_CAP = 240  # a search ends at about 250 results
ENOUGH_KNOWN = 5
OVERLAP = timedelta(hours=2)
ANCHORS = 3
WINDOWS: dict[Window, timedelta | None] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "all": None,
}
Known = Callable[[Collection[str]], set[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """What is listed: the newest of a subreddit, or a search in one or, without a name, everywhere."""

    name: str
    path: str
    params: Mapping[str, str]
    window: timedelta | None = None
    is_search: bool = False


def places(channel: Channel) -> list[Place]:
    """One listing for each subreddit: in a listing of several a busy one starves the quiet."""
    if channel.kind == "subreddit":
        return [Place(channel.address, f"r/{channel.address}/new", {})]
    asked = {"q": channel.address, "sort": "new", "t": channel.window, "type": "link"}
    window = WINDOWS[channel.window]
    if not channel.subreddits:
        return [Place("", "search", asked, window, is_search=True)]
    inside = asked | {"restrict_sr": "1"}
    return [Place(name, f"r/{name}/search", inside, window, is_search=True) for name in channel.subreddits]


@dataclass(frozen=True, slots=True)
class Page:
    """What one call brought: new names first seen on it, those of them that the store has, and how much it held."""

    named: Mapping[str, Data]
    stored: frozenset[str]
    fetched: int


@dataclass(slots=True)
class Listing:
    """The reading of one listing. `since` is the watermark, None on the first run; `gap` is told at the end."""

    calls: Calls
    place: Place
    channel: str
    since: datetime | None
    known: Known
    now: datetime
    seen: dict[str, None] = field(default_factory=dict)  # in the order in which they came
    known_seen: int = 0
    oldest: datetime | None = None
    gap: Gap | None = None
    through: bool = False

    def pages(self) -> Iterator[Page]:
        """Yield the pages, newest first; `through` is set before the last one is."""
        after: str | None = None
        while not self.through:
            listing = self._ask(after)
            page = self._take(things(listing))
            following = listing["data"].get("after")
            goes_on = bool(page.named) and isinstance(following, str) and following != after
            self._judge(goes_on=goes_on and len(self.seen) < CAP, broke_off=after is not None and not page.named)
            after = following
            yield page

    def _ask(self, after: str | None) -> Any:
        """Ask for what follows; where nothing seems to, an earlier anchor may still stand."""
        earlier = [name for name in reversed(self.seen) if name != after][:ANCHORS]
        for anchor in (after, *(earlier if after else ())):
            asked = {"limit": PAGE, **self.place.params, **({"after": anchor} if anchor else {})}
            listing = self.calls.get(self.place.path, asked)
            if any(fullname(kind, data) not in self.seen for kind, data in things(listing) if kind == "t3"):
                break
        return listing

    def _take(self, found: list[tuple[str, Data]]) -> Page:
        named = {n: data for kind, data in found if kind == "t3" and (n := fullname("t3", data)) and n not in self.seen}
        stored = frozenset(self.known(tuple(named)) if named else ())
        self.known_seen += len(stored)
        repeated = sum(fullname(kind, data) in self.seen for kind, data in found)
        self.seen |= dict.fromkeys(named)
        for at in filter(None, (moment(data.get("created_utc")) for data in named.values())):
            self.oldest = min(at, self.oldest or at)
        return Page(named, stored, len(found) - repeated)

    def _judge(self, *, goes_on: bool, broke_off: bool) -> None:
        """Tell whether this was the last page, and whether items may have been lost behind it."""
        self.through = not goes_on or self._met()
        if self.through and self.since is not None and not self._met():
            self.gap = self._lost(self.since, broke_off=broke_off)

    def _met(self) -> bool:
        """Tell whether the listing has reached what earlier runs read."""
        if self.since is None:
            return not self.place.is_search  # a search's first run reads its whole window
        return self.known_seen >= ENOUGH_KNOWN and self.oldest is not None and self.oldest < self.since - OVERLAP

    def _lost(self, since: datetime, *, broke_off: bool) -> Gap | None:
        """Return the gap that a listing leaves which ended without an overlap."""
        passed = self.known_seen >= ENOUGH_KNOWN and self.oldest is not None and self.oldest <= since
        near = len(self.seen) >= (SEARCH_CAP if self.place.is_search else NEAR_CAP)
        full = len(self.seen) >= CAP or (near and not passed)
        # One that ends early, and later than the watermark, was cut off by submissions that are removed but counted.
        cut = not self.place.is_search and len(self.seen) >= PAGE and (self.oldest is None or self.oldest > since)
        where = f"r/{self.place.name}: " if self.place.is_search and self.place.name else ""
        if full or cut or broke_off:
            told = f"{where}listing ended after {len(self.seen)} submissions without reaching what is known"
            return Gap(self.channel, since, self.oldest or self.now, told)
        if self.place.window is not None and (reached := self.now - self.place.window) > since:
            return Gap(self.channel, since, reached, f"{where}the search looks back no further than its window")
        return None
