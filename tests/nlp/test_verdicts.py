"""What is said of a movement, and what is not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from benchmarks import prevalence_simulation as simulation
from nlp import prevalence, verdicts
from records import WeekShare
from tests.nlp.made_answers import MONDAY, record, said, tally

KNOWN = {"m": prevalence.correction(record()), "other": prevalence.correction(record(2))}
STEADY = (120, 110, 100, 300)


def told(*weeks: tuple[int, ...], models: str = "m") -> dict[str, WeekShare]:
    """The shares of the last of these weeks, by stance, each week given as its labels' counts; () is a week without."""
    found: dict[date, verdicts.Week] = {}
    for back, counts in enumerate(reversed(weeks)):
        monday = MONDAY - timedelta(weeks=back)
        model = "other" if models == "broken" and back == 0 else "m"
        cells = [tally(said(*counts), week_start=monday, model=model)] if counts else []
        found[monday] = verdicts.week(cells, KNOWN)
    return {row.stance: row for row in verdicts.compare(MONDAY, found.pop(MONDAY), found)}


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from([0.01, 0.05, 0.2]))
def test_discoveries_are_those_of_scipy(p: list[float], rate: float) -> None:
    """Benjamini-Hochberg as scipy has it, and what was not tested changes nothing."""
    expected = false_discovery_control(p) <= rate
    near = np.abs(false_discovery_control(p) - rate) < 1e-9  # a tie of rounding decides nothing
    found = verdicts.discoveries(np.array([*p, np.nan]), rate)
    assert (found[:-1] == expected)[~near].all()
    assert not found[-1]


def test_a_swing_is_up_here_and_down_there() -> None:
    """Realists double, the others give way; a week without change is told to have none detectable."""
    rows = told(*[STEADY] * 8, (400, 110, 100, 300))
    assert [rows[s].verdict for s in ("realist", "skeptic")] == ["up", "down"]
    assert [rows[s].long_verdict for s in ("realist", "skeptic")] == ["up", "down"]
    assert rows["realist"].change is not None
    assert rows["realist"].change > 0.2
    assert {row.verdict for row in told(*[STEADY] * 9).values()} == {"no detectable change"}


@pytest.mark.parametrize(
    ("weeks", "verdict", "long_verdict"),
    [
        ([STEADY], "too little data", "too little data"),
        ([STEADY, (), STEADY], "too little data", "too little data"),
        ([*[STEADY] * 4, (), STEADY], "too little data", "no detectable change"),
        ([*[STEADY] * 8, (3, 2, 2, 60)], "too little data", "too little data"),
    ],
)
def test_little_is_not_made_much_of(weeks: list[tuple[int, ...]], verdict: str, long_verdict: str) -> None:
    """A missing week is no zero, four weeks make a mean, and few takers are too little for a verdict on them."""
    row = told(*weeks)["realist"]
    assert (row.verdict, row.long_verdict) == (verdict, long_verdict)


def test_below_the_floor_nothing_is_told() -> None:
    """Fourteen items have no share at all; fifteen have one with its band."""
    assert told((5, 4, 3, 2)) == {}
    row = told((5, 4, 3, 3))["realist"]
    assert None not in (row.share, row.low, row.high)
    assert row.low <= row.share <= row.high  # type: ignore[operator]


def test_another_model_is_a_break_and_no_movement() -> None:
    """Where another model answered before, neither a change nor a verdict is given."""
    row = told(*[STEADY] * 8, (400, 110, 100, 300), models="broken")["realist"]
    assert (row.change, row.verdict, row.long_change, row.long_verdict) == (None, None, None, None)


def test_parts_of_two_models_make_one_cell() -> None:
    """Each part is corrected for its own model, and they count by their weight."""
    parts = [tally(said(*STEADY)), tally(said(*STEADY), model="other")]
    both, alone = verdicts.week(parts, KNOWN), verdicts.week(parts[:1], KNOWN)
    assert both.models == ({"m", "other"},)
    assert both.units == pytest.approx(2 * alone.units)
    assert both.shares == pytest.approx(alone.shares, abs=0.02)


def test_lists_without_change_rarely_cry_wolf_and_swings_are_seen() -> None:
    """Of ten lists of still series at most one has a false alarm; a swing of 15 points at n = 1,500 is seen."""
    alarms, _ = simulation.verdict_lists(simulation.authored(), 500, rounds=10, series=4)
    _, seen = simulation.verdict_lists(simulation.authored(), 1500, rounds=5, series=1, swing=0.15)
    assert alarms <= 0.1
    assert seen >= 0.8
