"""One query in a process of its own; run as `python -m storage.query_child` by `storage.query`.

    order (JSON on stdin) -> sealed snapshot -> rows on stdout, one JSON line about them on stderr

The process ends itself when its time is up (an alarm needs no cooperation from DuckDB), cannot grow past its memory
and cannot outlive a parent that was killed by more than its time.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import duckdb

from storage.database import open_snapshot
from storage.errors import QueryFailed, QueryRefused, QueryTooLarge, StorageError, first_line

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_SETS = frozenset(
    {"CHECKPOINT", "FORCE_CHECKPOINT", "ENABLE_LOGGING", "DISABLE_LOGGING", "ENABLE_PROFILING", "DISABLE_PROFILING",
     "TRUNCATE_DUCKDB_LOGS"}
)  # fmt: skip
"""Functions that do rather than read, by the names that they have in a plan."""
_SPILLED = 4 << 30  # bytes that an answer may have
_BATCH = 1000
_FORBIDDEN = (
    "file system operations are disabled",
    "configuration has been locked",
    "read-only",
    "extensions is disabled",
)


def main() -> None:
    """Run the order and end the process; hostile queries can leave DuckDB in no state to be closed."""
    order = json.load(sys.stdin)
    _limit(order["memory_mb"], order["seconds"])
    try:
        _leave(_answer(order), 0)
    except StorageError as error:
        _fail(error)
    except MemoryError:
        _fail(_too_large(order))
    except OSError as error:
        _fail(QueryTooLarge(f"the answer cannot be written ({error.strerror}); narrow the query"))


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    with open_snapshot(Path(order["home"]), memory_mb=order["memory_mb"] * 3 // 4, threads=2) as con:
        try:
            relation = con.sql(_checked(con, order["sql"]))
            told = {"columns": relation.columns, "types": [str(t) for t in relation.types]}
            return told | WRITERS[order["fmt"]](relation, order["max_rows"])
        except duckdb.OutOfMemoryException:
            raise _too_large(order) from None
        except (duckdb.Error, RuntimeError) as error:
            raise _explained(error, order) from None


def _checked(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """One statement that reads; a courtesy, for the sealed connection is the guard."""
    if "\0" in sql:  # DuckDB would read no further, and answer half of the query
        raise QueryFailed("there is a NUL character in this query")
    statements = con.extract_statements(sql)
    if not statements:
        raise QueryFailed("there is no statement in this query")
    if len(statements) != 1:
        raise QueryRefused(f"one statement at a time, and this is {len(statements)}: run each by itself")
    if statements[0].type not in _READS:
        kind = statements[0].type.name.replace("_", " ")
        raise QueryRefused(f"{kind} is refused: the snapshot is read-only, only SELECT, SHOW, DESCRIBE and EXPLAIN run")
    if _sets(con, statements[0]):
        raise QueryRefused("settings are locked: only SELECT, SHOW, DESCRIBE and EXPLAIN run")
    return sql


def _sets(con: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Whether it calls a function that changes how DuckDB works, under whatever name: the plan tells.

    A log file that it may not write makes DuckDB abort when it is closed.
    """
    if statement.type == duckdb.StatementType.EXPLAIN:
        return any(name.lower() in statement.query.lower() for name in _SETS)
    try:
        plan = con.execute(f"EXPLAIN (FORMAT json) {statement.query}").fetchall()[0][1]
        return not _SETS.isdisjoint(re.findall(r'^ *"name": "(\w+)",?$', plan, re.MULTILINE))
    except duckdb.ParserException:  # SHOW and its like have no plan
        return False


def _explained(error: Exception, order: dict[str, Any]) -> StorageError:
    text = first_line(error)
    if any(words in text.lower() for words in ("bad_alloc", "out of memory", "failed to allocate")):
        return _too_large(order)
    if any(words in text.lower() for words in _FORBIDDEN):
        return QueryRefused(f"refused: files, network, settings and writes are closed to queries ({text})")
    return QueryFailed(text)


def _too_large(order: dict[str, Any]) -> QueryTooLarge:
    return QueryTooLarge(f"the query needs more than {order['memory_mb']} MB of memory; narrow it")


def _batches(relation: duckdb.DuckDBPyRelation, max_rows: int | None) -> Iterator[list[tuple[Any, ...]]]:
    left = math.inf if max_rows is None else max_rows
    while left > 0 and (rows := relation.fetchmany(int(min(left, _BATCH)))):
        left -= len(rows)
        yield rows


def _write_table(relation: duckdb.DuckDBPyRelation, max_rows: int | None) -> dict[str, Any]:
    number = 0
    for rows in _batches(relation, max_rows):
        number += len(rows)
        for row in rows:
            sys.stdout.write(json.dumps([_text(cell) for cell in row], ensure_ascii=False) + "\n")
    more = max_rows is not None and number >= max_rows and bool(relation.fetchmany(1))
    return {"rows": number, "truncated": more}


def _write_json(relation: duckdb.DuckDBPyRelation, max_rows: int | None) -> dict[str, Any]:
    number = 0
    for rows in _batches(relation, max_rows):
        number += len(rows)
        for row in rows:
            named = dict(zip(relation.columns, map(_plain, row), strict=True))
            sys.stdout.write(json.dumps(named, ensure_ascii=False, allow_nan=False) + "\n")
    return {"rows": number}


def _write_csv(relation: duckdb.DuckDBPyRelation, max_rows: int | None) -> dict[str, Any]:
    number = 0
    writer = csv.writer(sys.stdout)
    writer.writerow(relation.columns)
    for rows in _batches(relation, max_rows):
        number += len(rows)
        writer.writerows([_text(cell) for cell in row] for row in rows)
    return {"rows": number}


def _write_parquet(relation: duckdb.DuckDBPyRelation, max_rows: int | None) -> dict[str, Any]:
    import pyarrow.parquet as pq  # noqa: PLC0415  heavy, and only one format needs it

    number = 0
    reader = (relation if max_rows is None else relation.limit(max_rows)).to_arrow_reader(64 * _BATCH)
    with pq.ParquetWriter(sys.stdout.buffer, reader.schema, compression="zstd") as writer:
        for batch in reader:
            number += batch.num_rows
            writer.write_batch(batch)
    return {"rows": number}


WRITERS: dict[str, Callable[[duckdb.DuckDBPyRelation, int | None], dict[str, Any]]] = {
    "table": _write_table,
    "json": _write_json,
    "csv": _write_csv,
    "parquet": _write_parquet,
}


def _plain(value: Any) -> Any:
    """A value as JSON has it: instants in ISO 8601, whole decimals as numbers, NaN and infinity as null."""
    if isinstance(value, dict):
        return {str(key): _plain(cell) for key, cell in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(cell) for cell in value]
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else _written(value)


def _written(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


def _text(value: Any) -> str | None:
    plain = _plain(value)
    if plain is None or isinstance(plain, str):
        return plain
    return json.dumps(plain, ensure_ascii=False)


def _limit(memory_mb: int, seconds: float) -> None:
    bytes_allowed = memory_mb << 20
    resource.setrlimit(resource.RLIMIT_AS, (bytes_allowed, bytes_allowed))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_SPILLED, _SPILLED))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _fail(error: StorageError) -> NoReturn:
    _leave({"error": type(error).__name__, "message": str(error)}, 1)


def _leave(told: dict[str, Any], status: int) -> NoReturn:
    if status == 0:
        sys.stdout.flush()
    sys.stderr.write("\n" + json.dumps(told) + "\n")
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", errors="surrogateescape")
    main()
