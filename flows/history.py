"""What was asked: one line a query in HOME/sql_history.jsonl, for its owner's eyes only. Never an answer.

query -> {"at", "sql"} appended      the newest 1,000 are kept
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

NAME = "sql_history.jsonl"
KEPT, ROOM = 1_000, 1_200
"""Queries kept when the file is cut, and lines it may grow to before that."""


def note(home: Path, sql: str, *, now: datetime) -> None:
    """Append a query; a home that is not there or cannot be written to has no history."""
    line = json.dumps({"at": now.astimezone(UTC).isoformat(timespec="seconds"), "sql": sql.strip()}, ensure_ascii=False)
    with suppress(OSError):
        handle = os.open(home / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (line + "\n").encode("utf-8", "surrogateescape"))  # one write: lines do not mix
        finally:
            os.close(handle)
        _cut(home / NAME)


def queries(home: Path) -> list[tuple[str, str]]:
    """When each query was asked, and the query; the oldest first. A line that cannot be read is left out."""
    try:
        lines = (home / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            found.append((str(entry["at"]), str(entry["sql"])))
    return found[-KEPT:]


def _cut(path: Path) -> None:
    with path.open("rb") as file:
        lines = file.readlines()
    if len(lines) <= ROOM:
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.writelines(lines[-KEPT:])
    fresh.replace(path)
