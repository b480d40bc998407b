"""Migrations and views."""

from pathlib import Path

import duckdb
import pytest

from storage import schema
from storage.errors import StoreMismatch
from tests.storage.made import NOW


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A room with two migrations and one view."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_first.sql").write_text(
        "CREATE TABLE base.a (x INTEGER); INSERT INTO base.a VALUES (1)"
    )
    (tmp_path / "migrations" / "0002_second.sql").write_text("ALTER TABLE base.a ADD COLUMN y INTEGER")
    (tmp_path / "views.sql").write_text("CREATE VIEW a AS SELECT x FROM base.a")
    return tmp_path


def applied(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """What the store says was applied."""
    return con.execute("SELECT number, name FROM base.schema_migrations ORDER BY number").fetchall()


def test_each_once(room: Path) -> None:
    """Migrations run in their order, each once, however often the store is opened."""
    with duckdb.connect() as con:
        for _ in range(3):
            schema.migrate(con, now=NOW, room=room)
        assert con.execute("FROM base.a").fetchall() == [(1, None)]
        assert applied(con) == [(0, "views"), (1, "0001_first"), (2, "0002_second")]


def test_later_migration(room: Path) -> None:
    """A store of an earlier version is brought up to date, and its rows stay."""
    second = room / "migrations" / "0002_second.sql"
    later = second.read_text()
    second.unlink()
    with duckdb.connect() as con:
        schema.migrate(con, now=NOW, room=room)
        second.write_text(later)
        schema.migrate(con, now=NOW, room=room)
        assert con.execute("SELECT x, y FROM base.a").fetchall() == [(1, None)]


def test_failing_migration(room: Path) -> None:
    """A migration that fails leaves nothing of itself behind."""
    (room / "migrations" / "0002_second.sql").write_text("CREATE TABLE base.b (x INTEGER); SELECT error('no')")
    with duckdb.connect() as con:
        with pytest.raises(duckdb.Error):
            schema.migrate(con, now=NOW, room=room)
        assert applied(con) == [(1, "0001_first")]
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'b'").fetchall() == [(0,)]


def test_edited_migration(room: Path) -> None:
    """A migration that was edited after it ran is refused by name."""
    with duckdb.connect() as con:
        schema.migrate(con, now=NOW, room=room)
        (room / "migrations" / "0001_first.sql").write_text("CREATE TABLE base.a (x BIGINT)")
        with pytest.raises(StoreMismatch, match="0001_first was edited"):
            schema.migrate(con, now=NOW, room=room)


def test_newer_store(room: Path) -> None:
    """A store of a newer version is not touched."""
    with duckdb.connect() as con:
        schema.migrate(con, now=NOW, room=room)
        (room / "migrations" / "0002_second.sql").unlink()
        with pytest.raises(StoreMismatch, match="0002, made by a newer version"):
            schema.migrate(con, now=NOW, room=room)


def test_changed_views(room: Path) -> None:
    """Views are made anew when their file changes, and one that is no longer in it goes."""
    with duckdb.connect() as con:
        schema.migrate(con, now=NOW, room=room)
        (room / "views.sql").write_text("CREATE VIEW b AS SELECT y FROM base.a")
        schema.migrate(con, now=NOW, room=room)
        views = con.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
        ).fetchall()
        assert views == [("b",)]


def test_numbers() -> None:
    """The migrations are numbered from 1, each number once."""
    known = schema.migrations()
    numbers = [m.number for m in known]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))
    assert {m.name: m.checksum[:12] for m in known}["0001_base"] == "7f1b610b5f9e"
