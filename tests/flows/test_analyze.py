"""`oresight analyze`: one answer for every line, in order, whatever the line holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.analyze import encode, looks_like_json, tell
from flows.cli import _exit_code
from nlp.gazetteer import GazetteerError
from records import LABELS
from tests.flows.command import oresight

KEYS = {
    "id", "stance", "abstained", "confidence", "probabilities", "relevant", "language", "mentions", "minerals",
    "countries", "evidence", "model",
}  # fmt: skip
TEXT = "Japan and Australia will refine gallium together; it is worth building the whole chain with partners."


def analyze(stdin: bytes, *args: str, home: Path) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, answers, stderr."""
    done = oresight("analyze", *args, home=home, stdin=stdin)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def test_every_field_is_there_and_means_what_it_says(tmp_path: Path) -> None:
    """The answer holds the promised fields; spans are found in the text; probabilities sum to one."""
    line = json.dumps({"id": "x7", "text": TEXT, "context": None, "source_kind": "news"}).encode()
    code, (answer,), _ = analyze(line, home=tmp_path)
    assert code == 0
    assert set(answer) == KEYS
    assert answer["id"] == "x7"
    assert set(answer["probabilities"]) == set(LABELS)
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert answer["stance"] == max(answer["probabilities"], key=answer["probabilities"].get)
    assert answer["minerals"] == ["gallium"]
    assert answer["countries"] == ["JPN", "AUS"]
    assert all(TEXT[m["start"] : m["end"]] == m["surface"] for m in answer["mentions"])
    assert answer["relevant"]
    assert answer["language"] == "en"


def test_plain_text_is_one_text_a_line(tmp_path: Path) -> None:
    """Plain lines are numbered; an empty line has an answer too."""
    code, answers, _ = analyze(b"Who will refine the dysprosium?\n\nNobody.\n", home=tmp_path)
    assert code == 0
    assert [a["id"] for a in answers] == [1, 2, 3]
    assert answers[0]["minerals"] == ["dysprosium"]


def test_a_bad_line_answers_in_its_place(tmp_path: Path) -> None:
    """Bad lines give an error in their place and exit 1; the others are answered."""
    lines = [
        b'{"id": 1, "text": "Lithium prices fell."}',
        b"{broken",
        b'{"id": 3}',
        b'{"id": 4, "text": 5}',
        b'{"id": 5, "text": "ok", "context": ["no"]}',
        b'{"id": 6, "text": "ok", "source_kind": "radio"}',
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
        b'{"id": {"any": "thing"}, "text": "The cobalt refinery waits for its permit."}',
    ]
    code, answers, told = analyze(b"\n".join(lines) + b"\n", home=tmp_path)
    assert code == 1
    assert [("error" in a) for a in answers] == [False, *[True] * 8, False]
    assert [a["id"] for a in answers] == [1, 2, 3, 4, 5, 6, 7, 8, 9, {"any": "thing"}]
    assert set(answers[2]) == {"id", "error"}
    assert "8 lines could not be read" in told


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    """`--output` writes the answers to a file, and FILE reads them from one."""
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": TEXT}) + "\n")
    code, answers, _ = analyze(b"", str(tmp_path / "in.jsonl"), "--output", str(tmp_path / "out.jsonl"), home=tmp_path)
    assert (code, answers) == (0, [])
    assert set(json.loads((tmp_path / "out.jsonl").read_text())) == KEYS


@pytest.mark.parametrize(
    ("lines", "json_lines"),
    [([b'{"a": 1}', b"{b", b"c"], True), ([b"hello", b"{x", b"there"], False), ([], False), ([b" \n"], False)],
)
def test_json_lines_are_told_from_plain_text(lines: list[bytes], json_lines: bool) -> None:
    """Most lines decide."""
    assert looks_like_json(lines) is json_lines


def test_a_lone_surrogate_leaves_as_an_escape() -> None:
    """What came in as an escape goes out as one, and is JSON."""
    assert json.loads(encode({"surface": "\ud800x"})) == {"surface": "\ud800x"}


def test_explain_tells_what_counts_and_what_does_not(tmp_path: Path) -> None:
    """`--explain` adds every candidate with offsets, verdict, rule and reason; bad lines have none."""
    text = "Chad will lead the talks on Chile's lithium mine, not on tin foil."
    lines = json.dumps({"text": text}).encode() + b"\n{broken\n" + json.dumps({"text": "Nothing."}).encode()
    code, answers, _ = analyze(lines, "--explain", home=tmp_path)
    assert code == 1
    assert set(answers[0]) == KEYS | {"candidates"}
    told = answers[0]["candidates"]
    assert set(told[0]) == {"start", "end", "surface", "type", "entity", "accepted", "rule", "reason"}
    assert all(text[c["start"] : c["end"]] == c["surface"] for c in told)
    counts = {c["surface"]: c["accepted"] for c in told if c["type"] in ("mineral", "country")}
    assert counts == {"Chad": False, "lead": False, "Chile": True, "lithium": True, "tin": False}
    assert [m["rule"] for m in answers[0]["mentions"]] == [f"{c['rule']} {c['reason']}" for c in told if c["accepted"]]
    assert "candidates" not in answers[1]
    assert answers[2]["candidates"] == []


def test_a_person_is_told_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The candidates of an answer as rows, the error of a bad line on stderr."""
    row = {"start": 0, "end": 4, "surface": "Chad", "type": "country", "entity": "TCD", "accepted": False}
    told = [row | {"rule": "C2", "reason": "no"}]
    tell({"id": 1, "stance": "none", "confidence": 0.9, "relevant": False, "candidates": told})
    tell({"id": 2, "error": "line 2 is not JSON"})
    out, errors = capsys.readouterr()
    assert "0-4\tChad\tcountry\tTCD\tno\tC2\tno" in out
    assert errors == "2: line 2 is not JSON\n"


def test_a_bad_row_of_a_gazetteer_is_wrong_use() -> None:
    """People wrote it, people can put it right: exit 2."""
    assert _exit_code(GazetteerError("minerals.csv, line 3, column 'kind': empty")) == 2
