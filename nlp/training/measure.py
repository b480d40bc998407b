"""Figures for a set of answers: accuracy, F1, calibration, and what abstaining buys.

logits, targets -> temperature, threshold -> scores
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from nlp.training.data import Example
from records import LABELS

Array = np.ndarray[Any, Any]


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Probabilities (n, 4) of logits (n, 4)."""
    scaled = logits / temperature
    grown = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def temperature(logits: Array, targets: Array) -> float:
    """The divisor of the logits that minimises the log loss (Guo et al. 2017)."""

    def loss(log_t: float) -> float:
        chosen = softmax(logits, float(np.exp(log_t)))[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def threshold(probabilities: Array, targets: Array, risk: float, least: float = 0.5) -> float:
    """The lowest confidence (in hundredths) above which at most `risk` of the answers are wrong, keeping `least`."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    for step in range(25, 96):
        kept = sure >= step / 100
        if kept.mean() < least:
            return (step - 1) / 100
        if (~right[kept]).mean() <= risk:
            return step / 100
    return 0.95


def f1(predicted: Array, targets: Array) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and count of each label; a label that occurs nowhere has F1 0."""
    found = {}
    for i, label in enumerate(LABELS):
        hits = int(((predicted == i) & (targets == i)).sum())
        said, there = int((predicted == i).sum()), int((targets == i).sum())
        found[label] = {
            "precision": hits / said if said else 0.0,
            "recall": hits / there if there else 0.0,
            "f1": 2 * hits / (said + there) if said + there else 0.0,
            "n": there,
        }
    return found


def ece(probabilities: Array, targets: Array, bins: int = 10) -> float:
    """Expected calibration error over bins of equal count: mean gap between confidence and accuracy."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    order = np.argsort(sure, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(p) * abs(sure[p].mean() - right[p].mean()) for p in parts) / len(order))


def scores(probabilities: Array, targets: Array) -> dict[str, Any]:
    """All figures of one set of answers: shares between 0 and 1, confusion as [truth][answer] in LABELS order."""
    predicted = probabilities.argmax(axis=1)
    labels = f1(predicted, targets)
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    surest = order[: max(1, round(0.65 * len(order)))]
    nones = targets == LABELS.index("none")
    return {
        "n": len(targets),
        "accuracy": float((predicted == targets).mean()),
        "macro_f1": float(np.mean([row["f1"] for row in labels.values()])),
        "macro_f1_without_skeptic": float(np.mean([row["f1"] for name, row in labels.items() if name != "skeptic"])),
        "false_stance": float((predicted[nones] != LABELS.index("none")).mean()) if nones.any() else 0.0,
        "accuracy_surest_65": float((predicted[surest] == targets[surest]).mean()),
        "ece": ece(probabilities, targets),
        "labels": labels,
        "confusion": [[int(((targets == i) & (predicted == j)).sum()) for j in range(4)] for i in range(4)],
    }


def by(examples: Sequence[Example], probabilities: Array, key: Callable[[Example], str]) -> dict[str, dict[str, Any]]:
    """Accuracy and macro-F1 (over the labels that occur) for each value of `key`, most frequent first."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, example in enumerate(examples):
        places[key(example)].append(at)
    found = {}
    for name, rows in sorted(places.items(), key=lambda entry: -len(entry[1])):
        targets, answers = targets_of([examples[i] for i in rows]), probabilities[rows].argmax(axis=1)
        there = [row["f1"] for row in f1(answers, targets).values() if row["n"]]
        found[name] = {
            "n": len(rows),
            "accuracy": float((answers == targets).mean()),
            "macro_f1": float(np.mean(there)),
        }
    return found


def targets_of(examples: Sequence[Example]) -> Array:
    """Label numbers of examples, (n,)."""
    return np.array([example.target for example in examples], dtype=np.int64)
