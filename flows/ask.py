"""`oresight sql`: one read-only question to the published snapshot, in a child process with limits.

query -> history -> storage.query -> table on stdout, or CSV, JSON lines, Parquet to stdout or a file
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from flows import history, show, whole
from flows.errors import UsageError
from flows.settings import Settings
from storage import query

ROWS_ON_A_TERMINAL = 200
ENDINGS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}


def ask(settings: Settings, sql: str, fmt: str | None, out: BinaryIO, output: Path | None, *, now: datetime) -> None:
    """Answer one query, to a file or to `out`; a terminal gets at most 200 rows, a pipe and a file get all.

    Without a format a file has that of its ending, stdout a table. A file is there whole or not at all.

    Raises:
        UsageError: there is no query, no format can be told, or Parquet would go to a terminal.
        storage.errors.StorageError: the query was refused, failed or ran past its limits.
    """
    if not sql.strip():
        raise UsageError('no query given; as in: oresight sql "select count(*) from items"')
    fmt = fmt or (_format_of(output) if output else "table")
    if output and fmt == "table":
        raise UsageError("a table is for reading here; a file takes --format csv, json or parquet")
    if fmt == "parquet" and not output and out.isatty():
        raise UsageError("Parquet is not for a terminal; name a file: oresight sql ... --output answer.parquet")
    history.note(settings.home, sql, now=now)
    if fmt == "table":
        return _table(settings, sql)
    return _stream(settings, sql, fmt, out, output)


def _format_of(output: Path) -> str:
    if output.suffix.lower() not in ENDINGS:
        raise UsageError(f"{output}: say --format, or let the name end in {', '.join(ENDINGS)}")
    return ENDINGS[output.suffix.lower()]


def _stream(settings: Settings, sql: str, fmt: str, out: BinaryIO, output: Path | None) -> None:
    if output is None:
        query.stream(settings.home, sql, fmt=fmt, out=out)  # type: ignore[arg-type]
        return
    with whole.fresh(output) as file:
        rows = query.stream(settings.home, sql, fmt=fmt, out=file)  # type: ignore[arg-type]
    show.say(f"{rows:,} rows in {output}")


def _table(settings: Settings, sql: str) -> None:
    answer = query.fetch(settings.home, sql, max_rows=ROWS_ON_A_TERMINAL if sys.stdout.isatty() else None)
    show.table(answer.columns, answer.rows)
    if answer.truncated:
        show.say(f"only the first {ROWS_ON_A_TERMINAL} rows; `--format csv` or `--output FILE` gives them all")


def tell_history(settings: Settings) -> None:
    """Print what was asked, the newest last."""
    show.table(("at", "query"), history.queries(settings.home))
