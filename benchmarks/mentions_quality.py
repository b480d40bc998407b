"""Precision and recall of mentions, beside a plain case-insensitive matcher and spaCy's names: all figures told.

    python benchmarks/mentions_quality.py [FILE ...]

Without FILE: the sentences in tests/data/. They over-represent traps: the figures serve for regression, not as the
accuracy on a day's news. `oresight evaluate --entities FILE` tells the same with every fault.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nlp.evaluation import entities, entities_page, rivals, sentences  # noqa: E402
from nlp.evaluation.tables import worded  # noqa: E402
from nlp.gazetteer import load  # noqa: E402
from nlp.mentions import Reader  # noqa: E402
from nlp.pipeline import pipeline  # noqa: E402

FILES = ("traps-dev.jsonl", "mentions-more.jsonl", "mentions-fresh.jsonl", "stages-instruments.jsonl")


def main() -> None:
    """Print the tables by type."""
    gazetteer = load(ROOT / "config" / "gazetteers")
    reader = Reader(gazetteer)
    finders = {
        entities.OURS: rivals.rules(reader),
        "matcher": rivals.matcher(gazetteer),
        "spaCy's names": rivals.named_entities(gazetteer, pipeline()),
    }
    for path in map(Path, sys.argv[1:] or [str(ROOT / "tests" / "data" / name) for name in FILES]):
        found = entities.evaluate(sentences.read(path.read_bytes(), path.name), reader, finders)
        print(f"{path.name}: {found.scored} sentences, {found.borderline} borderline")  # noqa: T201
        told = entities_page.tables(found)
        for table in (told[key] for key in ("types", "borderline") if key in told):
            for row in (table.columns, *table.rows):
                print("  ".join(f"{worded(cell):14}" for cell in row))  # noqa: T201


if __name__ == "__main__":
    main()
