"""Daily and weekly series, and what the digest reads from them."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import LABELS, Breakdown, Mention, Scan
from storage import series
from storage.errors import NotRefreshed
from tests.storage.made import NOW, add_page, add_scans, emptied, fill, item, label, made_home, post, scan

LAW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STANCES = ["realist", "industrial_collaboration", "skeptic", "none", None]
BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(STANCES), st.booleans()), max_size=8), max_size=4
)
WEEK = "2026-W47"


def made(number: int, stance: str | None, abstained: bool = False) -> Scan:
    """Item `number` lies `number` * 3 days back; every other one is social."""
    when = {"published_at": NOW - timedelta(days=3 * number)}
    one = post(number, **when) if number % 2 else item(number, **when)
    return scan(one, stance, **({"label": label(stance, abstained=abstained)} if stance else {}))


def named(found: tuple[Breakdown, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and counts of breakdowns."""
    return tuple((one.name, one.counts) for one in found)


def daily(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """The daily series."""
    return con.execute("FROM series_daily ORDER BY ALL").fetchall()


@LAW
@given(batches=BATCHES)
def test_refresh_is_rebuild(con: duckdb.DuckDBPyConnection, batches: list[list[tuple[int, str | None, bool]]]) -> None:
    """After any labelling and re-labelling the refreshed series have the rows of a full rebuild."""
    emptied(con)
    add_page(con, [made(n, None).item for n in range(0, 10, 2)])
    add_page(con, [made(n, None).item for n in range(1, 10, 2)])
    for number, batch in enumerate(batches):
        add_scans(con, [made(*one) for one in batch], model=f"m{number % 2}")
        series.refresh(con, now=NOW)
    refreshed = daily(con)
    series.rebuild(con, now=NOW)
    assert daily(con) == refreshed


@LAW
@given(batch=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(STANCES), st.booleans()), max_size=15))
def test_series_agree_with_labels(con: duckdb.DuckDBPyConnection, batch: list[tuple[int, str | None, bool]]) -> None:
    """Each labelled item is counted once in `all`; weeks sum days, `all` sums communities, shares sum to one."""
    emptied(con)
    fill(con, {n: made(n, stance, abstained) for n, stance, abstained in batch}.values())
    labels = con.execute("SELECT count(*) FROM labels").fetchall()
    for where in ("FROM series_daily WHERE", "FROM series_weekly WHERE community = 'all' AND",
                  "FROM series_weekly WHERE community <> 'all' AND"):  # fmt: skip
        total = con.execute(f"SELECT coalesce(sum(items), 0)::BIGINT {where} dimension = 'all'").fetchall()
        assert total == labels
    shares = con.execute(
        "SELECT sum(raw_share) FROM series_weekly WHERE stance NOT IN ('none', 'abstained') "
        "GROUP BY week, community, dimension, entity HAVING sum(items) > 0"
    ).fetchall()
    assert [share for (share,) in shares] == pytest.approx([1.0] * len(shares))


def test_only_touched_days(con: duckdb.DuckDBPyConnection) -> None:
    """A refresh recomputes the touched days only, and nothing when nothing was touched."""
    fill(con, [made(n, "realist") for n in range(4)])
    con.execute("UPDATE base.series_daily SET items = 99")
    add_scans(con, [made(0, "skeptic")], model="other")
    assert (series.refresh(con, now=NOW), series.refresh(con, now=NOW)) == (1, 0)
    assert sorted({row[-1] for row in daily(con)}) == [1, 99]


def test_deleted_items_count_on(con: duckdb.DuckDBPyConnection) -> None:
    """What an item was counted for stays counted when its source deletes it, also in a rebuild."""
    fill(con, [made(0, "realist")])
    before = daily(con)
    con.execute("UPDATE base.items SET deleted_at = now(), title = '', text = ''")
    assert series.rebuild(con, now=NOW) == 1
    assert daily(con) == before != []


