"""How shares moved, and which movements chance or the model's errors cannot explain.

    Tallies of a week and of the eight before -> Estimates of each -> changes -> p-values
    p-values of all series of the week -> Benjamini-Hochberg -> up, down, no detectable change, too little data

A change is held against how far its own bootstrap draws scatter, in which the model's errors are the same for both
weeks. One false-discovery rate covers every series, every stance and both comparisons of a week: they are shown
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import erfc, sqrt
from typing import Any

import numpy as np

from nlp.prevalence import Correction, band, best, estimate, told
from records import LABELS, Tally, Verdict, WeekShare

FLOOR = 15.0
"""Effective number of items below which no share is told; and of those that take a stance, for a verdict on one."""
RATE = 0.10
"""False discoveries among the verdicts of a week, at most; where nothing moved, the chance of any."""
BACK = 8
LEAST = 4
"""Of the eight weeks before, how many must have enough data for a mean."""
DIGITS = 6

Array = np.ndarray[Any, Any]
Key = tuple[str, str, str]
"""Community, dimension, entity."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a week: four shares as they are told, (4,), drawn anew, (draws, 4), and those draws' variance, (4,)."""

    shares: Array
    drawn: Array
    scatter: Array
    models: frozenset[str]
    units: float
    takers: float

    def enough(self, stance: int) -> bool:
        """Whether a verdict on that share may be given."""
        return (self.takers if stance < len(LABELS) - 1 else self.units) >= FLOOR


Week = Mapping[Key, Cell]


def week(tallies: Sequence[Tally], corrections: Mapping[str, Correction]) -> Week:
    """The cells of one week that have enough data to be told; where several models answered, their parts together."""
    parts: dict[Key, list[Tally]] = {}
    for tally in tallies:
        parts.setdefault((tally.community, tally.dimension, tally.entity), []).append(tally)
    enough = {key: some for key, some in parts.items() if units(some) >= FLOOR}
    flat = [tally for some in enough.values() for tally in some]
    if not flat:
        return {}
    found = estimate(flat, corrections)
    cells, at = {}, 0
    for key, some in enough.items():
        rows = slice(at, at + len(some))
        at += len(some)
        cells[key] = _cell(some, found.shares[rows], found.drawn[rows])
    return cells


def units(tallies: Sequence[Tally]) -> float:
    """Effective number of items: squared sum of the units' weights over the sum of their squares (Kish 1965)."""
    return sum(t.weight for t in tallies) ** 2 / sum(t.square for t in tallies)


def _cell(tallies: Sequence[Tally], shares: Array, drawn: Array) -> Cell:
    weights = np.array([tally.weight for tally in tallies])
    mixed = np.tensordot(weights / weights.sum(), shares, 1)
    number = units(tallies)
    again = told(np.tensordot(weights / weights.sum(), drawn, 1))
    return Cell(
        best(again[None])[0],
        again,
        _variance(again),
        frozenset(tally.model for tally in tallies),
        number,
        number * float(1 - mixed[-1]),
    )


def compare(monday: date, now: Week, before: Mapping[date, Week]) -> tuple[WeekShare, ...]:
    """Every share of a week with its band, its changes and their verdicts; `before` holds earlier weeks by Monday."""
    keys = sorted(now)
    last = before.get(monday - timedelta(weeks=1), {})
    earlier = [before.get(monday - timedelta(weeks=back), {}) for back in range(1, BACK + 1)]
    short = [_change(now[key], [last[key]] if key in last else [], 1) for key in keys]
    long = [_change(now[key], [past[key] for past in earlier if key in past], LEAST) for key in keys]
    flags = discoveries(np.array([one.p for one in (*short, *long)]).reshape(-1)).reshape(2, -1, len(LABELS))
    return tuple(
        row
        for number, key in enumerate(keys)
        for row in _rows(monday, key, now[key], (short[number], long[number]), flags[:, number])
    )


