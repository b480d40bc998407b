"""Files that people write, row by row; what is wrong is named by file, line and column.

CSV   -> rows()    -> (Place, {column: cell}), ...
lines -> phrases() -> 'swiss (cheese|roll)' as two phrases; what follows # is a remark
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path


class GazetteerError(Exception):
    """A gazetteer cannot be used; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    path: Path
    line: int

    def error(self, column: str, problem: str) -> GazetteerError:
        """The error that names file, line and column."""
        return GazetteerError(f"{self.path}, line {self.line}, column {column!r}: {problem}")

    def one_of(self, row: dict[str, str], column: str, allowed: tuple[str, ...]) -> str:
        """A cell that must be one of these. Raises GazetteerError."""
        if row[column] not in allowed:
            raise self.error(column, f"{row[column]!r} is none of {', '.join(filter(None, allowed))}")
        return row[column]

    def list(self, row: dict[str, str], column: str) -> tuple[str, ...]:
        """A cell of entries between semicolons. Raises GazetteerError."""
        entries = tuple(part.strip() for part in row[column].split(";")) if row[column].strip() else ()
        if not all(entries):
            raise self.error(column, "an empty entry between two semicolons")
        if unusable := next((e for e in entries if not any(c.isalnum() for c in e)), None):
            raise self.error(column, f"{unusable!r} holds no letter or digit")
        return entries


@dataclass(frozen=True, slots=True)
class Owner:
    """A row's name, and the phrases, folded, that it calls ambiguous."""

    name: str
    says: frozenset[str]


class Claims:
    """Which row has which phrase of one file: two may share one only where both say so."""

    def __init__(self) -> None:
        self._held: dict[str, Owner] = {}

    def take(self, place: Place, column: str, text: str, phrase: str, owner: Owner) -> None:
        """`phrase` is `text` folded. Raises GazetteerError where another row has it and either is silent on that."""
        other = self._held.setdefault(phrase, owner)
        if other.name != owner.name and phrase not in owner.says & other.says:
            shared = f"{text!r} is {other.name!r} already; name it under 'ambiguous' in both rows to share"
            raise place.error(column, shared)


def rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[Place, dict[str, str]]]:
    """The rows of a CSV file under exactly these columns. Raises GazetteerError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = tuple(next(reader, ()))
            if header != columns:
                wrong = next((c for c in columns if c not in header), "order of columns")
                raise Place(path, 1).error(wrong, f"expected the columns {','.join(columns)}")
            for cells in reader:
                place = Place(path, reader.line_num)
                if len(cells) != len(columns):
                    near = columns[min(len(cells), len(columns) - 1)]
                    raise place.error(near, f"{len(cells)} cells where {len(columns)} are due")
                yield place, {c: cell.strip() for c, cell in zip(columns, cells, strict=True)}
    except UnicodeDecodeError as error:
        raise GazetteerError(f"{path}, byte {error.start}: not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise Place(path, reader.line_num).error(columns[0], f"not a CSV row: {error}") from error


def first(place: Place, row: dict[str, str], column: str, seen: set[str]) -> str:
    """The cell that names a row: filled, and no second row's. Raises GazetteerError."""
    if not row[column]:
        raise place.error(column, "empty")
    if row[column] in seen:
        raise place.error(column, f"{row[column]!r} has a row already")
    seen.add(row[column])
    return row[column]


def phrases(path: Path) -> Iterator[str]:
    """The phrases of a file, one or more a line. Raises GazetteerError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise GazetteerError(f"{path}, byte {error.start}: not UTF-8; save the file as UTF-8") from error
    for number, line in enumerate(lines, 1):
        phrase = line.partition("#")[0].strip()
        if phrase.count("(") != phrase.count(")"):
            raise Place(path, number).error("phrase", "a bracket is open")
        yield from expand(phrase) if phrase else ()


def expand(phrase: str) -> Iterator[str]:
    """'swiss (cheese|roll)' -> 'swiss cheese', 'swiss roll'."""
    parts = [part.split("|") for part in re.split(r"[()]", phrase)]
    for choice in product(*parts):
        yield " ".join("".join(choice).split())
