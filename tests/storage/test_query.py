"""SQL on the snapshot: answers in four forms, and everything that is refused."""

import csv
import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage import query
from storage.errors import (
    NoSnapshot,
    QueryError,
    QueryFailed,
    QueryRefused,
    QueryTooLarge,
    QueryTooLong,
    StoreUnreadable,
)
from storage.query import Limits, Table, fetch, stream
from tests.storage.made import NOW, item, made_home, scan

CELLS = """
    SELECT 1 AS whole, 0.1::DOUBLE AS part, 12.50::DECIMAL(6, 2) AS money, sum(2) AS huge, NULL AS nothing,
           'a "b", ü' || chr(10) || 'c' AS words, DATE '2026-11-23' AS day, TIMESTAMPTZ '2026-11-23 12:03:00+02' AS at,
           [1, 2] AS many, {'k': DATE '2026-11-23'} AS named, true AS yes, 'nan'::DOUBLE AS odd, '\\xAB'::BLOB AS raw,
           '00000000-0000-0000-0000-000000000001'::UUID AS id
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published store with three items."""
    return made_home(tmp_path_factory.mktemp("home"), [scan(item(n)) for n in range(3)])


def streamed(home: Path, sql: str, fmt: query.Format, **more: Any) -> bytes:
    """The bytes of an answer."""
    out = io.BytesIO()
    stream(home, sql, fmt=fmt, out=out, **more)
    return out.getvalue()


def test_table(home: Path) -> None:
    """A table has names, types and cells as text."""
    table = fetch(home, "SELECT guid, version, NULL::DATE AS x FROM base.items ORDER BY 1 LIMIT 2")
    assert table == Table(
        ("guid", "version", "x"),
        ("VARCHAR", "INTEGER", "DATE"),
        (("guid-0", "1", None), ("guid-1", "1", None)),
        False,
    )


@pytest.mark.parametrize(
    ("max_rows", "rows", "truncated"), [(2, 2, True), (3, 3, False), (None, 3, False), (0, 0, True)]
)
def test_row_limit(home: Path, max_rows: int | None, rows: int, truncated: bool) -> None:
    """A table ends at its limit and says whether there was more."""
    table = fetch(home, "FROM items", max_rows=max_rows)
    assert (len(table.rows), table.truncated) == (rows, truncated)


@pytest.mark.parametrize(
    "sql", ["SHOW TABLES", "DESCRIBE items", "SUMMARIZE items", "EXPLAIN SELECT 1", "-- x\nSELECT 1;\n"]
)
def test_what_also_reads(home: Path, sql: str) -> None:
    """What helps to find one's way runs too, and comments and a closing semicolon do no harm."""
    assert fetch(home, sql).rows


