"""A floor under the quality of mentions; lowered only on purpose."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from nlp.gazetteer import load
from nlp.mentions import Reader

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.mentions_quality import plain, ruled, score  # noqa: E402

TRAPS = ROOT / "tests" / "data" / "traps-dev.jsonl"
MORE = ROOT / "tests" / "data" / "mentions-more.jsonl"
FINGERPRINT = "56348a1f7704f38f"
FLOOR = {"mineral": (0.985, 0.985), "country": (0.985, 0.985)}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    """The sentences that the rules decide without doubt."""
    parsed = [json.loads(line) for line in TRAPS.read_text(encoding="utf-8").splitlines()]
    return [row for row in parsed if not row["borderline"]]


def test_the_floor_is_measured_on_the_same_sentences() -> None:
    """Figures are comparable only over the same corpus."""
    assert hashlib.sha256(TRAPS.read_bytes()).hexdigest()[:16] == FINGERPRINT


def test_precision_and_recall_stay_above_the_floor(rows: list[dict[str, object]]) -> None:
    """Both types keep the precision and recall they had."""
    measured = score(rows, ruled(Reader(load(ROOT / "config" / "gazetteers"))))
    for type_, (precision, recall) in FLOOR.items():
        assert measured[type_][0] >= precision, measured
        assert measured[type_][1] >= recall, measured


def test_the_second_set_stays_above_the_floor() -> None:
    """Sentences written for ambiguities that the first set leaves out are read as well."""
    rows = [json.loads(line) for line in MORE.read_text(encoding="utf-8").splitlines()]
    measured = score(rows, ruled(Reader(load(ROOT / "config" / "gazetteers"))))
    assert all(min(figures) >= 0.97 for figures in measured.values()), measured


def test_rules_earn_their_keep(rows: list[dict[str, object]]) -> None:
    """The rules are at least ten points more precise than a plain matcher over the same forms."""
    gazetteer = load(ROOT / "config" / "gazetteers")
    ours, theirs = score(rows, ruled(Reader(gazetteer))), score(rows, plain(gazetteer))
    assert all(ours[t][0] > theirs[t][0] + 0.10 for t in ours)
