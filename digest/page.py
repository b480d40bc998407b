"""The page in words, before any markup: what HTML and Markdown both print, so that they cannot disagree.

    Digest, names -> Page(verdict, tables of Rows, quotations, facts, ...)

Every text of a Page is plain (see `texts.plain`) but not escaped: that is the renderers' own last step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from digest import sections, words
from digest.moves import FLOOR, begun, quiet, takers, tellable, top, verdict
from digest.sections import ChannelLine, EventLine, MoverLine, Voice
from digest.texts import plain
from records import STANCES, Breakdown, Digest, Move

FIGURES: Final = {
    "stance": "Stance of the week",
    "weeks": "Stance by week",
    "communities": "Stance by community",
    "themes": "Stance by theme",
    "minerals": "Stance by mineral",
    "countries": "Stance by country",
    "movers": "Movers",
    "voices": "Quotations",
    "health": "Health",
}
"""The page's sections, and how the title of a `records.Query` begins that stands under each."""
SHOWN_GAPS: Final = 20
GROUPS: Final = {"element": "Elements of the roadmap", "watch point": "Watch points"}

SAMPLE: Final = "Sample data: this page shows the sample that comes with the program. It says nothing about the world."


@dataclass(frozen=True, slots=True)
class Cell:
    """One stance's figures in a row; `share` and `interval` are empty where nothing can be told.

    `change` and `lasting` are signed points against the week before and against the eight weeks before, with their
    verdicts in words; `moved` is "up" or "down" where the test against the week before says so. `value` is the share
    as a number, to sort by.
    """

    stance: str
    name: str
    mark: str
    count: int
    share: str
    interval: str
    bounds: str
    value: str = ""
    change: str = words.DASH
    verdict: str = ""
    lasting: str = words.DASH
    lasting_verdict: str = ""
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a week, a community, a theme, a mineral, a country."""

    name: str
    code: str
    items: int
    n: int
    none: int
    cells: tuple[Cell, ...]
    told: bool
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a caption; `left` tells how many smaller ones are not shown."""

    title: str
    caption: str
    head: str
    rows: tuple[Row, ...]
    left: int = 0


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
    quiet: bool
    weeks_title: str
    weeks: tuple[Row, ...]
    events: tuple[EventLine, ...]
    tables: tuple[Table, ...]
    thin: str  # themes with too few items to tell
    thin_places: str  # communities with too few
    movers: tuple[MoverLine, ...]
    voices: tuple[Voice, ...]
    voiceless: str
    counter: Voice | None
    facts: tuple[tuple[str, str], ...]
    channels: tuple[ChannelLine, ...]
    dropped: tuple[str, ...]
    drift: tuple[str, ...]
    skipped: tuple[tuple[str, int], ...]
    gaps: tuple[str, ...]
    gaps_left: int
    reading: tuple[str, ...]
    model: str
    quality: str
    as_of: str
    run: str
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
        quiet=quiet(digest),
        weeks_title=words.counted(len(begun(digest.history)), "week") if begun(digest.history) else "Weeks",
        weeks=tuple(_row(week, {week.name: week.name}) for week in reversed(begun(digest.history))),
        events=tuple(map(sections.event, digest.events)),
        tables=_tables(digest, names),
        thin=_thin(theme.breakdown for theme in digest.themes),
        thin_places=_thin(digest.communities),
        movers=tuple(sections.mover(one, names) for one in digest.movers),
        voices=tuple(map(sections.voice, digest.quotations)),
        voiceless=", ".join(words.STANCE_NAMES[s] for s in STANCES if s not in {q.stance for q in digest.quotations}),
        counter=sections.voice(digest.counter) if digest.counter else None,
        facts=sections.facts(digest.health),
        channels=sections.channels(digest.health),
        dropped=sections.dropped(digest.health),
        drift=sections.drift(digest.health.drift),
        skipped=tuple((words.in_words(reason), items) for reason, items in digest.health.skipped),
        gaps=tuple(sections.gap(gap, digest.zone) for gap in digest.health.gaps[:SHOWN_GAPS]),
        gaps_left=max(0, len(digest.health.gaps) - SHOWN_GAPS),
        reading=_reading(digest.correction),
        model=plain(digest.model, words.NAME),
        quality=plain(digest.model_quality),
        as_of=words.moment(digest.as_of, digest.zone),
        run=plain(digest.run, words.NAME),
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
    stance, share, move = STANCES[at], breakdown.shares[at], breakdown.moves[at]
    return Cell(
        stance=stance,
        name=words.STANCE_NAMES[stance],
        mark=words.STANCE_MARKS[stance],
        count=breakdown.counts[at],
        share=words.percent(share.value) if told else "",
        interval=words.interval(share) if told else "",
        bounds=words.bounds(share) if told else "",
        value=f"{share.value:.4f}" if told and share.value is not None else "",
        **_moved(move),
    )


