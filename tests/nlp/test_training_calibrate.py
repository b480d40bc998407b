"""Offsets, temperature and threshold: what they do to answers that are known to be wrong in a known way."""

import numpy as np
import pytest

from nlp.evaluation import measure
from nlp.labelled import Example
from nlp.training import calibrate
from records import LABELS


def noisy(targets: np.ndarray, strength: float, seed: int) -> np.ndarray:
    """Logits (n, 4) that lean to the truth."""
    return np.random.default_rng(seed).normal(size=(len(targets), 4)) + strength * np.eye(4)[targets]


def drawn(n: int, shares: tuple[float, ...] = (0.1, 0.15, 0.05, 0.7)) -> np.ndarray:
    """Label numbers (n,)."""
    return np.random.default_rng(1).choice(4, size=n, p=shares)


def test_a_label_held_back_is_brought_forward() -> None:
    """Where a model underrates a label by a constant, the offset found makes up for most of it."""
    targets = drawn(1500)
    logits = noisy(targets, 3.0, 2) - np.array([1.5, 0, 0, 0])
    moved = calibrate.offsets(logits, targets)
    assert moved[0] > 0.75
    assert moved[3] == 0
    before, after = (measure.scores(measure.softmax(rows), targets) for rows in (logits, logits + moved))
    assert after["labels"]["realist"]["f1"] > before["labels"]["realist"]["f1"] + 0.1
    assert after["macro_f1"] > before["macro_f1"]


def test_offsets_cost_little_accuracy() -> None:
    """However rare the stances, the offsets stay within the slack of the most accurate answers."""
    targets = drawn(1500, (0.03, 0.03, 0.02, 0.92))
    logits = noisy(targets, 2.0, 3)
    moved = calibrate.offsets(logits, targets)
    best = max(
        float(((logits + np.array([a, b, c, 0])).argmax(axis=1) == targets).mean())
        for a in calibrate.GRIDS[0]
        for b in calibrate.GRIDS[1]
        for c in calibrate.GRIDS[2]
    )
    # the mean of allowed points is itself a point between them, hence a little more room
    assert float(((logits + moved).argmax(axis=1) == targets).mean()) >= best - calibrate.SLACK - 0.005


def test_crossfitting_keeps_documents_apart() -> None:
    """A text's answer hangs on the other half alone: changing the labels of its own document changes nothing."""
    targets = drawn(400)
    logits = noisy(targets, 2.0, 4)

    def texts(labels: np.ndarray) -> list[Example]:
        return [
            Example(str(i), "news", None, "x", LABELS[label], "s", document=f"d{i // 4}")
            for i, label in enumerate(labels)
        ]

    changed = targets.copy()
    changed[:4] = (targets[:4] + 1) % 4
    first, second = (calibrate.crossfitted(texts(labels), logits) for labels in (targets, changed))
    assert np.array_equal(first[:4], second[:4])
    assert first.sum(axis=1) == pytest.approx(1)


def test_threshold_holds_the_risk() -> None:
    """Of the answers above the threshold at most the stated share is wrong."""
    targets = drawn(2000)
    found = calibrate.calibrate(noisy(targets, 2.5, 5), targets, 128)
    probabilities = measure.softmax(noisy(targets, 2.5, 5), found.temperature)
    given = probabilities.max(axis=1) >= found.threshold
    assert (probabilities[given].argmax(axis=1) != targets[given]).mean() <= calibrate.RISK
    assert found.length == 128
