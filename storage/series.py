"""The series: how many items of which stance, by day and by ISO week.

    touched days -> refresh -> base.series_daily, base.series_tallies -> (estimates) -> base.series_shares
    series_weekly (a view over them) -> weeks, counts, history, queries

Only relevant, labelled items count; an item counts once for each mineral and country it names. One that was deleted at
its source after it was labelled keeps counting: its words are erased, what was counted stays.
Items with a guessed date count too, and `health` says how many. The SQL behind every figure is handed out by
`queries`, and it is the very SQL that `counts` and its like run. Stages and instruments count as minerals do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from storage import gaps, tallies
from storage.errors import NotRefreshed
from storage.health import health
from storage.quotations import quotations
from storage.rows import utc
from storage.status import channel_rows, totals
from storage.themes import NAMED
from storage.transactions import transaction

__all__ = [
    "channel_rows", "community_counts", "correction", "counts", "freshness", "health", "history", "model_in_use",
    "queries", "quotations", "rebuild", "refresh", "totals", "weeks",
]  # fmt: skip

DIMENSIONS = ("all", "mineral", "country", "stage", "instrument", "theme")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")

_RECOUNT = f"""
    INSERT INTO base.series_daily
    WITH counted AS (
        SELECT labels.item_id, labels.day, labels.source_kind, labels.community,
               CASE WHEN labels.abstained THEN 'abstained' ELSE labels.stance END AS stance
        FROM base.labels AS labels JOIN base.items AS items USING (item_id)
        WHERE items.relevant AND items.date_quality NOT IN ('first_seen', 'clamped')
          AND labels.day IN (SELECT day FROM base.touched_days)
    ), named AS ({NAMED.format(days="base.touched_days")})
    SELECT day, source_kind, community, 'all', 'all', stance, count(*) FROM counted GROUP BY ALL
    UNION ALL
    SELECT day, source_kind, community, type, entity, stance, count(*)
    FROM counted JOIN named USING (item_id) GROUP BY ALL
    ORDER BY ALL
"""  # noqa: S608  only this room's own text
_SHARES = ",\n".join(
    f"       max({end}) FILTER (stance = '{stance}') AS {stance}_{end}"
    for stance in STANCES
    for end in ("share", "low", "high")
)
_FIGURES = """SELECT {name},
       sum(items) FILTER (stance = 'realist')::BIGINT AS realist,
       sum(items) FILTER (stance = 'industrial_collaboration')::BIGINT AS industrial_collaboration,
       sum(items) FILTER (stance = 'skeptic')::BIGINT AS skeptic,
       sum(items) FILTER (stance = 'none')::BIGINT AS no_stance,
{shares}
FROM series_weekly
WHERE {where}
GROUP BY {name}
HAVING sum(items) FILTER (stance <> 'abstained') > 0
ORDER BY {order}"""
_MOST_FIRST = "sum(items) FILTER (stance <> 'abstained') DESC, {name}"


def refresh(con: duckdb.DuckDBPyConnection, *, now: datetime) -> int:
    """Recompute the days that changed since the last refresh, in one transaction. Returns how many."""
    gaps.judge(con)
    with transaction(con):
        return _recompute(con, now)


def rebuild(con: duckdb.DuckDBPyConnection, *, now: datetime) -> int:
    """Recompute all days, in one transaction; gives the rows that `refresh` gives. Returns how many days."""
    with transaction(con):
        con.execute("DELETE FROM base.touched_days")
        con.execute("INSERT INTO base.touched_days SELECT day FROM base.labels UNION SELECT day FROM base.series_daily")
        tallies.forget(con)
        return _recompute(con, now)


def _recompute(con: duckdb.DuckDBPyConnection, now: datetime) -> int:
    row = con.execute("SELECT count(*) FROM base.touched_days").fetchone()
    days = row[0] if row else 0
    con.execute("DELETE FROM base.series_daily WHERE day IN (SELECT day FROM base.touched_days)")
    con.execute(_RECOUNT)
    if days:
        tallies.recount(con)
    con.execute("DELETE FROM base.touched_days")
    con.execute("INSERT INTO base.refreshes VALUES (?, ?)", [utc(now), days])
    return int(days)


def weeks(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ISO weeks that have counted items, oldest first."""
    return tuple(w for (w,) in con.execute("SELECT DISTINCT week FROM series_weekly ORDER BY week").fetchall())


