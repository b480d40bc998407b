"""How shares moved, and which movements chance or the model's errors cannot explain.

    Tallies of a week and of the eight before -> Estimates of each -> changes -> p-values
    p-values of all series of the week -> Benjamini-Hochberg -> up, down, no detectable change, too little data

A change is held against how far its own bootstrap draws scatter, in which the model's errors are the same for both
weeks. One false-discovery rate covers every series, every stance and both comparisons of a week: they are shown
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

CHUNK = 256
"""Cells compared at a time: bounds memory."""

Array = np.ndarray[Any, Any]
Key = tuple[str, str, str]
"""Community, dimension, entity."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a week: four shares as they are told, (4,), and drawn anew, (draws, 4); who answered."""

    shares: Array
    drawn: Array
    models: frozenset[str]
    tested: Array

    def enough(self, stance: int) -> bool:
        """Whether a verdict on that share may be given."""
        return bool(self.tested[stance])


@dataclass(frozen=True, slots=True)
class Week:
    """The n cells of a week that can be told: where each stands, who answered, its four shares as they are told.

    `shares` (n, 4); `drawn` (n, draws, 4) anew, with their variance `scatter` (n, 4); effective numbers (n,) of items,
    and of those that take a stance.
    """

    at: Mapping[Key, int]
    models: tuple[frozenset[str], ...]
    shares: Array
    drawn: Array
    scatter: Array
    units: Array
    takers: Array

    @property
    def enough(self) -> Array:
        """Whether a verdict on that share may be given (n, 4)."""
        stances = np.repeat(self.takers[:, None] >= FLOOR, len(LABELS) - 1, axis=1)
        return np.concatenate([stances, self.units[:, None] >= FLOOR], axis=1)

    def get(self, key: Key) -> Cell | None:
        """One of its cells; None where there is too little data."""
        at = self.at.get(key)
        return None if at is None else Cell(self.shares[at], self.drawn[at], self.models[at], self.enough[at])


def week(tallies: Sequence[Tally], corrections: Mapping[str, Correction]) -> Week:
    """The cells of one week that have enough data to be told; where several models answered, their parts together."""
    parts: dict[Key, list[Tally]] = {}
    for tally in tallies:
        parts.setdefault((tally.community, tally.dimension, tally.entity), []).append(tally)
    enough = {key: some for key, some in sorted(parts.items()) if units(some) >= FLOOR}
    found = estimate([tally for some in enough.values() for tally in some], corrections)
    cells = tuple(enough.values())
    mixed, drawn = _mixed(cells, found.shares), _mixed(cells, found.drawn)
    shares, again, scatter = _told(drawn)
    numbers = np.array([units(some) for some in cells])
    return Week(
        {key: at for at, key in enumerate(enough)},
        tuple(frozenset(tally.model for tally in some) for some in cells),
        *(shares, again, scatter),
        *(numbers, numbers * (1 - mixed[:, -1])),
    )


def units(tallies: Sequence[Tally]) -> float:
    """Effective number of items: squared sum of the units' weights over the sum of their squares (Kish 1965)."""
    return sum(t.weight for t in tallies) ** 2 / sum(t.square for t in tallies)


def _mixed(cells: Sequence[Sequence[Tally]], values: Array) -> Array:
    """What was found of cells' parts (m, ...), by cell (n, ...), as much as each weighs."""
    if len(cells) == len(values):
        return values
    sizes = np.array([len(some) for some in cells])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    weights = np.array([tally.weight for some in cells for tally in some])
    parts = (weights / np.repeat(np.add.reduceat(weights, starts), sizes)).reshape(-1, *[1] * (values.ndim - 1))
    mixed = values[starts] * parts[starts]
    for more in range(1, int(sizes.max())):
        has = sizes > more
        mixed[has] += values[starts[has] + more] * parts[starts[has] + more]
    return np.asarray(mixed)


def _told(drawn: Array) -> tuple[Array, Array, Array]:
    """Of label shares (n, draws, 4): the told shares (n, 4), the draws as they are told, and their variance (n, 4)."""
    shares, scatter = np.empty((len(drawn), len(LABELS))), np.empty((len(drawn), len(LABELS)))
    again = np.empty(drawn.shape, dtype=np.float32)
    for part in _chunks(len(drawn)):
        again[part] = told(drawn[part])
        shares[part], scatter[part] = best(again[part]), _variance(again[part])
    return shares, again, scatter


def compare(monday: date, now: Week, before: Mapping[date, Week]) -> tuple[WeekShare, ...]:
    """Every share of a week with its band, its changes and their verdicts; `before` holds earlier weeks by Monday."""
    past = [before.get(monday - timedelta(weeks=back)) for back in range(1, BACK + 1)]
    changes = _changes(now, past[:1], 1), _changes(now, past, LEAST)
    flags = discoveries(np.array([one.p for one in changes]).reshape(-1)).reshape(2, -1, len(LABELS))
    ends = [_ends(now, part) for part in _chunks(len(now.at))]
    low, high = (np.concatenate(side) for side in zip(*ends, strict=True)) if ends else (now.shares, now.shares)
    return tuple(
        WeekShare(
            *(monday, *key, stance, _number(now.shares[at, n]), _number(low[at, n]), _number(high[at, n])),
            *(*changes[0].verdict(at, n, bool(flags[0, at, n])), *changes[1].verdict(at, n, bool(flags[1, at, n]))),
        )
        for key, at in now.at.items()
        for n, stance in enumerate(LABELS)
    )


