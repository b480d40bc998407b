"""Items, channel states, coverage and gaps, as the pages come in.

FetchResult + ChannelState -> add -> base.items, item_versions, channel_states, coverage, gaps   (one transaction)
unlabelled -> the queue of the label job: items whose current version has no scan by this model and these gates
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID, uuid4

import duckdb

from records import Channel, ChannelState, FetchResult, Item
from storage.rows import ITEM_COLUMNS, ITEM_SCHEMA, in_utc, item_from, item_row, lent, table, utc
from storage.transactions import transaction

_STATE_COLUMNS = (
    "channel, state, reason, etag, last_modified, body_hash, watermark, last_attempt_at, last_success_at, "
    "next_due_at, failures, configured, address, candidate, sightings, interval_s, pause_s, "
    "retry_at"
)
_CHANGED = """
    incoming.item_id::UUID = items.item_id AND incoming.channel = items.channel AND items.deleted_at IS NULL
        AND incoming.deleted_at IS NULL AND (
        items.title IS DISTINCT FROM incoming.title OR items.text_hash <> incoming.text_hash::UUID
        OR items.url IS DISTINCT FROM incoming.url
        OR (incoming.feed_length IS NOT NULL AND items.feed_length IS NULL
            AND NOT list_contains(items.flags, 'forgotten')))
"""
# The article's own page is not read again because its feed changed a word: what was read of it is kept.
_NEW_TEXT = """
    CASE WHEN incoming.feed_length IS NULL AND items.feed_length IS NOT NULL
              AND NOT list_contains(items.flags, 'forgotten')
         THEN incoming.text || substring(items.text, items.feed_length + 1) ELSE incoming.text END
"""
_NEW_LENGTH = """
    coalesce(incoming.feed_length, CASE WHEN items.feed_length IS NOT NULL THEN length(incoming.text) END)
"""
_KEEP_OLD = f"""
    INSERT INTO base.item_versions
    SELECT items.item_id, items.version, items.title, items.text, items.url, items.text_hash,
           string_split(concat_ws(',', CASE WHEN items.title IS DISTINCT FROM incoming.title THEN 'title' END,
                                  CASE WHEN items.text_hash <> incoming.text_hash::UUID THEN 'text' END,
                                  CASE WHEN items.url IS DISTINCT FROM incoming.url THEN 'url' END,
                                  CASE WHEN incoming.feed_length IS NOT NULL AND items.feed_length IS NULL
                                       THEN 'article' END), ','),
           $now, $run
    FROM base.items JOIN incoming ON {_CHANGED}
"""  # noqa: S608  only this module's own text
_REPLACE = f"""
    UPDATE base.items AS items
    SET title = incoming.title, text = {_NEW_TEXT}, text_hash = incoming.text_hash::UUID, url = incoming.url,
        original_url = incoming.original_url, context = incoming.context,
        story_id = coalesce(items.story_id, incoming.story_id::UUID), feed_length = {_NEW_LENGTH},
        flags = incoming.flags, version = items.version + 1
    FROM incoming WHERE {_CHANGED}
"""  # noqa: S608  only this module's own text
_INSERT = """
    INSERT INTO base.items BY NAME
    SELECT * REPLACE (item_id::UUID AS item_id, text_hash::UUID AS text_hash, thread_id::UUID AS thread_id,
                      parent_id::UUID AS parent_id, story_id::UUID AS story_id),
           1 AS version, $run AS run_id
    FROM incoming ANTI JOIN base.items AS stored ON stored.item_id = incoming.item_id::UUID
"""
_SUM_COVERAGE = """
    UPDATE base.coverage
    SET fetched = fetched + $fetched, new = new + $new, updated = updated + $updated, dropped = dropped + $dropped,
        recorded_at = $now,
        state = CASE WHEN $reason <> '' THEN $state WHEN reason <> '' OR state = 'ok' THEN state ELSE $state END,
        reason = CASE WHEN $reason <> '' THEN $reason ELSE reason END
    WHERE run_id = $run AND channel = $channel
"""
_FIRST_COVERAGE = """
    INSERT INTO base.coverage BY NAME
    SELECT $run AS run_id, $channel AS channel, $state AS state, $reason AS reason, $fetched AS fetched, $new AS new,
           $updated AS updated, $dropped AS dropped, $now AS recorded_at,
           least($now, coalesce((SELECT any_value(next_due_at) FROM base.channel_states WHERE channel = $channel),
                                $now)) AS due_at
    WHERE NOT EXISTS (FROM base.coverage WHERE run_id = $run AND channel = $channel)
"""
_WAITING = """
    FROM base.items AS items ANTI JOIN base.scans AS scans
      ON scans.item_id = items.item_id AND scans.version = items.version AND scans.model = $model
     AND scans.gates = $gates
    WHERE items.deleted_at IS NULL
"""
_NEXT = f"""
    WITH waiting AS (SELECT item_id, published_at,
                            thread_id IS NOT NULL AND thread_id <> item_id AS is_comment {_WAITING}),
         picked AS (SELECT item_id FROM waiting WHERE is_comment = (SELECT bool_and(is_comment) FROM waiting)
                    ORDER BY published_at, item_id LIMIT $limit)
    SELECT {", ".join(f"items.{name}" for name in ITEM_COLUMNS.split(", "))}, threads.relevant
    FROM picked JOIN base.items AS items USING (item_id)
    LEFT JOIN base.items AS threads ON threads.item_id = items.thread_id AND threads.item_id <> items.item_id
    ORDER BY items.published_at, items.item_id
