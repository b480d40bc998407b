"""Relevance: umbrella terms, hints that other trades share, and threads; a floor under its quality."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from nlp.gazetteer import GazetteerError, load
from nlp.mentions import Reader

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.relevance import count, rows  # noqa: E402

FOLDER = ROOT / "config" / "gazetteers"
READER = Reader(load(FOLDER))


def test_precision_and_recall_stay_above_the_floor() -> None:
    """Both lie above 0.97 over 342 items, half of them near misses."""
    items = rows()
    assert len(items) == 342
    assert sum(row["relevant"] for row in items) == 166
    found = count(items, READER)
    assert min(found.precision or 0, found.recall or 0) >= 0.97, found


@pytest.mark.parametrize(
    ("text", "relevant"),
    [
        ("Critical minerals", True),
        ("crit\u200bical&nbsp;minerals and C\u0301RM", True),
        ("#BatteryMetals", True),
        ("The magnet plant, and who feeds it", True),
        ("a fridge magnet", False),
        ("The stockpile grew", True),
        ("The stockpile of grain grew", False),
        ("raw materials", False),
        ("raw materials from Africa, the commission says", True),
        ("mining law", True),
        ("data mining law", False),
        ("Lithium Americas fell", True),
        ("cobalt blue tiles", False),
        ("", False),
    ],
)
def test_a_hint_counts_unless_another_trade_stands_near(text: str, relevant: bool) -> None:
    """Terms that speak for themselves, hints against or for which their neighbours speak, companies in capitals."""
    assert READER.umbrella(text) is relevant


def test_neighbours_far_away_decide_nothing() -> None:
    """What speaks against a hint does so from near by only."""
    assert READER.umbrella(f"The magnet works. {'We wait. ' * 30} The fridge hums.")


def test_endless_hints_take_linear_time() -> None:
    """A text of nothing but doubtful hints ends after the first hundreds."""
    assert not READER.umbrella("fridge magnet " * 14_000)


def test_a_bad_hint_is_named(tmp_path: Path) -> None:
    """File, line and column of an unknown list of cues."""
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "hints.csv").write_text("term,against,needs\nmagnet,@nowhere,\n")
    where = re.escape(f"{tmp_path / 'hints.csv'}, line 2, column 'against': '@nowhere'")
    with pytest.raises(GazetteerError, match=where):
        load(tmp_path)


def test_items_are_json_with_a_thread_or_none() -> None:
    """Every item has an id of its own, a text, a thread's title or null, and the set it was written for."""
    items = rows()
    assert len({row["id"] for row in items}) == len(items)
    assert all(isinstance(row["thread"], str | None) and row["set"] in (1, 2, 3, 4) for row in items)
    assert json.dumps(items)
