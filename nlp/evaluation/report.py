"""One evaluation, whole: the model on a file of labelled texts, beside a bag of words and beside people.

    Sheet, StanceModel, Bag -> Answers, Answers -> Figures, Figures -> Report -> as_json

The same sheet, model and bag give the same report: nothing here reads a clock or the environment.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

import numpy as np

from nlp.evaluation import agreement, measure
from nlp.evaluation.baseline import Bag
from nlp.evaluation.figures import Answers, Figures, figures
from nlp.evaluation.intervals import Interval, by_document, documents, interval, resample
from nlp.labelled import Example, Sheet, scored
from records import LABELS, Label

FORMAT: Final = "oresight-evaluation/1"
NO_BASELINE: Final = "none came with the model; --train FILE fits one"

Array = np.ndarray[Any, Any]
Progress = Callable[[int], None]


class EvaluationError(Exception):
    """Nothing can be evaluated; the message is one line that says why."""


class Model(Protocol):
    """What is evaluated: nlp.stance.StanceModel, or anything that labels like it."""

    id: str
    quality: str

    def label(self, pairs: Sequence[tuple[str | None, str]], progress: Progress | None = None) -> list[Label]:
        """A Label for each (context, text), in order."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What a file held. `labels` counts the scored texts by label; `documents` is what the resampling draws."""

    file: str
    scored: int
    low: int  # left out of every score: their annotator called the label a coin toss
    unsettled: int  # left out as well: no label has a majority of their annotators
    bad: int  # lines that could not be used
    documents: int
    labels: dict[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `oresight evaluate` tells; report.json is this, field by field."""

    format: str
    model: str  # the model's id
    baseline_note: str  # what the baseline learned from, or why there is none
    texts: Texts
    figures: Figures
    baseline: Figures | None
    gain: Interval | None  # macro-F1 of the model less that of the baseline
    annotators: tuple[agreement.Agreement, ...]


def evaluate(sheet: Sheet, model: Model, bag: Bag | None, note: str, progress: Progress = lambda _: None) -> Report:
    """Label and measure. `progress` is told how many more of `amount(sheet)` texts are done.

    Raises EvaluationError where no text can be scored.
    """
    examples = scored(sheet.examples)
    if not examples:
        raise EvaluationError(nothing(sheet))
    answers = [of_model(model, examples, progress)]
    if bag is not None:
        answers.append(of_bag(bag, examples, int(answers[0].given.sum())))
    places, targets = documents(examples), measure.targets_of(examples)
    draws = resample(by_document(places, targets, [a.probabilities.argmax(axis=1) for a in answers]))
    found = [figures(examples, a, draws[:, at]) for at, a in enumerate(answers)]
    baseline = found[1] if bag is not None else None
    return Report(
        format=FORMAT,
        model=model.id,
        baseline_note=note,
        texts=_texts(sheet, examples, int(places.max()) + 1),
        figures=found[0],
        baseline=baseline,
        gain=_gain(found[0], baseline, draws) if baseline else None,
        annotators=agreement.pairwise(sheet.marks),
    )


def amount(sheet: Sheet) -> int:
    """How many texts `evaluate` will have labelled: the scored ones, and again those with a context."""
    return sum(1 + bool(example.context) for example in scored(sheet.examples))


def nothing(sheet: Sheet) -> str:
    """One line that says why no text of a sheet can be scored."""
    if sheet.faults and not sheet.examples and not sheet.unsettled:
        return f"{sheet.faults[0]}; no other line can be used either ({len(sheet.faults)} lines)"
    return f"{sheet.name}: no text in it can be scored: it needs JSON lines with id, text and a stance that is settled"


def of_model(model: Model, examples: Sequence[Example], progress: Progress) -> Answers:
    """The model's answers; texts with a context are labelled once more without."""
    labels = model.label([example.pair for example in examples], progress)
    bare = model.label([(None, example.text) for example in examples if example.context], progress)
    return Answers(_rows(labels), np.array([not label.abstained for label in labels]), _rows(bare))


def of_bag(bag: Bag, examples: Sequence[Example], given: int) -> Answers:
    """The baseline's answers. It has no threshold: the `given` surest count as given, as many as the model gave."""
    probabilities = bag.answers(examples)
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    bare = bag.answers([replace(example, context=None) for example in examples if example.context])
    return Answers(probabilities, np.isin(np.arange(len(examples)), order[:given]), bare)


def _rows(labels: Sequence[Label]) -> Array:
    return np.array([label.probabilities for label in labels]).reshape(-1, len(LABELS))


def _gain(model: Figures, baseline: Figures, draws: Array) -> Interval:
    macro = measure.macro_f1(draws)
    return interval(model.macro_f1.value - baseline.macro_f1.value, macro[:, 0] - macro[:, 1])


def _texts(sheet: Sheet, examples: Sequence[Example], drawn: int) -> Texts:
    counts = Counter(example.stance for example in examples)
    return Texts(
        file=sheet.name,
        scored=len(examples),
        low=len(sheet.examples) - len(examples),
        unsettled=sheet.unsettled,
        bad=len(sheet.faults),
        documents=drawn,
        labels={label: counts[label] for label in LABELS},
    )


def as_json(report: Report) -> str:
    """The report as JSON, figures unrounded; README.md beside this file tells every key."""
    return json.dumps(asdict(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
