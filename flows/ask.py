"""`oresight sql`: one read-only question to the published snapshot, in a child process with limits.

query -> storage.query -> table on stdout, or CSV, JSON lines, Parquet
"""

from __future__ import annotations

import sys
from typing import BinaryIO

from flows import show
from flows.errors import UsageError
from flows.settings import Settings
from storage import query

ROWS_ON_A_TERMINAL = 200


def ask(settings: Settings, sql: str, fmt: str, out: BinaryIO) -> None:
    """Answer one query; a terminal gets at most 200 rows, a pipe gets all.

    Raises:
        UsageError: there is no query, or Parquet would go to a terminal.
        storage.errors.StorageError: the query was refused, failed or ran past its limits.
    """
    if not sql.strip():
        raise UsageError('no query given; as in: oresight sql "select count(*) from items"')
    if fmt == "table":
        return _table(settings, sql)
    if fmt == "parquet" and out.isatty():
        raise UsageError("Parquet is not for a terminal; send it to a file: oresight sql ... > answer.parquet")
    query.stream(settings.home, sql, fmt=fmt, out=out)  # type: ignore[arg-type]
    return None


def _table(settings: Settings, sql: str) -> None:
    answer = query.fetch(settings.home, sql, max_rows=ROWS_ON_A_TERMINAL if sys.stdout.isatty() else None)
    show.table(answer.columns, answer.rows)
    if answer.truncated:
        show.say(f"only the first {ROWS_ON_A_TERMINAL} rows; `--format csv` gives them all")
