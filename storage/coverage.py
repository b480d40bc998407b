"""A zero has a reason: what every channel's every run yielded, and where items may have been lost.

FetchResult, counts -> cover -> base.coverage       one row for each channel of each run, summed over its pages
FetchResult.gaps -> note_gaps -> base.gaps
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import duckdb
import pyarrow as pa

from records import FetchResult
from storage.rows import lent, table, utc

_NUMBERS = ("fetched", "new", "updated", "dropped")
_SCHEMA = pa.schema([*[(n, pa.string()) for n in ("channel", "state", "reason")], *[(n, pa.int64()) for n in _NUMBERS]])
_SUM = """
    UPDATE base.coverage AS coverage
    SET fetched = coverage.fetched + told.fetched, new = coverage.new + told.new,
        updated = coverage.updated + told.updated, dropped = coverage.dropped + told.dropped, recorded_at = $now,
        state = CASE WHEN told.reason <> '' THEN told.state
                     WHEN coverage.reason <> '' OR coverage.state = 'ok' THEN coverage.state ELSE told.state END,
        reason = CASE WHEN told.reason <> '' THEN told.reason ELSE coverage.reason END
    FROM told WHERE coverage.run_id = $run AND coverage.channel = told.channel
"""
_FIRST = """
    INSERT INTO base.coverage BY NAME
    SELECT $run AS run_id, channel, told.state, told.reason, fetched, new, updated, dropped, $now AS recorded_at,
           least($now, coalesce(states.next_due_at, $now)) AS due_at
    FROM told ANTI JOIN (FROM base.coverage WHERE run_id = $run) AS covered USING (channel)
    LEFT JOIN base.channel_states AS states USING (channel)
"""


def cover(
    con: duckdb.DuckDBPyConnection,
    run_id: UUID,
    results: Sequence[FetchResult],
    added: Sequence[tuple[int, int]],
    now: datetime,
) -> None:
    """Add pages of as many channels to the run's coverage; `added` holds the new and changed items of each."""
    rows = [
        {"channel": r.channel, "state": r.state, "reason": r.reason, "fetched": r.fetched, "new": new,
         "updated": updated, "dropped": r.dropped}
        for r, (new, updated) in zip(results, added, strict=True)
    ]  # fmt: skip
    with lent(con, told=table(rows, _SCHEMA)):
        summed = con.execute(_SUM, {"run": run_id, "now": utc(now)}).fetchone()
        if summed is None or summed[0] < len(rows):
            con.execute(_FIRST, {"run": run_id, "now": utc(now)})


def note_gaps(con: duckdb.DuckDBPyConnection, run_id: UUID, results: Sequence[FetchResult]) -> None:
    """Note each stretch in which items may have been lost, once."""
    for gap in (gap for result in results for gap in result.gaps):
        values = [gap.channel, utc(gap.from_at), utc(gap.to_at), gap.reason]
        con.execute(
            "INSERT INTO base.gaps (channel, from_at, to_at, reason, run_id) SELECT $1, $2, $3, $4, $5 "
            "WHERE NOT EXISTS (FROM base.gaps WHERE channel = $1 AND from_at IS NOT DISTINCT FROM $2 AND to_at = $3 "
            "AND reason = $4)",
            [*values, run_id],
        )
