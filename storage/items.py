"""Items, channel states, coverage and gaps, as the pages come in.

FetchResult + ChannelState -> add -> base.items, item_versions, channel_states, coverage, gaps, threads
                                     (one transaction)
unlabelled -> the queue of the label job: items whose current version has no scan by this model and these gates
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID, uuid4

import duckdb

from records import DELETED, Channel, ChannelState, FetchResult, Item
from storage.coverage import cover, note_gaps
from storage.edits import edited, retell, unlabel
from storage.erasure import erase
from storage.rows import ITEM_COLUMNS, ITEM_SCHEMA, STATE_SCHEMA, in_utc, item_from, item_row, lent, table, utc
from storage.threads import note_threads
from storage.transactions import transaction

_CHANGED = """
    incoming.item_id::UUID = items.item_id AND items.deleted_at IS NULL
        AND (incoming.channel = items.channel OR items.source_kind = 'social')
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
_NEW = "SELECT item_id FROM incoming ANTI JOIN base.items AS stored ON stored.item_id = incoming.item_id::UUID"
_UPDATED = f"SELECT incoming.item_id FROM base.items JOIN incoming ON {_CHANGED}"  # noqa: S608
_WAITING = """
    FROM base.items AS items LEFT JOIN base.scans AS scans USING (item_id)
    WHERE items.deleted_at IS NULL
      AND (scans.version, scans.model, scans.gates) IS DISTINCT FROM (items.version, $model, $gates)
      AND (NOT $again OR scans.version = items.version)
"""
_NEXT = f"""
    WITH waiting AS (
        SELECT items.item_id, items.published_at, scans.version IS NOT DISTINCT FROM items.version AS again,
               items.thread_id IS NOT NULL AND items.thread_id <> items.item_id AS is_comment {_WAITING}
    ), picked AS (
        SELECT item_id FROM waiting WHERE (again, is_comment) = (SELECT min((again, is_comment)) FROM waiting)
        ORDER BY published_at, item_id LIMIT $limit
    )
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
    """Commit one page with its channel's state, in one transaction; see `add_all`."""
    return add_all(con, run_id, [(result, state)], now=now)[0]


def add_all(
    con: duckdb.DuckDBPyConnection, run_id: UUID, pages: Sequence[tuple[FetchResult, ChannelState]], *, now: datetime
) -> list[Added]:
    """Commit pages of as many channels, each with its channel's state, in one transaction. Adding twice is adding once.

    Of a known item a new title, text or address makes a new version; an article's only if it comes from the channel
    that brought it, a social item's from any, and then its label goes. Its dates stay as first seen. A deleted item
    stays deleted. Coverage counts are summed over a run's pages.
    """
    if not pages:
        return []
    with transaction(con):
        results = [result for result, _ in pages]
        found = [item for result in results for item in result.items]
        erase(con, run_id, {i.guid: "found deleted while collecting" for i in found if DELETED in i.flags}, now=now)
        new, updated = _add_items(con, run_id, found, now)
        ids = [{str(item.item_id) for item in result.items} for result in results]
        added = [Added(len(new & page), len(updated & page)) for page in ids]
        cover(con, run_id, results, [(one.new, one.updated) for one in added], now)
        _remember(con, [state for _, state in pages])
        note_gaps(con, run_id, results)
        note_threads(con, results)
    return added


def _add_items(
    con: duckdb.DuckDBPyConnection, run_id: UUID, items: Sequence[Item], now: datetime
) -> tuple[set[str], set[str]]:
    """The ids of the items that are new, and of those that were changed."""
    if not items:
        return set(), set()
    distinct = {item.item_id: item for item in items}
    run = {"run": run_id}
    with lent(con, incoming=table(map(item_row, distinct.values()), ITEM_SCHEMA)):
        updated = {item_id for (item_id,) in con.execute(_UPDATED).fetchall()}
        if updated:
            unlabel(con, edited(con), now=now)
            retell(con, now=now)
            con.execute(_KEEP_OLD, {"now": utc(now), **run})
            con.execute(_REPLACE)
        new = {item_id for (item_id,) in con.execute(_NEW).fetchall()}
        if new:
            con.execute(_INSERT, run)
    return new, updated


def _count(done: duckdb.DuckDBPyConnection) -> int:
    row = done.fetchone()
    return int(row[0]) if row else 0


def _remember(con: duckdb.DuckDBPyConnection, states: Iterable[ChannelState]) -> None:
    rows = table((dict(zip(STATE_SCHEMA.names, in_utc(astuple(state)), strict=True)) for state in states), STATE_SCHEMA)
    with lent(con, remembered=rows):
        con.execute("DELETE FROM base.channel_states WHERE channel IN (SELECT channel FROM remembered)")
        con.execute("INSERT INTO base.channel_states BY NAME FROM remembered")


def channel_states(con: duckdb.DuckDBPyConnection) -> dict[str, ChannelState]:
    """What is remembered of each channel."""
    rows = con.execute(f"SELECT {', '.join(STATE_SCHEMA.names)} FROM base.channel_states").fetchall()  # noqa: S608
    states = (ChannelState(*in_utc(row)) for row in rows)
    return {state.channel: state for state in states}


def known(con: duckdb.DuckDBPyConnection, guids: Collection[str], *, source_kind: str = "social") -> set[str]:
    """Those of `guids` that the store has seen, deleted ones too. May be called on a cursor of another thread."""
    sql = "SELECT DISTINCT guid FROM base.items WHERE source_kind = ? AND guid IN (SELECT unnest(?::VARCHAR[]))"
    return {guid for (guid,) in con.execute(sql, [source_kind, list(guids)]).fetchall()}


def unlabelled(
    con: duckdb.DuckDBPyConnection, *, model: str, gates: str, limit: int | None = None, again: bool = False
) -> list[tuple[Item, bool | None]]:
    """The next items to label, oldest first, each with whether its thread is relevant (None: no thread, or unknown).

    What was never read comes before what another model or other gates have read, which `again` asks for alone. Of each,
    comments come only when no submission or article is left, so that their thread has been judged by then; call again
    until the list is empty.
    """
    rows = con.execute(_NEXT, {"model": model, "gates": gates, "limit": limit, "again": again}).fetchall()
    return [(item_from(row[:-1]), row[-1]) for row in rows]


def count_unlabelled(con: duckdb.DuckDBPyConnection, *, model: str, gates: str, again: bool = False) -> int:
    """How many items wait for a scan by this model and these gates; `again`: of those that were read before."""
    return _count(con.execute(f"SELECT count(*) {_WAITING}", {"model": model, "gates": gates, "again": again}))