def _rows(monday: date, key: Key, cell: Cell, changes: tuple[_Change, _Change], flags: Array) -> Iterator[WeekShare]:
    shares, lows, highs = _ends(cell)
    for at, stance in enumerate(LABELS):
        (change, verdict), (long_change, long_verdict) = (
            one.verdict(at, bool(flag)) for one, flag in zip(changes, flags[:, at], strict=True)
        )
        share, low, high = _number(shares[at]), _number(lows[at]), _number(highs[at])
        yield WeekShare(monday, *key, stance, share, low, high, change, verdict, long_change, long_verdict)


@dataclass(frozen=True, slots=True)
class _Change:
    """Changes of the four shares (4,), their p-values (4,; nan where no test is made), and whether it is a break."""

    values: Array
    p: Array
    broken: bool

    def verdict(self, at: int, flag: bool) -> tuple[float | None, Verdict | None]:
        """The change of share `at`, and what is found of it."""
        value = _number(self.values[at])
        if self.broken:
            return value, None
        if value is None or np.isnan(self.p[at]):
            return value, "too little data"
        return value, ("up" if value > 0 else "down") if flag else "no detectable change"


def _change(now: Cell, past: Sequence[Cell], least: int) -> _Change:
    """Now against the mean of past weeks; those of other models are no measure."""
    alike = [cell for cell in past if cell.models == now.models]
    nothing = np.full(len(LABELS), np.nan)
    if len(alike) < least:
        return _Change(nothing, nothing, broken=len(past) >= least)
    values = now.shares - np.mean([cell.shares for cell in alike], axis=0)
    apart = now.drawn - np.mean([cell.drawn for cell in alike], axis=0)
    scatter = np.sqrt(_variance(apart) + _shortfall(now, alike))
    tested = [all(cell.enough(at) for cell in (now, *alike)) for at in range(len(LABELS))]
    sure = np.abs(values) / np.maximum(scatter, 1e-9)
    p = [erfc(z / sqrt(2)) if test else np.nan for z, test in zip(sure, tested, strict=True)]
    return _Change(values, np.array(p), broken=False)


def _variance(drawn: Array) -> Array:
    """Variance (4,) of draws (draws, 4); nan, where a share has no base, left out."""
    known = np.isfinite(drawn)
    number = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, drawn, 0.0)
    return np.asarray(np.maximum((filled**2).sum(axis=0) / number - (filled.sum(axis=0) / number) ** 2, 0))


def _shortfall(now: Cell, past: Sequence[Cell]) -> Array:
    """What the variance of a change lacks (4,) where a share lies at 0 or 1, and its draws cannot scatter any further.

    If nothing moved, a unit scatters alike in all weeks: the variance is raised to what their pooled one is worth.
    """
    units = np.array([cell.units for cell in (now, *past)])
    each = np.array([cell.scatter for cell in (now, *past)]) * units[:, None]
    apart = units @ each / units.sum() - np.array([each[0], each[1:].mean(axis=0)])
    return np.asarray(np.maximum(apart[0] / units[0] + apart[1] / units[1:].sum(), 0))


def _ends(cell: Cell) -> tuple[Array, Array, Array]:
    """Shares with the ends of their bands; the best guess always lies in its band."""
    low, high = band(cell.drawn[None])
    return cell.shares, np.fmin(low[0], cell.shares), np.fmax(high[0], cell.shares)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), DIGITS)


def discoveries(p: Array, rate: float = RATE) -> Array:
    """Which p-values (n,) are discoveries at that false-discovery rate; nan are no tests (Benjamini-Hochberg 1995).

    Written out because scipy.stats takes a second to import; a test holds it to scipy.
    """
    tests = np.flatnonzero(~np.isnan(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    passed = np.flatnonzero(p[order] <= rate * np.arange(1, len(order) + 1) / max(1, len(order)))
    found = np.zeros(len(p), dtype=bool)
    found[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return found
