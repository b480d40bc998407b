"""When far more was said than usual.

    a cell's counts of the weeks before, gaps left out -> negative binomial -> how unlikely this week is
    all cells of a week -> Benjamini-Hochberg -> burst, as usual, too little data

A control chart for counts that scatter more than Poisson's, as in outbreak detection (Noufaily et al. 2013,
doi:10.1002/sim.5595): weeks that were unusual themselves are put aside before the mean is taken. Whole weeks are
counted, so that the days of the week cancel. Change points (ruptures) would tell after months what this tells at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from nlp.verdicts import discoveries
from records import Volume, WeekVolume

BACK = 26
LEAST = 8
"""Weeks before without a gap that a chart needs."""
SMALLEST = 5
"""Below so many, nothing is a burst."""
UNUSUAL = 0.0001
RATE = 0.05
"""False discoveries among the bursts of a week, at most."""
ROUGHEST = 10.0
"""Size of the negative binomial, at most: weeks of talk are never as even as chance alone would have them."""

Array = np.ndarray[Any, Any]
Burst = Literal["burst", "as usual", "too little data", "gap"]


def judge(volumes: Sequence[Volume]) -> tuple[WeekVolume, ...]:
    """One week's cells, each with what was to be expected of it and whether it burst."""
    if not volumes:
        return ()
    past = np.full((len(volumes), BACK), np.nan)
    for row, volume in enumerate(volumes):
        known = [np.nan if count is None else count for count in volume.before[-BACK:]]
        past[row, BACK - len(known) :] = known
    now = np.array([volume.told for volume in volumes], dtype=float)
    mean, size = _fit(past)
    p = tail(now, mean, size)
    usable = (np.isfinite(past).sum(axis=1) >= LEAST) & ~np.array([volume.gap for volume in volumes])
    flags = discoveries(np.where(usable, p, np.nan), RATE) & (now >= SMALLEST)
    return tuple(_judged(*row) for row in zip(volumes, mean, usable, flags, strict=True))


def _judged(volume: Volume, mean: float, usable: bool, flag: bool) -> WeekVolume:
    found: Burst = "gap" if volume.gap else "too little data" if not usable else "burst" if flag else "as usual"
    expected = round(float(mean), 3) if usable else None
    key = (volume.week_start, volume.community, volume.dimension, volume.entity)
    return WeekVolume(*key, volume.told, expected, found)


def _fit(past: Array) -> tuple[Array, Array]:
    """Mean and size of a negative binomial (n,), by moments, of the weeks that are not unusual by a first fit.

    In the first fit no week counts more than six robust standard deviations above the median.
    """
    safe = np.where(np.isfinite(past).any(axis=1, keepdims=True), past, 0.0)
    middle = np.nanmedian(safe, axis=1, keepdims=True)
    apart = 1.4826 * np.nanmedian(np.abs(safe - middle), axis=1, keepdims=True)
    mean, size = _moments(np.minimum(past, middle + 6 * np.fmax(apart, np.sqrt(middle + 1))))
    odd = tail(past, mean[:, None], size[:, None]) < UNUSUAL
    return _moments(np.where(odd, np.nan, past))


def _moments(past: Array) -> tuple[Array, Array]:
    """Variance is mean + mean² / size, and the mean's own error is added to it: next week scatters about the truth."""
    known = np.isfinite(past)
    number = np.maximum(known.sum(axis=1), 1)
    filled = np.where(known, past, 0.0)
    # Half an item more: where nothing was ever said, one item is no surprise.
    mean = (filled.sum(axis=1) + 0.5) / number
    variance = np.where(known, (past - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(number - 1, 1)
    variance = np.maximum(variance, mean) * (1 + 1 / number)
    return mean, np.minimum(mean**2 / np.maximum(variance - mean, 1e-9), ROUGHEST)


def tail(counts: Array, mean: Array, size: Array) -> Array:
    """P(X >= count) of a negative binomial; nan stays nan. Held to scipy.stats, which takes a second to import."""
    from scipy.special import betainc  # noqa: PLC0415 - only a refresh needs it

    share = mean / (mean + size)
    return np.where(counts > 0, betainc(np.maximum(counts, 1e-9), size, share), np.where(np.isnan(counts), np.nan, 1.0))
