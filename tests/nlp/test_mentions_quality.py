"""A floor under the quality of mentions; lowered only on purpose."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import pytest

from nlp.evaluation import rivals, sentences
from nlp.evaluation.entities import Count, types
from nlp.gazetteer import load
from nlp.mentions import Reader

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
TRAPS = DATA / "traps-dev.jsonl"
FINGERPRINT = "56348a1f7704f38f"
FLOOR = {"mineral": (0.985, 0.985), "country": (0.985, 0.985)}


@lru_cache(maxsize=1)
def reader() -> Reader:
    """One reader for all tests, as in a process."""
    return Reader(load(ROOT / "config" / "gazetteers"))


def measured(path: Path, find: rivals.Finder) -> dict[str, Count]:
    """Counts by type over the sentences that the rules decide without doubt."""
    rows = sentences.read(path.read_bytes(), path.name).rows
    return types((row, find(row.text)) for row in rows if not row.borderline)


def test_the_floor_is_measured_on_the_same_sentences() -> None:
    """Figures are comparable only over the same corpus."""
    assert hashlib.sha256(TRAPS.read_bytes()).hexdigest()[:16] == FINGERPRINT


def test_precision_and_recall_stay_above_the_floor() -> None:
    """Both types keep the precision and recall they had."""
    found = measured(TRAPS, rivals.rules(reader()))
    for type_, (precision, recall) in FLOOR.items():
        assert (found[type_].precision or 0) >= precision, found
        assert (found[type_].recall or 0) >= recall, found


@pytest.mark.parametrize("name", ["mentions-more.jsonl", "mentions-fresh.jsonl"])
def test_the_other_sets_stay_above_the_floor(name: str) -> None:
    """Sentences written for ambiguities that the first set leaves out are read as well."""
    found = measured(DATA / name, rivals.rules(reader()))
    assert all(min(count.precision or 0, count.recall or 0) >= 0.97 for count in found.values()), found


def test_rules_earn_their_keep() -> None:
    """The rules are at least ten points more precise than a plain matcher over the same forms."""
    ours, theirs = measured(TRAPS, rivals.rules(reader())), measured(TRAPS, rivals.matcher(reader().gazetteer))
    assert all((ours[t].precision or 0) > (theirs[t].precision or 1) + 0.10 for t in ours)