def test_mentions_count_once(con: duckdb.DuckDBPyConnection) -> None:
    """An item that names a mineral twice counts once for it."""
    one = scan(item(1))
    fill(con, [scan(item(1), mentions=one.mentions + one.mentions)])
    rows = con.execute("SELECT dimension, entity, stance, items FROM series_daily ORDER BY ALL").fetchall()
    assert rows == [(*row, "realist", 1) for row in [("all", "all"), ("country", "CHL"), ("mineral", "lithium")]]


def test_stages_and_instruments_count_as_minerals_do(con: duckdb.DuckDBPyConnection) -> None:
    """Every type of mention has its dimension, by day and by week."""
    types = ("mineral", "country", "stage", "instrument")
    fill(con, [scan(item(1), mentions=tuple(Mention(t, f"some {t}", "lithium", 0, 7) for t in types))])
    expected = {("all", "all"), *((t, f"some {t}") for t in types)}
    assert {(row[3], row[4]) for row in daily(con)} == expected
    assert all(named(series.counts(con, WEEK, t)) == ((f"some {t}", (1, 0, 0, 0)),) for t in types)


def test_abstained_items_take_no_stance(con: duckdb.DuckDBPyConnection) -> None:
    """Abstained items are told as such and are in no share and no count."""
    fill(con, [scan(item(1), "skeptic"), scan(item(2), "none"), scan(item(3), label=label(abstained=True))])
    rows = con.execute(
        "SELECT stance, items, raw_share FROM series_weekly WHERE community = 'all' AND dimension = 'all'"
    ).fetchall()
    assert sorted(rows) == [("abstained", 1, None), ("industrial_collaboration", 0, 0.0), ("none", 1, 0.5),
                            ("realist", 0, 0.0), ("skeptic", 1, 1.0)]  # fmt: skip
    assert named(series.counts(con, WEEK, "all")) == (("all", (0, 0, 1, 1)),)


@pytest.mark.parametrize(
    ("published", "week"),
    [
        ("2026-11-15T23:59:59+00:00", "2026-W46"),
        ("2026-11-16T00:00:00+00:00", "2026-W47"),
        ("2026-11-15T19:30:00-05:00", "2026-W47"),
        ("2026-12-28T00:00:00+00:00", "2026-W53"),
        ("2027-01-03T23:59:59+00:00", "2026-W53"),
        ("2027-01-04T00:00:00+00:00", "2027-W01"),
        ("2026-03-29T01:30:00+00:00", "2026-W13"),
        ("2026-11-01T05:30:00+00:00", "2026-W44"),
    ],
)
def test_weeks(con: duckdb.DuckDBPyConnection, published: str, week: str) -> None:
    """An item lies in the ISO week of its instant in UTC: over the year's end and the changes of the clock."""
    fill(con, [scan(item(1, published_at=datetime.fromisoformat(published)))])
    assert series.weeks(con) == (week,)
    first = series.monday(week)
    assert con.execute("SELECT DISTINCT week_start FROM series_weekly").fetchall() == [(first,)]
    assert first <= datetime.fromisoformat(published).astimezone(UTC).date() <= first + timedelta(days=6)


READ = """
import sys
from pathlib import Path
from storage import database, series
with database.open_snapshot(Path(sys.argv[1])) as con:
    print(con.execute("FROM series_weekly ORDER BY ALL").fetchall(), series.health(con, "2026-W47"))
"""
WRITE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from storage import database, series
with database.open_live(Path(sys.argv[1]), job="test", now=datetime.now(UTC)) as con:
    series.rebuild(con, now=datetime(2026, 11, 23, tzinfo=UTC))
