"""Which news tell one story, as they come in.

    items not looked at yet -> waiting -> (their marks: headline key, shingles) -> join
    join: marks of the last days -> pairs that share a headline or words -> same? -> items.story_id    (one transaction)

Only the last days are held against each other, and their shingles are dropped with them: the tables grow with a week's
news and not with the store. An item keeps the story of its address; stories that turn out to be one take the name of
the one that was told first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

import duckdb
import pyarrow as pa

from storage.rows import lent, table, utc
from storage.transactions import transaction

WINDOW = timedelta(days=7)
COMMON = 100
"""A shingle in more items of a week than this is a phrase of the trade: it tells nothing, and costs most to compare."""
_LEAST_SHARED = 4

_WAITING = """
    SELECT item_id, title, text FROM base.items ANTI JOIN base.story_marks AS marks USING (item_id)
    WHERE source_kind = 'news' AND deleted_at IS NULL AND first_seen_at > $since
    ORDER BY first_seen_at, item_id LIMIT $limit
"""
_MARK_SCHEMA = pa.schema([("item_id", pa.string()), ("title_key", pa.string()), ("shingles", pa.int32())])
_SHINGLE_SCHEMA = pa.schema([("shingle", pa.uint64()), ("item_id", pa.string())])
_KEEP = """
    INSERT INTO base.story_marks
    SELECT marked.item_id::UUID, marked.title_key::UUID, marked.shingles, items.published_at, $now
    FROM marked JOIN base.items AS items ON items.item_id = marked.item_id::UUID
"""
_NAME = """
    UPDATE base.items SET story_id = named.story_id::UUID FROM named
    WHERE items.item_id = named.item_id::UUID AND items.story_id IS NULL
"""
_SHARED = f"""
    WITH telling AS (
        SELECT shingle FROM base.story_shingles GROUP BY shingle HAVING count(*) BETWEEN 2 AND {COMMON}
    ), fresh AS (
        SELECT item_id, shingle FROM base.story_shingles SEMI JOIN telling USING (shingle)
        WHERE item_id IN (SELECT item_id::UUID FROM marked)
    )
    SELECT fresh.item_id, other.item_id, count(*)
    FROM fresh JOIN base.story_shingles AS other USING (shingle)
    WHERE other.item_id <> fresh.item_id GROUP BY ALL HAVING count(*) >= {_LEAST_SHARED}
"""  # noqa: S608  only this module's own text
_SIZES = f"""
    SELECT item_id, count(*) FROM base.story_shingles
    WHERE shingle NOT IN (SELECT shingle FROM base.story_shingles GROUP BY shingle HAVING count(*) > {COMMON})
    GROUP BY item_id
"""  # noqa: S608  only this module's own text
_MARKS = """
    SELECT marks.item_id, marks.title_key, marks.published_at, items.channel, items.story_id, items.first_seen_at
    FROM base.story_marks AS marks JOIN base.items AS items USING (item_id)
    ORDER BY marks.published_at, marks.item_id
"""
_RENAME = """
    UPDATE base.items SET story_id = renamed.story_id::UUID FROM renamed
    WHERE items.story_id = renamed.old_id::UUID
"""


class Same(Protocol):
    """Whether two texts tell one story, by their shingles, headlines and channels."""

    def __call__(self, shared: int, size: int, other_size: int, *, same_title: bool, same_channel: bool) -> bool:
        """Decide."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An item as far as it takes to recognise its story; shingles are unsigned 64-bit numbers."""

    item_id: UUID
    title_key: UUID | None
    shingles: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Seen:
    item_id: UUID
    title_key: UUID | None
    published_at: datetime
    channel: str
    story_id: UUID
    first_seen_at: datetime


def waiting(con: duckdb.DuckDBPyConnection, *, now: datetime, limit: int) -> list[tuple[UUID, str, str]]:
    """The next news of the last seven days that were not looked at yet: id, title, text."""
    values = {"since": utc(now - WINDOW), "limit": limit}
    return [(item_id, title, text) for item_id, title, text in con.execute(_WAITING, values).fetchall()]


