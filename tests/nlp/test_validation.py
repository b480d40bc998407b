"""What is known of a model's errors: written down, read again, and nothing else taken for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlp import validation
from nlp.labelled import Example
from nlp.weights import StanceError
from tests.nlp.made_answers import CONFUSION, record

MODEL = Path(validation.__file__).parent / "models" / "stance-minilm"


def example(name: str, stance: str, document: str | None) -> Example:
    """A labelled text."""
    return Example(name, "news", None, "Words that no record keeps.", stance, "made", document=document)


def test_a_record_comes_back_as_it_was_and_holds_no_word() -> None:
    """Truth, documents and probabilities survive; texts of one document stay together; no text is in it."""
    texts = [example("1", "realist", "a"), example("2", "none", "a"), example("3", "skeptic", None)]
    answers = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7], [0.25, 0.25, 0.25, 0.25]])
    made = validation.of(texts, answers, validation.summed(texts, answers))
    text = validation.dump(made)
    back = validation.parse(text)
    assert back.truth.tolist() == [0, 3, 2]
    assert back.documents[0] == back.documents[1] != back.documents[2]
    assert back.answers == pytest.approx(answers)
    assert back.stand_ins[0, 2] == pytest.approx([0.25] * 4)
    assert not back.stand_ins[1].any()
    assert "Words" not in text


def test_news_and_posts_have_records_of_their_own() -> None:
    """Each kind has its texts and its stand-ins; where no text's kind is known, both have them all."""
    texts = [example("1", "realist", "a"), replace(example("2", "none", "a"), source_kind="social")]
    made = validation.of(texts, np.eye(4)[[0, 3]], validation.summed(texts, np.eye(4)[[1, 2]]))
    news, social = made.of_kind("news"), made.of_kind("social")
    assert (news.texts, social.texts) == ((1, 0, 0, 0), (0, 0, 0, 1))
    assert (news.lacking, social.lacking) == ((19, 0, 0, 0), (0, 0, 0, 19))
    assert record().of_kind("news").texts == record().of_kind("social").texts == record().texts


def test_a_confusion_is_a_record_of_bare_labels() -> None:
    """Each count is a text of its own."""
    known = record()
    assert known.texts == tuple(map(sum, CONFUSION))
    assert not known.soft
    assert np.bincount(known.answers[known.truth == 0].argmax(axis=1)).tolist() == CONFUSION[0]


def test_a_folder_without_a_record_gives_its_confusion_or_nothing(tmp_path: Path) -> None:
    """validation.json first, the confusion of metrics.json next; a folder of another kind has neither."""
    assert validation.read(tmp_path) is None
    (tmp_path / "metrics.json").write_text('{"accuracy": 0.9}')
    assert validation.read(tmp_path) is None
    (tmp_path / "metrics.json").write_text(json.dumps({"dev": {"confusion": CONFUSION}}))
    assert validation.parse(validation.read(tmp_path) or "").texts == record().texts
    (tmp_path / "validation.json").write_text(validation.dump(record(2)))
    assert validation.parse(validation.read(tmp_path) or "").texts == record(2).texts


GOOD = json.loads(validation.dump(record()))


@pytest.mark.parametrize(
    "change",
    [{"format": "x"}, {"texts": []}, {"texts": 3},
     {"texts": [[9, 0, 0, 1, 0, 0, 0]]}, {"texts": [[0, 0, 0, 1, 1, 1, 1]]},
     {"texts": [[0, 0, None, 0, 0, 0, 1]]}, {"texts": [[0, 0, 2, 0, 0, 0, 1]]},
     {"stand_ins": [[1]]}, {"stand_ins": [[[-1, 0, 0, 0]] * 4] * 2}],
)  # fmt: skip
def test_what_is_no_record_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    """One clear error that names the file."""
    (tmp_path / "validation.json").write_text(json.dumps(GOOD | change))
    with pytest.raises(StanceError, match=r"validation\.json"):
        validation.read(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 5000, '"x"'])
def test_what_is_no_json_is_refused(text: str) -> None:
    """Nothing but a ValueError comes out."""
    with pytest.raises(ValueError, match=r"record|Expecting|recursion"):
        validation.parse(text)


def test_the_shipped_model_says_what_its_correction_rests_on() -> None:
    """How many texts of each label, and what stands in for those that lack."""
    known = validation.parse(validation.read(MODEL) or "")
    told = validation.told(known)
    assert f"{len(known.truth)} labelled texts" in told
    assert ("stand in" in told) == any(any(known.of_kind(kind).lacking) for kind in validation.KINDS)
    assert "plain counts" in validation.told(None)
