"""Anyone's SQL on the published snapshot, in a child process that can harm nothing.

    sql -> python -m storage.query_child (sealed snapshot, RLIMIT_AS, killed when late) -> Table | CSV, JSON, Parquet

DuckDB's own limits are not enough: its memory limit can be overrun many times over and some queries cannot be
interrupted. What the child writes is kept aside until it is whole, so that a query that fails leaves no half answer.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

from storage import errors
from storage.errors import QueryTooLarge, QueryTooLong
from storage.snapshots import current

Format = Literal["csv", "json", "parquet"]
_ROOT = Path(__file__).resolve().parent.parent
_START_S = 10.0  # what the child may need to start on a busy machine, on top of the query's own time


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use: memory in MB, wall time in seconds."""

    memory_mb: int = 1024
    seconds: float = 30


@dataclass(frozen=True, slots=True)
class Table:
    """An answer for people: cells are text, None for NULL; `truncated` says that there are more rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    truncated: bool


def fetch(home: Path, sql: str, *, max_rows: int | None = 1000, limits: Limits = Limits()) -> Table:
    """The first `max_rows` rows (None: all) of one read-only statement.

    Raises NoSnapshot, StoreUnreadable, QueryRefused, QueryFailed, QueryTooLong, QueryTooLarge.
    """
    with tempfile.TemporaryFile() as spool:
        done = _run(home, sql, "table", spool, max_rows, limits)
        spool.seek(0)
        rows = tuple(tuple(json.loads(line)) for line in spool)
    return Table(tuple(done["columns"]), tuple(done["types"]), rows, done["truncated"])


def stream(
    home: Path, sql: str, *, fmt: Format, out: BinaryIO, max_rows: int | None = None, limits: Limits = Limits()
) -> int:
    """Write the answer of one read-only statement to `out`; returns the number of rows.

    CSV (RFC 4180, with a header, NULL as nothing), JSON lines (one object a row) or one Parquet file. Nothing is
    written unless the whole answer is there. Raises as `fetch`.
    """
    with tempfile.TemporaryFile() as spool:
        done = _run(home, sql, fmt, spool, max_rows, limits)
        spool.seek(0)
        shutil.copyfileobj(spool, out)
    return int(done["rows"])


def _run(home: Path, sql: str, fmt: str, spool: IO[bytes], max_rows: int | None, limits: Limits) -> dict[str, Any]:
    current(home)
    order = {"home": str(home.absolute()), "sql": sql, "fmt": fmt, "max_rows": max_rows, **asdict(limits)}
    # The environment is left behind: it may hold secrets, and a hostile query must find none.
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "TZ": "UTC"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "storage.query_child"],
            input=json.dumps(order).encode(),
            stdout=spool,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=limits.seconds + _START_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _late(limits) from None
    if done.returncode == -signal.SIGALRM:
        raise _late(limits)
    return _answer(done.stderr, limits)


def _answer(told: bytes, limits: Limits) -> dict[str, Any]:
    """The child's last line says how it went; a child that died without one ran out of memory."""
    try:
        answer: dict[str, Any] = json.loads((told.decode(errors="replace").splitlines() or [""])[-1])
    except ValueError:
        raise QueryTooLarge(f"the query needs more than {limits.memory_mb} MB of memory; narrow it") from None
    if "error" in answer:
        raise getattr(errors, answer["error"])(answer["message"])
    return answer


def _late(limits: Limits) -> QueryTooLong:
    return QueryTooLong(f"the query took longer than {limits.seconds:g} s and was ended; narrow it")
