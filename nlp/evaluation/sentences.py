"""Sentences with the entities that people found in them, read from JSON lines.

    bytes -> lines -> Sentence | what is wrong with the line -> Sentences

A line is an object with `text` and at least one of `minerals`, `countries`, `stages`, `instruments`: a list of names
each. `id`, `borderline` (rules do not decide it: scored apart) and `places_extra` (countries that may be named or not)
may be missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

COLUMNS: Final = {"mineral": "minerals", "country": "countries", "stage": "stages", "instrument": "instruments"}


class LineError(Exception):
    """A line that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One text and its entities, by type; a type that nobody looked for is not there."""

    id: str
    text: str
    entities: dict[str, frozenset[str]]
    spare: frozenset[str] = frozenset()  # countries that are neither missed nor false
    borderline: bool = False


@dataclass(frozen=True, slots=True)
class Sentences:
    """A file of them."""

    name: str
    rows: tuple[Sentence, ...]
    faults: tuple[str, ...]  # "file, line 3: what is wrong"


def read(data: bytes, name: str) -> Sentences:
    """Everything that JSON lines hold. A name that no gazetteer has is not a fault: it will be a miss."""
    found, faults = list[Sentence](), list[str]()
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if raw.strip():
            try:
                found.append(_sentence(raw, number))
            except LineError as error:
                faults.append(f"{name}, line {number}: {error}")
    return Sentences(name, tuple(found), tuple(faults))


def _sentence(raw: bytes, number: int) -> Sentence:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        raise LineError("not JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise LineError("'text' is missing" if isinstance(row, dict) else "not a JSON object")
    entities = {type_: _names(row, column) for type_, column in COLUMNS.items() if column in row}
    if not entities:
        raise LineError(f"none of {', '.join(COLUMNS.values())} is there")
    spare = _names(row, "places_extra") if row.get("places_extra") else frozenset()
    return Sentence(str(row.get("id", number)), row["text"], entities, spare, bool(row.get("borderline")))


def _names(row: dict[str, Any], column: str) -> frozenset[str]:
    value = row[column]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise LineError(f"'{column}' must be a list of names")
    return frozenset(value)
