"""What is worth telling of a week, decided from its numbers alone.

    Digest -> verdict, quiet
    [Breakdown] -> the largest few

No test of change is made here: a verdict names a movement where the series' own tests found one, else a level alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import dropwhile

from digest.words import INTERVAL, STANCE_NAMES, counted, in_words, interval, listed, percent
from records import STANCES, Breakdown, Digest

FLOOR = 15
"""Items that take a stance, below which no share is told."""
TOP = 10
"""Rows of a table of minerals or countries."""
PARTS = 2
"""Communities or themes that a verdict names."""


def takers(breakdown: Breakdown) -> int:
    """How many items the shares rest on: those that take a stance."""
    return min(share.n for share in breakdown.shares)


def tellable(breakdown: Breakdown) -> bool:
    """Whether shares may be told: `FLOOR` items or more, and every share with both ends of its interval."""
    known = all(None not in (share.value, share.low, share.high) for share in breakdown.shares)
    return known and takers(breakdown) >= FLOOR


def top(breakdowns: Iterable[Breakdown], limit: int = TOP) -> tuple[Breakdown, ...]:
    """The breakdowns of the most items, largest first; ties in the order of their names."""
    return tuple(sorted((b for b in breakdowns if b.items), key=lambda b: (-b.items, b.name))[:limit])


def begun(history: Sequence[Breakdown]) -> tuple[Breakdown, ...]:
    """The weeks from the first that has items: what was before the first collection is no gap."""
    return tuple(dropwhile(lambda week: not week.items, history))


def verdict(digest: Digest) -> str:
    """One or two sentences from fixed templates, chosen by the tests' results and the levels; no markup."""
    total = digest.week_total
    if not total.items:
        return "A week without labelled items: there is nothing to tell."
    if not tellable(total):
        return _too_little(takers(total), total.items)
    return f"{_movement(digest)} {_level(total)}"


def quiet(digest: Digest) -> bool:
    """Whether two lines tell the week: it has too few items, or no test found anything."""
    return not tellable(digest.week_total) or not (_parts(digest) or digest.movers or _moved(digest.week_total))


def _too_little(n: int, items: int) -> str:
    taking = f"{counted(n, 'item')} of {items} {'takes' if n == 1 else 'take'} a stance"
    return f"Too little data for a verdict: {taking}, and {FLOOR} are needed before a share is told."


def _movement(digest: Digest) -> str:
    total = digest.week_total
    week, months = _sides(total, lasting=False), _sides(total, lasting=True)
    if week:
        return f"{listed(week)} against the week before."
    if months:
        return (
            f"{listed(months)} against the mean of the eight weeks before; against the last week nothing is detectable."
        )
    if all(move.verdict is None for move in total.moves):
        return "No change is told: another model read the weeks before."
    if all("too little data" in (move.verdict, move.long_verdict) for move in total.moves):
        return "No change can be tested: the weeks before have too few items."
    parts = _parts(digest)
    if parts:
        return f"In all nothing is detectable; {listed(parts[:PARTS])}."
    return "Nothing detectable: no stance moved by more than chance explains."


def _sides(breakdown: Breakdown, *, lasting: bool) -> list[str]:
    """What each stance did whose change is up or down: the wider the change, the earlier."""
    told = []
    for stance, share, move in zip(STANCES, breakdown.shares, breakdown.moves, strict=True):
        change, found = (move.long_change, move.long_verdict) if lasting else (move.change, move.verdict)
        if change is not None and found in ("up", "down"):
            side = "rose" if found == "up" else "fell"
            size = counted(round(100 * abs(change)), "point")
            told.append((-abs(change), f"{STANCE_NAMES[stance]} {side} by {size} to {percent(share.value)}"))
    return [words for _, words in sorted(told)]


def _moved(breakdown: Breakdown) -> bool:
    return any(side in ("up", "down") for move in breakdown.moves for side in (move.verdict, move.long_verdict))


def _parts(digest: Digest) -> list[str]:
    """The communities and themes that moved against the week before, most items first."""
    places = [*digest.communities, *(theme.breakdown for theme in digest.themes)]
    return [f"in {in_words(place.name)}, {sides[0]}" for place in places if (sides := _sides(place, lasting=False))]


def _level(total: Breakdown) -> str:
    ranked = sorted(zip(STANCES, total.shares, strict=True), key=lambda pair: -(pair[1].value or 0.0))
    (first, lead), (second, next_) = ranked[0], ranked[1]
    one, other = STANCE_NAMES[first], STANCE_NAMES[second]
    told = f"{percent(lead.value)} of the {lead.n:,} items that take a stance ({INTERVAL} {interval(lead)})"
    if percent(next_.value) == percent(lead.value):
        return f"{one} and {other} lead, each with {told}."
    overlap = (next_.high or 0.0) >= (lead.low or 0.0)
    order = "; their intervals overlap, so the order is open" if overlap else ""
    return f"{one} leads with {told}, before {other} with {percent(next_.value)}{order}."