def _chunks(number: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, number, CHUNK)]


def _ends(now: Week, part: slice) -> tuple[Array, Array]:
    """The ends of shares' bands; the best guess always lies in its band."""
    low, high = band(now.drawn[part])
    return np.fmin(low, now.shares[part]), np.fmax(high, now.shares[part])


@dataclass(frozen=True, slots=True)
class _Changes:
    """Changes of shares (n, 4), their p-values (n, 4; nan where no test is made), and where they are a break (n,)."""

    values: Array
    p: Array
    broken: Array

    def verdict(self, at: int, label: int, flag: bool) -> tuple[float | None, Verdict | None]:
        """The change of a cell's share, and what is found of it."""
        value = _number(self.values[at, label])
        if self.broken[at]:
            return value, None
        if value is None or np.isnan(self.p[at, label]):
            return value, "too little data"
        return value, ("up" if value > 0 else "down") if flag else "no detectable change"


def _changes(now: Week, past: Sequence[Week | None], least: int) -> _Changes:
    """Now against the mean of past weeks; those of other models are no measure."""
    weeks = [week for week in past if week is not None]
    places = np.array([[week.at.get(key, -1) for key in now.at] for week in weeks], dtype=np.int64)
    places = places.reshape(len(weeks), len(now.at))
    alike = np.array(
        [[at >= 0 and week.models[at] == models for at, models in zip(row, now.models, strict=True)]
         for week, row in zip(weeks, places.tolist(), strict=True)], dtype=bool,
    ).reshape(places.shape)  # fmt: skip
    used = alike.sum(axis=0) >= least
    p = np.full(now.shares.shape, np.nan)
    values = np.where(used[:, None], now.shares - _mean(weeks, places, alike, "shares"), np.nan)
    scatter = _scatter(now, weeks, places, alike & used)
    tested = used[:, None] & now.enough
    for week, row, like in zip(weeks, places, alike, strict=True):
        tested[like] &= week.enough[row[like]]
    sure = np.abs(values) / np.maximum(scatter, 1e-9)
    p[tested] = [erfc(z / sqrt(2)) for z in sure[tested]]
    return _Changes(values, p, ~used & ((places >= 0).sum(axis=0) >= least))


def _mean(weeks: Sequence[Week], places: Array, alike: Array, what: str, cells: slice = slice(None)) -> Array:
    """The mean of these weeks' values for some cells, over those weeks that are alike; nan where none is."""
    like = alike[:, cells]
    shape = getattr(weeks[0], what).shape[1:] if weeks else (len(LABELS),)
    total = np.zeros((like.shape[1], *shape))
    for week, row, some in zip(weeks, places[:, cells], like, strict=True):
        total[some] += getattr(week, what)[row[some]]
    number = like.sum(axis=0).astype(float)
    number[number == 0] = np.nan
    return np.asarray(total / number.reshape(-1, *[1] * len(shape)))


def _scatter(now: Week, weeks: Sequence[Week], places: Array, alike: Array) -> Array:
    """How far changes (n, 4) scatter by chance, had nothing moved."""
    variance = np.full(now.shares.shape, np.nan)
    for part in _chunks(len(now.at)):
        variance[part] = _variance(now.drawn[part] - _mean(weeks, places, alike, "drawn", part))
    return np.asarray(np.sqrt(variance + _shortfall(now, weeks, places, alike)))


def _shortfall(now: Week, weeks: Sequence[Week], places: Array, alike: Array) -> Array:
    """What the variance of changes lacks (n, 4) where a share lies at 0 or 1, and its draws cannot scatter any further.

    If nothing moved, a unit scatters now as it did before: each side's variance is raised to what the other's is worth.
    """
    ours, theirs, behind = now.scatter * now.units[:, None], np.zeros(now.shares.shape), np.zeros(len(now.at))
    for week, row, like in zip(weeks, places, alike, strict=True):
        theirs[like] += week.scatter[row[like]] * week.units[row[like], None]
        behind[like] += week.units[row[like]]
    theirs /= np.maximum(alike.sum(axis=0), 1)[:, None]
    raised = np.maximum(theirs - ours, 0) / now.units[:, None]
    return np.asarray(raised + np.maximum(ours - theirs, 0) / np.maximum(behind, 1e-9)[:, None])


def _variance(drawn: Array) -> Array:
    """Variance (n, 4) of draws (n, draws, 4); nan, where a share has no base, left out."""
    known = np.isfinite(drawn)
    if known.all():
        return np.asarray(drawn.var(axis=1, dtype=np.float64))
    number = known.sum(axis=1)
    mean = np.where(known, drawn, 0.0).sum(axis=1, dtype=np.float64) / np.maximum(number, 1)
    apart = np.where(known, drawn - mean[:, None], 0.0)
    return np.where(number > 0, (apart**2).sum(axis=1, dtype=np.float64) / np.maximum(number, 1), np.nan)


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
