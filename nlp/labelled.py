"""Labelled texts, read from JSON lines.

    bytes -> lines -> Example | what is wrong with the line -> Sheet

A line is an object with `id`, `text` and `stance`; `context`, `source_kind`, `source`, `confidence` and `document` may
be missing. Where several people labelled a text, `annotators` is an object, name -> label, and without a `stance` the
label that more than half of them gave counts; where there is none, the text has marks but no label.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.encoding import clean
from records import LABELS

NAME = 200
"""Characters of an id, a source, a document or an annotator's name at most."""
CHOICES = {"source_kind": ("news", "social"), "confidence": ("high", "medium", "low")}


class DataError(Exception):
    """A line of labelled texts that cannot be used; the message says why, and mostly names file and line."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text with the stance that people gave it."""

    id: str
    source_kind: str
    context: str | None
    text: str
    stance: str
    source: str  # "authored", or where the text comes from
    confidence: str = "high"  # high, medium, low
    document: str | None = None  # what it is a part of

    @property
    def target(self) -> int:
        """The label's place in LABELS."""
        return LABELS.index(self.stance)

    @property
    def pair(self) -> tuple[str | None, str]:
        """What the model reads."""
        return self.context, self.text

    @property
    def author(self) -> str:
        """Who wrote it: the id's letter for authored texts, the source for the others."""
        return self.id[0] if self.source == "authored" else self.source


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of labelled texts. `marks` holds each line's annotators with their labels, where it names any."""

    name: str
    examples: tuple[Example, ...]
    marks: tuple[Mapping[str, str], ...]
    unsettled: int  # texts whose annotators gave no label a majority
    faults: tuple[str, ...]  # "file, line 3: what is wrong"


def read(path: Path) -> list[Example]:
    """Examples of one file. Raises DataError for a line that is not one."""
    try:
        found = sheet(path.read_bytes(), path.name)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if found.faults:
        raise DataError(found.faults[0])
    return list(found.examples)


def sheet(data: bytes, name: str, source: str = "authored") -> Sheet:
    """Everything that JSON lines hold; `source` is that of the texts that name none. Blank lines are passed over."""
    examples, marks, faults, unsettled = list[Example](), list[Mapping[str, str]](), list[str](), 0
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            example, given = _line(raw, source)
        except DataError as error:
            faults.append(f"{name}, line {number}: {error}")
            continue
        examples.extend([example] if example else [])
        marks.extend([given] if given else [])
        unsettled += example is None
    return Sheet(name, tuple(examples), tuple(marks), unsettled, tuple(faults))


def scored(examples: Iterable[Example]) -> list[Example]:
    """Those whose label counts in a score: not the ones their annotator called a coin toss."""
    return [example for example in examples if example.confidence != "low"]


def _line(raw: bytes, source: str) -> tuple[Example | None, dict[str, str]]:
    """The line's example, None without a label that counts, and its annotators' labels; raises DataError."""
    row = _object(raw)
    marks = _marks(row.get("annotators"))
    stance = _label(row["stance"], "stance") if row.get("stance") is not None else _majority(marks)
    name, text, context = _name(row.get("id"), "id"), row.get("text"), row.get("context")
    if not isinstance(text, str) or not isinstance(context, str | None):
        raise DataError("'text' must be a string, and 'context' a string or null")
    document = row.get("document")
    example = Example(
        id=name,
        source_kind=_choice(row, "source_kind"),
        context=context or None,
        text=text,
        stance=stance or "none",
        source=_name(row.get("source") or source, "source"),
        confidence=_choice(row, "confidence"),
        document=None if document in (None, "") else _name(document, "document"),
    )
    return (example if stance else None), marks


def _object(raw: bytes) -> dict[str, Any]:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        raise DataError("not JSON") from None
    if not isinstance(row, dict):
        raise DataError("not a JSON object")
    return row


def _marks(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise DataError("'annotators' must be an object, name to label")
    return {_name(name, "annotators"): _label(label, "annotators") for name, label in given.items()}


def _majority(marks: Mapping[str, str]) -> str | None:
    if not marks:
        raise DataError("'stance' is missing")
    label, count = Counter(marks.values()).most_common(1)[0]
    return label if 2 * count > len(marks) else None


def _label(value: Any, key: str) -> str:
    if value not in LABELS:
        raise DataError(f"'{key}' must give one of {', '.join(LABELS)}")
    return str(value)


def _choice(row: Mapping[str, Any], key: str) -> str:
    """One of the words that `key` may hold; the first where the line names none."""
    value = CHOICES[key][0] if row.get(key) in (None, "") else row[key]
    if value not in CHOICES[key]:
        raise DataError(f"'{key}' must be {' or '.join(CHOICES[key])}")
    return str(value)


def _name(value: Any, key: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DataError(f"'{key}' must be a string or a number" if value is not None else f"'{key}' is missing")
    name = clean(str(value)).strip()
    if not 0 < len(name) <= NAME:
        raise DataError(f"'{key}' must have 1 to {NAME} characters")
    return name