def counts(
    con: duckdb.DuckDBPyConnection, week: str, dimension: str, *, community: str = "all"
) -> tuple[Breakdown, ...]:
    """Items of a week by entity, most items first; `dimension` is one of DIMENSIONS."""
    return _run(con, _counts_sql(week, dimension, community))


def community_counts(con: duckdb.DuckDBPyConnection, week: str) -> tuple[Breakdown, ...]:
    """Items of a week by community, most items first."""
    return _run(con, _communities_sql(week))


def history(con: duckdb.DuckDBPyConnection, last_week: str, weeks: int = 26) -> tuple[Breakdown, ...]:
    """Items of each of the `weeks` ISO weeks up to and with `last_week`, oldest first, zeros where there are none."""
    span = _span(last_week, weeks)
    found = {week.name: week for week in _run(con, _history_sql(span))}
    return tuple(found.get(week) or _breakdown((week, 0, 0, 0, 0, *[None] * 9)) for week in span)


def queries(week: str) -> tuple[Query, ...]:
    """The SQL of the week's figures over the promised views, runnable with `oresight sql`."""
    return (
        Query("Stance of the week", _counts_sql(week, "all", "all")),
        Query("Stance by week, the last 26 weeks", _history_sql(_span(week, 26))),
        Query("Stance by community", _communities_sql(week)),
        Query("Stance by mineral", _counts_sql(week, "mineral", "all")),
        Query("Stance by country", _counts_sql(week, "country", "all")),
    )


def freshness(con: duckdb.DuckDBPyConnection) -> datetime:
    """When the series were last refreshed. Raises NotRefreshed."""
    row = con.execute("SELECT max(refreshed_at) FROM base.refreshes").fetchone()
    at: datetime | None = row[0] if row else None
    if at is None:
        raise NotRefreshed("the series have not been computed yet: run `oresight refresh`")
    return at.astimezone(UTC)


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


def _run(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Breakdown, ...]:
    return tuple(map(_breakdown, con.execute(sql).fetchall()))


def _breakdown(row: Sequence[Any]) -> Breakdown:
    name, *figures = row
    taking = sum(figures[:3])
    first, second, third = (Share(figures[at], figures[at + 1], figures[at + 2], taking) for at in (4, 7, 10))
    return Breakdown(name, (figures[0], figures[1], figures[2], figures[3]), (first, second, third))


def _counts_sql(week: str, dimension: str, community: str) -> str:
    where = {"week": _week(week), "community": community, "dimension": dimension}
    return _figures("entity", " AND ".join(f"{column} = {_quoted(value)}" for column, value in where.items()))


def _communities_sql(week: str) -> str:
    return _figures("community", f"week = {_quoted(_week(week))} AND community <> 'all' AND dimension = 'all'")


def _history_sql(span: Sequence[str]) -> str:
    between = f"week BETWEEN {_quoted(span[0])} AND {_quoted(span[-1])}"
    return _figures("week", f"{between} AND community = 'all' AND dimension = 'all'", order="week")


def _figures(name: str, where: str, order: str = _MOST_FIRST) -> str:
    return _FIGURES.format(name=name, shares=_SHARES, where=where, order=order.format(name=name))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _week(week: str) -> str:
    monday(week)
    return week


def monday(week: str) -> date:
    """The first day of an ISO week such as 2026-W47. Raises ValueError for anything else."""
    found = _WEEK.fullmatch(week)
    if not found:
        raise ValueError(f"'{week}' is not an ISO week such as 2026-W47")
    return date.fromisocalendar(int(found[1]), int(found[2]), 1)


def _span(last_week: str, weeks: int) -> tuple[str, ...]:
    last = monday(last_week)
    days = (last - timedelta(weeks=back) for back in reversed(range(weeks)))
    return tuple(f"{day.isocalendar().year}-W{day.isocalendar().week:02}" for day in days)
