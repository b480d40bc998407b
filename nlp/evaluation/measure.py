"""Figures for a set of answers: accuracy, F1, calibration, and what abstaining buys.

    logits, targets -> temperature, threshold -> confusion -> scores

A confusion is counts by [truth][answer] in LABELS order; functions of one take any number of them, (..., 4, 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from nlp.labelled import Example
from records import LABELS

Array = np.ndarray[Any, Any]
NONE, SKEPTIC = LABELS.index("none"), LABELS.index("skeptic")
SUREST = 0.65
"""The share of the answers, the surest ones, whose accuracy is told."""
BINS = 10


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


def confusion(predicted: Array, targets: Array) -> Array:
    """Counts (4, 4) of label numbers (n,)."""
    found = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(found, (targets, predicted), 1)
    return found


def accuracy(confusions: Array) -> Array:
    """Share of right answers, (...,); 0 where there are none."""
    right, whole = np.trace(confusions, axis1=-2, axis2=-1), confusions.sum(axis=(-2, -1))
    return np.asarray(right / np.maximum(whole, 1))


def f1s(confusions: Array) -> Array:
    """F1 of each label, (..., 4); a label that occurs nowhere has F1 0."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    said_and_there = confusions.sum(axis=-2) + confusions.sum(axis=-1)
    return np.asarray(2 * hits / np.maximum(said_and_there, 1))


def macro_f1(confusions: Array) -> Array:
    """Mean F1 of the four labels, (...,)."""
    return np.asarray(f1s(confusions).mean(axis=-1))


def macro_f1_without_skeptic(confusions: Array) -> Array:
    """Mean F1 of the other three labels, answers of skeptic counting as wrong, (...,)."""
    return np.asarray(np.delete(f1s(confusions), SKEPTIC, axis=-1).mean(axis=-1))


def false_stance(counts: Array) -> float | None:
    """Of the texts that bear no stance, the share given one; None where there are none."""
    nones = counts[NONE]
    return float(1 - nones[NONE] / nones.sum()) if nones.any() else None


def labels(counts: Array) -> dict[str, dict[str, Any]]:
    """Precision, recall, F1 and count of each label of one confusion; 0 where there is nothing to divide by."""
    hits, there, said = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall, f1 = hits / np.maximum(said, 1), hits / np.maximum(there, 1), f1s(counts)
    return {
        label: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "n": int(there[i])}
        for i, label in enumerate(LABELS)
    }


def reliability(probabilities: Array, targets: Array, bins: int = BINS) -> list[dict[str, Any]]:
    """Mean confidence and accuracy in bins of equal count, the least sure first."""
    sure, right = _sure(probabilities, targets)
    parts = [part for part in np.array_split(np.argsort(sure, kind="stable"), bins) if len(part)]
    return [
        {"n": len(part), "confidence": float(sure[part].mean()), "accuracy": float(right[part].mean())}
        for part in parts
    ]


def ece(probabilities: Array, targets: Array, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal count: mean gap between confidence and accuracy."""
    parts = reliability(probabilities, targets, bins)
    return float(sum(part["n"] * abs(part["confidence"] - part["accuracy"]) for part in parts) / len(targets))


def risks(probabilities: Array, targets: Array) -> Array:
    """Share of wrong answers among the k surest, for k = 1 to n; equally sure answers count as their mean.

    Its mean is the area under the risk-coverage curve (Geifman & El-Yaniv 2017).
    """
    sure, right = _sure(probabilities, targets)
    _, place, size = np.unique(-sure, return_inverse=True, return_counts=True)
    wrong = np.bincount(place, weights=~right)
    each = np.repeat(wrong / size, size)
    return np.asarray(np.cumsum(each) / np.arange(1, len(targets) + 1))


def surest(risk: Array, share: float) -> float:
    """Accuracy among the surest `share` of the answers whose `risks` these are."""
    return float(1 - risk[kept(share, len(risk)) - 1])


def kept(share: float, n: int) -> int:
    """How many of n answers the surest `share` are: at least one."""
    return max(1, round(share * n))


def scores(probabilities: Array, targets: Array) -> dict[str, Any]:
    """All figures of one set of answers: shares between 0 and 1, and the confusion."""
    counts = confusion(probabilities.argmax(axis=1), targets)
    return {
        "n": len(targets),
        "accuracy": float(accuracy(counts)),
        "macro_f1": float(macro_f1(counts)),
        "macro_f1_without_skeptic": float(macro_f1_without_skeptic(counts)),
        "false_stance": false_stance(counts) or 0.0,
        "accuracy_surest_65": surest(risks(probabilities, targets), SUREST),
        "ece": ece(probabilities, targets),
        "labels": labels(counts),
        "confusion": counts.tolist(),
    }


def by(examples: Sequence[Example], probabilities: Array, key: Callable[[Example], str]) -> dict[str, dict[str, Any]]:
    """Accuracy and macro-F1 (over the labels that occur) for each value of `key`, most frequent first."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, example in enumerate(examples):
        places[key(example)].append(at)
    found = {}
    for name, rows in sorted(places.items(), key=lambda entry: -len(entry[1])):
        counts = confusion(probabilities[rows].argmax(axis=1), targets_of([examples[i] for i in rows]))
        there = counts.any(axis=1)
        found[name] = {
            "n": len(rows),
            "accuracy": float(accuracy(counts)),
            "macro_f1": float(f1s(counts)[there].mean()),
        }
    return found


def targets_of(examples: Sequence[Example]) -> Array:
    """Label numbers of examples, (n,)."""
    return np.array([example.target for example in examples], dtype=np.int64)


def _sure(probabilities: Array, targets: Array) -> tuple[Array, Array]:
    """Confidence of each answer, and whether it is right."""
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
