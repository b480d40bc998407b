"""From answers to shares: exact where it can be, on the simplex always, with bands that tell chance and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from benchmarks import prevalence_simulation as simulation
from nlp import prevalence
from tests.nlp.made_answers import CONFUSION, means, record, said, tally

LAW = settings(max_examples=40, deadline=None)
parts = st.lists(st.floats(0.001, 1), min_size=4, max_size=4)


def normed(values: list[float]) -> np.ndarray:
    """Shares that sum to one."""
    return np.array(values) / sum(values)


def solved(answers: np.ndarray) -> np.ndarray:
    """One cell's shares for its mean answer."""
    return prevalence.solve(answers[None, None], means()[None])[0, 0]


@LAW
@given(parts)
def test_the_truth_is_found_where_the_model_errs_as_it_did(values: list[float]) -> None:
    """A mixture of the mean answers gives back the shares that it was mixed with."""
    assert solved(normed(values) @ means()) == pytest.approx(normed(values), abs=1e-3)


@LAW
@given(parts)
def test_shares_are_the_nearest_on_the_simplex(values: list[float]) -> None:
    """Whatever was answered, shares are none below zero, sum to one, and no others come nearer."""
    answers, shares = normed(values), solved(normed(values))
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)

    def miss(x: np.ndarray) -> float:
        return float(((answers - x @ means()) ** 2).sum())

    other = minimize(
        miss, np.full(4, 0.25), bounds=[(0, 1)] * 4, constraints={"type": "eq", "fun": lambda x: x.sum() - 1}
    )
    assert miss(shares) <= other.fun + 1e-5


def test_without_a_record_shares_are_counts() -> None:
    """Nothing known of the model's errors: what it said is what is told, and the band is chance alone."""
    found = prevalence.estimate([tally(said(30, 20, 10, 40))], {"m": prevalence.correction(None)})
    assert prevalence.told(found.shares)[0] == pytest.approx([1 / 2, 1 / 3, 1 / 6, 0.4], abs=1e-5)
    low, high = prevalence.band(prevalence.told(found.drawn))
    assert low[0, 3] == pytest.approx(0.4 - 1.645 * 0.049, abs=0.015)
    assert high[0, 3] == pytest.approx(0.4 + 1.645 * 0.049, abs=0.015)


def widths(cell: object, times: int) -> np.ndarray:
    """How wide the bands of that cell's four shares are, with so many validation texts."""
    found = prevalence.estimate([cell], {"m": prevalence.correction(record(times))})  # type: ignore[list-item]
    low, high = prevalence.band(prevalence.told(found.drawn))
    return (high - low)[0]


def test_bands_tell_chance_and_errors() -> None:
    """More items narrow a band, and so do more validation texts; neither alone makes it vanish."""
    few, many = tally(said(15, 12, 9, 24)), tally(said(1500, 1200, 900, 2400))
    assert (widths(many, 1) < widths(few, 1)).all()
    assert (widths(many, 8) < 0.6 * widths(many, 1)).all()
    assert (widths(few, 8) > 2 * widths(many, 8)).all()


def test_bands_know_that_an_author_repeats_himself() -> None:
    """A hundred items by ten authors tell less than by a hundred: as a bootstrap over the authors says."""
    rng = np.random.default_rng(5)
    authors = np.eye(4)[rng.integers(0, 4, 40)]
    units = tally(authors, np.full(40, 3.0))
    found = prevalence.estimate([units], {"m": prevalence.correction(None)})
    drawn = authors[rng.integers(0, 40, (4000, 40))].mean(axis=1)
    assert found.drawn[0].std(axis=0) == pytest.approx(drawn.std(axis=0), rel=0.25)


def test_an_estimate_keeps_no_company() -> None:
    """A cell's figures are the same alone and among others."""
    cells = [tally(said(9 + n, 8, 7, 20), entity=str(n)) for n in range(40)]
    known = {"m": prevalence.correction(record())}
    together, alone = prevalence.estimate(cells, known), prevalence.estimate(cells[33:34], known)
    assert together.drawn[33] == pytest.approx(alone.drawn[0], abs=1e-9)
    assert np.std([together.drawn[n, 0, 0] for n in range(40)]) > 0


def test_stand_ins_serve_labels_that_have_few_texts_and_leave_them_wide() -> None:
    """Four skeptics are made up to twenty by other texts' answers; with a hundred, those are not looked at."""
    rows = np.array(CONFUSION)
    few = rows.copy()
    few[2] = [0, 0, 2, 2]
    own = np.zeros((4, 4))
    own[2] = [10, 10, 70, 10]
    from nlp.validation import of_confusion  # noqa: PLC0415 - beside its use

    short, full = (prevalence.correction(of_confusion(c.tolist(), [own, own])).news for c in (few, rows))
    assert short.means[2] == pytest.approx((np.array([0, 0, 2, 2]) + 16 * np.array([0.1, 0.1, 0.7, 0.1])) / 20)
    assert full.means[2] == pytest.approx(rows[2] / 100)
    assert short.drawn[:, 2, 2].std() > 1.5 * full.drawn[:, 2, 2].std()


def test_expectation_maximisation_moves_a_prior() -> None:
    """With calibrated probabilities made for equal shares, EM finds that realists are 70 % (Saerens et al. 2002)."""
    rng = np.random.default_rng(7)
    truth = rng.choice(4, 6000, p=[0.7, 0.1, 0.1, 0.1])
    said_ = np.array([rng.choice(4, p=means()[t]) for t in truth])
    posterior = means().T / means().T.sum(axis=1, keepdims=True)
    assert prevalence.saerens(posterior[said_], np.full(4, 0.25)) == pytest.approx([0.7, 0.1, 0.1, 0.1], abs=0.03)


@pytest.mark.parametrize("level", [0, 1, 1.5])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    """There is no band of all or nothing."""
    with pytest.raises(ValueError, match="level"):
        prevalence.band(np.zeros((1, 4, 1)), level)


def test_weeks_of_known_shares_are_found_far_better_than_by_counting() -> None:
    """On weeks of 5 to 60 % of each stance: 40 % less error than plain counting, nine bands in ten hold the truth."""
    found = simulation.accuracy(simulation.authored(), 1500, rounds=4)
    assert found["adjusted"] < 0.6 * found["plain"]
    assert found["held"] >= 0.85


def test_the_simulation_never_learns_from_the_documents_it_draws() -> None:
    """No document lies in both halves."""
    first, second = simulation.halves(simulation.authored(), np.random.default_rng(0))
    assert not set(first.documents) & set(second.documents)
    assert len(first.truth) + len(second.truth) == len(simulation.authored().truth)


@LAW
@given(parts, st.lists(st.floats(-0.4, 0.4), min_size=4, max_size=4), st.integers(1, 10**6))
def test_every_row_has_its_own_nearest_shares(values: list[float], off: list[float], seed: int) -> None:
    """Of many mixtures at once, far from the simplex too, none comes nearer than what is found for it."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(4, 0.5), (6, 4))
    answers = np.broadcast_to(normed(values) + np.array(off) - np.mean(off), (2, 6, 4))
    found = prevalence.solve(answers, rows)
    tried = rng.dirichlet(np.full(4, 0.4), 300)
    miss = ((found[0, :, None, :] @ rows)[:, 0] - answers[0]) ** 2
    others = ((tried @ rows) - answers[0][:, None, :]) ** 2
    assert (miss.sum(axis=-1) <= others.sum(axis=-1).min(axis=-1) + 1e-5).all()
    assert found.min() >= 0
    assert found.sum(axis=-1) == pytest.approx(np.ones((2, 6)))