def join(con: duckdb.DuckDBPyConnection, marks: Sequence[Mark], same: Same, *, now: datetime) -> int:
    """Hold new marks against those of the last days and against each other; returns how many stories were joined.

    In one transaction; marking an item twice is marking it once.
    """
    with transaction(con):
        _forget(con, now)
        rows = table(
            ({"item_id": str(m.item_id), "title_key": m.title_key and str(m.title_key), "shingles": len(m.shingles)}
             for m in marks), _MARK_SCHEMA,
        )  # fmt: skip
        shingles = pa.table(
            [[s for m in marks for s in m.shingles], [str(m.item_id) for m in marks for _ in m.shingles]],
            schema=_SHINGLE_SCHEMA,
        )
        with lent(con, marked=rows, shingled=shingles):
            for name in ("story_marks", "story_shingles"):
                con.execute(f"DELETE FROM base.{name} WHERE item_id IN (SELECT item_id::UUID FROM marked)")  # noqa: S608
            con.execute(_KEEP, {"now": utc(now)})
            con.execute("INSERT INTO base.story_shingles SELECT shingle, item_id::UUID FROM shingled")
            _name(con, marks)
            return _rename(con, _joined(con, {m.item_id for m in marks}, same))


def _forget(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    con.execute("DELETE FROM base.story_marks WHERE marked_at <= ?", [utc(now - WINDOW)])
    con.execute("DELETE FROM base.story_shingles WHERE item_id NOT IN (SELECT item_id FROM base.story_marks)")


def _name(con: duckdb.DuckDBPyConnection, marks: Iterable[Mark]) -> None:
    """A story of its own for what has no address to name it."""
    own = [{"item_id": str(m.item_id), "story_id": str(uuid5(NAMESPACE_OID, str(m.item_id)))} for m in marks]
    with lent(con, named=table(own, pa.schema([("item_id", pa.string()), ("story_id", pa.string())]))):
        con.execute(_NAME)


def _joined(con: duckdb.DuckDBPyConnection, fresh: set[UUID], same: Same) -> dict[UUID, UUID]:
    """Which stories take which name."""
    seen = {row[0]: _Seen(*row) for row in con.execute(_MARKS).fetchall()}
    shared = {(a, b): number for a, b, number in con.execute(_SHARED).fetchall() if a in seen and b in seen}
    sizes: dict[UUID, int] = dict(con.execute(_SIZES).fetchall())
    stories = _Stories(seen.values())
    for a, b in {*shared, *_neighbours(seen.values(), fresh)}:
        one, other = seen[a], seen[b]
        near = abs(one.published_at - other.published_at) <= WINDOW
        titled = one.title_key is not None and one.title_key == other.title_key
        number = shared.get((a, b)) or shared.get((b, a), 0)
        if near and same(
            number, sizes.get(a, 0), sizes.get(b, 0), same_title=titled, same_channel=one.channel == other.channel
        ):
            stories.join(one.story_id, other.story_id)
    return stories.renamed()


def _neighbours(seen: Iterable[_Seen], fresh: set[UUID]) -> Iterable[tuple[UUID, UUID]]:
    """Items of one headline that follow one another: a chain says what all pairs would, and is short."""
    titles: dict[UUID, list[UUID]] = {}
    for item in seen:
        if item.title_key is not None:
            titles.setdefault(item.title_key, []).append(item.item_id)
    chains = (ids for ids in titles.values() if not fresh.isdisjoint(ids))
    return (pair for ids in chains for pair in pairwise(ids))


class _Stories:
    """Stories that turn out to be one (union-find); the first told gives its name."""

    def __init__(self, seen: Iterable[_Seen]) -> None:
        self._of: dict[UUID, UUID] = {}
        self._told: dict[UUID, datetime] = {}
        for item in seen:
            self._told[item.story_id] = min(item.first_seen_at, self._told.get(item.story_id, item.first_seen_at))

    def join(self, one: UUID, other: UUID) -> None:
        first, second = sorted((self._name(one), self._name(other)), key=lambda story: (self._told[story], story.int))
        if first != second:
            self._of[second] = first

    def renamed(self) -> dict[UUID, UUID]:
        """Each story that has lost its name, with the one it has now."""
        return {story: self._name(story) for story in self._of}

    def _name(self, story: UUID) -> UUID:
        while story in self._of:
            story = self._of[story]
        return story


def _rename(con: duckdb.DuckDBPyConnection, names: Mapping[UUID, UUID]) -> int:
    rows = [{"old_id": str(old), "story_id": str(new)} for old, new in names.items()]
    with lent(con, renamed=table(rows, pa.schema([("old_id", pa.string()), ("story_id", pa.string())]))):
        con.execute(_RENAME)
    return len(rows)
