"""The archive's pages in words, before any markup.

    Topic (an entity's year) -> TopicPage(lead, rows, charts, voices, events)
    [Topic] -> [TopicLine], a list's rows
    Digest -> WeekLine, a week in the list of weeks

Every text is plain (see `texts.plain`) but not escaped: that is the templates' own last step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from digest import site_paths, words
from digest.moves import FLOOR, begun, takers, tellable, verdict
from digest.texts import link, plain
from digest.voices import genre
from records import STANCES, Breakdown, Digest, Query, Quotation

LEAST: Final = 15
"""Items of the year below which an entity has no page."""
KINDS: Final = {"mineral": "Minerals", "country": "Countries", "community": "Communities"}


@dataclass(frozen=True, slots=True)
class Topic:
    """A mineral, a country or a community: its weeks, oldest first, its words, and the SQL of both."""

    kind: str
    name: str  # as the series have it
    title: str
    history: tuple[Breakdown, ...]
    quotations: tuple[Quotation, ...] = ()
    queries: tuple[Query, ...] = ()

    @property
    def path(self) -> str:
        """Where its page lies."""
        return site_paths.of_topic(self.kind, self.name)

    @property
    def items(self) -> int:
        """Its labelled items in all these weeks."""
        return sum(week.items for week in self.history)


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A topic's week in its table: bare figures, empty where nothing can be told."""

    name: str
    path: str
    n: int
    items: int
    figures: tuple[tuple[str, str], ...]  # a share and the ends of its interval, by stance
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A quotation, ready to print."""

    key: str
    stance: str
    text: str
    title: str
    source: str
    url: str | None
    day: str
    iso_day: str
    genre: str


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic in the list of its kind, with the latest week whose shares can be told."""

    title: str
    code: str
    path: str
    items: int
    told_weeks: int
    latest: WeekRow | None


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A week in the list of weeks."""

    name: str
    span: str
    path: str
    verdict: str
    items: int
    degraded: bool


def titled(kind: str, name: str, names: Mapping[str, str]) -> str:
    """An entity's name for people."""
    return plain(names[name], words.NAME) if kind == "country" and name in names else words.in_words(name)


def topic_line(topic: Topic) -> TopicLine:
    """What the list of a kind says of one of them."""
    rows = [week_row(week) for week in topic.history if tellable(week)]
    code = plain(topic.name, words.NAME) if topic.kind == "country" else ""
    return TopicLine(topic.title, code, topic.path, topic.items, len(rows), rows[-1] if rows else None)


def week_rows(topic: Topic) -> tuple[WeekRow, ...]:
    """A topic's weeks from the first with items on, the latest first."""
    return tuple(week_row(week) for week in reversed(begun(topic.history)))


def week_row(week: Breakdown) -> WeekRow:
    """One week's figures."""
    told = week.shares if tellable(week) else ()
    return WeekRow(
        name=week.name,
        path=site_paths.of_week(week.name),
        n=takers(week),
        items=week.items,
        figures=tuple((words.percent(share.value), words.bounds(share)) for share in told),
        values=tuple(share.value for share in told),
    )


def lead(topic: Topic) -> str:
    """One or two sentences on the latest week, from fixed templates."""
    last = topic.history[-1]
    if tellable(last):
        first = f"In {_week(last)}, {takers(last)} of {last.items} items take a stance: {_shares(last)}."
        return f"{first} {_moved(last)}".rstrip()
    few = f"{words.counted(takers(last), 'item')} of {_week(last)} {'takes' if takers(last) == 1 else 'take'} a stance"
    told_weeks = [week for week in topic.history if tellable(week)]
    latest = f"the latest week with figures is {_week(told_weeks[-1])}" if told_weeks else "no week has had as many yet"
    return f"Too little to tell: {few}, and a share takes {FLOOR}; {latest}."


def _shares(week: Breakdown) -> str:
    pairs = zip(STANCES, week.shares, strict=True)
    told = (f"{words.STANCE_NAMES[stance]} {words.percent(one.value)} ({words.bounds(one)})" for stance, one in pairs)
    return f"{', '.join(told)}; {words.INTERVAL}s in brackets"


def _week(week: Breakdown) -> str:
    return words.week_name(week.name).replace("Week", "week")


def _moved(week: Breakdown) -> str:
    """What the tests found against the week before."""
    moves = list(zip(STANCES, week.moves, strict=True))
    moved = [
        f"{words.STANCE_NAMES[stance]} {move.verdict} by {abs(100 * move.change):.0f} points"
        for stance, move in moves
        if move.verdict in {"up", "down"} and move.change is not None
    ]
    if moved:
        return f"Against the week before: {', '.join(moved)}."
    still = any(move.verdict == "no detectable change" for _, move in moves)
    return "No detectable change against the week before." if still else ""


def span(topic: Topic) -> str:
    """The weeks that a topic's page tells of."""
    first, last = _monday(topic.history[0].name), _monday(topic.history[-1].name) + timedelta(days=6)
    return f"{words.counted(len(topic.history), 'week')}, {words.span(first, last)}"


def _monday(week: str) -> date:
    year, number = week.split("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def passage(quotation: Quotation) -> Passage:
    """A quotation as it is printed: verbatim, with its source and never with its author."""
    source = f"r/{quotation.channel}" if quotation.source_kind == "social" else quotation.channel
    return Passage(
        key=f"q-{quotation.item_id.replace('-', '')[:12]}-{quotation.start}",
        stance=quotation.stance,
        text=plain(quotation.text),
        title=plain(quotation.title, 160),
        source=plain(source, words.NAME),
        url=link(quotation.url),
        day=words.day(quotation.published_at),
        iso_day=quotation.published_at.date().isoformat(),
        genre=words.GENRES[genre(quotation)],
    )


def week_line(digest: Digest) -> WeekLine:
    """A week in the list of weeks."""
    return WeekLine(
        name=words.week_name(digest.week),
        span=words.span(digest.first_day, digest.last_day),
        path=site_paths.of_week(digest.week),
        verdict=verdict(digest),
        items=digest.week_total.items,
        degraded=digest.health.degraded,
    )
