"""Which news tell one story, as they come in.

    items not looked at yet -> waiting -> (their marks: headline key, shingles) -> join
    join: marks of the last days -> pairs that share a headline or words -> same? -> items.story_id    (one transaction)

Only the last days are held against each other, and their shingles are dropped with them: the tables grow with a week's
news and not with the store. An item keeps the story of its address; stories that turn out to be one take the name of
the one that was told first.
"""

from __future__ import annotations

from array import array
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
_KEEP = """
    INSERT INTO base.story_marks
    SELECT marked.item_id::UUID, marked.title_key::UUID, marked.shingles, items.published_at, $now
    FROM marked JOIN base.items AS items ON items.item_id = marked.item_id::UUID
"""
_FORGET = """
    DELETE FROM base.story_marks
    WHERE marked_at <= $since OR item_id IN (SELECT unnest(string_split($again, ' '))::UUID) RETURNING 1
"""
_NAME = (
    """
    INSERT INTO base.former_stories
    SELECT items.item_id, items.item_id, $now FROM base.items JOIN named ON items.item_id = named.item_id::UUID
    WHERE items.story_id IS NULL
    """,
    """
    UPDATE base.items SET story_id = named.story_id::UUID FROM named
    WHERE items.item_id = named.item_id::UUID AND items.story_id IS NULL
    """,
)
_MATCHED = f"""
    CREATE OR REPLACE TEMP TABLE matched AS
    WITH fresh AS (
        SELECT shingle, item_id FROM base.story_shingles WHERE item_id IN (SELECT item_id::UUID FROM marked)
    ), held AS (
        SELECT shingle, item_id FROM base.story_shingles SEMI JOIN fresh USING (shingle)
    ), telling AS (
        SELECT shingle FROM held GROUP BY shingle HAVING count(*) BETWEEN 2 AND {COMMON}
    )
    SELECT fresh.item_id AS a, held.item_id AS b, count(*) AS shared
    FROM fresh SEMI JOIN telling USING (shingle) JOIN held USING (shingle)
    WHERE a <> b GROUP BY ALL HAVING count(*) >= {_LEAST_SHARED}
"""  # noqa: S608  only this module's own text
_TITLED = """
    SELECT title_key, item_id FROM base.story_marks
    WHERE title_key IN (SELECT title_key::UUID FROM marked) ORDER BY title_key, published_at, item_id
"""
_INVOLVED = "SELECT a FROM matched UNION SELECT b FROM matched UNION SELECT item_id::UUID FROM titled"
_SIZES = f"""
    WITH theirs AS (
        SELECT shingle, item_id FROM base.story_shingles WHERE item_id IN ({_INVOLVED})
    ), common AS (
        SELECT shingle FROM base.story_shingles SEMI JOIN theirs USING (shingle)
        GROUP BY shingle HAVING count(*) > {COMMON}
    )
    SELECT item_id, count(*) FROM theirs ANTI JOIN common USING (shingle) GROUP BY item_id
"""  # noqa: S608  only this module's own text
_MARKS = f"""
    SELECT marks.item_id, marks.title_key, epoch_us(marks.published_at), items.channel, items.story_id,
           epoch_us(items.first_seen_at)
    FROM base.story_marks AS marks JOIN base.items AS items USING (item_id) WHERE marks.item_id IN ({_INVOLVED})
"""  # noqa: S608  only this module's own text
_RENAME = (
    """
    INSERT INTO base.former_stories
    SELECT items.item_id, items.story_id, $now FROM base.items JOIN renamed ON items.story_id = renamed.old_id::UUID
    """,
    """
    INSERT INTO base.touched_days
    SELECT DISTINCT labels.day FROM base.labels AS labels JOIN base.items AS items USING (item_id)
    WHERE items.story_id IN (SELECT old_id::UUID FROM renamed) AND labels.day NOT IN (SELECT day FROM base.touched_days)
    """,
    """
    UPDATE base.items SET story_id = renamed.story_id::UUID FROM renamed WHERE items.story_id = renamed.old_id::UUID
    """,
)


class Same(Protocol):
    """Whether two texts tell one story, by their shingles, headlines and channels."""

    def __call__(self, shared: int, size: int, other_size: int, *, same_title: bool, same_channel: bool) -> bool:
        """Decide."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An item as far as it takes to recognise its story; shingles are 64-bit numbers, each once (array type Q)."""

    item_id: UUID
    title_key: UUID | None
    shingles: array[int]


@dataclass(frozen=True, slots=True)
class _Seen:
    item_id: UUID
    title_key: UUID | None
    published_at: int  # microseconds since 1970, as is the other
    channel: str
    story_id: UUID
    first_seen_at: int


def waiting(con: duckdb.DuckDBPyConnection, *, now: datetime, limit: int) -> list[tuple[UUID, str, str]]:
    """The next news of the last seven days that were not looked at yet: id, title, text."""
    values = {"since": utc(now - WINDOW), "limit": limit}
    return [(item_id, title, text) for item_id, title, text in con.execute(_WAITING, values).fetchall()]


