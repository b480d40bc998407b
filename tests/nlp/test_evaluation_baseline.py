"""The bag of words: fitted, rounded, written, and read again only when it is what was written."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlp import labelled, stance, weights
from nlp.evaluation import baseline, measure
from nlp.training.data import AUTHORED

SHIPPED = Path(stance.__file__).parent / "models" / "stance-minilm"
TEXTS = labelled.read(AUTHORED)[::12]
KNOWN, ASKED = TEXTS[::2], TEXTS[1::2]


@pytest.fixture(scope="module")
def bag() -> baseline.Bag:
    """A bag fitted on a few of the authored texts."""
    return baseline.fit(KNOWN, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, bag: baseline.Bag) -> Path:
    """A copy of the shipped model with a baseline, sealed."""
    copy = tmp_path_factory.mktemp("model") / "model"
    shutil.copytree(SHIPPED, copy)
    baseline.save(bag, copy / baseline.FILE)
    return seal(copy)


def seal(folder: Path) -> Path:
    """SHA256SUMS over every file of the folder."""
    files = sorted(path for path in folder.iterdir() if path.name != weights.SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / weights.SUMS).write_text("".join(lines))
    return folder


def test_it_learns_more_than_the_commonest_label(bag: baseline.Bag) -> None:
    """On unseen texts it beats guessing; its rows are probabilities."""
    found = bag.answers(ASKED)
    right = measure.scores(found, measure.targets_of(ASKED))["macro_f1"]
    assert np.allclose(found.sum(axis=1), 1)
    assert right > 0.4
    assert measure.scores(bag.answers(KNOWN), measure.targets_of(KNOWN))["accuracy"] > 0.95


def test_same_texts_same_numbers(bag: baseline.Bag) -> None:
    """Fitting again gives the same arrays, all of them fp16."""
    again = baseline.fit(KNOWN, seed=1)
    for name in ("idf", "weights", "intercepts"):
        assert getattr(bag, name).dtype == np.float16
        assert np.array_equal(getattr(bag, name), getattr(again, name))


def test_words_seen_once_weigh_nothing() -> None:
    """What only a single text holds leaves no weight behind."""
    texts = [replace(KNOWN[0], text=f"{KNOWN[0].text} zyxwvut"), *KNOWN[1:40]]
    of_it = baseline._counts([replace(KNOWN[0], text="zyxwvut", context=None)]).indices
    alone = np.setdiff1d(of_it, baseline._counts(KNOWN[:40]).indices)
    assert len(alone)
    assert not baseline.fit(texts, seed=1).weights[:, alone].any()


def test_context_counts_apart_from_text(bag: baseline.Bag) -> None:
    """The same words as context and as text are different features."""
    one, other = replace(KNOWN[0], text="permit", context=None), replace(KNOWN[0], text="", context="permit")
    assert not np.allclose(bag.answers([one]), bag.answers([other]))


@pytest.mark.parametrize("labels", [("realist", "none"), ("skeptic", "none", "realist")])
def test_a_label_never_seen_is_never_given(labels: tuple[str, ...]) -> None:
    """Of labels that training lacked the probability is nothing, also where only two are left."""
    some = [example for example in TEXTS if example.stance in labels][:60]
    found = baseline.fit(some, seed=1).answers(ASKED)
    absent = [i for i, label in enumerate(labelled.LABELS) if label not in labels]
    assert np.allclose(found[:, absent], 0)
    assert np.allclose(found.sum(axis=1), 1)
    shown = baseline.fit(some, seed=1).answers(some)
    assert measure.scores(shown, measure.targets_of(some))["accuracy"] > 0.9


def test_one_label_is_not_enough() -> None:
    """Texts that all bear one label teach nothing, and that is said."""
    with pytest.raises(baseline.BaselineError, match="two labels"):
        baseline.fit([example for example in TEXTS if example.stance == "none"], seed=1)


@pytest.mark.parametrize("text", ["", "🪨🔋", "\ud800", "a\x00b", "word " * 20_000])
def test_any_text_has_an_answer(bag: baseline.Bag, text: str) -> None:
    """Empty, endless, without words, not encodable: probabilities, and the neighbours' unharmed."""
    alone = bag.answers([ASKED[0]])
    found = bag.answers([replace(ASKED[0], text=text, context=text), ASKED[0]])
    assert np.allclose(found.sum(axis=1), 1)
    assert np.allclose(found[1], alone[0])


def test_it_comes_back_from_a_models_folder(folder: Path, bag: baseline.Bag) -> None:
    """What lies beside a model answers as the bag that was written, and leaves the model's id as it was."""
    found = baseline.load(folder)
    assert found is not None
    assert found.taught == len(KNOWN)
    assert np.array_equal(found.answers(ASKED), bag.answers(ASKED))
    assert weights.unpack(folder).id == weights.unpack(SHIPPED).id
    assert (folder / baseline.FILE).stat().st_size < 3_500_000


def test_a_folder_without_one_has_none(tmp_path: Path) -> None:
    """Neither a foreign folder nor a file that the sums do not name is a baseline."""
    (tmp_path / baseline.FILE).write_bytes(b"anything")
    assert baseline.load(tmp_path) is None


def test_a_damaged_or_senseless_one_is_refused(folder: Path, bag: baseline.Bag) -> None:
    """A flipped bit, bytes of another kind, arrays of another shape or without bounds: one line names the file."""
    file = folder / baseline.FILE
    whole, body = file.read_bytes(), bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)
    with pytest.raises(stance.StanceError, match="damaged"):
        baseline.load(folder)
    endless = replace(bag, intercepts=np.array([np.inf, 0, 0, 0], np.float16))
    for wrong in (b"no tensors", whole[: len(whole) // 2], endless, replace(bag, idf=bag.idf[:9])):
        if isinstance(wrong, bytes):
            file.write_bytes(wrong)
        else:
            baseline.save(wrong, file)
        with pytest.raises(stance.StanceError, match=baseline.FILE) as caught:
            baseline.load(seal(folder))
        assert "\n" not in str(caught.value)
    file.write_bytes(whole)
    seal(folder)