"""  # noqa: S608  only this module's own text


@dataclass(frozen=True, slots=True)
class Added:
    """What one page changed."""

    new: int
    updated: int


def start_run(con: duckdb.DuckDBPyConnection, kind: str, *, now: datetime, version: str) -> UUID:
    """Open a run; one that never ended is marked killed, for only one job writes at a time."""
    run_id = uuid4()
    with transaction(con):
        con.execute("UPDATE base.runs SET outcome = 'killed' WHERE outcome IS NULL")
        con.execute("INSERT INTO base.runs VALUES (?, ?, ?, ?, NULL, NULL)", [run_id, kind, version, utc(now)])
    return run_id


def finish_run(con: duckdb.DuckDBPyConnection, run_id: UUID, outcome: str, *, now: datetime) -> None:
    """Close a run with one word for how it went."""
    con.execute("UPDATE base.runs SET finished_at = ?, outcome = ? WHERE run_id = ?", [utc(now), outcome, run_id])


def know_channels(con: duckdb.DuckDBPyConnection, channels: Iterable[Channel]) -> None:
    """Remember kind, community and keep of the configured channels, so that one that never delivered has them too."""
    with transaction(con):
        con.execute("DELETE FROM base.channels")
        for c in channels:
            con.execute("INSERT INTO base.channels VALUES (?, ?, ?, ?)", [c.name, c.kind, c.community, c.keep])


def add(
    con: duckdb.DuckDBPyConnection, run_id: UUID, result: FetchResult, state: ChannelState, *, now: datetime
) -> Added:
    """Commit one page with its channel's state, in one transaction. Adding a page twice adds its items once.

    Of a known item a new title, text or address makes a new version, if it comes from the channel that brought the
    item; its dates stay as first seen. A deleted item stays deleted. Coverage counts are summed over a run's pages.
    """
    with transaction(con):
        added = _add_items(con, run_id, result.items, now)
        _cover(con, run_id, result, added, now)
        _remember(con, state)
        _note_gaps(con, run_id, result)
    return added


def _add_items(con: duckdb.DuckDBPyConnection, run_id: UUID, items: tuple[Item, ...], now: datetime) -> Added:
    if not items:
        return Added(0, 0)
    distinct = {item.item_id: item for item in items}
    run = {"run": run_id}
    with lent(con, incoming=table(map(item_row, distinct.values()), ITEM_SCHEMA)):
        _count(con.execute(_KEEP_OLD, {"now": utc(now), **run}))
        updated = _count(con.execute(_REPLACE))
        new = _count(con.execute(_INSERT, run))
    return Added(new, updated)


def _count(done: duckdb.DuckDBPyConnection) -> int:
    row = done.fetchone()
    return int(row[0]) if row else 0


def _cover(con: duckdb.DuckDBPyConnection, run_id: UUID, result: FetchResult, added: Added, now: datetime) -> None:
    values = {
        "run": run_id,
        "channel": result.channel,
        "state": result.state,
        "reason": result.reason,
        "fetched": result.fetched,
        "new": added.new,
        "updated": added.updated,
        "dropped": result.dropped,
        "now": utc(now),
    }
    if not _count(con.execute(_SUM_COVERAGE, values)):
        con.execute(_FIRST_COVERAGE, values)


def _remember(con: duckdb.DuckDBPyConnection, state: ChannelState) -> None:
    con.execute("DELETE FROM base.channel_states WHERE channel = ?", [state.channel])
    values = in_utc(astuple(state))
    con.execute(f"INSERT INTO base.channel_states ({_STATE_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608


def _note_gaps(con: duckdb.DuckDBPyConnection, run_id: UUID, result: FetchResult) -> None:
    for gap in result.gaps:
        values = [gap.channel, utc(gap.from_at), utc(gap.to_at), gap.reason]
        con.execute(
            "INSERT INTO base.gaps SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (FROM base.gaps WHERE channel = $1 "
            "AND from_at IS NOT DISTINCT FROM $2 AND to_at = $3 AND reason = $4)",
            [*values, run_id],
        )


def channel_states(con: duckdb.DuckDBPyConnection) -> dict[str, ChannelState]:
    """What is remembered of each channel."""
    rows = con.execute(f"SELECT {_STATE_COLUMNS} FROM base.channel_states").fetchall()  # noqa: S608
    states = (ChannelState(*in_utc(row)) for row in rows)
    return {state.channel: state for state in states}


def known(con: duckdb.DuckDBPyConnection, guids: Collection[str], *, source_kind: str = "social") -> set[str]:
    """Those of `guids` that the store has seen, deleted ones too. May be called on a cursor of another thread."""
    sql = "SELECT DISTINCT guid FROM base.items WHERE source_kind = ? AND guid IN (SELECT unnest(?::VARCHAR[]))"
    return {guid for (guid,) in con.execute(sql, [source_kind, list(guids)]).fetchall()}


def unlabelled(
    con: duckdb.DuckDBPyConnection, *, model: str, gates: str, limit: int | None = None
) -> list[tuple[Item, bool | None]]:
    """The next items to label, oldest first, each with whether its thread is relevant (None: no thread, or unknown).

    Comments come only when no submission or article is left, so that their thread has been judged by then; call
    again until the list is empty.
    """
    rows = con.execute(_NEXT, {"model": model, "gates": gates, "limit": limit}).fetchall()
    return [(item_from(row[:-1]), row[-1]) for row in rows]


def count_unlabelled(con: duckdb.DuckDBPyConnection, *, model: str, gates: str) -> int:
    """How many items wait for a scan by this model and these gates."""
    return _count(con.execute(f"SELECT count(*) {_WAITING}", {"model": model, "gates": gates}))
