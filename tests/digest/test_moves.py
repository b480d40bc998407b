"""What the numbers of a week are found to say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.moves import FLOOR, begun, takers, tellable, top, verdict
from records import Breakdown, Digest, Share
from tests.digest import examples

RICH = examples.rich()
counts = st.integers(0, 400)


def week(realist: int, collaboration: int, skeptic: int, none: int = 40) -> Digest:
    """The rich digest with these numbers of items."""
    total = examples.breakdown("2026-W47", realist, collaboration, skeptic, none)
    return replace(RICH, week_total=total)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (
            (70, 20, 10),
            "The largest share is Realist, with 70 % of the 100 items that take a stance (90 % interval 62–77 %). "
            "Industrial collaboration follows with 20 %, and the two intervals are apart.",
        ),
        (
            (20, 42, 38),
            "The largest share is Industrial collaboration, with 42 % of the 100 items that take a stance "
            "(90 % interval 34–50 %). Skeptic follows with 38 %, and the two intervals overlap: the order is open.",
        ),
        (
            (5, 10, 10),
            "The largest share is Industrial collaboration, with 40 % of the 25 items that take a stance "
            "(90 % interval 26–56 %). Skeptic has as many.",
        ),
        (
            (8, 4, 2),
            "Too little data for a verdict: 14 items of 54 take a stance, and 15 are needed before a share is told.",
        ),
        (
            (0, 1, 0),
            "Too little data for a verdict: 1 item of 41 takes a stance, and 15 are needed before a share is told.",
        ),
        ((0, 0, 0, 0), "A week without labelled items: there is nothing to tell."),
    ],
)
def test_verdict_is_chosen_from_the_numbers(numbers: tuple[int, ...], told: str) -> None:
    """Each template speaks for its own numbers, with interval and n."""
    assert verdict(week(*numbers)).replace("\N{NO-BREAK SPACE}", " ") == told


@settings(deadline=None)  # the machine may be busy
@given(counts, counts, counts, counts)
def test_verdict_depends_on_the_week_alone_and_claims_no_change(a: int, b: int, c: int, none: int) -> None:
    """Without a test of change a verdict names no movement, whatever the week before was."""
    digest = week(a, b, c, none)
    told = verdict(digest)
    assert told == verdict(replace(digest, week_before=None, history=()))
    assert not {"more", "less", "rose", "fell", "up", "down", "grew", "shift"} & set(told.lower().split())


@settings(deadline=None)  # the machine may be busy
@given(counts, counts, counts)
def test_a_share_is_told_from_the_floor_on(a: int, b: int, c: int) -> None:
    """Fifteen items that take a stance make a share; fourteen do not."""
    told = examples.breakdown("any", a, b, c, 0)
    assert takers(told) == a + b + c
    assert tellable(told) == (a + b + c >= FLOOR)


def test_a_share_without_an_interval_is_not_told() -> None:
    """Enough items are not enough when an interval is missing."""
    bare = Share(0.5, None, None, 40)
    assert not tellable(Breakdown("any", (20, 10, 10, 0), (bare, bare, bare)))


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 50)), max_size=30))
def test_the_largest_come_first_and_the_empty_not_at_all(made: list[tuple[str, int]]) -> None:
    """At most ten rows, by items and then by name, in whatever order they came."""
    rows = [examples.breakdown(name, 0, 0, 0, items) for name, items in made]
    found = top(rows)
    assert [(-b.items, b.name) for b in found] == sorted((-n, name) for name, n in made if n)[:10]
    assert found == top(reversed(rows))


def test_weeks_before_the_first_collection_are_no_gap() -> None:
    """Silent weeks are left off the front of a history, and nowhere else."""
    silent, busy = examples.breakdown("silent", 0, 0, 0, 0), examples.breakdown("busy", 9, 9, 9, 9)
    assert begun((silent, silent, busy, silent, busy)) == (busy, silent, busy)
    assert begun((silent, silent)) == ()
