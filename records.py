"""The nouns that cross a room's border.

    bytes -> FetchResult(Item, ...) -> Scan(Mention, Label) -> Week -> Digest -> page

Frozen, slotted dataclasses over the standard library; every time is an aware UTC datetime; tuples, not lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

STANCES = ("realist", "industrial_collaboration", "skeptic")
LABELS = (*STANCES, "none")
COMMUNITIES = {
    "feed": ("trade-press", "general-press", "official", "think-tank", "company"),
    "subreddit": ("investor", "economics", "geopolitics", "energy-tech", "regional"),
    "reddit_search": ("investor", "economics", "geopolitics", "energy-tech", "regional"),
}

SourceKind = Literal["news", "social"]
ChannelKind = Literal["feed", "subreddit", "reddit_search"]
Window = Literal["hour", "day", "week", "month", "year", "all"]
"""How far back a search on Reddit looks."""
DateQuality = Literal["explicit", "zone_guessed", "feed_default", "first_seen", "clamped"]
State = Literal[
    "ok", "empty", "not_modified", "soft", "hard", "gone", "blocked", "not_a_feed", "moved", "silent", "no_keys"
]
DELIVERED: tuple[State, ...] = ("ok", "empty", "not_modified", "moved", "silent")
"""States in which a channel answered as it should: what coverage counts as delivered."""

ITEM_SEPARATOR = "\n\n"
"""Between a headline and what follows it in `Item.text`."""
DELETED = "deleted"
"""A flag of an item that its source had deleted: it has no words, no author and no address."""
CONTEXT_SEPARATOR = " || "
"""Between a thread's title and the parent comment in `Item.context`."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One feed, one subreddit or one search on Reddit, as people wrote it into channels.toml."""

    name: str
    kind: ChannelKind
    community: str
    address: str  # the feed's URL, the subreddit's name, or what is searched for
    keep: Literal["relevant", "all"] = "relevant"
    comments: bool = True  # on Reddit only
    fulltext: bool = False  # feeds only: the article page is read too
    subreddits: tuple[str, ...] = ()  # searches only: where to search; everywhere where none is named
    window: Window = "week"  # searches only


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What is remembered of a channel between runs; committed together with its rows."""

    channel: str
    state: State | None = None
    reason: str = ""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    watermark: datetime | None = None  # newest creation time seen
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    next_due_at: datetime | None = None
    failures: int = 0  # in a row
    configured: str | None = None  # the address it was asked under, as channels.toml had it
    address: str | None = None  # where it has moved for good: asked in place of `configured`
    candidate: str | None = None  # where permanent redirects lead, while that is not believed yet
    sightings: int = 0  # how many runs in a row were led to `candidate`
    interval_s: int | None = None  # between two polls, as the channel's own pace has it
    pause_s: int | None = None  # between two polls, as its feed and its server ask
    retry_at: datetime | None = None  # its server asked for peace until then


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of an item, as far as that takes to know it again."""

    guid: str
    url: str | None
    title: str
    published_at: datetime
    published_raw: str | None
    first_seen_at: datetime
    has_article: bool  # its article was read, need not be, or cannot be


@dataclass(frozen=True, slots=True)
class Item:
    """One article, submission or comment.

    `text` is the headline, a blank line, then the body (a comment has no headline): every offset in the
    product counts code points of this string.
    """

    item_id: UUID
    source_kind: SourceKind
    channel: str
    community: str
    guid: str  # as the source names it: a feed's GUID, Reddit's fullname
    url: str | None  # canonical: no tracking parameters, no fragment
    original_url: str | None
    title: str
    text: str
    published_at: datetime
    published_raw: str | None
    date_quality: DateQuality
    first_seen_at: datetime
    context: str | None = None  # "thread title[ || parent comment]"
    thread_id: UUID | None = None
    parent_id: UUID | None = None
    author_hash: str | None = None
    flags: tuple[str, ...] = ()
    version: int = 1
    feed_length: int | None = None  # how much of `text` its feed gave, where the rest is the article's own page


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a channel's time in which items may have been lost."""

    channel: str
    from_at: datetime | None
    to_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stub:
    """Comments that Reddit left out of its answers; without children it stands where a thread is too deep to show."""

    parent: str  # fullname of what they answer
    children: tuple[str, ...] = ()  # ids in base 36
    count: int = 0  # how many comments lie behind it, as Reddit says
    unread: bool = True  # something behind it was never read
    tries: int = 0  # how often it was asked for in vain


