"""What is known of a model's errors: its answers on texts whose label people gave.

    labelled texts, the model's answers -> Validation -> validation.json beside the model -> Validation
    a model's folder without it -> the confusion in metrics.json -> Validation of bare labels

An answer is four numbers in LABELS order: probabilities, or a one and three zeros where only the label is known. Each
text keeps the number of its document, for texts of one document err together. No word of any text is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp.labelled import Example
from nlp.weights import StanceError
from records import LABELS

FILE, METRICS = "validation.json", "metrics.json"
FORMAT = "oresight-validation/1"
FEW = 20
"""Texts of a label below which others stand in for those that lack."""
LARGEST = 4_000_000
"""Bytes of a record that is read."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Validation:
    """A model's answers on n labelled texts.

    `truth` (n,) are places in LABELS, `documents` (n,) numbers, `answers` (n, 4) as the module says; `soft` where they
    are probabilities. `stand_ins` (4, 4) are its summed answers on the project's own validation texts, by truth, for
    labels that the others have too few of: see `FEW`.
    """

    truth: Array
    documents: Array
    answers: Array
    soft: bool
    stand_ins: Array

    @property
    def texts(self) -> tuple[int, ...]:
        """How many texts there are of each label."""
        return tuple(np.bincount(self.truth, minlength=len(LABELS)).tolist())

    @property
    def lacking(self) -> tuple[int, ...]:
        """How many texts of each label the stand-ins have to make up for."""
        there = self.stand_ins.sum(axis=1) > 0
        return tuple(int(max(0, FEW - n)) if given else 0 for n, given in zip(self.texts, there, strict=True))


def of(examples: Sequence[Example], answers: Array, stand_ins: Array | None = None) -> Validation:
    """The record of probabilities (n, 4) on labelled texts; texts without a document are each their own."""
    names = [example.document or f" {at}" for at, example in enumerate(examples)]
    documents = np.unique(names, return_inverse=True)[1]
    truth = np.array([example.target for example in examples], dtype=np.int64)
    return Validation(truth, documents, np.asarray(answers, dtype=float), True, _sums(stand_ins))


def summed(examples: Sequence[Example], answers: Array) -> Array:
    """Answers (n, 4) summed by truth, (4, 4): what `stand_ins` takes."""
    return np.stack([answers[[e.target == label for e in examples]].sum(axis=0) for label in range(len(LABELS))])


def of_confusion(confusion: Sequence[Sequence[int]], stand_ins: Array | None = None) -> Validation:
    """The record behind counts by [truth][answer]: bare labels, each text a document of its own."""
    counts = _sums(confusion).astype(np.int64)
    truth, said = (np.repeat(places.ravel(), counts.ravel()) for places in np.indices(counts.shape))
    return Validation(truth, np.arange(len(truth)), np.eye(len(LABELS))[said], False, _sums(stand_ins))


def read(folder: Path) -> str | None:
    """The record that lies in a model's folder, as the text that `parse` takes; None where there is none.

    Raises StanceError for one that cannot be used.
    """
    path = folder / FILE
    if not path.is_file():
        confusion = _confusion(folder / METRICS)
        return None if confusion is None else dump(of_confusion(confusion))
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= LARGEST else ""
        parse(text)
    except (OSError, ValueError) as error:
        raise StanceError(f"{path}: not a record of answers on labelled texts; restore the model's folder") from error
    return text


def dump(record: Validation) -> str:
    """The record as JSON, a text a row: its label's place in LABELS, its document, its answer."""
    rows = [
        [int(t), int(d), *np.round(a, 4).tolist()]
        for t, d, a in zip(record.truth, record.documents, record.answers, strict=True)
    ]
    head = {"format": FORMAT, "soft": record.soft, "stand_ins": record.stand_ins.round(4).tolist(), "texts": rows}
    return json.dumps(head, separators=(",", ":")).replace("],[", "],\n[") + "\n"


def parse(text: str) -> Validation:
    """The record in a text that `dump` wrote. Raises ValueError for anything else."""
    try:
        given = json.loads(text)
        rows = np.array(given["texts"], dtype=float).reshape(-1, 2 + len(LABELS))
        record = Validation(
            rows[:, 0].astype(np.int64),
            np.unique(rows[:, 1], return_inverse=True)[1],
            rows[:, 2:],
            bool(given["soft"]),
            _sums(given["stand_ins"]),
        )
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not a record of answers on labelled texts") from error
    if given.get("format") != FORMAT or not len(rows) or not _sound(record):
        raise ValueError("not a record of answers on labelled texts")
    return record


def told(record: Validation | None) -> str:
    """One sentence on what the correction of this model's shares rests on."""
    if record is None:
        return "None: nothing is known of this model's errors; its shares are plain counts."
    counts = ", ".join(f"{n} {label}" for label, n in zip(LABELS, record.texts, strict=True))
    what = "mean probabilities" if record.soft else "labels"
    lacking = [f"{n} {label}" for label, n in zip(LABELS, record.lacking, strict=True) if n]
    filled = f"; the project's own validation texts stand in for {' and '.join(lacking)} that lack" if lacking else ""
    return f"Adjusted by its {what} on {len(record.truth)} labelled texts ({counts}){filled}."


def _confusion(path: Path) -> Any:
    """The confusion in one of our own metrics.json; None for a file of any other kind."""
    try:
        confusion = json.loads(path.read_text(encoding="utf-8"))["dev"]["confusion"]
        return confusion if _sums(confusion).any() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sums(given: Any) -> Array:
    sums = np.zeros((len(LABELS), len(LABELS))) if given is None else np.array(given, dtype=float)
    if sums.shape != (len(LABELS),) * 2 or not np.isfinite(sums).all() or (sums < 0).any() or sums.sum() > 1e7:
        raise ValueError("not sums of answers by label")
    return sums


def _sound(record: Validation) -> bool:
    labelled = bool(((record.truth >= 0) & (record.truth < len(LABELS))).all())
    return labelled and bool((record.answers >= 0).all()) and bool((abs(record.answers.sum(axis=1) - 1) < 0.01).all())
