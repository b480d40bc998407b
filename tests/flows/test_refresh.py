"""From labels to shares and verdicts in the store: refreshed or rebuilt, the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest

from flows.refresh import estimate
from nlp import validation
from records import Scan
from storage import series, tallies
from storage.schema import migrate
from tests.nlp.made_answers import record
from tests.storage.made import KEY, NOW, add_page, add_scans, label, post, scan

STANCES = ("realist", "industrial_collaboration", "skeptic", "none")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A migrated store in memory whose model's errors are known."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        migrate(con, now=NOW)
        known = record()
        tallies.register(con, KEY["model"], record=validation.dump(known), told=validation.told(known), soft=known.soft)
        yield con


def week(back: int, counts: tuple[int, int, int, int]) -> list[Scan]:
    """So many posts of each label, so many weeks back, by as many authors."""
    stances = [stance for stance, n in zip(STANCES, counts, strict=True) for _ in range(n)]
    when = NOW - timedelta(days=3, weeks=back)
    return [
        scan(post(f"{back}-{n}", published_at=when, author_hash=f"{n}"), label=label(stance))
        for n, stance in enumerate(stances)
    ]


def store(con: duckdb.DuckDBPyConnection, scans: list[Scan]) -> None:
    """Add and refresh, as a run does."""
    add_page(con, [one.item for one in scans])
    add_scans(con, scans)
    series.refresh(con, now=NOW)
    estimate(con)


def everything(con: duckdb.DuckDBPyConnection) -> list[object]:
    """All rows of the weekly views."""
    views = ("series_weekly", "volumes_weekly")
    return [con.execute(f"FROM {view} ORDER BY ALL").fetchall() for view in views]


def test_a_swing_comes_out_with_its_band_and_verdict(con: duckdb.DuckDBPyConnection) -> None:
    """Four steady weeks, then twice the realists: the view says up, with a share nearer to the truth than the count."""
    truth = {0: (180, 40, 40, 100), **dict.fromkeys(range(1, 5), (60, 60, 60, 90))}
    confusion = record()
    rng = random.Random(5)
    for back, counts in sorted(truth.items(), reverse=True):
        said = [rng.choices(range(4), confusion.answers[confusion.truth == t].sum(axis=0))[0]
                for t, n in enumerate(counts) for _ in range(n)]  # fmt: skip
        store(con, week(back, tuple(said.count(k) for k in range(4))))  # type: ignore[arg-type]
    share, low, high, raw, verdict, long_verdict = con.execute(
        "SELECT share, low, high, raw_share, verdict, verdict_8_weeks FROM series_weekly "
        "WHERE week = '2026-W47' AND community = 'all' AND dimension = 'all' AND stance = 'realist'"
    ).fetchall()[0]
    assert (verdict, long_verdict) == ("up", "up")
    assert low <= 180 / 260 <= high
    assert abs(share - 180 / 260) < abs(raw - 180 / 260)
    (told,) = series.counts(con, "2026-W47", "all")
    assert (told.shares[0].value, told.shares[0].n) == (share, sum(told.counts[:3]))


def test_late_items_flow_through_and_a_rebuild_gives_the_same_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Weeks out of order, a late post, a label that changes: refreshed rows are those of a rebuild."""
    for back in (3, 0, 1, 4, 2):
        store(con, week(back, (9 + back, 6, 4, 11)))
    store(con, [scan(post("late", published_at=NOW - timedelta(days=3, weeks=4)), "skeptic")])
    add_scans(con, [scan(post("2-0", published_at=NOW - timedelta(days=17), author_hash="0"), "none")])
    series.refresh(con, now=NOW)
    estimate(con)
    refreshed = everything(con)
    assert any(row[10] is not None for row in refreshed[0])  # type: ignore[attr-defined]
    series.rebuild(con, now=NOW)
    assert everything(con) != refreshed
    estimate(con)
    assert everything(con) == refreshed
