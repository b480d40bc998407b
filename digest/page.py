"""The page in words, before any markup: what HTML and Markdown both print, so that they cannot disagree.

    Digest, names -> Page(verdict, tables of Rows, quotations, facts, ...)

Every text of a Page is plain (see `texts.plain`) but not escaped: that is the renderers' own last step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest import words
from digest.moves import FLOOR, begun, takers, tellable, top, verdict
from digest.texts import link, plain
from records import DELIVERED, STANCES, Breakdown, Digest, Gap, Health, Quotation

FIGURES: Final = {
    "stance": "Stance of the week",
    "weeks": "Stance by week",
    "communities": "Stance by community",
    "minerals": "Stance by mineral",
    "countries": "Stance by country",
    "voices": "Quotations",
    "health": "Health",
}
"""The page's sections, and how the title of a `records.Query` begins that stands under each."""
SHOWN_GAPS: Final = 20
REASON: Final = 240  # of a failure's reason

SAMPLE: Final = "Sample data: this page shows the sample that comes with the program. It says nothing about the world."


@dataclass(frozen=True, slots=True)
class Cell:
    """One stance's figures in a row; `share` and `interval` are empty where nothing can be told."""

    stance: str
    name: str
    mark: str
    count: int
    share: str
    interval: str
    bounds: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a week, a community, a mineral, a country."""

    name: str
    code: str
    items: int
    n: int
    none: int
    cells: tuple[Cell, ...]
    told: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a caption; `left` tells how many smaller ones are not shown."""

    title: str
    caption: str
    head: str
    rows: tuple[Row, ...]
    left: int = 0


@dataclass(frozen=True, slots=True)
class Voice:
    """A quotation, ready to print."""

    stance: str
    name: str
    mark: str
    text: str
    title: str
    source: str
    url: str | None
    day: str
    iso_day: str


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel's week."""

    name: str
    community: str
    state: str
    reason: str
    new: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a page prints."""

    week: str
    span: str
    verdict: str
    banners: tuple[str, ...]
    total: Row
    rests: str
    before: Row | None
    weeks: tuple[Row, ...]
    tables: tuple[Table, ...]
    voices: tuple[Voice, ...]
    voiceless: str
    facts: tuple[tuple[str, str], ...]
    channels: tuple[ChannelLine, ...]
    skipped: tuple[tuple[str, int], ...]
    gaps: tuple[str, ...]
    gaps_left: int
    reading: tuple[str, ...]
    model: str
    quality: str
    as_of: str
    queries: Mapping[str, tuple[tuple[str, str], ...]]  # section -> titles with their SQL


def page(digest: Digest, names: Mapping[str, str]) -> Page:
    """The page of a digest; `names` gives countries in words, ISO 3166 alpha-3 (or EU) to name."""
    return Page(
        week=words.week_name(digest.week),
        span=words.span(digest.first_day, digest.last_day),
        verdict=verdict(digest),
        banners=_banners(digest),
        total=_row(digest.week_total, {}),
        rests=_rests(digest),
        before=_row(digest.week_before, {}) if digest.week_before and digest.week_before.items else None,
        weeks=tuple(_row(week, {week.name: week.name}) for week in reversed(begun(digest.history))),
        tables=_tables(digest, names),
        voices=tuple(map(_voice, digest.quotations)),
        voiceless=", ".join(words.STANCE_NAMES[s] for s in STANCES if s not in {q.stance for q in digest.quotations}),
        facts=_facts(digest.health),
        channels=_channels(digest.health),
        skipped=tuple((words.in_words(reason), items) for reason, items in digest.health.skipped),
        gaps=tuple(map(_gap, digest.health.gaps[:SHOWN_GAPS])),
        gaps_left=max(0, len(digest.health.gaps) - SHOWN_GAPS),
        reading=_reading(digest.correction),
        model=plain(digest.model, words.NAME),
        quality=plain(digest.model_quality),
        as_of=words.moment(digest.as_of),
        queries=_queries(digest),
    )


def _banners(digest: Digest) -> tuple[str, ...]:
    health = digest.health
    degraded = (
        f"Degraded: only {health.delivered} of the {words.counted(len(health.channels), 'channel')} due delivered, "
        f"fewer than 80{words.NBSP}%. What is missing may lean another way."
    )
    return (SAMPLE,) * digest.sample + (degraded,) * health.degraded


def _rests(digest: Digest) -> str:
    none = digest.week_total.counts[-1]
    told = f"{digest.week_total.items - none:,} items take a stance and {none:,} take none"
    return f"{told}; on {digest.health.abstained:,} the model abstained."


def _row(breakdown: Breakdown, names: Mapping[str, str]) -> Row:
    told = tellable(breakdown)
    return Row(
        name=plain(names[breakdown.name], words.NAME) if breakdown.name in names else words.in_words(breakdown.name),
        code=_code(breakdown.name, names),
        items=breakdown.items,
        n=takers(breakdown),
        none=breakdown.counts[-1],
        cells=tuple(_cell(breakdown, at, told) for at in range(len(STANCES))),
        told=told,
    )


def _code(code: str, names: Mapping[str, str]) -> str:
    """A code that its row's name does not already tell."""
    return plain(code, words.NAME) if names.get(code, code) != code else ""


