"""All figures of one answerer over one set of texts.

Examples, Answers, resampled confusions -> Figures
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.evaluation import agreement, measure
from nlp.evaluation.intervals import Interval, by_document, documents, interval, resample
from nlp.labelled import Example
from records import LABELS

POINTS = 100
"""Points of a risk-coverage curve, evenly spaced."""
TOLD = (0.25, 0.5, measure.SUREST, 0.8, 0.9, 1.0)
"""Coverages at which the curve has a point in any case: those that are told in numbers."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities (n, 4), which of them were given rather than abstained on (n,), and those without context.

    `bare` (m, 4) follows the texts that have a context.
    """

    probabilities: Array
    given: Array
    bare: Array


@dataclass(frozen=True, slots=True)
class ByLabel:
    """One label's figures; `n` texts bear it, `said` were given it."""

    precision: float
    recall: float
    f1: float
    n: int
    said: int


@dataclass(frozen=True, slots=True)
class Group:
    """Texts of one source kind or source; macro-F1 over the labels that occur there."""

    n: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence."""

    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Point:
    """What share of answers is wrong among the surest `coverage` of them."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What is left when the unsure are not answered; figures are None where nothing is left."""

    n: int
    coverage: float
    accuracy: float | None
    macro_f1: float | None
    false_stance: float | None


@dataclass(frozen=True, slots=True)
class Context:
    """Texts that have a context, read with it and without; macro-F1 over the labels that occur there.

    `gain` is of the macro-F1, with minus without.
    """

    n: int
    changed: int  # answers that differ
    accuracy_with: float
    accuracy_without: float
    macro_f1_with: float
    macro_f1_without: float
    gain: Interval


@dataclass(frozen=True, slots=True)
class Figures:
    """What one answerer reached. Shares lie between 0 and 1; a confusion is [truth][answer] in LABELS order."""

    accuracy: Interval
    macro_f1: Interval
    macro_f1_without_skeptic: Interval
    kappa: float | None  # with the file's labels
    false_stance: float | None  # of the texts labelled none, the share given a stance; None without such texts
    accuracy_surest_65: float
    ece: float
    risk_coverage_area: float
    labels: dict[str, ByLabel]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[Bin, ...]
    risk_coverage: tuple[Point, ...]
    answered: Answered
    context: Context | None
    by_kind: dict[str, Group]
    by_source: dict[str, Group]


def figures(examples: Sequence[Example], answers: Answers, draws: Array) -> Figures:
    """Everything that can be told of these answers; `draws` are their confusions, resampled, (times, 4, 4)."""
    targets, probabilities = measure.targets_of(examples), answers.probabilities
    predicted = probabilities.argmax(axis=1)
    counts = measure.confusion(predicted, targets)
    risks = measure.risks(probabilities, targets)
    return Figures(
        accuracy=_interval(measure.accuracy, counts, draws),
        macro_f1=_interval(measure.macro_f1, counts, draws),
        macro_f1_without_skeptic=_interval(measure.macro_f1_without_skeptic, counts, draws),
        kappa=agreement.kappa([(LABELS[t], LABELS[p]) for t, p in zip(targets, predicted, strict=True)]),
        false_stance=measure.false_stance(counts),
        accuracy_surest_65=measure.surest(risks, measure.SUREST),
        ece=measure.ece(probabilities, targets),
        risk_coverage_area=float(risks.mean()),
        labels=_labels(counts),
        confusion=tuple(map(tuple, counts.tolist())),
        reliability=tuple(Bin(**row) for row in measure.reliability(probabilities, targets)),
        risk_coverage=_points(risks),
        answered=_answered(predicted[answers.given], targets[answers.given], len(targets)),
        context=_context(examples, answers),
        by_kind={name: Group(**row) for name, row in measure.by(examples, probabilities, _kind).items()},
        by_source={name: Group(**row) for name, row in measure.by(examples, probabilities, _source).items()},
    )


def _interval(figure: Callable[[Array], Array], counts: Array, draws: Array) -> Interval:
    return interval(float(figure(counts)), figure(draws))


def _kind(example: Example) -> str:
    return example.source_kind


def _source(example: Example) -> str:
    return example.source


def _labels(counts: Array) -> dict[str, ByLabel]:
    said = counts.sum(axis=0)
    rows = measure.labels(counts)
    return {name: ByLabel(**rows[name], said=int(said[at])) for at, name in enumerate(LABELS)}


def _points(risks: Array) -> tuple[Point, ...]:
    """The curve at evenly spaced coverages and at those TOLD, the last of them 1."""
    even = np.linspace(1, len(risks), POINTS).round().astype(int)
    kept = np.union1d(even, [measure.kept(share, len(risks)) for share in TOLD])
    return tuple(Point(int(k) / len(risks), float(risks[k - 1])) for k in kept)


def _answered(predicted: Array, targets: Array, asked: int) -> Answered:
    if not len(targets):
        return Answered(0, 0.0, None, None, None)
    counts = measure.confusion(predicted, targets)
    return Answered(
        len(targets),
        len(targets) / asked,
        float(measure.accuracy(counts)),
        float(measure.macro_f1(counts)),
        measure.false_stance(counts),
    )


def _context(examples: Sequence[Example], answers: Answers) -> Context | None:
    rows = [at for at, example in enumerate(examples) if example.context]
    if not rows:
        return None
    asked = [examples[at] for at in rows]
    targets, pair = measure.targets_of(asked), (answers.probabilities[rows].argmax(axis=1), answers.bare.argmax(axis=1))
    tables = by_document(documents(asked), targets, pair)
    there = np.unique(targets)
    whole = tables.sum(axis=0)
    accuracy, macro = measure.accuracy(whole), measure.f1s(whole)[:, there].mean(axis=-1)
    drawn = measure.f1s(resample(tables))[..., there].mean(axis=-1)
    return Context(
        n=len(rows),
        changed=int((pair[0] != pair[1]).sum()),
        accuracy_with=float(accuracy[0]),
        accuracy_without=float(accuracy[1]),
        macro_f1_with=float(macro[0]),
        macro_f1_without=float(macro[1]),
        gain=interval(float(macro[0] - macro[1]), drawn[:, 0] - drawn[:, 1]),
    )
