"""What is known of a model's errors: its answers on texts whose label people gave.

    labelled texts, the model's answers -> Validation -> validation.json beside the model -> Validation
    a model's folder without it -> the confusion in metrics.json -> Validation of bare labels

An answer is four numbers in LABELS order: probabilities, or a one and three zeros where only the label is known. Each
text keeps the number of its document, for texts of one document err together, and its kind of source, for news and
posts are answered differently. No word of any text is kept.
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
FORMAT = "oresight-validation/2"
KINDS = ("news", "social")
ANY = -1
"""In place of a kind that is not known."""
FEW = 20
"""Texts of a label below which others stand in for those that lack."""
LARGEST = 4_000_000
"""Bytes of a record that is read."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Validation:
    """A model's answers on n labelled texts.

    `truth` (n,) are places in LABELS, `documents` (n,) numbers, `kinds` (n,) places in KINDS, `answers` (n, 4) as the
    module says; `soft` where they are probabilities. `stand_ins` (2, 4, 4) are its summed answers on the project's own
    validation texts, by kind and truth, for labels that the others have too few of: see `FEW`.
    """

    truth: Array
    documents: Array
    kinds: Array
    answers: Array
    soft: bool
    stand_ins: Array

    def of_kind(self, kind: str) -> Validation:
        """What is known of one kind of source; where no text's kind is known, the same for both."""
        at = KINDS.index(kind)
        rows = (self.kinds == at) | (self.kinds == ANY)
        documents = np.unique(self.documents[rows], return_inverse=True)[1]
        kinds, stand_ins = np.full(int(rows.sum()), ANY), np.broadcast_to(self.stand_ins[at], self.stand_ins.shape)
        return Validation(self.truth[rows], documents, kinds, self.answers[rows], self.soft, stand_ins)

    @property
    def texts(self) -> tuple[int, ...]:
        """How many texts there are of each label."""
        return tuple(np.bincount(self.truth, minlength=len(LABELS)).tolist())

    @property
    def lacking(self) -> tuple[int, ...]:
        """How many texts of each label the stand-ins have to make up for, in a record of one kind."""
        there = self.stand_ins[0].sum(axis=1) > 0
        return tuple(int(max(0, FEW - n)) if given else 0 for n, given in zip(self.texts, there, strict=True))


def of(examples: Sequence[Example], answers: Array, stand_ins: Array | None = None) -> Validation:
    """The record of probabilities (n, 4) on labelled texts; texts without a document are each their own."""
    names = [example.document or f" {at}" for at, example in enumerate(examples)]
    documents = np.unique(names, return_inverse=True)[1]
    truth = np.array([example.target for example in examples], dtype=np.int64)
    kinds = np.array([KINDS.index(example.source_kind) for example in examples])
    return Validation(truth, documents, kinds, np.asarray(answers, dtype=float), True, _stand_ins(stand_ins))


def summed(examples: Sequence[Example], answers: Array) -> Array:
    """Answers (n, 4) summed by kind and truth, (2, 4, 4): what `stand_ins` takes."""
    sums = np.zeros((len(KINDS), len(LABELS), len(LABELS)))
    np.add.at(sums, ([KINDS.index(e.source_kind) for e in examples], [e.target for e in examples]), answers)
    return sums


def of_confusion(confusion: Sequence[Sequence[int]], stand_ins: Array | None = None) -> Validation:
    """The record behind counts by [truth][answer]: bare labels, each text a document of its own, of any kind."""
    counts = _sums(confusion).astype(np.int64)
    truth, said = (np.repeat(places.ravel(), counts.ravel()) for places in np.indices(counts.shape))
    kinds, answers = np.full(len(truth), ANY), np.eye(len(LABELS))[said]
    return Validation(truth, np.arange(len(truth)), kinds, answers, False, _stand_ins(stand_ins))


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
    """The record as JSON, a text a row: its label's place in LABELS, its document, its kind, its answer."""
    rows = [
        [int(t), int(d), int(k), *np.round(a, 4).tolist()]
        for t, d, k, a in zip(record.truth, record.documents, record.kinds, record.answers, strict=True)
    ]
    head = {"format": FORMAT, "soft": record.soft, "stand_ins": record.stand_ins.round(4).tolist(), "texts": rows}
    return json.dumps(head, separators=(",", ":")).replace("],[", "],\n[") + "\n"


def parse(text: str) -> Validation:
    """The record in a text that `dump` wrote. Raises ValueError for anything else."""
    try:
        given = json.loads(text)
        rows = np.array(given["texts"], dtype=float).reshape(-1, 3 + len(LABELS))
        if not np.isfinite(rows).all():
            raise ValueError("not a record of answers on labelled texts")
        record = Validation(
            rows[:, 0].astype(np.int64),
            np.unique(rows[:, 1], return_inverse=True)[1],
            rows[:, 2].astype(np.int64),
            rows[:, 3:],
            bool(given["soft"]),
            _stand_ins(given["stand_ins"]),
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
    lacking = [
        f"{n} {label} {kind}"
        for kind in KINDS
        for label, n in zip(LABELS, record.of_kind(kind).lacking, strict=True)
        if n
    ]
    filled = f"; the project's own validation texts stand in for {', '.join(lacking)} that lack" if lacking else ""
    return f"Adjusted by its {what} on {len(record.truth)} labelled texts ({counts}){filled}."


def _confusion(path: Path) -> Any:
    """The confusion in one of our own metrics.json; None for a file of any other kind."""
    try:
        confusion = json.loads(path.read_text(encoding="utf-8"))["dev"]["confusion"]
        return confusion if _sums(confusion).any() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stand_ins(given: Any) -> Array:
    both = [None] * len(KINDS) if given is None else list(given)
    if len(both) != len(KINDS):
        raise ValueError("not sums of answers by kind and label")
    return np.stack([_sums(one) for one in both])


def _sums(given: Any) -> Array:
    sums = np.zeros((len(LABELS), len(LABELS))) if given is None else np.array(given, dtype=float)
    if sums.shape != (len(LABELS),) * 2 or not np.isfinite(sums).all() or (sums < 0).any() or sums.sum() > 1e7:
        raise ValueError("not sums of answers by label")
    return sums


def _sound(record: Validation) -> bool:
    labelled = bool(((record.truth >= 0) & (record.truth < len(LABELS))).all())
    labelled &= bool(((record.kinds >= ANY) & (record.kinds < len(KINDS))).all())
    return labelled and bool((record.answers >= 0).all()) and bool((abs(record.answers.sum(axis=1) - 1) < 0.01).all())
