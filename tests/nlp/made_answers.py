"""Made validation records and cells, for the tests of shares and verdicts."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from nlp.validation import Validation, of_confusion
from records import Tally

MONDAY = date(2026, 11, 16)
CONFUSION = [[60, 15, 5, 20], [10, 70, 5, 15], [8, 7, 65, 20], [6, 9, 5, 180]]
"""A model that errs a good deal, by [truth][answer]."""


def record(times: int = 1) -> Validation:
    """What is known of that model from so many times as many texts."""
    return of_confusion((np.array(CONFUSION) * times).tolist())


def means() -> Any:
    """That model's mean answers by truth, (4, 4)."""
    counts = np.array(CONFUSION)
    return counts / counts.sum(axis=1, keepdims=True)


def tally(answers: Any, weights: Any = None, **key: Any) -> Tally:
    """The cell of units with these mean answers (n, 4) and weights (n,)."""
    w = np.ones(len(answers)) if weights is None else np.asarray(weights, dtype=float)
    names = {"week_start": MONDAY, "community": "all", "dimension": "mineral", "entity": "lithium", "model": "m"} | key
    return Tally(
        **names,
        weight=float(w.sum()),
        square=float((w**2).sum()),
        answers=tuple((w @ answers).tolist()),
        squared_answers=tuple((w**2 @ answers).tolist()),
        products=tuple((answers.T * w**2 @ answers).ravel().tolist()),
    )


def said(*counts: int) -> Any:
    """Bare labels, so many of each: answers (n, 4)."""
    return np.eye(4)[np.repeat(np.arange(4), counts)]
