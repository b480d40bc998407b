"""The series: how many items of which stance, by day and by ISO week.

    touched days -> refresh -> base.series_daily, base.series_tallies -> (estimates) -> base.series_shares
    series_weekly (a view over them) -> weeks, counts, history, queries

Only relevant, labelled items count; an item counts once for each mineral and country it names. One that was deleted at
its source after it was labelled keeps counting: its words are erased, what was counted stays.
Items with a guessed date count too, and `health` says how many. What is read back stands in `weekly`.
Stages and instruments count as minerals do.
"""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from storage import gaps, pairs, tallies
from storage.errors import NotRefreshed
from storage.health import health
from storage.parts import parts
from storage.quotations import quotations
from storage.rows import utc
from storage.status import channel_rows, totals
from storage.themes import NAMED
from storage.transactions import transaction
from storage.weekly import community_counts, counts, history, monday, queries

__all__ = [
    "channel_rows", "community_counts", "correction", "counts", "freshness", "health", "history", "last_run",
    "model_in_use", "monday", "queries", "quotations", "rebuild", "recount", "refresh", "totals", "weeks",
]  # fmt: skip

DIMENSIONS = ("all", "mineral", "country", "stage", "instrument", "theme")

_RECOUNT = f"""
    INSERT INTO base.series_daily
    WITH counted AS (
        SELECT labels.item_id, labels.day, labels.source_kind, labels.community,
               CASE WHEN labels.abstained THEN 'abstained' ELSE labels.stance END AS stance
        FROM base.labels AS labels JOIN base.items AS items USING (item_id)
        WHERE items.relevant AND items.date_quality NOT IN ('first_seen', 'clamped')
          AND labels.day IN (SELECT day FROM part_days) AND items.day IN (SELECT day FROM part_days)
    ), named AS ({NAMED.format(days="part_days")})
    SELECT day, source_kind, community, 'all', 'all', stance, count(*) FROM counted GROUP BY ALL
    UNION ALL
    SELECT day, source_kind, community, type, entity, stance, count(*)
    FROM counted JOIN named USING (item_id) GROUP BY ALL
    ORDER BY ALL
"""  # noqa: S608  only this room's own text


def refresh(con: duckdb.DuckDBPyConnection, *, now: datetime) -> int:
    """Recompute the days that changed since the last refresh, in one transaction. Returns how many."""
    with transaction(con):
        return _recompute(con, now)


def rebuild(con: duckdb.DuckDBPyConnection, *, now: datetime) -> int:
    """Recompute all days, in one transaction; gives the rows that `refresh` gives. Returns how many days."""
    with transaction(con):
        con.execute("DELETE FROM base.touched_days")
        con.execute("INSERT INTO base.touched_days SELECT day FROM base.labels UNION SELECT day FROM base.series_daily")
        tallies.forget(con)
        pairs.forget(con)
        return _recompute(con, now)


def _recompute(con: duckdb.DuckDBPyConnection, now: datetime) -> int:
    row = con.execute("SELECT count(*) FROM base.touched_days").fetchone()
    days = row[0] if row else 0
    for _ in parts(con):
        recount(con)
    if days:
        tallies.mark(con)
    gaps.judge(con)
    con.execute("DELETE FROM base.touched_days")
    con.execute("INSERT INTO base.refreshes VALUES (?, ?)", [utc(now), days])
    return int(days)


def recount(con: duckdb.DuckDBPyConnection) -> None:
    """Count the days of a part anew."""
    con.execute("DELETE FROM base.series_daily WHERE day IN (SELECT day FROM part_days)")
    con.execute(_RECOUNT)
    tallies.recount(con)
    pairs.recount(con)


def weeks(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ISO weeks that have counted items, oldest first."""
    return tuple(w for (w,) in con.execute("SELECT DISTINCT week FROM series_weekly ORDER BY week").fetchall())


def freshness(con: duckdb.DuckDBPyConnection) -> datetime:
    """When the series were last refreshed. Raises NotRefreshed."""
    row = con.execute("SELECT max(refreshed_at) FROM base.refreshes").fetchone()
    at: datetime | None = row[0] if row else None
    if at is None:
        raise NotRefreshed("the series have not been computed yet: run `oresight refresh`")
    return at.astimezone(UTC)


def last_run(con: duckdb.DuckDBPyConnection) -> str:
    """The last run before the series were last refreshed: its kind, identity and version; empty where there is none."""
    row = con.execute(
        "SELECT arg_max(concat_ws(' ', kind, run_id, version), (started_at, run_id)) FROM runs "
        "WHERE started_at <= (SELECT max(refreshed_at) FROM base.refreshes)"
    ).fetchone()
    return (row[0] if row else None) or ""


def model_in_use(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The model that labelled last, else the one registered last, and its quality in one sentence."""
    # Without LIMIT: DuckDB 1.5 can lose rows of a top-n over a nullable column that was updated since a checkpoint.
    rows = con.execute(
        "SELECT model, quality FROM models ORDER BY last_used_at DESC NULLS LAST, registered_at DESC, model"
    ).fetchall()
    return rows[0] if rows else ("none", "No model has labelled anything yet.")


def correction(con: duckdb.DuckDBPyConnection, model: str) -> str:
    """What the correction of that model's shares rests on, in one sentence; empty for a model that is not known."""
    row = con.execute("SELECT correction FROM models WHERE model = ?", [model]).fetchone()
    return row[0] if row else ""
