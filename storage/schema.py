"""Tables by numbered migrations, views by one file.

    migrations/NNNN_name.sql -> schema `base`      each once, in one transaction, under its checksum
    views.sql                -> schema `main`      again whenever its text changes

The base tables are private; what is promised are the views. The schema is not called `store`: a file of that name,
attached by anyone, would make every view ambiguous.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from importlib.resources.abc import Traversable

import duckdb

from storage.errors import StoreMismatch
from storage.transactions import transaction

_ROOM = resources.files("storage")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return _checksum(self.sql)


def migrate(con: duckdb.DuckDBPyConnection, *, now: datetime, room: Traversable = _ROOM) -> None:
    """Bring the open live file up to date. Raises StoreMismatch when it was made by another version."""
    con.execute("CREATE SCHEMA IF NOT EXISTS base")
    con.execute(
        "CREATE TABLE IF NOT EXISTS base.schema_migrations "
        "(number INTEGER, name VARCHAR, checksum VARCHAR, applied_at TIMESTAMPTZ)"
    )
    for migration in _waiting(con, migrations(room)):
        with transaction(con):
            con.execute(migration.sql)
            _sign(con, migration, now)
    _apply_views(con, room.joinpath("views.sql").read_text("utf-8"), now)


def is_current(con: duckdb.DuckDBPyConnection, room: Traversable = _ROOM) -> bool:
    """Whether a store or snapshot has the tables and views of this version, no more and no less."""
    views = Migration(0, "views", room.joinpath("views.sql").read_text("utf-8"))
    applied = set(con.execute("SELECT number, checksum FROM base.schema_migrations").fetchall())
    return applied == {(m.number, m.checksum) for m in (*migrations(room), views)}


def migrations(room: Traversable = _ROOM) -> tuple[Migration, ...]:
    """The migrations of a room's folder, in order."""
    files = sorted((f for f in room.joinpath("migrations").iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(int(f.name[:4]), f.name.removesuffix(".sql"), f.read_text("utf-8")) for f in files)


def _waiting(con: duckdb.DuckDBPyConnection, known: tuple[Migration, ...]) -> list[Migration]:
    rows = con.execute("SELECT number, checksum FROM base.schema_migrations WHERE number > 0").fetchall()
    applied: dict[int, str] = dict(rows)
    if unknown := set(applied) - {m.number for m in known}:
        raise StoreMismatch(f"the store holds migration {max(unknown):04}, made by a newer version; update oresight")
    for migration in known:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise StoreMismatch(f"migration {migration.name} was edited after the store applied it; restore the file")
    return [m for m in known if m.number not in applied]


def _apply_views(con: duckdb.DuckDBPyConnection, sql: str, now: datetime) -> None:
    views = Migration(0, "views", sql)
    if con.execute("SELECT checksum FROM base.schema_migrations WHERE number = 0").fetchone() == (views.checksum,):
        return
    with transaction(con):
        old = con.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal").fetchall()
        for (name,) in old:
            con.execute(f'DROP VIEW "{name}"')
        con.execute(sql)
        con.execute("DELETE FROM base.schema_migrations WHERE number = 0")
        _sign(con, views, now)


def _sign(con: duckdb.DuckDBPyConnection, migration: Migration, now: datetime) -> None:
    row = [migration.number, migration.name, migration.checksum, now.astimezone(UTC)]
    con.execute("INSERT INTO base.schema_migrations VALUES (?, ?, ?, ?)", row)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
