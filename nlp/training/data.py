"""Labelled texts, read from JSON lines.

    authored.jsonl, *.jsonl -> Example, ... -> groups that must stay on one side of a split

A file whose name ends in `-dev.jsonl` is for validation (temperature, threshold, measurement) and is never trained on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from records import LABELS

AUTHORED = Path(__file__).parent / "data" / "authored.jsonl"


class DataError(Exception):
    """A line of training data that cannot be used; the message names file and line."""


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
class Corpus:
    """What is trained on, and what is only measured on."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]


def read(path: Path) -> list[Example]:
    """Examples of one JSON-lines file. Raises DataError for a line that is not one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    return [_example(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def _example(line: str, where: str) -> Example:
    try:
        row = json.loads(line)
        example = Example(
            id=str(row["id"]),
            source_kind=str(row.get("source_kind") or "news"),
            context=row.get("context") or None,
            text=row["text"],
            stance=row["stance"],
            source=str(row.get("source") or "authored"),
            confidence=str(row.get("confidence") or "high"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{where}: needs an object with id, text and stance") from error
    if example.stance not in LABELS or not isinstance(example.text, str) or not example.id:
        raise DataError(f"{where}: stance must be one of {', '.join(LABELS)}, and text a string")
    return example


def corpus(folder: Path | None = None) -> Corpus:
    """The authored texts, and those of `folder/*.jsonl` besides; a copy of an authored text there is passed over."""
    train, dev = read(AUTHORED), list[Example]()
    if folder is not None and not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    known = {example.id for example in train}
    for path in sorted(folder.glob("*.jsonl")) if folder else ():
        rows = [example for example in read(path) if not (example.source == "authored" and example.id in known)]
        (dev if path.stem.endswith("-dev") else train).extend(rows)
    return Corpus(tuple(train), tuple(dev))


def scored(examples: Iterable[Example]) -> list[Example]:
    """Those whose label counts in a score: not the ones their annotator called a coin toss."""
    return [example for example in examples if example.confidence != "low"]


def authors(examples: Sequence[Example]) -> list[str]:
    """Group names for a split by author."""
    return [example.author for example in examples]


def threads(examples: Sequence[Example]) -> list[str]:
    """Group names for a split by thread; minimal pairs (author D, and C-0248 to C-0304) count as one thread each."""
    return [_thread(example) for example in examples]


def _thread(example: Example) -> str:
    if example.source == "authored" and example.id.startswith("D-"):
        return "pairs D"
    if example.source == "authored" and "C-0248" <= example.id <= "C-0304":
        return "pairs C"
    return f"thread {example.context}" if example.context else f"text {example.id}"