def _cell(breakdown: Breakdown, at: int, told: bool) -> Cell:
    stance, share = STANCES[at], breakdown.shares[at]
    return Cell(
        stance=stance,
        name=words.STANCE_NAMES[stance],
        mark=words.STANCE_MARKS[stance],
        count=breakdown.counts[at],
        share=words.percent(share.value) if told else "",
        interval=words.interval(share) if told else "",
        bounds=words.bounds(share) if told else "",
    )


def _tables(digest: Digest, names: Mapping[str, str]) -> tuple[Table, ...]:
    minerals, countries = top(digest.minerals), top(digest.countries)
    note = f"shares with {words.INTERVAL}s among the n items that take a stance."
    return (
        Table("Communities", f"By community: {note}", "Community", _rows(digest.communities, {})),
        Table("Minerals", f"Items that name a mineral: {note}", "Mineral", _rows(minerals, {}),
              sum(b.items > 0 for b in digest.minerals) - len(minerals)),
        Table("Countries", f"Items that name a country: {note}", "Country", _rows(countries, names),
              sum(b.items > 0 for b in digest.countries) - len(countries)),
    )  # fmt: skip


def _rows(breakdowns: Sequence[Breakdown], names: Mapping[str, str]) -> tuple[Row, ...]:
    return tuple(_row(breakdown, names) for breakdown in breakdowns)


def _voice(quotation: Quotation) -> Voice:
    source = f"r/{quotation.channel}" if quotation.source_kind == "social" else quotation.channel
    return Voice(
        stance=quotation.stance,
        name=words.STANCE_NAMES[quotation.stance],
        mark=words.STANCE_MARKS[quotation.stance],
        text=plain(quotation.text),
        title=plain(quotation.title, 160),
        source=plain(source, words.NAME),
        url=link(quotation.url),
        day=words.day(quotation.published_at),
        iso_day=quotation.published_at.date().isoformat(),
    )


def _facts(health: Health) -> tuple[tuple[str, str], ...]:
    failed = len(health.channels) - health.delivered
    return (
        ("Channels due", f"{len(health.channels):,}"),
        ("Delivered", f"{health.delivered:,}"),
        ("Failed", f"{failed:,}"),
        ("Items read", f"{health.items:,}"),
        ("Labelled", f"{health.labelled:,}"),
        ("Abstained", f"{health.abstained:,}"),
        ("Not labelled", f"{sum(items for _, items in health.skipped):,}"),
        ("Guessed dates", f"{health.guessed_dates:,}"),
        ("Stories told again", f"{health.duplicates:,}"),
        ("Gaps", f"{len(health.gaps):,}"),
    )


def _channels(health: Health) -> tuple[ChannelLine, ...]:
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


def _gap(gap: Gap) -> str:
    since = f"from {words.moment(gap.from_at)} " if gap.from_at else ""
    return plain(f"{plain(gap.channel, words.NAME)}: {since}to {words.moment(gap.to_at)} ({plain(gap.reason, REASON)})")


def _reading(correction: str) -> tuple[str, ...]:
    meanings = (f"{words.STANCE_NAMES[stance]}: {meaning}" for stance, meaning in words.STANCE_MEANINGS.items())
    return (
        "A stance is the position an item takes on the effort to build supply chains of critical minerals that do not "
        f"depend on China. {'; '.join(meanings)}.",
        "A share is the part of the items taking a stance that takes this one, corrected for the model's known errors: "
        f"it can differ from the counts, which are its labels. {plain(correction)}".rstrip(),
        f"The {words.INTERVAL} covers chance, many items by few authors, and what is not known of the model's errors.",
        f"Below {FLOOR} items that take a stance no share is told, and charts stay blank.",
        "No change is tested here: two weeks side by side do not show that opinion moved.",
        "The channels are a chosen list. They stand for themselves, not for the public.",
    )


def _queries(digest: Digest) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Queries under the section they are titled after; all others under no section's name."""
    places: dict[str, list[tuple[str, str]]] = {section: [] for section in (*FIGURES, "")}
    for query in digest.queries:
        section = next((name for name, title in FIGURES.items() if query.title.startswith(title)), "")
        places[section].append((plain(query.title, words.NAME), query.sql))
    return {section: tuple(found) for section, found in places.items()}
