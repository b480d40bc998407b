"""When far more is said than usual, and when nobody can know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from nlp import bursts
from records import Volume
from tests.nlp.made_answers import MONDAY


def volume(told: int, before: list[int | None], gap: bool = False, entity: str = "lithium") -> Volume:
    """One mineral's week and the weeks before it."""
    return Volume(MONDAY, "all", "mineral", entity, told, gap, tuple(before))


STEADY: list[int | None] = [10, 12, 9, 11, 10, 13, 8, 10, 11, 9, 12, 10]


@given(st.integers(0, 300), st.floats(0.1, 100), st.floats(0.1, 100))
def test_the_tail_is_scipys(count: int, mean: float, size: float) -> None:
    """The chance of so many or more, as scipy's negative binomial has it."""
    expected = nbinom.sf(count - 1, size, size / (size + mean))
    assert bursts.tail(np.array(count), np.array(mean), np.array(size)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("told", "before", "gap", "verdict"),
    [
        (60, STEADY, False, "burst"),
        (13, STEADY, False, "as usual"),
        (60, STEADY[:7], False, "too little data"),
        (60, [*[None] * 9, *STEADY[:7]], False, "too little data"),
        (60, STEADY, True, "gap"),
        (60, [2, 90, 10, 1, 45, 3, 120, 5, 30, 2, 60, 8], False, "as usual"),
        (4, [0] * 12, False, "as usual"),
        (12, [0] * 12, False, "burst"),
        (60, [*STEADY, 400], False, "burst"),
    ],
)
def test_a_burst_stands_out_of_its_own_past(told: int, before: list[int | None], gap: bool, verdict: str) -> None:
    """Against what the weeks before let expect: gaps are no zeros, scatter is forgiven, an old burst hides none."""
    assert bursts.judge([volume(told, before, gap)])[0].verdict == verdict


def test_still_series_rarely_burst() -> None:
    """Of a hundred lists of fifty series that scatter more than Poisson's, few hold a false burst."""
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(100):
        counts = rng.negative_binomial(5, 5 / (5 + 20), (50, 27)).tolist()
        found = bursts.judge([volume(row[-1], row[:-1], entity=str(n)) for n, row in enumerate(counts)])
        false += any(one.verdict == "burst" for one in found)
    assert false <= 15


def test_nothing_to_judge() -> None:
    """A week without cells has no verdicts."""
    assert bursts.judge([]) == ()
