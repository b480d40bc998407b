"""Lists that people write in TOML: tables of one kind, checked key by key; an error names line and key.

text -> tomllib -> [(Place, table)]      unknown and missing keys, wrong types, names that stand there twice
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flows.errors import UsageError

TYPES = {str: "a string", list: "a list of strings", date: "a date such as 2026-02-04"}


class Place:
    """Where a table stands in its file, so that an error can name the line."""

    def __init__(self, path: Path, lines: Sequence[str], kind: str, index: int, error: type[UsageError]) -> None:
        self.path, self.lines, self._error = path, lines, error
        heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", line)]
        self.start = heads[index] if index < len(heads) else 0
        self.end = heads[index + 1] if index + 1 < len(heads) else len(lines)

    def line(self, key: str, value: str | None = None) -> int:
        """The line of a key, or of one value after it; the table's first where it does not stand there."""
        within = range(self.start + 1, self.end)
        at = next((n for n in within if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", self.lines[n])), self.start)
        if value is not None:
            quoted = (f'"{value}"', f"'{value}'")
            at = next((n for n in range(at, self.end) if any(q in self.lines[n] for q in quoted)), at)
        return at + 1

    def error(self, key: str, message: str, value: str | None = None) -> UsageError:
        """The error that names file, line and key."""
        return self._error(f"{self.path}, line {self.line(key, value)}, key '{key}': {message}")


def tables(
    path: Path, kind: str, keys: Mapping[str, type], required: Sequence[str], error: type[UsageError]
) -> list[tuple[Place, dict[str, Any]]]:
    """The tables [[kind]] of a file, in order, with no other keys than these and all that are required.

    Raises:
        `error`: the file cannot be read, or a key or value of it cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise error(f"{path}: cannot be read: {fault}") from None
    lines = text.splitlines()
    _only(document, kind, lines, path, error)
    found = [(Place(path, lines, kind, at, error), table) for at, table in enumerate(document.get(kind, ()))]
    for place, table in found:
        _checked(place, kind, table, keys, required)
    _unique(found)
    return found


def _only(document: dict[str, Any], kind: str, lines: Sequence[str], path: Path, error: type[UsageError]) -> None:
    for key, value in document.items():
        if key != kind or not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            line = next((n for n, row in enumerate(lines, 1) if re.match(rf"\W*{re.escape(key)}\b", row)), 1)
            raise error(f"{path}, line {line}, key '{key}': only tables written as [[{kind}]] are known")


def _checked(place: Place, kind: str, table: dict[str, Any], keys: Mapping[str, type], required: Sequence[str]) -> None:
    for key, value in table.items():
        if key not in keys:
            raise place.error(key, f"unknown in [[{kind}]]; known are {', '.join(keys)}")
        if type(value) is not keys[key]:  # a date-time is a date, and is not meant
            raise place.error(key, f"must be {TYPES[keys[key]]}")
        entries = value if isinstance(value, list) else [value]
        if any(isinstance(entry, str) and not entry.strip() for entry in entries) or (
            isinstance(value, list) and not all(isinstance(entry, str) for entry in value)
        ):
            raise place.error(key, f"must be {TYPES[keys[key]]}, and nothing in it empty")
    for key in required:
        if key not in table:
            raise place.error(key, f"missing in this [[{kind}]]")


def _unique(found: list[tuple[Place, dict[str, Any]]]) -> None:
    seen: set[str] = set()
    for place, table in found:
        if table["name"] in seen:
            raise place.error("name", f"'{table['name']}' stands there twice", table["name"])
        seen.add(table["name"])
