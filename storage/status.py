"""How the store stands, for a person who asks.

channel_states, items, gaps -> [ChannelRow]      one a channel
everything                  -> Totals
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from storage.rows import in_utc, utc

_CHANNELS = """
    WITH asked AS (
        SELECT coalesce($now, max(last_attempt_at)) AS at FROM base.channel_states
    ), recent AS (
        SELECT channel, count(*) AS items FROM base.items, asked
        WHERE deleted_at IS NULL AND first_seen_at > asked.at - INTERVAL 7 DAYS GROUP BY channel
    ), lost AS (
        SELECT channel, count(*) AS gaps FROM base.gaps WHERE filled_at IS NULL GROUP BY channel
    )
    SELECT channel, state, reason, last_success_at, coalesce(items, 0), coalesce(gaps, 0), next_due_at
    FROM base.channel_states LEFT JOIN recent USING (channel) LEFT JOIN lost USING (channel) ORDER BY channel
"""
_TOTALS = """
    SELECT (SELECT count(*) FROM base.channel_states),
           (SELECT count(*) FROM base.items),
           (SELECT count(*) FROM base.items WHERE relevant AND deleted_at IS NULL),
           (SELECT count(*) FROM base.labels),
           (SELECT count(*) FROM base.items WHERE relevant IS NULL AND deleted_at IS NULL),
           (SELECT count(*) FROM base.gaps WHERE filled_at IS NULL),
           (SELECT max(refreshed_at) FROM base.refreshes),
           (SELECT arg_max(model, last_used_at) FROM base.models)
"""


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel now; `items` were first collected in the last seven days, `state` is None before its first pull."""

    channel: str
    state: str | None
    reason: str
    last_success_at: datetime | None
    items: int
    gaps: int
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole store; `waiting` items have never been scanned."""

    channels: int
    items: int
    relevant: int
    labelled: int
    waiting: int
    gaps: int
    refreshed_at: datetime | None
    model: str | None


def channel_rows(con: duckdb.DuckDBPyConnection, *, now: datetime | None = None) -> tuple[ChannelRow, ...]:
    """All channels that were ever pulled, by name; without `now` the seven days end with the last pull of any."""
    rows = con.execute(_CHANNELS, {"now": utc(now)}).fetchall()
    return tuple(ChannelRow(c, s, r, utc(ok), items, gaps, utc(due)) for c, s, r, ok, items, gaps, due in rows)


def totals(con: duckdb.DuckDBPyConnection) -> Totals:
    """The numbers of the whole store."""
    row = con.execute(_TOTALS).fetchall()[0]
    return Totals(*in_utc(row))
