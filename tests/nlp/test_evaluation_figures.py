"""Figures of an evaluation, against scikit-learn's and against counts done by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from nlp.evaluation import agreement, intervals, measure
from nlp.evaluation.figures import Answers, figures
from nlp.labelled import Example
from records import LABELS

Array = np.ndarray
ANSWERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=60)


def rows(answers: list[tuple[int, int]]) -> tuple[Array, Array]:
    """Probabilities and targets of (answer, confidence in hundredths) with label numbers."""
    found = np.array([[(1 - sure / 100) / 3] * 4 for _, sure in answers])
    for at, (label, sure) in enumerate(answers):
        found[at, label] = sure / 100
    return found, found.argmax(axis=1)


def texts(targets: list[int], documents: list[str | None] | None = None, context: str | None = None) -> list[Example]:
    """Texts with these labels, each in its document."""
    places = documents or [None] * len(targets)
    return [
        Example(str(at), "news", context, f"text {at}", LABELS[target], "src", document=place)
        for at, (target, place) in enumerate(zip(targets, places, strict=True))
    ]


@settings(max_examples=40)
@given(ANSWERS)
def test_f1_is_scikit_learns(given_: list[tuple[int, int, int]]) -> None:
    """Precision, recall, F1, macro-F1 and accuracy are those of scikit-learn, whatever labels occur."""
    truth, said, _ = map(np.array, zip(*given_, strict=True))
    counts = measure.confusion(said, truth)
    oracle = metrics.precision_recall_fscore_support(truth, said, labels=range(4), zero_division=0.0)
    found = measure.labels(counts)
    for at, label in enumerate(LABELS):
        assert list(found[label].values()) == pytest.approx([column[at] for column in oracle])
    assert measure.macro_f1(counts) == pytest.approx(np.mean(oracle[2]))
    assert measure.macro_f1_without_skeptic(counts) == pytest.approx(np.delete(oracle[2], 2).mean())
    assert measure.accuracy(counts) == pytest.approx(metrics.accuracy_score(truth, said))
    assert np.array_equal(counts, metrics.confusion_matrix(truth, said, labels=range(4)))


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_curve_does_not_depend_on_the_order(given_: list[tuple[int, int, int]], chance: object) -> None:
    """Equally sure answers may stand in any order; the curve ends at the error rate."""
    probabilities, _ = rows([(said, 30 + 7 * sure) for _, said, sure in given_])
    targets = np.array([truth for truth, _, _ in given_])
    order = list(range(len(targets)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    risks = measure.risks(probabilities, targets)
    assert risks == pytest.approx(measure.risks(probabilities[order], targets[order]))
    assert risks[-1] == pytest.approx((probabilities.argmax(axis=1) != targets).mean())
    assert risks.min() >= 0


def test_risks_by_hand() -> None:
    """Four answers at 0.9, 0.8, 0.8, 0.5: right, wrong, right, wrong; the equally sure count half each."""
    probabilities, said = rows([(0, 90), (1, 80), (1, 80), (3, 50)])
    targets = np.where([True, False, True, False], said, 2)
    risks = measure.risks(probabilities, targets)
    assert risks == pytest.approx([0, 0.25, 1 / 3, 0.5])
    assert measure.surest(risks, 0.5) == pytest.approx(0.75)
    assert measure.surest(risks, 0.01) == 1


def test_reliability_by_hand() -> None:
    """Two bins of two: the least sure first, their gaps weighed by count."""
    probabilities, said = rows([(0, 90), (1, 50), (2, 60), (3, 80)])
    bins = measure.reliability(probabilities, np.where([True, False, True, True], said, 3), bins=2)
    assert [list(part.values()) for part in bins] == [
        [2, pytest.approx(0.55), 0.5],
        [2, pytest.approx(0.85), 1.0],
    ]
    assert measure.ece(probabilities, np.where([True, False, True, True], said, 3), bins=2) == pytest.approx(0.1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40))
def test_kappa_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    """Kappa agrees with scikit-learn's, and is None, not a warning, where it is not defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = agreement.kappa(pairs)
    if len({label for pair in pairs for label in pair}) > 1:
        assert found == pytest.approx(metrics.cohen_kappa_score(*zip(*pairs, strict=True)))
    else:
        assert found is None


def test_kappa_by_hand() -> None:
    """Ten texts, eight alike, chance 0.5: kappa 0.6. Only texts in common count, and pairs without any are left out."""
    both = [("none", "none")] * 4 + [("realist", "realist")] * 4 + [("none", "realist"), ("realist", "none")]
    marks = [{"bob": b, "ann": a} for a, b in both] + [{"ann": "none"}, {"cleo": "none"}]
    (found,) = agreement.pairwise(marks)
    assert (found.first, found.second, found.n, found.share) == ("ann", "bob", 10, 0.8)
    assert found.kappa == pytest.approx(0.6)


