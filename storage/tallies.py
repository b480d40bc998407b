"""What a cell's share is estimated from: its units' answers, summed.

    part_days -> their weeks -> recount -> base.series_tallies, touched weeks -> read -> (estimates) -> shares.put

A cell is a week, a community (or all) and a mineral or the like. Its units are authors of posts and stories of news:
an author weighs 3 at most, a story 1, however many items they fill. Items whose date is a guess are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from records import Tally
from storage.rows import utc
from storage.themes import NAMED
from storage.transactions import transaction

__all__ = ["forget", "mark", "read", "recount", "register", "validations", "waiting"]

CAP = 3
"""What an author weighs in a cell, at most."""
UNIT = 10_000
SHARES, VOLUMES = 8, 26
"""Weeks after a touched one whose verdicts look back on it."""
_LISTS = {"answers": (UNIT, 4), "squared_answers": (UNIT, 4), "products": (UNIT**2, 16)}
"""What is kept in whole numbers: parts of one, and how many in a row."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_ANSWERS = ("p_realist", "p_industrial_collaboration", "p_skeptic", "p_none")
_ASKED = ",\n".join(
    f"CASE WHEN soft THEN round({UNIT} * {p})::BIGINT WHEN labels.stance = '{p[2:]}' THEN {UNIT} ELSE 0 END AS a{at}"
    for at, p in enumerate(_ANSWERS)
)
_MEANS = ", ".join(f"round(sum(a{at}) / count(*))::BIGINT AS m{at}" for at in range(4))
_SUMS = ", ".join(f"sum(w * m{at})::BIGINT" for at in range(4))
_SQUARED = ", ".join(f"sum(w * w * m{at})::BIGINT" for at in range(4))
_PRODUCTS = ", ".join(f"sum(w * w * m{a} * m{b})::BIGINT" for a in range(4) for b in range(4))
_CELL = "week_start, dimension, entity, model, source_kind, unit"
_RECOUNT = f"""
    INSERT INTO base.series_tallies BY NAME
    WITH days AS (
        SELECT DISTINCT date_trunc('week', day)::DATE + n::INTEGER AS day FROM part_days, range(7) AS days(n)
    ), found AS MATERIALIZED (
        SELECT item_id, author_hash, story_id FROM base.items
        WHERE day IN (SELECT day FROM days) AND relevant AND date_quality NOT IN ('first_seen', 'clamped')
    ), counted AS (
        SELECT labels.item_id, date_trunc('week', labels.day)::DATE AS week_start, labels.community, labels.model,
               labels.source_kind, labels.source_kind = 'social' AS social,
               dense_rank() OVER (
                   ORDER BY coalesce(CASE WHEN social THEN author_hash ELSE story_id::VARCHAR END,
                                     labels.item_id::VARCHAR)
               ) AS unit, -- a number, which is grouped by faster
               {_ASKED}
        FROM base.labels AS labels JOIN found USING (item_id)
        LEFT JOIN base.validations AS validations ON validations.model = labels.model
        WHERE labels.day IN (SELECT day FROM days) AND (validations.model IS NOT NULL OR NOT labels.abstained)
    ), named AS ({NAMED.format(days="days")}), placed AS (
        SELECT 'all' AS dimension, 'all' AS entity, * FROM counted
        UNION ALL
        SELECT type, entity, counted.* FROM counted JOIN named USING (item_id)
    ), units AS (
        SELECT coalesce(community, 'all') AS community, {_CELL},
               CASE WHEN bool_or(social) THEN least(count(*), {CAP}) ELSE 1 END AS w, {_MEANS}
        FROM placed GROUP BY GROUPING SETS ((community, {_CELL}), ({_CELL}))
    )
    SELECT week_start, community, dimension, entity, model, source_kind,
           sum(w)::BIGINT AS weight, sum(w * w)::BIGINT AS square,
           [{_SUMS}] AS answers, [{_SQUARED}] AS squared_answers, [{_PRODUCTS}] AS products
    FROM units GROUP BY week_start, community, dimension, entity, model, source_kind ORDER BY ALL
"""  # noqa: S608  only this module's own text
_TABLES = ("series_tallies", "series_shares", "series_volumes")
_REGISTER = (
    "DELETE FROM base.validations WHERE model = $model",
    "INSERT INTO base.validations (model, record, told, soft) VALUES ($model, $record, $told, $soft)",
    "INSERT INTO base.known_validations VALUES ($model, $record, $told, $soft, $now)",
    """
    INSERT INTO base.touched_days
    SELECT DISTINCT day FROM base.labels WHERE model = $model AND day NOT IN (SELECT day FROM base.touched_days)
    """,
)
_MARK = """
    INSERT INTO base.touched_weeks
    SELECT DISTINCT week_start + (7 * n)::INTEGER, $what
    FROM (SELECT DISTINCT date_trunc('week', day)::DATE AS week_start FROM base.touched_days), range($weeks + 1) AS w(n)
    WHERE (week_start + (7 * n)::INTEGER, $what) NOT IN (SELECT (week_start, what) FROM base.touched_weeks)
"""

