"""The parts of a page that are no table of shares: movers, voices, events, and what the figures rest on.

records.Mover, Quotation, Event, Health -> lines of plain text, ready to print
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from digest import words
from digest.texts import link, plain
from records import DELIVERED, STANCES, Drift, Event, Gap, Health, Mover, Quotation

REASON: Final = 240  # of a failure's reason
TITLE: Final = 160
NO_WORDS: Final = "neither title, text nor link"
FEATURES: Final = {
    "length": "length of texts",
    "confidence": "confidence of the model",
    "source": "mix of sources",
    "language": "languages",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """A quotation, ready to print; `marked` says where it is no report: Op-ed, Think tank, Company."""

    stance: str
    name: str
    mark: str
    text: str
    title: str
    source: str
    url: str | None
    day: str
    iso_day: str
    community: str = ""
    marked: str = ""


@dataclass(frozen=True, slots=True)
class MoverLine:
    """One mover: its name, what moved, and the story most told."""

    name: str
    facts: tuple[str, ...]
    story: str
    url: str | None
    told: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event beside the chart of weeks, where it bears its number."""

    title: str
    day: str
    iso_day: str
    url: str | None


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel's week."""

    name: str
    community: str
    state: str
    reason: str
    new: int
    failed: bool


def voice(quotation: Quotation) -> Voice:
    """A quotation with its source; users are not named."""
    source = f"r/{quotation.channel}" if quotation.source_kind == "social" else quotation.channel
    return Voice(
        stance=quotation.stance,
        name=words.STANCE_NAMES[quotation.stance],
        mark=words.STANCE_MARKS[quotation.stance],
        text=plain(quotation.text),
        title=plain(quotation.title, TITLE),
        source=plain(source, words.NAME),
        url=link(quotation.url),
        day=words.day(quotation.published_at),
        iso_day=quotation.published_at.date().isoformat(),
        community=words.in_words(quotation.community).lower(),
        marked=words.GENRES[quotation.genre],
    )


def event(one: Event) -> EventLine:
    """An event of the list."""
    return EventLine(plain(one.title, TITLE), words.day(one.day), one.day.isoformat(), link(one.link))


def mover(one: Mover, names: Mapping[str, str]) -> MoverLine:
    """A mover in words; `alike` stand beside it, since the same stories moved them."""
    called = [words.in_words(one.breakdown.name), *map(words.in_words, one.alike)]
    if one.dimension == "country":
        called = [plain(names.get(name, name), words.NAME) for name in (one.breakdown.name, *one.alike)]
    story = next(iter(one.stories), None)
    return MoverLine(
        name=words.listed(called),
        facts=tuple(_facts_of(one)),
        story=plain(story.title, TITLE) if story else "",
        url=link(story.url) if story else None,
        told=_told_by(story.channels, story.items) if story else "",
    )


def _facts_of(one: Mover) -> Iterable[str]:
    if one.burst:
        expected = f", where {one.expected:.0f} were to be expected" if one.expected is not None else ""
        yield f"{one.told:,} stories and posts{expected}"
    for stance, share, move in zip(STANCES, one.breakdown.shares, one.breakdown.moves, strict=True):
        if move.verdict in ("up", "down"):
            size = words.counted(round(100 * abs(move.change or 0.0)), "point")
            yield f"{words.STANCE_NAMES[stance]} {move.verdict} by {size} to {words.percent(share.value)}"


def _told_by(channels: int, items: int) -> str:
    if channels > 1:
        return f"told by {words.counted(channels, 'channel')}, counted once"
    return f"{words.counted(items, 'item')} of one channel"


def facts(health: Health) -> tuple[tuple[str, str], ...]:
    """What the figures rest on, in numbers."""
    failed = len(health.channels) - health.delivered
    share = f" ({100 * health.abstained / health.labelled:.0f}{words.NBSP}%)" if health.labelled else ""
    return (
        ("Channels due", f"{len(health.channels):,}"),
        ("Delivered", f"{health.delivered:,}"),
        ("Failed", f"{failed:,}"),
        ("Gaps", f"{len(health.gaps):,}"),
        ("Items read", f"{health.items:,}"),
        ("Labelled", f"{health.labelled:,}"),
        ("Abstained", f"{health.abstained:,}{share}"),
        ("Not labelled", f"{sum(items for _, items in health.skipped):,}"),
        ("Duplicates folded", f"{health.duplicates:,}"),
        ("Entries dropped", f"{health.dropped:,}"),
        ("Guessed dates", f"{health.guessed_dates:,}"),
        ("Deletions honoured", f"{health.deletions:,}"),
    )


def channels(health: Health) -> tuple[ChannelLine, ...]:
    """Every channel due, those that failed first."""
    lines = (
        ChannelLine(
            name=plain(channel.channel, words.NAME),
            community=words.in_words(channel.community),
            state=words.STATES[channel.state],
            reason=plain(channel.reason, REASON),
            new=channel.new,
            failed=channel.state not in DELIVERED,
        )
        for channel in health.channels
    )
    return tuple(sorted(lines, key=lambda line: (not line.failed, line.name)))


def dropped(health: Health) -> tuple[str, ...]:
    """The channels whose entries could not all become items, and why."""
    return tuple(
        f"{plain(c.channel, words.NAME)}: {c.dropped:,} ({plain(c.reason, REASON) or NO_WORDS})"
        for c in sorted(health.channels, key=lambda c: (-c.dropped, c.channel))
        if c.dropped
    )


def drift(found: Iterable[Drift]) -> tuple[str, ...]:
    """Each feature with its verdict and index; those that moved first."""
    order = ("moved far", "moved", "steady", "too little data")
    return tuple(
        f"{FEATURES[one.feature].capitalize()}: {one.verdict}" + (f" ({one.psi:.2f})" if one.psi is not None else "")
        for one in sorted(found, key=lambda one: order.index(one.verdict))
    )


def gap(one: Gap, zone: str) -> str:
    """A stretch of a channel's time of which items may be missing."""
    since = f"from {words.moment(one.from_at, zone)} " if one.from_at else ""
    until = words.moment(one.to_at, zone)
    return plain(f"{plain(one.channel, words.NAME)}: {since}to {until} ({plain(one.reason, REASON)})")
