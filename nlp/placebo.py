"""Did the talk change at an event more than it changes at any other date?

    event -> windows (7 days before, 14 after) -> change of shares
    the same at some 200 dates away from the event -> rank of the true change -> p -> Benjamini-Hochberg -> verdict

A permutation test in time (Abadie, Diamond and Hainmueller 2010, doi:10.1198/jasa.2009.ap08746, do so over places): it
asks nothing of the series' distribution, only that the event's date is one like others. Placebo windows overlap each
other, so that neighbouring ones say much the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from nlp.prevalence import LEVEL, Correction
from nlp.verdicts import DIGITS, Cell, discoveries, units, week
from records import LABELS, EventChange, Tally

BEFORE, AFTER = timedelta(days=7), timedelta(days=14)
DATES = 200
LEAST = 19
"""Placebo dates without which no p-value could be small enough for a verdict."""

ALL = ("all", "all")
"""Dimension and entity."""

Window = tuple[date, date]
"""First day, and the day after the last."""
Tallies = Mapping[Window, Sequence[Tally]]
Array = np.ndarray[Any, Any]


def windows(day: date) -> tuple[Window, Window]:
    """The days before an event, and those from its own day on."""
    return (day - BEFORE, day), (day, day + AFTER)


def dates(event: date, first: date, end: date, count: int = DATES) -> tuple[date, ...]:
    """At most `count` placebo dates whose windows lie within the series and touch none of the event's, evenly spread.

    `first` is the series' first day, `end` the day after its last.
    """
    last = end - AFTER
    days = (first + BEFORE + timedelta(days=n) for n in range(max(0, (last - first - BEFORE).days + 1)))
    apart = [day for day in days if abs(day - event) >= BEFORE + AFTER]
    taken = min(count, len(apart))
    return tuple(apart[n * len(apart) // taken] for n in range(taken))


def changes(
    event: date, placebos: Sequence[date], tallies: Tallies, corrections: Mapping[str, Correction]
) -> tuple[EventChange, ...]:
    """How every share of every community changed at the event, and how that stands among the placebo dates."""
    sides = windows(event)
    before, after = (week(tallies[window], corrections) for window in sides)
    others = _others(placebos, tallies, corrections)
    communities = sorted({tally.community for window in sides for tally in tallies[window]})
    found = []
    for community in communities:
        cells, sizes = (before.get((community, *ALL)), after.get((community, *ALL))), _sizes(sides, community, tallies)
        for at in range(len(LABELS)):
            found.append(_change(community, at, cells, sizes, [_difference(*pair, at) for pair in others(community)]))
    flags = discoveries(np.array([np.nan if one.p is None else one.p for one in found]))
    return tuple(_judged(one, bool(flag)) for one, flag in zip(found, flags, strict=True))


def _others(
    placebos: Sequence[date], tallies: Tallies, corrections: Mapping[str, Correction]
) -> Callable[[str], list[tuple[Cell | None, Cell | None]]]:
    """The cells on both sides of every placebo date, by community; all estimated at once, under a dimension each."""
    sides = [window for day in placebos for window in windows(day)]
    cells = week([replace(t, dimension=str(n)) for n, side in enumerate(sides) for t in tallies[side]], corrections)

    def of(community: str) -> list[tuple[Cell | None, Cell | None]]:
        found = [cells.get((community, str(n), "all")) for n in range(len(sides))]
        return list(zip(found[::2], found[1::2], strict=True))

    return of


def _sizes(sides: Sequence[Window], community: str, tallies: Tallies) -> tuple[float, float]:
    """Effective numbers of items on both sides."""
    parts = ([t for t in tallies[window] if t.community == community] for window in sides)
    first, second = (units(some) if some else 0.0 for some in parts)
    return round(first, 1), round(second, 1)


def _difference(before: Cell | None, after: Cell | None, at: int) -> float | None:
    """After less before; None where one side has too little data, or other models answered there."""
    if before is None or after is None or before.models != after.models:
        return None
    if not (before.enough(at) and after.enough(at)):
        return None
    return _number(after.shares[at] - before.shares[at])


def _change(
    community: str,
    at: int,
    cells: tuple[Cell | None, Cell | None],
    sizes: tuple[float, float],
    placebos: Sequence[float | None],
) -> EventChange:
    told = tuple(sorted(one for one in placebos if one is not None))
    before, after = (None if cell is None else _number(cell.shares[at]) for cell in cells)
    change = _difference(*cells, at)
    found = EventChange(community, LABELS[at], *sizes, before, after, change, placebos=told)
    if change is None:
        return found
    low, high = _band(*cells, at, change)
    rank = 1 + sum(abs(one) >= abs(change) for one in told)
    p = rank / (1 + len(told)) if len(told) >= LEAST else None
    return replace(found, low=low, high=high, rank=rank, p=p)


def _band(before: Cell | None, after: Cell | None, at: int, change: float) -> tuple[float | None, float | None]:
    """Both ends of the change's 90 % band; the model's errors are the same on both sides of a draw."""
    if before is None or after is None:
        return None, None
    drawn: Array = after.drawn[:, at] - before.drawn[:, at]
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return _number(min(low, change)), _number(max(high, change))


def _judged(one: EventChange, flag: bool) -> EventChange:
    if one.p is None or one.change is None:
        return one
    if not flag:
        return replace(one, verdict="no detectable change")
    return replace(one, verdict="up" if one.change > 0 else "down")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), DIGITS)
