"""What is wrong, from when it was seen until it is well again; and the facts by which it is judged.

open + found now -> put -> base.alerts (opened, cleared) -> waiting -> told
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from storage.rows import in_utc, utc
from storage.transactions import transaction

_FACTS = """
    WITH labelled AS (
        SELECT abstained, day > $today - 7 AS now FROM base.labels WHERE day > $today - 63 AND day <= $today
    )
    SELECT (SELECT min(started_at) FROM base.runs),
           (SELECT max(started_at) FROM base.runs WHERE kind = 'collect'),
           (SELECT max(first_seen_at) FROM base.items),
           (SELECT count(*) FROM labelled WHERE now), (SELECT count(*) FROM labelled WHERE now AND abstained),
           (SELECT count(*) FROM labelled WHERE NOT now), (SELECT count(*) FROM labelled WHERE NOT now AND abstained)
"""
_SILENT = """
    SELECT channel, state, reason, coalesce(last_success_at, first_asked_at)
    FROM base.channel_states LEFT JOIN (
        SELECT channel, min(recorded_at) AS first_asked_at FROM base.coverage GROUP BY channel
    ) USING (channel)
    WHERE state IS NOT NULL ORDER BY channel
"""
_OPEN = (
    "SELECT condition, text, opened_at, told_at FROM base.alerts WHERE cleared_at IS NULL ORDER BY opened_at, condition"
)
_CLEARED = """
    SELECT condition, text, opened_at, told_at FROM base.alerts
    WHERE cleared_at IS NOT NULL AND told_at IS NOT NULL AND cleared_told_at IS NULL ORDER BY opened_at, condition
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is judged: of seven days, and of the eight weeks before them; None where there is nothing yet."""

    first_run_at: datetime | None
    collected_at: datetime | None
    last_item_at: datetime | None
    labelled: int
    abstained: int
    labelled_before: int
    abstained_before: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A channel that was asked at least once: its last state, and since when it has not delivered at the earliest."""

    channel: str
    state: str
    reason: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Something that is wrong, or was."""

    condition: str
    text: str
    opened_at: datetime
    told_at: datetime | None


def facts(con: duckdb.DuckDBPyConnection, *, now: datetime) -> Facts:
    """The numbers of the whole store, from its tables or from a snapshot."""
    row = con.execute(_FACTS, {"today": now.date()}).fetchall()[0]
    return Facts(*in_utc(row))


def heard(con: duckdb.DuckDBPyConnection) -> tuple[Heard, ...]:
    """All channels that were ever asked, by name."""
    rows = con.execute(_SILENT).fetchall()
    return tuple(Heard(*in_utc(row)) for row in rows if row[-1])


def standing(con: duckdb.DuckDBPyConnection) -> tuple[AlertRow, ...]:
    """What is wrong now, the oldest first."""
    return tuple(AlertRow(*in_utc(row)) for row in con.execute(_OPEN).fetchall())


def put(con: duckdb.DuckDBPyConnection, found: Mapping[str, str], *, now: datetime) -> bool:
    """Open what is found (condition -> text) and not open yet, clear what is open and not found; whether any was."""
    known = {row.condition for row in standing(con)}
    fresh, gone = [c for c in found if c not in known], sorted(known - set(found))
    if fresh or gone:
        with transaction(con):
            for condition in fresh:
                con.execute(
                    "INSERT INTO base.alerts (condition, text, opened_at) VALUES (?, ?, ?)",
                    [condition, found[condition], utc(now)],
                )
            _mark(con, "cleared_at", gone, now)
    return bool(fresh or gone)


def waiting(con: duckdb.DuckDBPyConnection) -> tuple[tuple[AlertRow, ...], tuple[AlertRow, ...]]:
    """What nobody was told of yet: that it is wrong; and that it is well again, of what they were told was wrong."""
    cleared = tuple(AlertRow(*in_utc(row)) for row in con.execute(_CLEARED).fetchall())
    return tuple(row for row in standing(con) if row.told_at is None), cleared


def told(
    con: duckdb.DuckDBPyConnection, opened: Iterable[AlertRow], cleared: Iterable[AlertRow], *, now: datetime
) -> None:
    """Remember that these were told."""
    with transaction(con):
        _mark(con, "told_at", [row.condition for row in opened], now)
        for row in cleared:
            con.execute(
                "UPDATE base.alerts SET cleared_told_at = $1 WHERE condition = $2 AND opened_at = $3",
                [utc(now), row.condition, utc(row.opened_at)],
            )


def _mark(con: duckdb.DuckDBPyConnection, column: str, conditions: Iterable[str], now: datetime) -> None:
    for condition in conditions:
        con.execute(
            f"UPDATE base.alerts SET {column} = $1 WHERE condition = $2 AND cleared_at IS NULL",  # noqa: S608 - ours
            [utc(now), condition],
        )
