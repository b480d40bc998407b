"""What the numbers of a week are found to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.moves import FLOOR, begun, quiet, takers, tellable, top, verdict
from records import Breakdown, Digest, Move, Share
from tests.digest import examples

RICH = examples.rich()
QUIET = examples.quiet()
counts = st.integers(0, 400)


def week(realist: int, collaboration: int, skeptic: int, none: int = 40, **changes: Any) -> Digest:
    """The quiet digest with these numbers of items."""
    total = examples.breakdown("2026-W47", realist, collaboration, skeptic, none)
    return replace(QUIET, week_total=replace(total, **({"moves": examples.STILL} | changes)))


def told(digest: Digest) -> str:
    """Its verdict, with plain blanks."""
    return verdict(digest).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("numbers", "level"),
    [
        (
            (70, 20, 10),
            "Realist leads with 70 % of the 100 items that take a stance (90 % interval 62–77 %), before Industrial "
            "collaboration with 20 %.",
        ),
        (
            (20, 42, 38),
            "Industrial collaboration leads with 42 % of the 100 items that take a stance (90 % interval 34–50 %), "
            "before Skeptic with 38 %; their intervals overlap, so the order is open.",
        ),
        (
            (5, 10, 10),
            "Industrial collaboration and Skeptic lead, each with 40 % of the 25 items that take a stance "
            "(90 % interval 26–56 %).",
        ),
    ],
)
def test_a_verdict_tells_the_level(numbers: tuple[int, int, int], level: str) -> None:
    """The second sentence speaks for its own numbers, with interval and n."""
    assert told(week(*numbers)) == f"Nothing detectable: no stance moved by more than chance explains. {level}"


@pytest.mark.parametrize(
    ("numbers", "whole"),
    [
        (
            (8, 4, 2, 40),
            "Too little data for a verdict: 14 items of 54 take a stance, and 15 are needed before a share is told.",
        ),
        (
            (0, 1, 0, 40),
            "Too little data for a verdict: 1 item of 41 takes a stance, and 15 are needed before a share is told.",
        ),
        ((0, 0, 0, 0), "A week without labelled items: there is nothing to tell."),
    ],
)
def test_a_week_of_too_few_items_says_so(numbers: tuple[int, int, int, int], whole: str) -> None:
    """Below the floor no share is told, whatever the tests say, and the week is quiet."""
    moves = examples.moved(*[(0.3, "up")] * 3)
    assert told(week(*numbers, moves=moves)) == whole
    assert quiet(week(*numbers, moves=moves))


UP, DOWN, STILL, FEW = ((0.061, "up"), (-0.052, "down"), (0.04, "no detectable change"), (0.04, "too little data"))
NONE = (None, None)
MOVEMENTS: list[tuple[tuple[Any, ...], tuple[Any, ...], str]] = [
    ((STILL, DOWN, UP), (STILL,) * 3,
     "Skeptic rose by 6 points to 30 % and Industrial collaboration fell by 5 points to 30 % against the week before."),
    ((STILL,) * 3, (STILL, STILL, UP),
     "Skeptic rose by 6 points to 30 % against the mean of the eight weeks before; against the last week nothing is "
     "detectable."),
    ((STILL,) * 3, (STILL,) * 3, "Nothing detectable: no stance moved by more than chance explains."),
    ((FEW,) * 3, (FEW,) * 3, "No change can be tested: the weeks before have too few items."),
    ((NONE,) * 3, (NONE,) * 3, "No change is told: another model read the weeks before."),
]  # fmt: skip


@pytest.mark.parametrize(("short", "long", "movement"), MOVEMENTS)
def test_a_verdict_is_chosen_by_the_tests(short: tuple[Any, ...], long: tuple[Any, ...], movement: str) -> None:
    """The first sentence names what the tests found, the widest change first, and nothing that they did not."""
    moves = tuple(Move(*one, *other) for one, other in zip(short, long, strict=True))
    digest = week(40, 30, 30, moves=moves)
    assert told(digest).startswith(f"{movement} ")
    assert quiet(digest) == (not any(side in (UP, DOWN) for side in (*short, *long)))


def test_a_part_that_moved_is_named_where_the_whole_did_not() -> None:
    """A community's verdict is told, the whole's lack of one too; such a week is not quiet."""
    part = replace(QUIET.communities[4], moves=examples.moved((0.1, "up"), (-0.05, "down"), (0.0, STILL[1])))
    digest = replace(QUIET, communities=(*QUIET.communities[:4], part))
    assert told(digest).startswith("In all nothing is detectable; in Investor, Realist rose by 10 points to 39 %.")
    assert not quiet(digest)


def test_a_mover_makes_a_week_worth_telling() -> None:
    """A burst is told although no share moved."""
    assert quiet(QUIET)
    assert not quiet(replace(QUIET, movers=RICH.movers))


@settings(deadline=None)  # the machine may be busy
@given(counts, counts, counts, counts)
def test_without_a_test_no_movement_is_claimed(a: int, b: int, c: int, none: int) -> None:
    """A verdict names no movement that no test found, whatever the week before was."""
    digest = week(a, b, c, none)
    assert verdict(digest) == verdict(replace(digest, week_before=None, history=()))
    assert not {"more", "less", "rose", "fell", "up", "down", "grew", "shift"} & set(
        told(digest).replace("moved by more than", "").lower().split()
    )


@settings(deadline=None)  # the machine may be busy
@given(counts, counts, counts)
def test_a_share_is_told_from_the_floor_on(a: int, b: int, c: int) -> None:
    """Fifteen items that take a stance make a share; fourteen do not."""
    made = examples.breakdown("any", a, b, c, 0)
    assert takers(made) == a + b + c
    assert tellable(made) == (a + b + c >= FLOOR)


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
