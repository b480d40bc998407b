"""What is trained on, what is only measured on, and what must stay on one side of a split.

    data/*.jsonl, FOLDER/*.jsonl -> Example, ... -> groups that must stay on one side of a split

`data/validation.jsonl` is never trained on: the tests hold every shipped model to it. In a folder of further texts, a
file whose name ends in `-dev.jsonl` is for validation (temperature, threshold, measurement) and is never trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.labelled import DataError, Example, read, scored

__all__ = ["AUTHORED", "WRITTEN", "Corpus", "DataError", "Example", "authors", "corpus", "read", "scored", "threads"]

AUTHORED = Path(__file__).parent / "data" / "authored.jsonl"
WRITTEN = tuple(path for path in sorted(AUTHORED.parent.glob("*.jsonl")) if path.stem != "validation")
"""All texts written for this project to learn from."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is trained on, and what is only measured on."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]


def corpus(folder: Path | None = None) -> Corpus:
    """The authored texts, and those of `folder/*.jsonl` besides; a copy of an authored text there is passed over."""
    train, dev = [example for path in WRITTEN for example in read(path)], list[Example]()
    if folder is not None and not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    known = {example.id for example in train}
    for path in sorted(folder.glob("*.jsonl")) if folder else ():
        rows = [example for example in read(path) if not (example.source == "authored" and example.id in known)]
        (dev if path.stem.endswith("-dev") else train).extend(rows)
    return Corpus(tuple(train), tuple(dev))


def authors(examples: Sequence[Example]) -> list[str]:
    """Group names for a split by author."""
    return [example.author for example in examples]


def threads(examples: Sequence[Example]) -> list[str]:
    """Group names for a split by thread: comments under one title, sets written as contrasts, parts of a document.

    The minimal pairs (author D, and C-0248 to C-0304) count as one thread each.
    """
    return [_thread(example) for example in examples]


def _thread(example: Example) -> str:
    if example.source == "authored" and example.id.startswith("D-"):
        return "pairs D"
    if example.source == "authored" and "C-0248" <= example.id <= "C-0304":
        return "pairs C"
    if example.document:
        return f"document {example.source} {example.document}"
    return f"thread {example.context.split(' || ')[0]}" if example.context else f"text {example.id}"
