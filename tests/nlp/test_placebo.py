"""A change at an event, among the changes at other dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import placebo
from nlp.prevalence import correction
from records import EventChange, Tally

EVENT = date(2026, 2, 2)
FIRST, END = date(2025, 6, 1), date(2026, 10, 1)
KNOWN = {"m": correction(None, 40)}


def tally(first: date, counts: tuple[int, ...], community: str = "all", model: str = "m") -> Tally:
    """So many independent items of each label."""
    n = float(sum(counts))
    products = tuple(float(v) for v in np.diag(counts).reshape(-1))
    answers = tuple(map(float, counts))
    return Tally(first, community, "all", "all", model, n, n, answers, answers, products)


def told(
    counts: Callable[[placebo.Window], tuple[int, ...]], dates: tuple[date, ...] | None = None
) -> dict[str, EventChange]:
    """The changes by stance, where every window has these counts."""
    dates = placebo.dates(EVENT, FIRST, END) if dates is None else dates
    windows = {
        window: (tally(window[0], counts(window)),) for day in (EVENT, *dates) for window in placebo.windows(day)
    }
    return {one.stance: one for one in placebo.changes(EVENT, dates, windows, KNOWN)}


def noisy(window: placebo.Window, share: float) -> tuple[int, ...]:
    """200 items of which about that share is sceptical."""
    skeptic = int(np.random.default_rng(window[0].toordinal()).binomial(200, share))
    return (200 - skeptic, 0, skeptic, 50)


@given(st.dates(FIRST, END), st.integers(0, 300))
def test_placebo_dates(event: date, count: int) -> None:
    """Placebo windows lie within the series and touch none of the event's days; they are as many as asked for."""
    dates = placebo.dates(event, FIRST, END, count)
    mine = {event + timedelta(days=n) for n in range(-7, 14)}
    assert len(dates) == len(set(dates)) <= count
    assert list(dates) == sorted(dates)
    for day in dates:
        theirs = {day + timedelta(days=n) for n in range(-7, 14)}
        assert not theirs & mine
        assert min(theirs) >= FIRST
        assert max(theirs) < END
    assert len(placebo.dates(event, FIRST, END, 200)) == 200
    assert placebo.dates(event, FIRST, FIRST + timedelta(days=20)) == ()


def test_a_true_change_is_found() -> None:
    """A swing that no other date has is the largest of all, and is told."""
    found = told(lambda window: noisy(window, 0.6 if window[0] == EVENT else 0.3))["skeptic"]
    assert (found.rank, found.verdict, len(found.placebos)) == (1, "up", 200)
    assert found.p == pytest.approx(1 / 201)
    assert found.change is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.change <= found.high
    assert found.change == pytest.approx(0.3, abs=0.12)


def test_an_ordinary_change_is_none() -> None:
    """A date like every other gives no verdict."""
    assert told(lambda window: noisy(window, 0.3))["skeptic"].verdict == "no detectable change"


def test_false_alarms_are_rare() -> None:
    """Among events at which nothing happened, few are told to have changed anything."""
    alarms = 0
    for shift in range(40):
        dates = placebo.dates(EVENT, FIRST, END, 60)
        rng = np.random.default_rng(shift)
        made = {
            w: (tally(w[0], (*rng.multinomial(80, [0.4, 0.3, 0.3]), 20)),)
            for d in (EVENT, *dates)
            for w in placebo.windows(d)
        }
        found = placebo.changes(EVENT, dates, made, KNOWN)
        alarms += any(one.verdict in ("up", "down") for one in found)
    assert alarms <= 6


@pytest.mark.parametrize("few", [(14, 0, 0, 0), (5, 5, 4, 100)])
def test_too_little_data(few: tuple[int, ...]) -> None:
    """Below 15 items that take a stance on one side there is no verdict on stances, and the sizes are told."""
    found = told(lambda window: few if window[0] == EVENT else (20, 20, 20, 20))
    assert {found[stance].verdict for stance in ("realist", "industrial_collaboration", "skeptic")} == {
        "too little data"
    }
    assert (found["skeptic"].n_before, found["skeptic"].n_after) == (80, sum(few))
    assert found["skeptic"].change is None


def test_a_short_series_gives_no_verdict() -> None:
    """With fewer than nineteen other dates no change is called more than chance; it is told all the same."""
    found = told(
        lambda window: noisy(window, 0.9 if window[0] == EVENT else 0.1), placebo.dates(EVENT, FIRST, END, 18)
    )["skeptic"]
    assert (found.p, found.verdict) == (None, "too little data")
    assert found.change is not None


def test_another_model_is_no_measure() -> None:
    """Where another model answered after the event than before it, nothing is compared."""
    before, after = placebo.windows(EVENT)
    windows = {before: (tally(before[0], (30, 30, 30, 0)),), after: (tally(after[0], (90, 0, 0, 0), model="n"),)}
    known = {**KNOWN, "n": KNOWN["m"]}
    assert {one.change for one in placebo.changes(EVENT, (), windows, known)} == {None}
