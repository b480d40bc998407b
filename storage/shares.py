"""Estimated shares and volumes, as they come back from the estimates.

(WeekShare, ...) of a week -> put -> base.series_shares          (one transaction, in the place of the old ones)
volumes -> (Volume, ...) of a week -> (verdicts) -> put_volumes -> base.series_volumes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, timedelta
from operator import attrgetter

import duckdb
import pyarrow as pa

from records import Volume, WeekShare, WeekVolume
from storage.gaps import BACK
from storage.rows import lent
from storage.transactions import transaction

LEAST = 5
"""What has to be told in a cell for its volume to be judged."""

_KEY = [("week_start", pa.date32()), *[(name, pa.string()) for name in ("community", "dimension", "entity")]]
_SHARES = pa.schema(
    [
        *_KEY, ("stance", pa.string()), *[(name, pa.float64()) for name in ("share", "low", "high", "change")],
        ("verdict", pa.string()), ("long_change", pa.float64()), ("long_verdict", pa.string()),
    ]
)  # fmt: skip
_VOLUMES = pa.schema([*_KEY, ("told", pa.int64()), ("expected", pa.float64()), ("verdict", pa.string())])

_TOLD = """
    WITH told AS (
        SELECT week_start, community, dimension, entity, sum(weight)::BIGINT AS told FROM base.series_tallies
        WHERE week_start BETWEEN $monday::DATE - 7 * $back::INTEGER AND $monday::DATE GROUP BY ALL
    ), cells AS (
        FROM told WHERE week_start = $monday::DATE AND told >= $least
    )
    SELECT cells.community, cells.dimension, cells.entity, cells.told,
           map_from_entries(list((told.week_start, told.told)) FILTER (told.week_start < $monday::DATE))
    FROM cells JOIN told USING (community, dimension, entity) GROUP BY ALL ORDER BY ALL
"""


def put(con: duckdb.DuckDBPyConnection, monday: date, shares: Sequence[WeekShare]) -> None:
    """A week's shares in the place of those it had; the week is no longer touched."""
    _put(con, "shares", monday, pa.Table.from_pylist(_rows(shares, _SHARES), schema=_SHARES))


def put_volumes(con: duckdb.DuckDBPyConnection, monday: date, volumes: Sequence[WeekVolume]) -> None:
    """A week's volumes in the place of those it had; the week is no longer touched."""
    _put(con, "volumes", monday, pa.Table.from_pylist(_rows(volumes, _VOLUMES), schema=_VOLUMES))


def volumes(con: duckdb.DuckDBPyConnection, monday: date) -> tuple[Volume, ...]:
    """How much the week's cells tell, and the weeks before told; None where their channels did not deliver."""
    gaps = {(community, week): gap for week, community, gap in con.execute("FROM base.series_gaps").fetchall()}
    weeks = [monday - timedelta(weeks=back) for back in range(BACK, 0, -1)]
    rows = con.execute(_TOLD, {"monday": monday, "back": BACK, "least": LEAST}).fetchall()
    return tuple(
        Volume(monday, community, dimension, entity, told, gaps.get((community, monday), True),
               tuple(None if gaps.get((community, week), True) else (past or {}).get(week, 0) for week in weeks))
        for community, dimension, entity, told, past in rows
    )  # fmt: skip


def _rows(values: Sequence[WeekShare] | Sequence[WeekVolume], schema: pa.Schema) -> list[dict[str, object]]:
    if not values:
        return []
    read = attrgetter(*(field.name for field in fields(values[0])))
    return [dict(zip(schema.names, read(value), strict=True)) for value in values]


def _put(con: duckdb.DuckDBPyConnection, what: str, monday: date, rows: pa.Table) -> None:
    with transaction(con), lent(con, given=rows):
        con.execute(f"DELETE FROM base.series_{what} WHERE week_start = ?", [monday])  # noqa: S608  one of two words
        con.execute(f"INSERT INTO base.series_{what} FROM given")
        con.execute("DELETE FROM base.touched_weeks WHERE week_start = ? AND what = ?", [monday, what])
