"""`oresight evaluate`: the real command with the real model on a few authored texts."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows import evaluate
from flows.settings import ROOT
from nlp import labelled, weights
from nlp.evaluation import baseline
from nlp.training.data import AUTHORED
from records import LABELS
from tests.flows.command import oresight

LINES = AUTHORED.read_text(encoding="utf-8").splitlines()
FEW = LINES[::100]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model with a baseline taught on some of the authored texts, sealed anew."""
    folder = tmp_path_factory.mktemp("model") / "model"
    shutil.copytree(ROOT / "nlp" / "models" / "stance-minilm", folder)
    baseline.save(baseline.fit(labelled.read(AUTHORED)[1::20], seed=1), folder / baseline.FILE)
    files = sorted(path for path in folder.iterdir() if path.name != weights.SUMS)
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / weights.SUMS).write_text("".join(sums))
    return folder


def written(path: Path, *lines: str | dict[str, Any]) -> Path:
    """The lines as a file."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8", errors="surrogatepass")
    return path


@pytest.mark.timeout(200)
def test_a_file_is_measured_beside_the_baseline_and_bad_lines_are_named(tmp_path: Path, model: Path) -> None:
    """Tables on stdout, both reports in the folder, a line on stderr for each bad line, exit 1 for them."""
    rows = [json.loads(line) for line in FEW]
    marked = [row | {"annotators": {"ann": row["stance"], "bob": "none"}} for row in rows]
    low = rows[0] | {"confidence": "low", "source": "\ud800\x1b[31m"}
    file = written(tmp_path / "few.jsonl", *marked, "{broken", low, {"id": "x", "text": "no label"})
    out = tmp_path / "made" / "report"
    home, env = tmp_path / "var", {"ORESIGHT_STANCE_MODEL": str(model)}
    done = oresight("evaluate", str(file), "--output", str(out), home=home, env=env, timeout=180)
    bad, told = f"few.jsonl, line {len(FEW) + 1}: not JSON", done.stderr.decode()
    assert done.returncode == 1
    assert [bad, f"few.jsonl, line {len(FEW) + 3}: 'stance' is missing"] == told.splitlines()[:2]
    assert (out / "report.html").read_text().startswith("<!DOCTYPE html>")
    found = json.loads((out / "report.json").read_text())
    assert (found["texts"]["scored"], found["texts"]["low"], found["texts"]["bad"]) == (len(FEW), 1, 2)
    assert found["figures"]["macro_f1"]["value"] > 0.6
    assert found["baseline"]["accuracy"]["value"] > 0.4
    assert found["baseline_note"].endswith("the model's own 150 texts")
    tables = [block.splitlines() for block in done.stdout.decode().split("\n\n")]
    names = [table[0].split("\t")[0] for table in tables]
    assert {"few.jsonl", "overall", "by label", "context", "by source kind", "annotators"} <= set(names)
    for table in tables:
        assert len({line.count("\t") for line in table}) == 1
    by_label = tables[names.index("by label")]
    assert [line.split("\t")[0] for line in by_label[1:]] == list(LABELS)
    assert [int(line.split("\t")[1]) for line in by_label[1:]] == list(found["texts"]["labels"].values())


def test_train_fits_another_baseline(tmp_path: Path, model: Path) -> None:
    """`--train` wins over the model's own baseline; without `--output` nothing is written; all lines good is exit 0."""
    file, taught = written(tmp_path / "few.jsonl", *FEW[:8]), written(tmp_path / "taught.jsonl", *LINES[1:200:2])
    home, env = tmp_path / "var", {"ORESIGHT_STANCE_MODEL": str(model)}
    done = oresight("evaluate", str(file), "--train", str(taught), home=home, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "100 texts of taught.jsonl" in done.stdout.decode()
    assert {path.name for path in tmp_path.iterdir()} == {"few.jsonl", "taught.jsonl"}


def test_a_model_without_a_baseline_is_said_to_have_none(tmp_path: Path) -> None:
    """A foreign folder is no error: it is measured alone, and the reader learns why and what to do."""
    bag, note = evaluate._bag(tmp_path, None)
    assert bag is None
    assert "--train" in note


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ((), 1, "few.jsonl, line 1: not JSON; no other line can be used either (2 lines)"),
        (("--train", "nowhere.jsonl"), 2, "nowhere.jsonl"),
    ],
)
def test_what_cannot_be_measured_is_told_in_a_line(
    tmp_path: Path, options: tuple[str, ...], code: int, reason: str
) -> None:
    """Nothing usable in FILE, or no file to fit a baseline on: told in the last line, nothing on stdout, no report."""
    written(tmp_path / "few.jsonl", "{broken", "[]")
    done = oresight("evaluate", "few.jsonl", *options, "--output", "out", home=tmp_path / "var")
    assert (done.returncode, done.stdout) == (code, b"")
    assert reason in done.stderr.decode().splitlines()[-1]
    assert code == 2 or len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
