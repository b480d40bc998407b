"""What is said of a mineral in a country, and counting a part at a time."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from records import Mention
from storage import parts, series
from tests.storage.made import NOW, add_page, add_scans, fill, item, label, scan

LITHIUM = Mention("mineral", "lithium", "lithium", 0, 7)
COBALT = Mention("mineral", "cobalt", "lithium", 0, 7)
CHILE = Mention("country", "CHL", "Chile", 0, 5)
BY_JOIN = """
    SELECT strftime(published_at AT TIME ZONE 'UTC', '%G-W%V') AS week, metal.entity, place.entity,
           CASE WHEN abstained THEN 'abstained' ELSE stance END, count(DISTINCT item_id)
    FROM labels JOIN items USING (item_id) JOIN mentions AS metal USING (item_id) JOIN mentions AS place USING (item_id)
    WHERE metal.type = 'mineral' AND place.type = 'country' AND date_quality NOT IN ('first_seen', 'clamped')
    GROUP BY ALL ORDER BY ALL
"""


def counted(con: duckdb.DuckDBPyConnection, community: str = "all") -> list[tuple[object, ...]]:
    """Every row of the view for that community."""
    sql = "SELECT week, mineral, country, stance, items FROM pairs_weekly WHERE community = ? ORDER BY ALL"
    return con.execute(sql, [community]).fetchall()


def test_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """An item counts once for each mineral and country that it names together, in its community and in all."""
    twice = scan(item(1), "skeptic", mentions=(LITHIUM, LITHIUM, COBALT, CHILE, CHILE))
    other = scan(item(2, channel="gov", community="official"), label=label("none", abstained=True))
    fill(con, [twice, other, scan(item(3), mentions=(LITHIUM,)), scan(item(4, date_quality="clamped"))])
    assert counted(con) == [
        ("2026-W47", "cobalt", "CHL", "skeptic", 1),
        ("2026-W47", "lithium", "CHL", "abstained", 1),
        ("2026-W47", "lithium", "CHL", "skeptic", 1),
    ]
    assert counted(con, "official") == [("2026-W47", "lithium", "CHL", "abstained", 1)]


def test_pairs_follow_what_changes(con: duckdb.DuckDBPyConnection) -> None:
    """After labels that came late and labels that changed, the view has what a join of all items finds."""
    fill(con, [scan(item(n, published_at=NOW - timedelta(days=n)), "realist") for n in range(20)])
    add_page(con, [item("late", published_at=NOW - timedelta(days=9))])
    again = [scan(item(n, published_at=NOW - timedelta(days=n)), "skeptic") for n in range(3, 6)]
    late = scan(item("late", published_at=NOW - timedelta(days=9)))
    add_scans(con, [*again, late], model="other")
    series.refresh(con, now=NOW)
    assert counted(con) == con.execute(BY_JOIN).fetchall()
    assert sum(row[4] for row in counted(con)) == 21  # type: ignore[misc]


@pytest.mark.parametrize(("items", "spans"), [(1, [(0, 0), (1, 1), (2, 2)]), (8, [(0, 0), (1, 1), (2, 2)]),
                                              (14, [(0, 1), (2, 2)]), (99, [(0, 2)])])  # fmt: skip
def test_parts(con: duckdb.DuckDBPyConnection, items: int, spans: list[tuple[int, int]]) -> None:
    """Weeks have their turn together as long as they hold no more items than may be counted at once."""
    days = [NOW - timedelta(days=1 + n) for n in range(21)]
    fill(con, [scan(item(n, published_at=day)) for n, day in enumerate(days)])
    con.execute("INSERT INTO base.touched_days SELECT DISTINCT day FROM base.labels")
    monday = min(days).date()
    found, held = [], []
    for first, last in parts.parts(con, items):
        found.append(((first - monday).days // 7, (last - monday).days // 7))
        held += [day for (day,) in con.execute("FROM part_days ORDER BY ALL").fetchall()]
    assert found == spans
    assert held == sorted(day.date() for day in days)


def test_small_parts_give_the_rows_of_a_whole(con: duckdb.DuckDBPyConnection) -> None:
    """Counted a week at a time, or all at once: the same tables, row by row."""
    fill(con, [scan(item(n, published_at=NOW - timedelta(days=2 * n))) for n in range(20)])
    tables = ("series_daily", "series_tallies", "series_pairs")
    whole = [con.execute(f"FROM base.{table}").fetchall() for table in tables]
    con.execute("DELETE FROM base.touched_days")
    con.execute("INSERT INTO base.touched_days SELECT DISTINCT day FROM base.labels")
    for first, last in parts.parts(con, 1):
        assert first == last
        series.recount(con)
    assert [con.execute(f"FROM base.{table}").fetchall() for table in tables[:2]] == whole[:2]
    assert sorted(con.execute("FROM base.series_pairs").fetchall()) == sorted(whole[2])
