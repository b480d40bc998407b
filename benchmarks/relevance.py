"""Precision and recall of relevance on tests/data/relevance.jsonl: half of its items only look relevant.

    python benchmarks/relevance.py

A comment inherits the relevance of its thread. Each set is told by itself: the second was written after the first had
been seen. What each reached before anything was mended for it stands in config/gazetteers/RULES.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nlp.evaluation.entities import Count  # noqa: E402
from nlp.gazetteer import load  # noqa: E402
from nlp.mentions import Reader  # noqa: E402
from nlp.scan import relevance  # noqa: E402


def rows() -> list[dict[str, Any]]:
    """The items."""
    lines = (ROOT / "tests" / "data" / "relevance.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def count(items: list[dict[str, Any]], reader: Reader) -> Count:
    """Hits, false alarms and misses; what went wrong is printed."""
    right = {True: 0, False: 0}
    wrong = {True: 0, False: 0}
    for row in items:
        said = relevance(row["text"], row["thread"], reader.find(row["text"]), reader)
        (right if said is row["relevant"] else wrong)[said] += 1
        if said is not row["relevant"]:
            print(f"{row['id']} {'false alarm' if said else 'miss'}: {row['text']} | {row['thread']}")  # noqa: T201
    return Count(hits=right[True], false=wrong[True], missed=wrong[False])


def main() -> None:
    """Print precision and recall of each set."""
    reader, items = Reader(load(ROOT / "config" / "gazetteers")), rows()
    for which in sorted({row["set"] for row in items}):
        part = [row for row in items if row["set"] == which]
        found = count(part, reader)
        print(f"set {which}: {len(part)} items, precision {found.precision:.3f}, recall {found.recall:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