def _moved(move: Move) -> dict[str, str]:
    return {
        "change": words.points(move.change),
        "verdict": words.VERDICTS[move.verdict] if move.change is not None else "",
        "lasting": words.points(move.long_change),
        "lasting_verdict": words.VERDICTS[move.long_verdict] if move.long_change is not None else "",
        "moved": move.verdict if move.verdict in ("up", "down") else "",
    }


def _tables(digest: Digest, names: Mapping[str, str]) -> tuple[Table, ...]:
    minerals, countries = top(digest.minerals), top(digest.countries)
    note = f"shares with {words.INTERVAL}s among the n items that take a stance."
    return (
        Table("Communities", f"By community: {note}", "Community", _rows(digest.communities, {})),
        Table("Themes", f"By theme: {note}", "Theme", _themes(digest)),
        Table("Minerals", f"Items that name a mineral: {note}", "Mineral", _rows(minerals, {}),
              sum(b.items > 0 for b in digest.minerals) - len(minerals)),
        Table("Countries", f"Items that name a country: {note}", "Country", _rows(countries, names),
              sum(b.items > 0 for b in digest.countries) - len(countries)),
    )  # fmt: skip


def _rows(breakdowns: Sequence[Breakdown], names: Mapping[str, str]) -> tuple[Row, ...]:
    return tuple(_row(breakdown, names) for breakdown in breakdowns)


def _thin(breakdowns: Iterable[Breakdown]) -> str:
    return words.listed([words.in_words(one.name) for one in breakdowns if not tellable(one)])


def _themes(digest: Digest) -> tuple[Row, ...]:
    """Themes that have items, the roadmap's elements first."""
    return tuple(replace(_row(t.breakdown, {}), group=GROUPS[t.kind]) for t in digest.themes if t.breakdown.items)


def _reading(correction: str) -> tuple[str, ...]:
    meanings = (f"{words.STANCE_NAMES[stance]}: {meaning}" for stance, meaning in words.STANCE_MEANINGS.items())
    return (
        "A stance is the position an item takes on the effort to build supply chains of critical minerals that do not "
        f"depend on China. {'; '.join(meanings)}.",
        "A share is the part of the items taking a stance that takes this one, corrected for the model's known errors: "
        f"it can differ from the counts, which are its labels. {plain(correction)}".rstrip(),
        f"The {words.INTERVAL} covers chance, many items by few authors, and what is not known of the model's errors.",
        f"Below {FLOOR} items that take a stance no share is told, and charts stay blank.",
        f"Changes are in points of a share. Up and down are verdicts of a test; at most 10{words.NBSP}% of a week's "
        'are false. Points beside "not detectable" may be chance.',
        "A mover has a burst of stories and posts, held against the 26 weeks before, or a stance that is up or down. A "
        "story counts once, however many tell it.",
        "Drift is the population stability index against the eight weeks before: 0.1 and 0.25 are its customary marks. "
        "Days and weeks are those of UTC.",
        "The channels are a chosen list. They stand for themselves, not for the public.",
    )


def _queries(digest: Digest) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Queries under the section they are titled after; all others under no section's name."""
    places: dict[str, list[tuple[str, str]]] = {section: [] for section in (*FIGURES, "")}
    for query in digest.queries:
        section = next((name for name, title in FIGURES.items() if query.title.startswith(title)), "")
        places[section].append((plain(query.title, words.NAME), query.sql))
    return {section: tuple(found) for section, found in places.items()}