@dataclass(frozen=True, slots=True)
class Thread:
    """A submission whose comments are not through: when they were read, when they are to be, what was left out."""

    guid: str  # t3_...
    title: str
    url: str | None
    published_at: datetime
    read_at: datetime | None = None
    due_at: datetime | None = None  # the next visit; None: no more
    stubs: tuple[Stub, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What a channel (or one page of it) yielded, or why it did not. A failure is a value, never an exception."""

    channel: str
    state: State
    reason: str = ""
    items: tuple[Item, ...] = ()
    fetched: int = 0  # entries on the page
    dropped: int = 0  # entries that could not become items
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    watermark: datetime | None = None
    retry_at: datetime | None = None  # the server asked for peace until then
    gaps: tuple[Gap, ...] = ()
    known: int | None = None  # entries that the store had already; None where nobody looked
    configured: str | None = None  # the address that channels.toml gives
    asked: str | None = None  # the address that was asked, where it is another
    moved_to: str | None = None  # where redirects led, every one of them permanent
    pause_s: int | None = None  # what feed and server ask to wait between two polls
    threads: tuple[Thread, ...] = ()  # as they stand after this page


@dataclass(frozen=True, slots=True)
class Mention:
    """A mineral, country, stage or instrument named in a text; `surface` is text[start:end]."""

    type: Literal["mineral", "country", "stage", "instrument"]
    entity: str
    surface: str
    start: int
    end: int
    rule: str = field(default="", compare=False)
    """The rule that accepted it and what it rested on, as RULES.md has them; not stored."""


@dataclass(frozen=True, slots=True)
class Label:
    """The model's answer for one text. `probabilities` follow LABELS and sum to one."""

    model: str
    stance: str
    probabilities: tuple[float, float, float, float]
    confidence: float
    abstained: bool
    evidence: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read off one version of one item. Without a label, `skipped` says why."""

    item: Item
    relevant: bool
    language: str | None
    mentions: tuple[Mention, ...] = ()
    label: Label | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What one model answered to one kind of source in a cell: a week, a community or all, a mineral or the like.

    A unit is an author of posts or a story of news: its answer is the mean over its items, its weight is bounded. With
    weight w and answer a (in LABELS order): sums of w, w², wa, w²a, and of w²aa' row by row.
    """

    week_start: date
    community: str
    dimension: str
    entity: str
    model: str
    weight: float
    square: float
    answers: tuple[float, ...]
    squared_answers: tuple[float, ...]
    products: tuple[float, ...]
    source_kind: SourceKind = "news"


Verdict = Literal["up", "down", "no detectable change", "too little data"]


@dataclass(frozen=True, slots=True)
class WeekShare:
    """A stance's corrected share in a cell, with its 90 % band, and how it moved.

    Of the items that take a stance; for none, of all. Changes are against the week before and against the mean of the
    eight weeks before; a verdict is None where another model answered then.
    """

    week_start: date
    community: str
    dimension: str
    entity: str
    stance: str
    share: float | None
    low: float | None
    high: float | None
    change: float | None
    verdict: Verdict | None
    long_change: float | None
    long_verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Volume:
    """How much was told in a cell: units by their weights, rounded; `before` are the weeks before, oldest first.

    None marks a week before whose channels did not deliver; `gap` says so of this week.
    """

    week_start: date
    community: str
    dimension: str
    entity: str
    told: int
    gap: bool
    before: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class WeekVolume:
    """How much was told in a cell, what was to be expected, and whether that was a burst."""

    week_start: date
    community: str
    dimension: str
    entity: str
    told: int
    expected: float | None
    verdict: Literal["burst", "as usual", "too little data", "gap"]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `n` items, with the ends of its 90 % interval; None where nothing can be said."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Move:
    """How a share moved against the week before, and against the mean of the eight weeks before, with tests' verdicts.

    None where it cannot be told, or another model answered then.
    """

    change: float | None = None
    verdict: Verdict | None = None
    long_change: float | None = None
    long_verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Stance of the items that share something: a week, a community, a mineral, a country, a theme.

    `counts` follow LABELS; `shares` and `moves` follow STANCES and are of the items that take a stance.
    """

    name: str
    counts: tuple[int, int, int, int]
    shares: tuple[Share, Share, Share]
    effective_n: float | None = None  # how many independent items it is worth; None where nobody counted
    moves: tuple[Move, Move, Move] = (Move(), Move(), Move())

    @property
    def items(self) -> int:
        """Labelled items that were not abstained on."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Theme:
    """Stance of the items that have a theme: an element of the allies' roadmap, or a watch point beside it."""

    kind: Literal["element", "watch point"]
    breakdown: Breakdown


@dataclass(frozen=True, slots=True)
class Story:
    """What many items told: a story of news, or a thread. `channels` and `items` count who told it and how often."""

    story_id: str
    title: str
    url: str | None
    channels: int
    items: int


@dataclass(frozen=True, slots=True)
class Mover:
    """A mineral or country whose attention or stance moved more than chance explains.

    `told` counts stories and posts, so that an event counts once however many outlets tell it; `alike` are further
    entities that the very same stories moved.
    """

    dimension: Literal["mineral", "country"]
    breakdown: Breakdown
    told: int
    expected: float | None  # what the 26 weeks before let expect
    burst: bool
    stories: tuple[Story, ...] = ()  # most channels first
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the list of events."""

    name: str
    title: str
    day: date
    link: str


Genre = Literal["report", "op-ed", "think-tank", "company", "post"]
"""What a quotation is taken from, as far as its address, title and channel tell."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """A verbatim stretch of an item that carries its stance: text[start:end] of the item."""

    stance: str
    text: str
    title: str
    channel: str
    url: str | None
    published_at: datetime
    source_kind: SourceKind
    community: str = ""
    item_id: str = ""
    start: int = 0
    end: int = 0
    genre: Genre = "report"


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """One channel's week: its last state and what it yielded."""

    channel: str
    community: str
    state: State
    reason: str
    fetched: int
    new: int
    updated: int
    dropped: int


Feature = Literal["length", "confidence", "source", "language"]
"""What may drift: the length, the source and the language of texts, and how sure the model is of them."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far what the model reads has moved from the eight weeks before.

    `psi` is the population stability index over `bins` bins; `bound` is what chance alone passes once in a hundred
    times. None where there is nothing to compare.
    """

    feature: Feature
    items: int
    before: int
    bins: int
    psi: float | None
    bound: float | None
    verdict: Literal["steady", "moved", "moved far", "too little data"]


@dataclass(frozen=True, slots=True)
class Health:
    """What the week's figures rest on."""

    channels: tuple[ChannelHealth, ...]
    items: int
    labelled: int
    abstained: int
    guessed_dates: int
    duplicates: int  # items that tell a story already told by another item
    skipped: tuple[tuple[str, int], ...]  # reason, items
    gaps: tuple[Gap, ...]
    deletions: int = 0  # things erased because their source or author took them back, as noticed in the week
    drift: tuple[Drift, ...] = ()

    @property
    def dropped(self) -> int:
        """Entries of the week's pages that could not become items."""
        return sum(c.dropped for c in self.channels)

    @property
    def delivered(self) -> int:
        """Channels that answered as they should."""
        return sum(c.state in DELIVERED for c in self.channels)

    @property
    def degraded(self) -> bool:
        """Fewer than 80 % of the channels due delivered."""
        return self.delivered < 0.8 * len(self.channels)


@dataclass(frozen=True, slots=True)
class Query:
    """A figure's own SQL, runnable with `oresight sql`."""

    title: str
    sql: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything a week's page says; every renderer reads this and nothing else."""

    week: str  # ISO, 2026-W47
    first_day: date
    last_day: date
    sample: bool  # bundled sample data, not the world
    week_total: Breakdown
    week_before: Breakdown | None
    history: tuple[Breakdown, ...]  # oldest first, `name` is the ISO week; a week without items is a gap
    communities: tuple[Breakdown, ...]
    minerals: tuple[Breakdown, ...]
    countries: tuple[Breakdown, ...]
    quotations: tuple[Quotation, ...]
    health: Health
    model: str
    model_quality: str  # one sentence from the model card
    as_of: datetime  # when the series were last refreshed
    queries: tuple[Query, ...] = field(default=())
    correction: str = ""  # one sentence: what the shares are corrected by
    themes: tuple[Theme, ...] = ()  # elements first, most items first
    movers: tuple[Mover, ...] = ()  # three at most, the strongest first
    events: tuple[Event, ...] = ()  # within the history's weeks, oldest first
    counter: Quotation | None = None  # against the week's leading stance
    run: str = ""  # the last run that the figures rest on: its kind, identity and version
    zone: str = "UTC"  # IANA time zone in which times are told; days and weeks are UTC's


@dataclass(frozen=True, slots=True)
class EventChange:
    """How a stance's corrected share in a community changed at an event, and how that stands among other dates.

    Of the items that take a stance; for none, of all. None where too little was said, or too few other dates are known.
    """

    community: str
    stance: str
    n_before: float  # effective numbers of items
    n_after: float
    before: float | None
    after: float | None
    change: float | None
    low: float | None = None  # ends of the change's 90 % band
    high: float | None = None
    rank: int | None = None  # among the placebo dates' changes by size, 1 for the largest
    placebos: tuple[float, ...] = ()  # the changes at the placebo dates, smallest first
    p: float | None = None
    verdict: Verdict = "too little data"


@dataclass(frozen=True, slots=True)
class EventStudy:
    """What was said in the week before an event and in the two weeks from its day on."""

    name: str
    title: str
    day: date
    link: str
    placebo_dates: int
    complete: bool  # the two weeks are over and lie within the series
    as_of: datetime
    changes: tuple[EventChange, ...]  # by community and stance
