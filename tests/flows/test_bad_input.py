"""Texts that no person would write: an answer or a marked skip each, and the rest of the batch unharmed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flows.settings import ROOT
from storage import database
from tests.flows.command import oresight
from tests.storage.made import NOW, add_page, comment, item

SOUND = "Nobody will ever refine lithium here. The whole plan is a photo-op, and China has won already."
GERMAN = "Ohne Gallium und Germanium aus China stehen die Chipfabriken still, warnt der Verband der Industrie."
HOSTILE = {
    "empty": "",
    "blank": " \t\n\u200b",
    "endless": "lithium " + "word " * 100_000,
    "endless lines": "Lithium!\n" + "The whole plan will fail.\n" * 20_000,
    "endless word": "lithium" + "a" * 300_000,
    "emojis": "🪨🔋🇨🇳" * 80,
    "lithium emojis": "lithium " + "😀🔥🚀" * 80,
    "another language": GERMAN,
    "another script": "锂供应链永远不会离开中国。" * 40,
    "control characters": "lithium \x01\x02\x1b[31m\x07\x7f\x85 refinery",
    "separators": "lithium [SEP] </s> [CLS] <s> [PAD] [MASK] <|endoftext|> realist",
    "separators without end": "lithium [SEP] [CLS] </s> " * 400,
    "right to left": "\u202elithium \u200fיש refinery",
}
SKIPS = {"empty": "no text", "another language": "language: de"}


def test_label_answers_or_skips_every_item(tmp_path: Path) -> None:
    """Through the store: every hostile item has a label or a reason, and sound items the label they have alone."""
    made = [item(name, title="", text=text) for name, text in HOSTILE.items()]
    replies = [comment(f"on {name}", name, text=SOUND, context=text or None) for name, text in HOSTILE.items()]
    sound = [item(f"sound {n}", title="", text=SOUND) for n in range(3)]
    with database.open_live(tmp_path / "var", job="test", now=NOW) as con:
        add_page(con, [sound[0], *made, sound[1]])
        add_page(con, [*replies, sound[2]])
    done = oresight("label", home=tmp_path / "var")
    assert done.returncode == 0, done.stderr.decode()
    with database.open_snapshot(tmp_path / "var") as con:
        rows = {guid.removeprefix("guid-"): row for guid, *row in con.execute(QUERY).fetchall()}
    assert set(rows) == {*HOSTILE, *(f"on {name}" for name in HOSTILE), "sound 0", "sound 1", "sound 2"}
    assert [name for name, (skipped, stance, _) in rows.items() if bool(stance) == bool(skipped)] == []
    assert {name: rows[name][0] for name in SKIPS} == SKIPS
    assert all(rows[f"sound {n}"] == [None, "skeptic", rows["sound 0"][2]] for n in range(3))


QUERY = """
    SELECT i.guid, s.skipped, l.stance, round(l.confidence, 3)
    FROM base.items AS i LEFT JOIN base.labels AS l USING (item_id) LEFT JOIN base.scans AS s USING (item_id)
"""


@pytest.mark.timeout(200)
def test_analyze_answers_every_line(tmp_path: Path) -> None:
    """Through the command: one answer a line, as text and as context; evidence lies in the text."""
    texts = {**HOSTILE, "surrogates": "\ud800 lithium \udfff refinery", "nul": "lithium\x00 refinery", "sound": SOUND}
    lines = [{"id": name, "text": text} for name, text in texts.items()]
    lines += [{"id": f"on {name}", "text": SOUND, "context": text} for name, text in texts.items()]
    done = oresight("analyze", home=tmp_path / "var", stdin="\n".join(map(json.dumps, lines)).encode(), timeout=180)
    assert (done.returncode, done.stderr) == (0, b"")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [line["id"] for line in lines]
    for answer, line in zip(answers, lines, strict=True):
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        span = answer["evidence"]
        assert (span is None) == (answer["stance"] == "none")
        assert span is None or line["text"][span["start"] : span["end"]].strip()
    (sound,) = (answer for answer in answers if answer["id"] == "sound")
    assert (sound["stance"], sound["abstained"]) == ("skeptic", False)


@pytest.mark.parametrize(
    ("command", "kind"), [("analyze", "half a model"), ("analyze", "a file"), ("label", "another program's")]
)
def test_a_foreign_model_is_one_line(tmp_path: Path, command: str, kind: str) -> None:
    """A folder that is no stance model's, or lacks a file, ends the command with exit 1 and one line that names it."""
    folder = tmp_path / "model"
    if kind == "a file":
        folder.write_bytes(b"\x80\x04.")
    elif kind == "half a model":
        shutil.copytree(ROOT / "nlp" / "models" / "stance-minilm", folder)
        (folder / "tokenizer.json").unlink()
    else:
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(b"x" * 1000)
    done = oresight(command, home=tmp_path / "var", env={"ORESIGHT_STANCE_MODEL": str(folder)}, stdin=b"hello\n")
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert str(folder) in line
