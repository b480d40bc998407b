"""Shares carry intervals that scipy agrees with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from nlp.prevalence import breakdown, share
from records import LABELS, STANCES, Share


@settings(max_examples=60)
@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_interval_is_the_wilson_interval(drawn: tuple[int, int], level: float) -> None:
    """The closed form gives scipy's ends."""
    count, n = drawn
    ours, theirs = share(count, n, level=level), binomtest(count, n).proportion_ci(level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_share_lies_in_its_interval(drawn: tuple[int, int]) -> None:
    """0 <= low <= value <= high <= 1, exactly."""
    found = share(*drawn)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_nothing_can_be_said_of_nothing() -> None:
    """Without items there is no share."""
    assert share(0, 0) == Share(None, None, None, 0)


@pytest.mark.parametrize(("count", "n", "level"), [(-1, 3, 0.9), (4, 3, 0.9), (1, 3, 0.0), (1, 3, 1.0)])
def test_impossible_counts_are_refused(count: int, n: int, level: float) -> None:
    """A count outside 0..n or a level outside 0..1 is a bug of the caller."""
    with pytest.raises(ValueError, match="does not lie between"):
        share(count, n, level=level)


@given(st.tuples(*[st.integers(0, 10_000)] * len(LABELS)))
def test_stance_shares_sum_to_one(counts: tuple[int, int, int, int]) -> None:
    """Shares are among the items that take a stance; items without one do not dilute them."""
    week = breakdown("2026-W47", counts)
    assert len(week.shares) == len(STANCES)
    assert {s.n for s in week.shares} == {sum(counts[:3])}
    if sum(counts[:3]):
        assert sum(s.value or 0 for s in week.shares) == pytest.approx(1)
