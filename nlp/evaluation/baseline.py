"""What a bag of words can do on the same data: the yardstick beside every figure.

    Example, ... -> counts of hashed words, word pairs and letters -> tf-idf -> logistic regression -> probabilities

Features are hashed (Weinberger et al. 2009), so that a fitted bag is two arrays of numbers without a vocabulary: it can
lie beside a model that was taught on texts which must not be passed on, and reading it runs no code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp.encoding import clean
from nlp.evaluation.measure import softmax, targets_of
from nlp.labelled import Example
from nlp.weights import SUMS, StanceError, verify
from records import LABELS

FILE = "baseline.safetensors"
FORMAT = "oresight-baseline/1"
LEAST = 2
"""Texts that a feature must occur in to count."""
STRENGTH = 4.0
"""Inverse of the regression's penalty."""
NEVER = -30_000.0
"""Intercept of a label that no training text had: as good as impossible, and within fp16."""

Array = np.ndarray[Any, Any]
Part = tuple[Callable[[Example], str], dict[str, Any], int]


def _text(example: Example) -> str:
    return clean(example.text)


def _context(example: Example) -> str:
    return clean(example.context or "")


PARTS: tuple[Part, ...] = (
    (_text, {"ngram_range": (1, 2)}, 2**17),
    (_text, {"analyzer": "char_wb", "ngram_range": (3, 5)}, 2**17),
    (_context, {"ngram_range": (1, 2)}, 2**15),
)
"""What is read, how it is cut, and into how many features."""
WIDTH = sum(size for _, _, size in PARTS)


class BaselineError(Exception):
    """A bag of words cannot be fitted; the message says why."""


@dataclass(frozen=True, slots=True)
class Bag:
    """A fitted bag of words, fp16: `idf` (features,), `weights` (4, features), `intercepts` (4,); `taught` texts."""

    idf: Array
    weights: Array
    intercepts: Array
    taught: int

    def answers(self, examples: Sequence[Example]) -> Array:
        """Probabilities (n, 4) in LABELS order."""
        if not examples:
            return np.zeros((0, len(LABELS)))
        logits = _weighed(_counts(examples), self.idf) @ self.weights.astype(np.float64).T
        return softmax(np.asarray(logits) + self.intercepts.astype(np.float64))


def fit(train: Sequence[Example], seed: int) -> Bag:
    """A bag of words fitted on `train`. Raises BaselineError unless its texts bear at least two labels."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second that only an evaluation should cost

    if len({example.stance for example in train}) < 2:
        raise BaselineError("a baseline needs texts of at least two labels to learn from")
    counts = _counts(train)
    idf = _idf(counts)
    known = np.flatnonzero(idf)
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000, random_state=seed)
    model.fit(_weighed(counts, idf)[:, known], targets_of(train))
    weights, intercepts = np.zeros((len(LABELS), WIDTH), np.float16), np.full(len(LABELS), NEVER, np.float16)
    slopes, heights = _one_each(model)
    weights[np.ix_(model.classes_, known)] = slopes
    intercepts[model.classes_] = heights
    return Bag(idf, weights, intercepts, len(train))


def answers(train: Sequence[Example], asked: Sequence[Example], seed: int) -> Array:
    """Probabilities (n, 4) for `asked` from a bag fitted on `train`."""
    return fit(train, seed).answers(asked)


def save(bag: Bag, path: Path) -> None:
    """Write the bag as safetensors."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    arrays = {"idf": bag.idf, "weights": bag.weights, "intercepts": bag.intercepts}
    save_file(arrays, path, metadata={"format": FORMAT, "taught": str(bag.taught)})


def load(folder: Path) -> Bag | None:
    """The bag that lies in a model's folder, verified against its SHA256SUMS; None where the sums name none.

    Raises StanceError if the folder is damaged, or its bag is not one.
    """
    if not (folder / SUMS).is_file() or FILE not in verify(folder):
        return None
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    try:
        with safe_open(folder / FILE, framework="numpy") as file:
            notes = file.metadata() or {}
            idf, weights, intercepts = (file.get_tensor(name) for name in ("idf", "weights", "intercepts"))
            bag = Bag(idf, weights, intercepts, int(notes["taught"]))
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise StanceError(f"{folder / FILE}: not a baseline; restore the model's folder") from error
    if notes.get("format") != FORMAT or not _sound(bag):
        raise StanceError(f"{folder / FILE}: a baseline of another make; restore the model's folder")
    return bag


def _sound(bag: Bag) -> bool:
    shapes = {"idf": (WIDTH,), "weights": (len(LABELS), WIDTH), "intercepts": (len(LABELS),)}
    arrays = [(getattr(bag, name), shape) for name, shape in shapes.items()]
    return all(a.shape == shape and a.dtype == np.float16 and np.isfinite(a).all() for a, shape in arrays)


def _counts(examples: Sequence[Example]) -> Any:
    """How often each feature occurs, sparse (n, WIDTH)."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415

    return csr_matrix(hstack(list(_blocks(examples))))


def _blocks(examples: Sequence[Example]) -> Iterator[Any]:
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415

    for part, cut, size in PARTS:
        yield HashingVectorizer(n_features=size, alternate_sign=False, norm=None, **cut).transform(map(part, examples))


def _idf(counts: Any) -> Array:
    """Rarity of each feature (Sparck Jones 1972, smoothed), fp16; 0 for one in fewer than LEAST texts."""
    texts, having = counts.shape[0], np.bincount(counts.indices, minlength=WIDTH)
    return np.where(having >= LEAST, np.log((1 + texts) / (1 + having)) + 1, 0).astype(np.float16)


def _weighed(counts: Any, idf: Array) -> Any:
    """tf-idf with logarithmic counts, each part of a text scaled to length 1."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415
    from sklearn.preprocessing import normalize  # noqa: PLC0415

    grown = csr_matrix(((1 + np.log(counts.data)) * idf[counts.indices], counts.indices, counts.indptr), counts.shape)
    ends = np.cumsum([size for _, _, size in PARTS])
    parts = [grown[:, end - size : end] for end, (_, _, size) in zip(ends, PARTS, strict=True)]
    return csr_matrix(hstack([normalize(part) for part in parts]))


def _one_each(model: Any) -> tuple[Array, Array]:
    """Weights and intercepts of each class; scikit-learn gives two classes a single row."""
    if len(model.classes_) == 2:
        return np.vstack([np.zeros_like(model.coef_), model.coef_]), np.array([0.0, model.intercept_[0]])
    return model.coef_, model.intercept_
