"""Reddit's archives: what was read of them, how far, and which lines could not be.

    Taken -> take -> base.items (new ones only), quarantine, archive_spans, archives   (one transaction)
    spans of whole archives -> fill_gaps -> base.gaps.filled_at

What the store has already stays as it is: an archive knows a thing as it was once, the store perhaps as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import duckdb
import pyarrow as pa

from records import Channel, Item
from storage.erasure import erase
from storage.items import _INSERT, _NEW
from storage.rows import ITEM_SCHEMA, in_utc, item_row, lent, table, text_hash, utc
from storage.transactions import transaction

MOST_BAD: Final = 10_000
"""Rows of the quarantine for one archive; further bad lines are counted only."""
_SEAM: Final = timedelta(minutes=15)
"""Two months of all Reddit meet where one ends and the next begins, give or take a quiet moment."""
_AT_ONCE: Final = 10_000
_BAD = pa.schema([("line", pa.int64()), ("reason", pa.string())])
_QUARANTINE = """
    INSERT INTO base.quarantine
    SELECT $archive, line, reason, $now FROM bad
    WHERE line NOT IN (SELECT line FROM base.quarantine WHERE archive = $archive)
    ORDER BY line LIMIT greatest(0, $most - (SELECT count(*) FROM base.quarantine WHERE archive = $archive))
"""
_WIDEN = (
    """
    INSERT INTO base.archive_spans
    SELECT $archive, $channel, $first, $last
    WHERE NOT EXISTS (FROM base.archive_spans WHERE archive = $archive AND channel = $channel)
    """,
    """
    UPDATE base.archive_spans SET from_at = least(from_at, $first), to_at = greatest(to_at, $last)
    WHERE archive = $archive AND channel = $channel
    """,
)
_ADVANCE = """
    UPDATE base.archives SET lines = $lines, position = $position, seen = seen + $seen, kept = kept + $kept,
        erased = erased + $erased, bad = bad + $bad, updated_at = $now
    WHERE archive = $archive
"""
_STANDING = "SELECT lines, position, seen, kept, erased, bad, outcome, updated_at FROM base.archives WHERE archive = ?"
_SPANS = """
    SELECT archives.kind, spans.from_at, spans.to_at
    FROM base.archive_spans AS spans JOIN base.archives AS archives USING (archive)
    WHERE spans.channel = ? AND archives.outcome = 'done' ORDER BY spans.from_at
