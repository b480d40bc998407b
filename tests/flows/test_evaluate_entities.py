"""`oresight evaluate --entities`: the real command on a few sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flows.command import oresight

LINES = [
    {"id": "x1", "text": "Chile and Peru mine copper.", "minerals": ["copper"], "countries": ["CHL", "PER"]},
    {"id": "x2", "text": "The critics split over kryptonite.", "minerals": ["kryptonite"], "countries": []},
]


def written(path: Path, *lines: str) -> Path:
    """The lines as a file."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_sentences_are_measured_beside_others_and_every_fault_is_listed(tmp_path: Path) -> None:
    """Tables on stdout, both files in the folder, a line on stderr for a bad line, exit 1 for it."""
    file = written(tmp_path / "few.jsonl", *map(json.dumps, LINES), "{broken")
    out = tmp_path / "made" / "report"
    done = oresight("evaluate", "--entities", str(file), "--output", str(out), home=tmp_path / "var")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[0] == "few.jsonl, line 3: not JSON"
    found = json.loads((out / "entities.json").read_text())
    assert found["clear"]["rules"]["country"] | {"f1": 1.0} == found["clear"]["rules"]["country"]
    assert set(found["clear"]) == {"rules", "matcher", "spaCy's names"}
    assert (out / "entities.html").read_text().startswith("<!DOCTYPE html>")
    tables = [block.splitlines() for block in done.stdout.decode().split("\n\n")]
    assert [t[0].split("\t")[0] for t in tables] == ["few.jsonl", "by type", "by entity", "misses and false alarms"]
    assert tables[-1][1].split("\t") == ["x2", "miss", "mineral", "kryptonite", "", LINES[1]["text"]]
    for table in tables:
        assert len({line.count("\t") for line in table}) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ((), 2, "give either FILE"),
        (("few.jsonl", "--entities", "few.jsonl"), 2, "give either FILE"),
        (("--entities", "few.jsonl", "--train", "few.jsonl"), 2, "give either FILE"),
        (("--entities", "few.jsonl"), 1, "no sentence in it can be scored"),
        (("--entities", "nowhere.jsonl"), 2, "nowhere.jsonl"),
    ],
)
def test_wrong_use_is_told_in_a_line(tmp_path: Path, arguments: tuple[str, ...], code: int, reason: str) -> None:
    """Neither or both files, or nothing to score: one reason, nothing on stdout."""
    written(tmp_path / "few.jsonl", "[]")
    done = oresight("evaluate", *arguments, home=tmp_path / "var")
    assert (done.returncode, done.stdout) == (code, b"")
    assert reason in done.stderr.decode().splitlines()[-1]
