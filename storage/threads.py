"""Reddit's threads while they grow, and the comments that are still to be asked for.

FetchResult.threads -> note_threads -> base.threads, base.stubs      in the transaction of the page
channel, now -> waiting_threads -> [Thread]                          may be called on a cursor of another thread
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import duckdb
import pyarrow as pa

from records import FetchResult, Stub, Thread
from storage.rows import in_utc, lent, table, utc

_TIME = pa.timestamp("us", tz="UTC")
_THREADS = pa.schema(
    [("guid", pa.string()), ("channel", pa.string()), *[(n, _TIME) for n in ("published_at", "read_at", "due_at")]]
)
_STUBS = pa.schema(
    [
        ("thread", pa.string()),
        ("parent", pa.string()),
        ("children", pa.list_(pa.string())),
        ("count", pa.int32()),
        ("unread", pa.bool_()),
        ("tries", pa.int32()),
    ]
)
# Several channels may list a submission; its thread belongs to the one that brought it.
_REMEMBER = """
    INSERT INTO base.threads
    SELECT noted.guid, coalesce(items.channel, noted.channel), noted.published_at, noted.read_at, noted.due_at
    FROM noted LEFT JOIN base.items AS items ON items.guid = noted.guid AND items.source_kind = 'social'
"""
_WAITING = """
    SELECT threads.guid, items.title, items.url, threads.published_at, threads.read_at, threads.due_at
    FROM base.threads AS threads
    JOIN base.items AS items ON items.guid = threads.guid AND items.source_kind = 'social'
    WHERE threads.channel = $channel AND items.deleted_at IS NULL
      AND (threads.due_at <= $now OR threads.guid IN (SELECT thread FROM base.stubs))
    ORDER BY threads.guid
"""
_LEFT = """
    SELECT thread, parent, children, count, unread, tries FROM base.stubs
    WHERE thread IN (SELECT guid FROM base.threads WHERE channel = $channel) ORDER BY ALL
"""


def note_threads(con: duckdb.DuckDBPyConnection, results: Sequence[FetchResult]) -> None:
    """Keep each thread as it stands; one that is through is forgotten. Part of the page's transaction."""
    noted = {thread.guid: (thread, result.channel) for result in results for thread in result.threads}
    if not noted:
        return
    con.execute("DELETE FROM base.threads WHERE guid IN (SELECT unnest(?::VARCHAR[]))", [list(noted)])
    con.execute("DELETE FROM base.stubs WHERE thread IN (SELECT unnest(?::VARCHAR[]))", [list(noted)])
    kept = [(thread, channel) for thread, channel in noted.values() if thread.due_at or thread.stubs]
    stubs = [_stub_row(thread.guid, stub) for thread, _ in kept for stub in thread.stubs]
    with lent(con, noted=table((_thread_row(*one) for one in kept), _THREADS), hidden=table(stubs, _STUBS)):
        con.execute(_REMEMBER)
        if stubs:
            con.execute("INSERT INTO base.stubs BY NAME FROM hidden")


def waiting_threads(con: duckdb.DuckDBPyConnection, channel: str, *, now: datetime) -> tuple[Thread, ...]:
    """The channel's threads that are due, or have stubs left; those of deleted submissions are none."""
    left: dict[str, list[Stub]] = {}
    for thread, parent, children, count, unread, tries in con.execute(_LEFT, {"channel": channel}).fetchall():
        left.setdefault(thread, []).append(Stub(parent, tuple(children), count, unread, tries))
    rows = con.execute(_WAITING, {"channel": channel, "now": utc(now)}).fetchall()
    return tuple(replace(Thread(*in_utc(row)), stubs=tuple(left.get(row[0], ()))) for row in rows)


def _thread_row(thread: Thread, channel: str) -> dict[str, object]:
    times = {"published_at": thread.published_at, "read_at": thread.read_at, "due_at": thread.due_at}
    return {"guid": thread.guid, "channel": channel, **times}


def _stub_row(guid: str, stub: Stub) -> dict[str, object]:
    return {
        "thread": guid,
        "parent": stub.parent,
        "children": list(stub.children),
        "count": stub.count,
        "unread": stub.unread,
        "tries": stub.tries,
    }