def test_an_interval_is_that_of_a_plain_bootstrap() -> None:
    """Resampled accuracies spread as the binomial says: 100 texts at 0.8 have a standard error of 0.04."""
    targets = np.array([0] * 100)
    said = np.array([0] * 80 + [3] * 20)
    counts = intervals.by_document(intervals.documents(texts([0] * 100)), targets, [said])
    draws = measure.accuracy(intervals.resample(counts)[:, 0])
    found = intervals.interval(0.8, draws)
    assert draws.std() == pytest.approx(0.04, rel=0.05)
    assert (found.low, found.high) == (pytest.approx(0.72, abs=0.015), pytest.approx(0.875, abs=0.015))


def test_documents_are_drawn_whole() -> None:
    """Texts that stand ten to a document say as much as a tenth of them: the interval is wider."""
    targets, said = np.array([0] * 100), np.repeat([0, 0, 0, 3, 0] * 2, 10)
    places = [str(at // 10) for at in range(100)]
    widths = []
    for examples in (texts([0] * 100), texts([0] * 100, places)):
        numbers = intervals.documents(examples)
        draws = measure.accuracy(intervals.resample(intervals.by_document(numbers, targets, [said]))[:, 0])
        widths.append(draws.std())
    assert widths[1] == pytest.approx(widths[0] * np.sqrt(10), rel=0.1)


@settings(max_examples=25)
@given(ANSWERS, st.integers(1, 5))
def test_resamples_keep_what_cannot_vary(given_: list[tuple[int, int, int]], many: int) -> None:
    """Same seed, same draws; every draw holds as many documents; one document alone has no spread."""
    truth, said, _ = map(np.array, zip(*given_, strict=True))
    numbers = intervals.documents(texts(list(truth), [str(at % many) for at in range(len(truth))]))
    counts = intervals.by_document(numbers, truth, [said, truth])
    draws = intervals.resample(counts, times=50)
    assert np.array_equal(draws, intervals.resample(counts, times=50))
    assert np.array_equal(counts.sum(axis=0)[0], measure.confusion(said, truth))
    assert (measure.accuracy(draws[:, 1]) == 1).all()
    if len(counts) == 1:
        assert np.ptp(draws, axis=0).max() == 0


def found(targets: list[int], said: list[int], given_: list[bool], bare: list[int] | None = None):  # type: ignore[no-untyped-def]
    """Figures of sure answers, of which some are abstained on; `bare` are those without context."""
    examples = texts(targets, context="thread" if bare else None)
    rival, _ = rows([(label, 90) for label in bare or []]) if bare else (np.zeros((0, 4)), None)
    answers = Answers(rows([(label, 90) for label in said])[0], np.array(given_), rival)
    counts = intervals.by_document(intervals.documents(examples), np.array(targets), [np.array(said)])
    return figures(examples, answers, intervals.resample(counts)[:, 0])


def test_abstaining_by_hand() -> None:
    """Of four answers two are given: one right, one a stance for a text without."""
    answered = found([0, 3, 3, 1], [0, 2, 3, 3], [True, True, False, False]).answered
    assert (answered.n, answered.coverage, answered.accuracy, answered.false_stance) == (2, 0.5, 0.5, 1.0)
    assert answered.macro_f1 == pytest.approx(0.25)


def test_abstaining_on_all_leaves_nothing() -> None:
    """A model that never answers has no accuracy, rather than a perfect or a bad one."""
    answered = found([0, 1], [0, 1], [False, False]).answered
    assert (answered.n, answered.accuracy, answered.macro_f1, answered.false_stance) == (0, None, None, None)


def test_context_by_hand() -> None:
    """Four texts, all right with context and half without: two answers change, and the macro-F1 over two labels."""
    context = found([0, 0, 3, 3], [0, 0, 3, 3], [True] * 4, bare=[0, 3, 3, 0]).context
    assert (context.n, context.changed, context.accuracy_with, context.accuracy_without) == (4, 2, 1.0, 0.5)
    assert (context.macro_f1_with, context.macro_f1_without) == (1.0, 0.5)
    assert context.gain.value == 0.5
    assert context.gain.low < 0.5 < context.gain.high


def test_what_is_not_there_is_not_told() -> None:
    """Without contexts no comparison, without `none` no false stances, with one label no kappa."""
    alone = found([0, 0], [0, 0], [True, True])
    assert (alone.context, alone.false_stance, alone.kappa) == (None, None, None)
    assert alone.macro_f1.value == 0.25