"""
_KEPT = """
    SELECT guid, item_id = thread_id OR thread_id IS NULL, title, url, text, relevant, epoch(published_at)::BIGINT
    FROM base.items
    WHERE source_kind = 'social' AND deleted_at IS NULL AND channel IN (SELECT unnest($channels::VARCHAR[]))
      AND (item_id = thread_id OR NOT list_contains(flags, 'forgotten'))
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was read of an archive since the last time: up to `lines` and `position`, whole lines unpacked."""

    lines: int
    position: int
    items: Sequence[Item] = ()
    gone: Mapping[str, str] = field(default_factory=dict)  # fullname -> why
    bad: Sequence[tuple[int, str]] = ()  # line, reason
    seen: int = 0
    spans: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)  # by channel


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an archive has been read; `outcome` is None while it is not through, else done or damaged."""

    lines: int
    position: int
    seen: int
    kept: int
    erased: int
    bad: int
    outcome: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A submission or comment that the store holds, for those that belong to it."""

    guid: str
    opens: bool  # a thread
    title: str
    url: str | None
    text: str
    relevant: bool | None
    published: int  # seconds since 1970


def archive_id(file: str, size: int, head: str, asked: str) -> UUID:
    """By what an archive, and what was asked of it, is known again."""
    return text_hash("\0".join((file, str(size), head, asked)))


def standing(con: duckdb.DuckDBPyConnection, archive: UUID) -> Standing | None:
    """How far it has been read; None where it never was."""
    row = con.execute(_STANDING, [archive]).fetchone()
    return None if row is None else Standing(*in_utc(row))


def begin(  # noqa: PLR0913 - all by name
    con: duckdb.DuckDBPyConnection,
    run_id: UUID,
    archive: UUID,
    *,
    file: str,
    size: int,
    kind: str,
    asked: str,
    now: datetime,
) -> None:
    """Make an archive known, unread; whatever was known of it is forgotten, its items are not."""
    with transaction(con):
        for name in ("archives", "archive_spans", "quarantine"):
            con.execute(f"DELETE FROM base.{name} WHERE archive = ?", [archive])  # noqa: S608  three names of our own
        at = utc(now)
        con.execute(
            "INSERT INTO base.archives VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, ?, ?, NULL, '', ?)",
            [archive, file, size, kind, asked, at, at, run_id],
        )


def take(con: duckdb.DuckDBPyConnection, run_id: UUID, archive: UUID, taken: Taken, *, now: datetime) -> int:
    """Commit what was read together with how far, in one transaction; returns how many items were new."""
    with transaction(con):
        new = _add(con, run_id, taken.items)
        values = {"archive": archive, "now": utc(now)}
        if taken.bad:
            with lent(con, bad=table(({"line": n, "reason": why} for n, why in taken.bad), _BAD)):
                con.execute(_QUARANTINE, {**values, "most": MOST_BAD})
        for channel, (first, last) in taken.spans.items():
            span = {"archive": archive, "channel": channel, "first": utc(first), "last": utc(last)}
            for sql in _WIDEN:
                con.execute(sql, span)
        erased = erase(con, run_id, taken.gone, now=now)
        counts = {"seen": taken.seen, "kept": new, "erased": erased, "bad": len(taken.bad)}
        con.execute(_ADVANCE, {**values, "lines": taken.lines, "position": taken.position, **counts})
    return new


def _add(con: duckdb.DuckDBPyConnection, run_id: UUID, items: Iterable[Item]) -> int:
    """Insert those that the store does not hold; of several with one id the first."""
    distinct: dict[UUID, Item] = {}
    for item in items:
        distinct.setdefault(item.item_id, item)
    if not distinct:
        return 0
    with lent(con, incoming=table(map(item_row, distinct.values()), ITEM_SCHEMA)):
        new = len(con.execute(_NEW).fetchall())
        if new:
            con.execute(_INSERT, {"run": run_id})
    return new


def end(con: duckdb.DuckDBPyConnection, archive: UUID, outcome: str, *, reason: str = "", now: datetime) -> None:
    """Say how it ended: done, or damaged with the reason."""
    con.execute(
        "UPDATE base.archives SET outcome = ?, reason = ?, updated_at = ? WHERE archive = ?",
        [outcome, reason, utc(now), archive],
    )


def fill_gaps(con: duckdb.DuckDBPyConnection, channels: Iterable[Channel], *, now: datetime) -> int:
    """Mark the gaps that archives read to their end cover whole; returns how many were marked.

    A channel's gap is covered by submissions, and by comments too where the channel reads them.
    """
    filled = 0
    for channel in channels:
        spans: dict[str, list[tuple[datetime, datetime]]] = {"submissions": [], "comments": []}
        for kind, first, last in con.execute(_SPANS, [channel.name]).fetchall():
            spans[kind].append((first, last))
        needed = ("submissions", "comments") if channel.comments else ("submissions",)
        sql = "SELECT from_at, to_at FROM base.gaps WHERE channel = ? AND filled_at IS NULL AND from_at IS NOT NULL"
        for first, last in con.execute(sql, [channel.name]).fetchall():
            if all(covers(spans[kind], first, last) for kind in needed):
                con.execute(
                    "UPDATE base.gaps SET filled_at = ? WHERE channel = ? AND from_at = ? AND to_at = ?",
                    [utc(now), channel.name, first, last],
                )
                filled += 1
    return filled


def covers(spans: Sequence[tuple[datetime, datetime]], first: datetime, last: datetime) -> bool:
    """Whether spans, sorted by their beginning, cover a stretch without a hole larger than a seam."""
    reached = first - _SEAM
    for begins, ends in spans:
        if begins <= reached + 2 * _SEAM:
            reached = max(reached, ends)
    return reached >= last - _SEAM


def kept(con: duckdb.DuckDBPyConnection, channels: Sequence[str]) -> Iterator[Kept]:
    """What the store holds of these channels and still has words."""
    found = con.execute(_KEPT, {"channels": list(channels)})
    while rows := found.fetchmany(_AT_ONCE):
        yield from (Kept(*row) for row in rows)