def test_json(home: Path) -> None:
    """JSON lines keep types: numbers, null, ISO 8601, lists and objects."""
    assert json.loads(streamed(home, CELLS, "json")) == {
        "whole": 1, "part": 0.1, "money": 12.5, "huge": 2, "nothing": None, "words": 'a "b", ü\nc', "day": "2026-11-23",
        "at": "2026-11-23T10:03:00+00:00", "many": [1, 2], "named": {"k": "2026-11-23"}, "yes": True, "odd": None,
        "raw": "ab", "id": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip


def test_csv(home: Path) -> None:
    """CSV is read back by a CSV reader, quotation marks and line ends included."""
    header, row = csv.reader(io.StringIO(streamed(home, CELLS, "csv").decode(), newline=""))
    cells = dict(zip(header, row, strict=True))
    assert (cells["words"], cells["huge"], cells["nothing"], cells["at"]) == (
        'a "b", ü\nc', "2", "", "2026-11-23T10:03:00+00:00"
    )  # fmt: skip


def test_parquet(home: Path) -> None:
    """Parquet keeps types and every row."""
    back = pq.read_table(io.BytesIO(streamed(home, "SELECT guid, published_at FROM base.items ORDER BY 1", "parquet")))
    assert back.column("guid").to_pylist() == ["guid-0", "guid-1", "guid-2"]
    assert back.schema.field("published_at").type == pa.timestamp("us", tz="UTC")


@pytest.mark.parametrize("fmt", ["csv", "json", "parquet"])
def test_no_rows(home: Path, fmt: query.Format) -> None:
    """An answer without rows is an answer, and a limit holds in every form."""
    assert stream(home, "FROM items WHERE false", fmt=fmt, out=io.BytesIO()) == 0
    assert stream(home, "FROM items", fmt=fmt, out=io.BytesIO(), max_rows=2) == 2


HOSTILE = {
    "INSERT INTO base.items SELECT * FROM base.items": QueryRefused,
    "UPDATE base.items SET title = 'x'": QueryRefused,
    "DELETE FROM base.items": QueryRefused,
    "DROP VIEW items": QueryRefused,
    "CREATE TABLE x AS SELECT 1": QueryRefused,
    "CREATE TEMP TABLE x AS SELECT 1": QueryRefused,
    "ATTACH ':memory:' AS x": QueryRefused,
    "ATTACH '/etc/passwd' AS x": QueryRefused,
    "COPY items TO '{tmp}/stolen.csv'": QueryRefused,
    "COPY (SELECT 1) TO '/dev/stdout'": QueryRefused,
    "EXPORT DATABASE '{tmp}/stolen'": QueryRefused,
    "FROM read_csv('/etc/passwd')": QueryRefused,
    "FROM read_text('/etc/passwd')": QueryRefused,
    "FROM glob('/etc/*')": QueryRefused,
    "FROM 'http://127.0.0.1:9/x.csv'": QueryRefused,
    "FROM '/etc/passwd'": QueryFailed,
    "SELECT getenv('HOME')": QueryFailed,
    "INSTALL httpfs": QueryRefused,
    "LOAD httpfs": QueryRefused,
    "SET memory_limit = '100GB'": QueryRefused,
    "RESET memory_limit": QueryRefused,
    "PRAGMA enable_profiling": QueryRefused,
    "CALL enable_logging(storage = 'file', storage_path = '{tmp}/log')": QueryRefused,
    "FROM enable_logging(storage = 'file', storage_path = '{tmp}/log')": QueryRefused,
    "FROM query('FROM enable_' || 'logging(storage = ''file'', storage_path = ''{tmp}/log'')')": QueryRefused,
    "FROM enable_profiling(format => 'json', save_location => '{tmp}/profile.json')": QueryRefused,
    "SELECT title FROM items, (FROM force_checkpoint())": QueryRefused,
    "EXPLAIN ANALYZE FROM enable_logging(storage = 'file', storage_path = '{tmp}/log')": QueryRefused,
    "EXPLAIN ANALYZE COPY items TO '{tmp}/stolen.csv'": QueryRefused,
    "MERGE INTO base.items USING base.items AS x ON false WHEN NOT MATCHED THEN INSERT": QueryRefused,
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')": QueryRefused,
    "SET GLOBAL enable_external_access = true": QueryRefused,
    "USE memory": QueryRefused,
    "BEGIN": QueryRefused,
    "VACUUM": QueryRefused,
    "PREPARE p AS SELECT 1": QueryRefused,
    "IMPORT DATABASE '{tmp}'": QueryRefused,
    "FROM read_blob('/proc/self/environ')": QueryRefused,
    "FROM read_csv('https://127.0.0.1:9/x.csv')": QueryRefused,
    "FROM parquet_metadata('/etc/passwd')": QueryRefused,
    "FROM sniff_csv('/etc/passwd')": QueryRefused,
    "FROM '/etc/passwd.csv'": QueryRefused,
    "FROM query_table('/etc/passwd')": QueryFailed,
    "FROM duckdb_secrets()": QueryRefused,
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))": QueryRefused,
    "WITH x AS (COPY items TO '{tmp}/stolen.csv') FROM x": QueryError,
    "WITH x AS (DELETE FROM base.items RETURNING *) FROM x": QueryError,
    "FROM query('DELETE FROM base.items')": QueryError,
    "EXPLAIN ANALYZE DELETE FROM base.items": QueryRefused,
    "SELECT 1; SELECT 2": QueryRefused,
    "SELECT 1; DROP VIEW items": QueryRefused,
    "SELECT 1 -- x\n; DROP VIEW items": QueryRefused,
    "/* ; */; DROP VIEW items; --": QueryRefused,
    "SELECT 1\0; DROP VIEW items": QueryFailed,
    "\ufeffDROP VIEW items": QueryRefused,
    "DELETE\u200b FROM base.items": QueryRefused,
    "\uff24\uff25\uff2c\uff25\uff34\uff25 FROM base.items": QueryFailed,
    "SELECT 1\u037e DROP VIEW items": QueryFailed,
    ".shell id": QueryFailed,
    "SELECT repeat('x', 2000000000)": QueryTooLarge,
    "SELECT list(range) FROM range(1000000000)": QueryTooLarge,
    "SELECT range(1000000000)": QueryTooLarge,
    "SELECT printf('%1000000000d', 1)": QueryTooLarge,
    "SELECT * FROM range(1000000) a, range(1000000) b ORDER BY a.range * b.range": QueryTooLarge,
    "WITH RECURSIVE t(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM t) SELECT max(s) FROM t": QueryTooLarge,
    "": QueryFailed,
    "SELEC 1": QueryFailed,
    "FROM nowhere": QueryFailed,
    "SELECT error('two' || chr(10) || 'lines')": QueryFailed,
}


