"""From raw logits to answers that can be counted: offsets for the labels, a temperature, a threshold.

    logits, targets -> offsets -> temperature -> threshold

Training texts are not drawn like the stream, so each label's logit is moved by a constant (logit adjustment, Menon et
al. 2021): the constants that serve macro-F1 best among those that hardly cost accuracy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from nlp.evaluation import measure
from nlp.labelled import Example
from records import LABELS

RISK = 0.10
"""Share of wrong answers among those given, on dev, that the threshold is chosen for."""
ENOUGH = 10
"""A label with fewer texts has no say in the choice of offsets."""
SLACK = 0.01
"""Accuracy that offsets may cost against the most accurate ones."""
NEAR = 0.01
"""Offsets this close to the best macro-F1 are averaged: one lucky text must not decide."""
GRIDS = (np.arange(-1, 2.51, 0.25), np.arange(-1.5, 1.51, 0.25), np.array([-1.0, -0.5, 0.0]))
"""Tried for realist, industrial_collaboration and skeptic; that of none is nothing."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become answers: divide by `temperature`, abstain below `threshold`; pairs of `length` tokens."""

    temperature: float
    threshold: float
    length: int


def offsets(logits: Array, targets: Array) -> Array:
    """Constants (4,) to add to logits (n, 4)."""
    tried = np.array([(*point, 0.0) for point in product(*GRIDS)])
    shown = [label for label in range(len(LABELS)) if (targets == label).sum() >= ENOUGH]
    found = np.array([_worth((logits + point).argmax(axis=1), targets, shown) for point in tried])
    allowed = found[:, 1] >= found[:, 1].max() - SLACK
    best = found[allowed, 0].max()
    return np.asarray(tried[allowed & (found[:, 0] >= best - NEAR)].mean(axis=0))


def _worth(answers: Array, targets: Array, shown: Sequence[int]) -> tuple[float, float]:
    """Macro-F1 over the labels `shown`, and accuracy."""
    counts = measure.confusion(answers, targets)
    hits, all_ = counts.diagonal(), counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean([2 * hits[label] / all_[label] for label in shown])), float(hits.sum() / counts.sum())


def calibrate(logits: Array, targets: Array, length: int) -> Calibration:
    """Temperature and threshold for logits (n, 4) with known targets."""
    temperature = round(measure.temperature(logits, targets), 4)
    threshold = measure.threshold(measure.softmax(logits, temperature), targets, RISK)
    return Calibration(temperature, threshold, length)


def crossfitted(examples: Sequence[Example], logits: Array) -> Array:
    """Probabilities (n, 4) with offsets and temperature for each half of the documents taken from the other half."""
    targets = measure.targets_of(examples)
    first = np.array([_coin(example.document or example.id) for example in examples])
    found = np.zeros_like(logits)
    for part in (first, ~first):
        moved = offsets(logits[~part], targets[~part])
        found[part] = measure.softmax(logits[part] + moved, measure.temperature(logits[~part] + moved, targets[~part]))
    return found


def _coin(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0