_UNTOLD = """
    DELETE FROM base.touched_weeks WHERE week_start > (SELECT max(week_start) FROM base.series_tallies)
"""


def recount(con: duckdb.DuckDBPyConnection) -> None:
    """Sum the weeks of the days of a part (see storage.parts) anew."""
    for table in _TABLES:
        con.execute(
            f"DELETE FROM base.{table} "  # noqa: S608  one of three words
            "WHERE week_start IN (SELECT date_trunc('week', day)::DATE FROM part_days)"
        )
    con.execute(_RECOUNT)


def mark(con: duckdb.DuckDBPyConnection) -> None:
    """Mark the weeks whose verdicts rest on touched days."""
    for what, weeks in (("shares", SHARES), ("volumes", VOLUMES)):
        con.execute(_MARK, {"what": what, "weeks": weeks})
    con.execute(_UNTOLD)


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Start anew: nothing that was ever estimated is left."""
    for table in (*_TABLES, "series_gaps", "touched_weeks"):
        con.execute(f"DELETE FROM base.{table}")  # noqa: S608  only this function's own words


def waiting(con: duckdb.DuckDBPyConnection, what: str) -> tuple[date, ...]:
    """The weeks (their Mondays) whose shares or volumes are to be estimated again, oldest first."""
    rows = con.execute("SELECT DISTINCT week_start FROM base.touched_weeks WHERE what = ? ORDER BY 1", [what])
    return tuple(monday for (monday,) in rows.fetchall())


def read(con: duckdb.DuckDBPyConnection, monday: date) -> tuple[Tally, ...]:
    """The tallies of one week, in the order of their cells and models; answers as numbers between 0 and 1."""
    found = con.sql("FROM base.series_tallies WHERE week_start = ? ORDER BY ALL", params=[monday]).to_arrow_table()
    names = ("week_start", "community", "dimension", "entity", "model")
    return tuple(
        map(
            Tally,
            *(found[name].to_pylist() for name in names),
            *(map(float, found[name].to_pylist()) for name in ("weight", "square")),
            *(_lists(found[name], *what) for name, what in _LISTS.items()),
            found["source_kind"].to_pylist(),
        )
    )


def register(
    con: duckdb.DuckDBPyConnection, model: str, *, record: str, told: str, soft: bool, now: datetime = _EVER
) -> None:
    """Keep what is known of a model's errors; where that is news, everything it labelled is estimated again.

    `now` is when it came to be known; without it, it always was.
    """
    if con.execute("FROM base.validations WHERE model = ? AND record = ?", [model, record]).fetchone():
        return
    values = {"model": model, "record": record, "told": told, "soft": soft, "now": utc(now)}
    with transaction(con):
        for sql in _REGISTER:
            con.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})


def validations(con: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """By model that ever labelled what is counted here: what is known of its errors, None where nothing is."""
    return dict(
        con.execute(
            "SELECT model, record FROM (SELECT DISTINCT model FROM base.series_tallies) "
            "LEFT JOIN base.validations USING (model)"
        ).fetchall()
    )


def _lists(column: pa.ChunkedArray, by: int, width: int) -> Iterator[tuple[float, ...]]:
    numbers = column.combine_chunks().flatten().to_numpy() / by
    return map(tuple, numbers.reshape(-1, width).tolist())


def _scaled(numbers: list[int], by: int) -> tuple[float, ...]:
    return tuple(number / by for number in numbers)