@pytest.mark.parametrize("sql", HOSTILE)
def test_hostile(home: Path, tmp_path: Path, sql: str) -> None:
    """Whatever would write, reach out, change settings or eat the memory ends in one clear line; nothing changes."""
    before = {path: path.stat() for path in home.rglob("*")}
    with pytest.raises(HOSTILE[sql]) as told:
        fetch(home, sql.replace("{tmp}", str(tmp_path)), limits=Limits(memory_mb=512))
    assert len(str(told.value).splitlines()) == 1
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == {p: s.st_mtime_ns for p, s in before.items()}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
    ],
)
def test_endless(home: Path, sql: str) -> None:
    """A query that would not end is ended at its time."""
    started = time.monotonic()
    with pytest.raises(QueryTooLong, match=r"longer than 1\.5 s"):
        fetch(home, sql, limits=Limits(seconds=1.5))
    assert time.monotonic() - started < 6


def test_endless_rows(home: Path) -> None:
    """A table takes the first rows of an answer without end; a stream of it is ended, and nothing is written."""
    assert fetch(home, "FROM range(1000000000)", max_rows=2).rows == (("0",), ("1",))
    out = io.BytesIO()
    with pytest.raises(QueryTooLong):
        stream(home, "FROM range(1000000000)", fmt="csv", out=out, limits=Limits(seconds=1.5))
    assert out.getvalue() == b""


def test_no_secrets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The query's process knows nothing of this one's environment."""
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "hush")
    seen: list[bytes] = []

    def look() -> None:
        for _ in range(200):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if b"storage.query_child" in (process / "cmdline").read_bytes():
                        seen.append((process / "environ").read_bytes())
                except OSError:
                    continue
            if len(seen) > 3:
                return
            time.sleep(0.01)

    looking = threading.Thread(target=look)
    looking.start()
    fetch(home, "SELECT sum(range) FROM range(300000000)")
    looking.join()
    assert seen
    assert not any(b"hush" in environment for environment in seen)


def test_no_snapshot(tmp_path: Path) -> None:
    """Without a snapshot the way to one is told."""
    with pytest.raises(NoSnapshot, match="oresight run"):
        fetch(tmp_path, "SELECT 1")


def test_damaged_snapshot(tmp_path: Path) -> None:
    """A damaged snapshot is told as such, not as the query's fault."""
    made_home(tmp_path, [])
    path = (tmp_path / "current.duckdb").resolve()
    path.unlink()
    path.write_bytes(b"<html>")
    with pytest.raises(StoreUnreadable, match="oresight refresh"):
        fetch(tmp_path, "SELECT 1")


def test_relative_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home named from the working directory is found."""
    monkeypatch.chdir(home.parent)
    assert fetch(Path(home.name), "SELECT count(*) FROM items").rows == (("3",),)


def test_freshness_is_readable(home: Path) -> None:
    """What the store knows about itself can be asked too."""
    assert fetch(home, "SELECT max(refreshed_at) FROM base.refreshes").rows == ((NOW.isoformat(),),)
