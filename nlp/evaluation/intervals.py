"""How far a figure may be off: percentile intervals from a bootstrap over documents.

    confusions by document -> drawn with replacement, many times -> figure of each draw -> its middle 95 %

Paragraphs of one document are alike, so documents are drawn, not texts (Field & Welsh 2007); a text without a document
is one by itself. The same draws serve every answerer, so that their difference has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.labelled import Example
from records import LABELS

TIMES, SEED, LEVEL = 2000, 20261123, 0.95
CELLS = 4_000_000
"""Weights drawn at a time: bounds memory."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and between which two its resamples mostly lie."""

    value: float
    low: float
    high: float


def documents(examples: Sequence[Example]) -> Array:
    """The number of each example's document, (n,), from 0 without gaps."""
    numbers: dict[tuple[str, object], int] = {}
    keys = [("document", e.document) if e.document else ("text", at) for at, e in enumerate(examples)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def by_document(places: Array, targets: Array, answers: Sequence[Array]) -> Array:
    """Confusions of each document and answerer, (documents, answerers, 4, 4)."""
    found = np.zeros((int(places.max()) + 1, len(answers), len(LABELS), len(LABELS)))
    for at, predicted in enumerate(answers):
        np.add.at(found[:, at], (places, targets, predicted), 1)
    return found


def resample(counts: Array, times: int = TIMES, seed: int = SEED) -> Array:
    """Sums over documents drawn with replacement: (documents, ...) -> (times, ...)."""
    rng, many = np.random.default_rng(seed), len(counts)
    flat, step, drawn = counts.reshape(many, -1), max(1, CELLS // many), []
    for at in range(0, times, step):
        weights = rng.multinomial(many, np.full(many, 1 / many), size=min(step, times - at))
        drawn.append(weights @ flat)
    return np.concatenate(drawn).reshape(times, *counts.shape[1:])


def interval(value: float, draws: Array) -> Interval:
    """The figure with the ends of its percentile interval (Efron 1979)."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))