database.publish(Path(sys.argv[1]))
"""


def test_zones(tmp_path: Path) -> None:
    """New York, Auckland and UTC write and read the same series."""
    midnight = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
    made_home(tmp_path, [scan(item(n, published_at=midnight - timedelta(hours=6 * n))) for n in range(8)])
    seen = set()
    for zone in ("UTC", "America/New_York", "Pacific/Auckland"):
        for code in (WRITE, READ):
            done = subprocess.run([sys.executable, "-c", code, tmp_path], env={**os.environ, "TZ": zone},
                                  check=True, capture_output=True, text=True)  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
    assert "2026-W46" in seen.pop()


def test_counts(con: duckdb.DuckDBPyConnection) -> None:
    """Counts follow LABELS, most items first, by entity, by community and for one community."""
    scans = [scan(item(n), stance) for n, stance in enumerate(["realist", "skeptic", "none"])]
    fill(con, [*scans, scan(post("p"), "realist", mentions=scans[0].mentions[:1])])
    assert named(series.counts(con, WEEK, "mineral")) == (("lithium", (2, 0, 1, 1)),)
    assert named(series.counts(con, WEEK, "country")) == (("CHL", (1, 0, 1, 1)),)
    assert named(series.counts(con, WEEK, "all", community="investor")) == (("all", (1, 0, 0, 0)),)
    assert named(series.community_counts(con, WEEK)) == (("trade-press", (1, 0, 1, 1)), ("investor", (1, 0, 0, 0)))
    assert named(series.counts(con, "2026-W40", "all")) == ()


def test_history(con: duckdb.DuckDBPyConnection) -> None:
    """The history names every week of the span, over the year's end too, with zeros for silence."""
    fill(con, [scan(item(1, published_at=datetime(2027, 1, 2, tzinfo=UTC)))])
    zero = (0, 0, 0, 0)
    assert named(series.history(con, "2027-W02", 4)) == (
        ("2026-W52", zero), ("2026-W53", (1, 0, 0, 0)), ("2027-W01", zero), ("2027-W02", zero)
    )  # fmt: skip


def figures(rows: list[tuple[Any, ...]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and counts of rows (name, stance, items, ...), in the order of LABELS."""
    counts = {(row[0], row[1]): row[2] for row in rows}
    return tuple((name, tuple(counts[name, stance] for stance in LABELS)) for name in dict.fromkeys(r[0] for r in rows))


def test_queries_give_the_figures(con: duckdb.DuckDBPyConnection) -> None:
    """The SQL handed out with a page gives exactly the page's figures, over the promised views only."""
    fill(con, [made(n, STANCES[n % 5]) for n in range(10)])
    total, history, communities, _, minerals, countries = (
        figures(con.execute(query.sql).fetchall()) for query in series.queries(WEEK)
    )
    assert total == named(series.counts(con, WEEK, "all")) != ()
    assert history == tuple(row for row in named(series.history(con, WEEK)) if any(row[1])) != ()
    assert communities == named(series.community_counts(con, WEEK)) != ()
    assert minerals == named(series.counts(con, WEEK, "mineral"))
    assert countries == named(series.counts(con, WEEK, "country"))
    assert not any("base." in query.sql for query in series.queries(WEEK))


@pytest.mark.parametrize("week", ["2026-47", "2026-W47'; DROP", "", "2025-W53", "2026-W00"])
def test_no_such_week(con: duckdb.DuckDBPyConnection, week: str) -> None:
    """What is no ISO week is refused before it reaches any SQL."""
    with pytest.raises(ValueError, match="week"):
        series.counts(con, week, "all")


def test_quoted_names(con: duckdb.DuckDBPyConnection) -> None:
    """A name with a quotation mark stays a name."""
    fill(con, [scan(item(1, community="it's"))])
    assert named(series.counts(con, WEEK, "all", community="it's")) == (("all", (1, 0, 0, 0)),)


def test_freshness(con: duckdb.DuckDBPyConnection) -> None:
    """Freshness is the time of the last refresh; before the first one that is said."""
    with pytest.raises(NotRefreshed, match="oresight refresh"):
        series.freshness(con)
    series.refresh(con, now=NOW)
    assert series.freshness(con) == NOW


def test_model_in_use(con: duckdb.DuckDBPyConnection) -> None:
    """The model in use is the one that labelled last, not the one registered last."""
    assert series.model_in_use(con)[0] == "none"
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))], now=NOW)
    add_scans(con, [], model="never-used", now=NOW + timedelta(days=1))
    assert series.model_in_use(con) == ("minilm-1", "Macro-F1 0.71.")
