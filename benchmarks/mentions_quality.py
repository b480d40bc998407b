"""Precision and recall of mentions on tests/data/traps-dev.jsonl, beside a plain case-insensitive matcher.

    python benchmarks/mentions_quality.py [--errors] [FILE]

Each sentence's entities are compared as sets, one type at a time: minerals and countries there, stages and
instruments on tests/data/stages-instruments.jsonl. Borderline sentences are scored apart. The sentences over-represent
traps: the figures serve for regression, not as the accuracy on a day's news.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from nlp.gazetteer import Gazetteer, load  # noqa: E402
from nlp.mentions import Reader  # noqa: E402

Finder = Callable[[str], dict[str, set[str]]]
Row = dict[str, object]
TYPES = {"mineral": "minerals", "country": "countries", "stage": "stages", "instrument": "instruments"}
"""Types of mention and the columns that hold their truth; a file holds two of them."""


def plain(gazetteer: Gazetteer) -> Finder:
    """Every form as a whole word, in any case, longest first."""
    forms: dict[str, set[tuple[str, str]]] = {}
    for form in gazetteer.forms:
        forms.setdefault(form.text.casefold(), set()).add((form.type, form.entity))
    longest = sorted(forms, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)", re.IGNORECASE)

    def find(text: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {t: set() for t in TYPES}
        for match in pattern.finditer(text):
            for type_, entity in forms.get(match.group().casefold(), ()):
                found[type_].add(entity)
        return found

    return find


def ruled(reader: Reader) -> Finder:
    """The product's reader."""

    def find(text: str) -> dict[str, set[str]]:
        mentions = reader.find(text)
        return {t: {m.entity for m in mentions if m.type == t} for t in TYPES}

    return find


def score(rows: list[Row], find: Finder, *, errors: bool = False) -> dict[str, tuple[float, float]]:
    """Precision and recall per type over all sentences' sets; places_extra is not penalised."""
    scores = {}
    for type_, column in ((t, c) for t, c in TYPES.items() if rows and c in rows[0]):
        hits = false = missed = 0
        for row in rows:
            truth, extra = set(row[column]), set(row.get("places_extra") or ())  # type: ignore[call-overload]
            found = find(str(row["text"]))[type_]
            wrong, absent = found - truth - extra, truth - found
            hits, false, missed = hits + len(found & truth), false + len(wrong), missed + len(absent)
            if errors and (wrong or absent):
                print(f"{row.get('id')} {type_} +{sorted(wrong)} -{sorted(absent)}: {row['text']}")  # noqa: T201
        scores[type_] = (hits / (hits + false or 1), hits / (hits + missed or 1))
    return scores


def main() -> None:
    """Print the table."""
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    path = Path(names[0]) if names else ROOT / "tests" / "data" / "traps-dev.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    gazetteer = load(ROOT / "config" / "gazetteers")
    finders = {"rules": ruled(Reader(gazetteer)), "plain matcher": plain(gazetteer)}
    for kind, chosen in (("clear", False), ("borderline", True)):
        part = [r for r in rows if bool(r.get("borderline")) is chosen]
        for name, find in finders.items():
            errors = "--errors" in sys.argv and name == "rules"
            for type_, (precision, recall) in score(part, find, errors=errors).items():
                print(f"{kind:10} {len(part):4} {name:14} {type_:10} P {precision:.3f} R {recall:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
