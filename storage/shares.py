"""Estimated shares and volumes, as they come back from the estimates.

(WeekShare, ...) of a week -> put -> base.series_shares          (one transaction, in the place of the old ones)
volumes -> (Volume, ...) of a week -> (verdicts) -> put_volumes -> base.series_volumes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date

import duckdb
import pyarrow as pa

from records import DELIVERED, Volume, WeekShare, WeekVolume
from storage.rows import lent
from storage.transactions import transaction

LEAST = 5
"""What has to be told in a cell for its volume to be judged."""
BACK = 26

_KEY = [("week_start", pa.date32()), *[(name, pa.string()) for name in ("community", "dimension", "entity")]]
_SHARES = pa.schema(
    [
        *_KEY, ("stance", pa.string()), *[(name, pa.float64()) for name in ("share", "low", "high", "change")],
        ("verdict", pa.string()), ("long_change", pa.float64()), ("long_verdict", pa.string()),
    ]
)  # fmt: skip
_VOLUMES = pa.schema([*_KEY, ("told", pa.int64()), ("expected", pa.float64()), ("verdict", pa.string())])

_GAPS = f"""
    WITH weeks AS (
        SELECT $monday::DATE - (7 * n)::INTEGER AS week_start FROM range({BACK} + 1) AS w(n)
    ), homes AS (
        SELECT channel, any_value(community) AS community FROM base.channels GROUP BY channel
    ), lost AS (
        SELECT DISTINCT week_start, channel FROM weeks JOIN base.gaps AS gaps
          ON least(gaps.to_at AT TIME ZONE 'UTC', week_start + INTERVAL 7 DAY)
             - greatest(coalesce(gaps.from_at AT TIME ZONE 'UTC', week_start), week_start) > INTERVAL 1 DAY
    ), asked AS (
        SELECT date_trunc('week', recorded_at AT TIME ZONE 'UTC')::DATE AS week_start, channel,
               bool_or(state IN {DELIVERED}) AS delivered
        FROM base.coverage
        WHERE recorded_at >= ($monday::DATE - 7 * {BACK})::TIMESTAMP AT TIME ZONE 'UTC'
        GROUP BY ALL
    ), answered AS (
        SELECT week_start, coalesce(homes.community, '') AS community,
               delivered AND (week_start, channel) NOT IN (SELECT (week_start, channel) FROM lost) AS whole
        FROM asked LEFT JOIN homes USING (channel)
    ), covered AS (
        SELECT week_start, coalesce(community, 'all') AS community, avg(whole::INTEGER) >= 0.8 AS enough
        FROM answered GROUP BY GROUPING SETS ((week_start, community), (week_start))
    ), known AS (
        SELECT community, min(week_start) AS first_told FROM base.series_tallies WHERE dimension = 'all' GROUP BY ALL
    ), begun AS (
        SELECT date_trunc('week', min(recorded_at) AT TIME ZONE 'UTC')::DATE AS first_asked FROM base.coverage
    )
    SELECT known.community, weeks.week_start,
           NOT coalesce(covered.enough, first_asked IS NULL OR weeks.week_start < first_asked)
           OR weeks.week_start < first_told AS gap
    FROM known CROSS JOIN weeks CROSS JOIN begun
    LEFT JOIN covered ON covered.community = known.community AND covered.week_start = weeks.week_start
"""  # noqa: S608  only this module's own text
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
    gaps = {(community, week): gap for community, week, gap in con.execute(_GAPS, {"monday": monday}).fetchall()}
    weeks = sorted({week for _, week in gaps})[:-1]
    rows = con.execute(_TOLD, {"monday": monday, "back": BACK, "least": LEAST}).fetchall()
    return tuple(
        Volume(monday, community, dimension, entity, told, gaps[community, monday],
               tuple(None if gaps[community, week] else (past or {}).get(week, 0) for week in weeks))
        for community, dimension, entity, told, past in rows
    )  # fmt: skip


def _rows(values: Sequence[WeekShare] | Sequence[WeekVolume], schema: pa.Schema) -> list[dict[str, object]]:
    return [dict(zip(schema.names, astuple(value), strict=True)) for value in values]


def _put(con: duckdb.DuckDBPyConnection, what: str, monday: date, rows: pa.Table) -> None:
    with transaction(con), lent(con, given=rows):
        con.execute(f"DELETE FROM base.series_{what} WHERE week_start = ?", [monday])  # noqa: S608  one of two words
        con.execute(f"INSERT INTO base.series_{what} FROM given")
        con.execute("DELETE FROM base.touched_weeks WHERE week_start = ? AND what = ?", [monday, what])
