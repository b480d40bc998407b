"""Figures mean what their names say, checked against counts done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nlp.evaluation import measure

LOGITS = arrays.arrays(np.float64, st.tuples(st.integers(1, 40), st.just(4)), elements=st.floats(-9, 9))


def sure(*answers: tuple[int, float]) -> np.ndarray:
    """Probabilities: each answer with its confidence, the rest shared out."""
    rows = np.array([[(1 - p) / 3] * 4 for _, p in answers])
    for row, (label, p) in enumerate(answers):
        rows[row, label] = p
    return rows


def test_scores_by_hand() -> None:
    """Accuracy, macro-F1, false stances and confusion of six answers."""
    answers = sure((0, 0.9), (3, 0.8), (3, 0.9), (1, 0.6), (1, 0.7), (2, 0.5))
    found = measure.scores(answers, np.array([0, 0, 3, 3, 1, 2]))
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert [row["f1"] for row in found["labels"].values()] == pytest.approx([2 / 3, 2 / 3, 1, 1 / 2])
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1 + 1 / 2) / 4)
    assert found["macro_f1_without_skeptic"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 2) / 3)
    assert found["false_stance"] == 0.5
    assert found["accuracy_surest_65"] == 0.75
    assert found["confusion"] == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]]


def test_calibration_error_by_hand() -> None:
    """Ten answers at 0.8 of which half are right are 0.3 off."""
    answers = sure(*[(0, 0.8)] * 10)
    assert measure.ece(answers, np.array([0, 1] * 5), bins=1) == pytest.approx(0.3)


def test_temperature_undoes_overconfidence() -> None:
    """Logits blown up by three are brought back to about where they were."""
    rng = np.random.default_rng(7)
    logits = rng.normal(size=(4000, 4)) * 1.5
    targets = np.array([rng.choice(4, p=row) for row in measure.softmax(logits)])
    assert measure.temperature(logits * 3, targets) == pytest.approx(3, rel=0.1)


def test_threshold_keeps_the_risk() -> None:
    """Above the threshold no more than the stated share is wrong, and one hundredth lower more is."""
    confidences = np.linspace(0.3, 0.99, 300)
    answers = sure(*[(0, p) for p in confidences])
    targets = np.where(np.arange(300) % 3 == 0, np.where(confidences < 0.6, 1, 0), 0)
    found = measure.threshold(answers, targets, risk=0.1)
    wrong = [float((targets[confidences >= t] != 0).mean()) for t in (found, found - 0.01)]
    assert wrong[0] <= 0.1 < wrong[1]


@given(LOGITS, st.floats(0.2, 5))
def test_temperature_never_changes_the_answer(logits: np.ndarray, temperature: float) -> None:
    """Probabilities sum to one, and dividing logits leaves their order."""
    found = measure.softmax(logits, temperature)
    assert np.allclose(found.sum(axis=1), 1)
    rows = np.arange(len(logits))
    assert np.allclose(found[rows, logits.argmax(axis=1)], found.max(axis=1))


@given(LOGITS)
def test_figures_are_shares(logits: np.ndarray) -> None:
    """Every figure lies between nought and one, whatever the answers."""
    found = measure.scores(measure.softmax(logits), np.arange(len(logits)) % 4)
    names = ("accuracy", "macro_f1", "false_stance", "accuracy_surest_65", "ece")
    assert all(0 <= found[name] <= 1 for name in names)
    assert sum(map(sum, found["confusion"])) == found["n"] == len(logits)
