"""Themes of items: by the stages and instruments that they name, and by phrases found in their words.

    define (mapping, when it changed: every text waits) -> waiting -> texts -> (phrases) -> put -> base.labels.themes
    NAMED -> what an item counts for in the series: minerals, countries, stages, instruments, themes

What phrases found is kept with the label, so that an item whose words are erased counts on where it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from storage.rows import lent, table
from storage.transactions import transaction

NAMED = """
        WITH said AS (
            SELECT DISTINCT item_id, type, entity FROM base.mentions WHERE day IN (SELECT day FROM {days})
        ), themed AS (
            SELECT item_id, theme FROM said JOIN base.theme_entities USING (type, entity)
            UNION
            SELECT item_id, theme
            FROM (SELECT item_id, unnest(themes) AS theme FROM base.labels WHERE day IN (SELECT day FROM {days}))
            WHERE theme IN (SELECT theme FROM base.themes)
        )
        SELECT item_id, type, entity FROM said UNION ALL SELECT item_id, 'theme', theme FROM themed
"""
"""Item, type and entity of everything that the items of some days count for, each once; `days` is a table."""

_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
_THEMES = pa.schema([("theme", _TEXT), ("kind", _TEXT), *[(n, _TEXTS) for n in ("instruments", "stages", "phrases")]])
_ENTITIES = pa.schema([(name, _TEXT) for name in ("theme", "type", "entity")])
_FOUND = pa.schema([("item_id", _TEXT), ("themes", _TEXTS)])
_IDS = pa.schema([("item_id", _TEXT)])
_TOUCH_ALL = """
    INSERT INTO base.touched_days
    SELECT DISTINCT day FROM base.labels WHERE day NOT IN (SELECT day FROM base.touched_days)
"""
_FORGET = """
    UPDATE base.labels SET themes = NULL
    WHERE item_id NOT IN (SELECT item_id FROM base.items WHERE deleted_at IS NOT NULL)
"""
_PUT = (
    """
    UPDATE base.labels AS labels SET themes = found.themes FROM found WHERE labels.item_id = found.item_id::UUID
    """,
    """
    INSERT INTO base.touched_days
    SELECT DISTINCT day FROM base.labels JOIN found ON labels.item_id = found.item_id::UUID
    WHERE len(found.themes) > 0 AND day NOT IN (SELECT day FROM base.touched_days)
    """,
)


def define(
    con: duckdb.DuckDBPyConnection,
    version: str,
    *,
    themes: Sequence[Mapping[str, object]],
    entities: Sequence[Mapping[str, str]],
) -> bool:
    """Take these themes in the place of the old ones, in one transaction; True where they are new.

    `themes` have theme, kind, instruments, stages, phrases; `entities` say which mentions (type, entity) map to which
    theme. All that is labelled is then to be read and counted anew.
    """
    if con.execute("FROM base.sources WHERE name = 'themes' AND version = ?", [version]).fetchone():
        return False
    with transaction(con), lent(con, given=table(themes, _THEMES), mapped=table(entities, _ENTITIES)):
        for name, rows in (("themes", "given"), ("theme_entities", "mapped")):
            con.execute(f"DELETE FROM base.{name}")  # noqa: S608  one of two words
            con.execute(f"INSERT INTO base.{name} FROM {rows}")
        con.execute(_FORGET)
        con.execute(_TOUCH_ALL)
        con.execute("DELETE FROM base.sources WHERE name = 'themes'")
        con.execute("INSERT INTO base.sources VALUES ('themes', ?)", [version])
    return True


def known(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Theme, kind, instruments, stages and phrases of each, in a fixed order; lists as tuples."""
    rows = con.execute("SELECT theme, kind, instruments, stages, phrases FROM base.themes ORDER BY theme").fetchall()
    return [(theme, kind, *map(tuple, lists)) for theme, kind, *lists in rows]


def waiting(con: duckdb.DuckDBPyConnection) -> list[UUID]:
    """The labelled items whose words have not been searched for the phrases of the themes in use."""
    return [found for (found,) in con.execute("SELECT item_id FROM base.labels WHERE themes IS NULL").fetchall()]


def texts(con: duckdb.DuckDBPyConnection, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """The words of these items; none of those that were erased."""
    with lent(con, asked=table(({"item_id": str(one)} for one in ids), _IDS)):
        return con.execute(
            "SELECT items.item_id, items.text FROM base.items JOIN asked ON items.item_id = asked.item_id::UUID"
        ).fetchall()


def put(con: duckdb.DuckDBPyConnection, found: Mapping[UUID, Sequence[str]]) -> None:
    """Keep with their labels which themes these items' phrases have, in one transaction."""
    rows = table(({"item_id": str(one), "themes": list(names)} for one, names in found.items()), _FOUND)
    with transaction(con), lent(con, found=rows):
        for step in _PUT:
            con.execute(step)
