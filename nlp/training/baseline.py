"""What a bag of words can do on the same data: the yardstick beside every figure.

Example, ... -> TF-IDF of words and word pairs, of text and context apart -> logistic regression
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from nlp.training.data import Example
from nlp.training.measure import targets_of
from records import LABELS

Array = np.ndarray[Any, Any]


def answers(train: Sequence[Example], asked: Sequence[Example], seed: int) -> Array:
    """Probabilities (n, 4) for `asked`, in LABELS order, from a baseline trained on `train`."""
    known, unknown = _features(train, asked)
    model = LogisticRegression(C=4.0, class_weight="balanced", max_iter=2000, random_state=seed)
    model.fit(known, targets_of(train))
    found = np.zeros((len(asked), len(LABELS)))
    found[:, model.classes_] = model.predict_proba(unknown)
    return found


def _features(train: Sequence[Example], asked: Sequence[Example]) -> tuple[Any, Any]:
    columns = []
    for part in (lambda e: e.text, lambda e: e.context or ""):
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        columns.append((words.fit_transform(map(part, train)), words.transform(map(part, asked))))
    return csr_matrix(hstack([known for known, _ in columns])), csr_matrix(hstack([new for _, new in columns]))
