"""Reference tables: what the names in `mentions` are, as people wrote it into the gazetteers.

rows, version -> put -> base.minerals, mineral_lists, countries, instruments      (one transaction, when they changed)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from storage.rows import lent, table
from storage.transactions import transaction

_TEXT, _TEXTS, _FLAG = pa.string(), pa.list_(pa.string()), pa.bool_()
_GROUPS = ("kind", "parent_group", "family")
_SCHEMAS = {
    "minerals": pa.schema([*[(n, _TEXT) for n in ("mineral", "symbol", *_GROUPS)], ("lists", _TEXTS)]),
    "mineral_lists": pa.schema(
        [
            *[(n, _TEXT) for n in ("mineral", "list", "owner", "title", "dated")],
            *[(n, _FLAG) for n in ("via_group", "checked")],
        ]
    ),
    "countries": pa.schema(
        [*[(n, _TEXT) for n in ("country", "name", "iso2", "capital", "region", "subregion")], ("groups", _TEXTS)]
    ),
    "instruments": pa.schema([("instrument", _TEXT), ("kind", _TEXT), ("owners", _TEXTS)]),
}  # fmt: skip
TABLES = tuple(_SCHEMAS)

Rows = Sequence[Mapping[str, Any]]


def put(con: duckdb.DuckDBPyConnection, version: str, given: Mapping[str, Rows]) -> bool:
    """Take these rows (by name of TABLES) in the place of the old ones; True where the version is another.

    Raises KeyError where a table is missing.
    """
    if con.execute("FROM base.sources WHERE name = 'reference' AND version = ?", [version]).fetchone():
        return False
    with transaction(con):
        for name, schema in _SCHEMAS.items():
            with lent(con, given=table(given[name], schema)):
                con.execute(f"DELETE FROM base.{name}")  # noqa: S608  one of TABLES
                con.execute(f"INSERT INTO base.{name} FROM given")
        con.execute("DELETE FROM base.sources WHERE name = 'reference'")
        con.execute("INSERT INTO base.sources VALUES ('reference', ?)", [version])
    return True