def join(con: duckdb.DuckDBPyConnection, marks: Sequence[Mark], same: Same, *, now: datetime) -> int:
    """Hold new marks against those of the last days and against each other; returns how many stories were joined.

    In one transaction; marking an item twice is marking it once.
    """
    with transaction(con):
        _forget(con, marks, now)
        rows = table(
            ({"item_id": str(m.item_id), "title_key": m.title_key and str(m.title_key), "shingles": len(m.shingles)}
             for m in marks), _MARK_SCHEMA,
        )  # fmt: skip
        with lent(con, marked=rows, shingled=_shingled(marks)):
            con.execute(_KEEP, {"now": utc(now)})
            con.execute("INSERT INTO base.story_shingles SELECT shingle, item_id::UUID FROM shingled")
            _name(con, marks, now)
            return _rename(con, _joined(con, same), now)


def _shingled(marks: Sequence[Mark]) -> pa.Table:
    """One row for each shingle of each item, made in one piece: an item has a hundred."""
    number = sum(len(m.shingles) for m in marks)
    values = pa.py_buffer(b"".join(m.shingles.tobytes() for m in marks))
    places = pa.py_buffer(b"".join(array("i", [n]) * len(m.shingles) for n, m in enumerate(marks)))
    items = pa.DictionaryArray.from_arrays(
        pa.Array.from_buffers(pa.int32(), number, [None, places]),
        pa.array([str(m.item_id) for m in marks], pa.string()),
    )
    return pa.table({"shingle": pa.Array.from_buffers(pa.uint64(), number, [None, values]), "item_id": items})


def _forget(con: duckdb.DuckDBPyConnection, marks: Sequence[Mark], now: datetime) -> None:
    """Drop the marks that are too old, and those that are to be made again."""
    values = {"since": utc(now - WINDOW), "again": " ".join(str(m.item_id) for m in marks)}
    if con.execute(_FORGET, values).fetchall():
        con.execute("DELETE FROM base.story_shingles WHERE item_id NOT IN (SELECT item_id FROM base.story_marks)")


def _name(con: duckdb.DuckDBPyConnection, marks: Iterable[Mark], now: datetime) -> None:
    """A story of its own for what has no address to name it; before, its own id stands for none."""
    own = [{"item_id": str(m.item_id), "story_id": str(uuid5(NAMESPACE_OID, str(m.item_id)))} for m in marks]
    with lent(con, named=table(own, pa.schema([("item_id", pa.string()), ("story_id", pa.string())]))):
        for sql in _NAME:
            con.execute(sql, {"now": utc(now)} if "$now" in sql else {})


def _joined(con: duckdb.DuckDBPyConnection, same: Same) -> dict[UUID, UUID]:
    """Which stories take which name."""
    titled = set(_neighbours(con.execute(_TITLED).fetchall()))
    con.execute(_MATCHED)
    shared = {(a, b): number for a, b, number in con.execute("FROM matched").fetchall()}
    ids = [{"item_id": str(item_id)} for pair in titled for item_id in pair]
    with lent(con, titled=table(ids, pa.schema([("item_id", pa.string())]))):
        sizes: dict[UUID, int] = dict(con.execute(_SIZES).fetchall())
        seen = {row[0]: _Seen(*row) for row in con.execute(_MARKS).fetchall()}
    stories = _Stories(seen.values())
    for a, b in titled.union(shared):
        number = shared.get((a, b)) or shared.get((b, a), 0)
        if _is_same(seen[a], seen[b], number, (sizes.get(a, 0), sizes.get(b, 0)), same):
            stories.join(seen[a].story_id, seen[b].story_id)
    return stories.renamed()


def _is_same(one: _Seen, other: _Seen, shared: int, sizes: tuple[int, int], same: Same) -> bool:
    if abs(one.published_at - other.published_at) > WINDOW / timedelta(microseconds=1):
        return False
    heads = one.title_key is not None and one.title_key == other.title_key
    return same(shared, *sizes, same_title=heads, same_channel=one.channel == other.channel)


def _neighbours(rows: Iterable[tuple[UUID, UUID]]) -> Iterable[tuple[UUID, UUID]]:
    """Items of one headline that follow one another: a chain says what all pairs would, and is short."""
    return ((a, b) for (title, a), (next_title, b) in pairwise(rows) if title == next_title)


class _Stories:
    """Stories that turn out to be one (union-find); the first told gives its name."""

    def __init__(self, seen: Iterable[_Seen]) -> None:
        self._of: dict[UUID, UUID] = {}
        self._told: dict[UUID, int] = {}
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


def _rename(con: duckdb.DuckDBPyConnection, names: Mapping[UUID, UUID], now: datetime) -> int:
    """Stories that are one count once from now on: the days of their items are to be counted anew."""
    if not names:
        return 0
    rows = [{"old_id": str(old), "story_id": str(new)} for old, new in names.items()]
    with lent(con, renamed=table(rows, pa.schema([("old_id", pa.string()), ("story_id", pa.string())]))):
        for sql in _RENAME:
            con.execute(sql, {"now": utc(now)} if "$now" in sql else {})
    return len(rows)
