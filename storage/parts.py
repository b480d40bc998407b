"""Touched days, as many at a time as memory holds.

    base.touched_days -> whole weeks, oldest first -> part_days (a table, filled anew for each turn)

What is counted of a week takes the answers and names of all its items at once: those of five years do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb

ITEMS = 500_000
"""Labelled items that are counted at a time, where one week has no more."""

_WEEKS = """
    SELECT week_start, coalesce(labelled, 0)
    FROM (SELECT DISTINCT date_trunc('week', day)::DATE AS week_start FROM base.touched_days)
    LEFT JOIN (
        SELECT date_trunc('week', day)::DATE AS week_start, count(*) AS labelled FROM base.labels
        WHERE day >= (SELECT min(day) - 6 FROM base.touched_days) GROUP BY ALL
    ) USING (week_start)
    ORDER BY week_start
"""
_PART = """
    CREATE OR REPLACE TEMP TABLE part_days AS
    SELECT DISTINCT day FROM base.touched_days WHERE day >= ? AND day < ?::DATE + 7
"""


def parts(con: duckdb.DuckDBPyConnection, items: int = ITEMS) -> Iterator[tuple[date, date]]:
    """Fill `part_days` with the touched days of some weeks, and tell the first and the last of these weeks' Mondays."""
    for first, last in _spans(con.execute(_WEEKS).fetchall(), items):
        con.execute(_PART, [first, last])
        yield first, last
    con.execute("DROP TABLE IF EXISTS part_days")


def _spans(weeks: list[tuple[date, int]], items: int) -> Iterator[tuple[date, date]]:
    span: list[date] = []
    held = 0
    for monday, labelled in weeks:
        if span and held + labelled > items:
            yield span[0], span[-1]
            span, held = [], 0
        span.append(monday)
        held += labelled
    if span:
        yield span[0], span[-1]
