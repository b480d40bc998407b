"""Do the corrected shares find what was really there? Weeks are drawn from labelled texts at known shares.

    python benchmarks/prevalence_simulation.py [--rounds 20]

Two pools of answers:
- real: the shipped model's answers on real news (its validation.json; no post there takes a stance). Half of the
  documents tell what is known of the model, weeks are drawn from the other half. Skeptics hardly occur there: their
  share stays low.
- authored: counts of answers on authored texts, cross-validated by author (nlp/training/crossval.json), for weeks of
  up to 60 % skeptics. Bare labels: half of the texts tell, weeks are drawn from the other half.

A label in turn has 5 to 60 % of a week's items. Told are the mean absolute errors of plain counting, of
expectation-maximisation (Saerens et al. 2002) and of the adjusted counts; how often 90 % bands hold the truth; false
alarms on lists of series that did not change; and how often a swing of 15 points is seen. Bounds stand beside them:
`exact`, the adjusted counts if the model's errors on the texts drawn were known exactly, is what a longer record can
reach; `chance` is how far the true labels of a week lie from the shares that it was drawn at, and lists of true labels
hold verdicts on those. QuaPy has these methods too; it costs 5 s of import and brings pandas and matplotlib (a site of
489 MB in all), bootstraps no validation record by document, and works a cell at a time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from nlp import prevalence, validation, verdicts
from records import LABELS, Tally

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "nlp" / "models" / "stance-minilm"
CROSSVAL = ROOT / "nlp" / "training" / "crossval.json"
SHARES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60)
SIZES = (200, 500, 1500)
USUAL = np.array([0.12, 0.16, 0.08, 0.64])
"""The labels' proportions in drawn weeks, but for the label that is moved."""
MONDAY = date(2026, 1, 5)
LIST = 20
"""Series shown together."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Pool:
    """Answers (n, 4) on texts with a known truth; `given` (n,) where the model did not abstain."""

    name: str
    truth: Array
    documents: Array
    answers: Array
    given: Array
    soft: bool
    movable: tuple[int, ...]
    stand_ins: Array

    def part(self, rows: Array) -> Pool:
        """The pool of some of its texts."""
        return Pool(
            self.name, self.truth[rows], self.documents[rows], self.answers[rows], self.given[rows], self.soft,
            self.movable, self.stand_ins,
        )  # fmt: skip

    def record(self) -> validation.Validation:
        """What is known of the model from these texts."""
        documents = np.unique(self.documents, return_inverse=True)[1]
        kinds = np.full(len(documents), validation.ANY)
        return validation.Validation(self.truth, documents, kinds, self.answers, self.soft, self.stand_ins)


def halves(pool: Pool, rng: np.random.Generator) -> tuple[Pool, Pool]:
    """Two pools that share no document."""
    names = np.unique(pool.documents)
    first = np.isin(pool.documents, rng.permutation(names)[: len(names) // 2])
    return pool.part(np.flatnonzero(first)), pool.part(np.flatnonzero(~first))


def mixture(pool: Pool, label: int, share: float) -> Array:
    """Shares of the four labels in which `label` has `share` of all items; the others keep their proportions."""
    rest = np.where(np.isin(np.arange(4), [*pool.movable, 3]), USUAL, 0.01 * (pool.truth == 2).any())
    rest[label] = 0
    return np.where(np.arange(4) == label, share, (1 - share) * rest / rest.sum())


def swung(pool: Pool, label: int, share: float) -> Array:
    """Shares of the four labels in which `label` has `share` of what takes a stance, which is 40 % of all items."""
    among = prevalence.told(mixture(pool, label, 0.3))[:3]
    among = np.where(np.arange(3) == label, share, among * (1 - share) / (1 - among[label]))
    return np.append(0.4 * among, 0.6)


def draw(pool: Pool, shares: Array, size: int, rng: np.random.Generator) -> Array:
    """The rows of a week's items, drawn at these shares."""
    wanted = rng.multinomial(size, shares)
    return np.concatenate([rng.choice(np.flatnonzero(pool.truth == label), n) for label, n in enumerate(wanted) if n])


def tally(pool: Pool, rows: Array, monday: date = MONDAY, name: str = "a") -> Tally:
    """A cell of these items, each an author of its own."""
    answers = pool.answers[rows]
    sums = tuple(answers.sum(axis=0).tolist())
    size = float(len(rows))
    return Tally(monday, "all", "mineral", name, "m", size, size, sums, sums, tuple((answers.T @ answers).ravel()))


def counted(pool: Pool, rows: Array) -> Array:
    """Plain counting, (4,): the labels of what the model did not abstain on."""
    said = pool.answers[rows].argmax(axis=1)[pool.given[rows]]
    return np.asarray(np.bincount(said, minlength=4) / len(said))


@dataclass(frozen=True, slots=True)
class Week:
    """One drawn week: the label that was moved, shares (4,) of the labels by each method, and what the draw held.

    `at` are the shares that it was drawn at; `exact` is `adjusted` with a record of the very texts drawn from.
    `held` tells whether the told shares that the week was drawn at, of that label and of none, lie in their bands.
    """

    label: int
    at: Array
    there: Array
    plain: Array
    maximised: Array
    adjusted: Array
    exact: Array
    held: tuple[bool, bool]
    width: float


def weeks(pool: Pool, size: int, rounds: int, seed: int) -> Iterator[Week]:
    """Weeks over all shares and labels; each round splits the texts anew."""
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        known, hidden = halves(pool, rng)
        record = known.record()
        cases = [(label, mixture(hidden, label, share)) for label in pool.movable for share in SHARES]
        drawn = [draw(hidden, truth, size, rng) for _, truth in cases]
        cells = [tally(hidden, rows, name=str(at)) for at, rows in enumerate(drawn)]
        found = prevalence.estimate(cells, {"m": prevalence.correction(record)})
        exact = prevalence.estimate(cells, {"m": prevalence.correction(hidden.record())})
        low, high = prevalence.band(prevalence.told(found.drawn))
        for at, (label, truth) in enumerate(cases):
            inside = (low[at] <= prevalence.told(truth)) & (prevalence.told(truth) <= high[at])
            yield Week(
                label,
                truth,
                np.bincount(hidden.truth[drawn[at]], minlength=4) / size,
                counted(hidden, drawn[at]),
                prevalence.saerens(hidden.answers[drawn[at]], record.answers.mean(axis=0), 100),
                found.drawn[at].mean(axis=0),
                exact.drawn[at].mean(axis=0),
                (bool(inside[label]), bool(inside[3])),
                float((high - low)[at, label]),
            )


def accuracy(pool: Pool, size: int, rounds: int, seed: int = 1) -> dict[str, float]:
    """Mean absolute errors, and how often bands hold the truth.

    Of the moved label's share of all items by each method, and by how much `less` the corrected one errs; then of the
    shares that are told, the label's `among` what takes a stance and the share `taking` one: counted and corrected.
    """
    methods = ("plain", "maximised", "adjusted", "exact")
    found = list(weeks(pool, size, rounds, seed))

    def error(method: str, share: Callable[[Week, Array], float]) -> float:
        return float(np.mean([abs(share(week, getattr(week, method)) - share(week, week.there)) for week in found]))

    told: dict[str, float] = {method: error(method, lambda week, shares: shares[week.label]) for method in methods}
    told["less"] = 1 - told["adjusted"] / told["plain"]
    told["chance"] = error("at", lambda week, shares: shares[week.label])
    for method in ("plain", "adjusted", "exact"):
        told[f"among {method}"] = error(method, lambda week, shares: prevalence.told(shares)[week.label])
        told[f"taking {method}"] = error(method, lambda _, shares: shares[3])
    told["held"] = float(np.mean([week.held for week in found]))
    return told | {"width": float(np.mean([week.width for week in found]))}


def verdict_lists(pool: Pool, size: int, rounds: int, *, swing: float = 0.0, series: int = LIST) -> tuple[float, float]:
    """Share of lists with a false alarm, and of swings that were seen.

    A list has so many series over nine weeks; with a swing, one label's share moves by it in the first's last week.
    """
    rng, alarms, seen = np.random.default_rng(2), 0, 0
    for _ in range(rounds):
        known, hidden = halves(pool, rng)
        corrections = {"m": prevalence.correction(known.record())}
        label = int(rng.choice(pool.movable))
        bases = [swung(hidden, label, float(rng.uniform(0.15, 0.45))) for _ in range(series)]
        past = {}
        for back in range(verdicts.BACK, -1, -1):
            monday = MONDAY - timedelta(weeks=back)
            moved = bases[:]
            if back == 0 and swing:
                moved[0] = swung(hidden, label, prevalence.told(bases[0])[label] + swing)
            cells = [tally(hidden, draw(hidden, m, size, rng), monday, f"{at:02}") for at, m in enumerate(moved)]
            past[monday] = verdicts.week(cells, corrections)
        rows = verdicts.compare(MONDAY, past.pop(MONDAY), past)
        told = [(r.entity, r.stance, v) for r in rows for v in (r.verdict, r.long_verdict) if v in ("up", "down")]
        alarms += any(entity != "00" or not swing for entity, _, _ in told)
        seen += any((entity, stance, v) == ("00", LABELS[label], "up") for entity, stance, v in told)
    return alarms / rounds, seen / rounds


def real() -> Pool | None:
    """The shipped model's answers on real news, from its record; None for a model that brings only a confusion."""
    known = validation.parse(validation.read(MODEL) or "")
    threshold = json.loads((MODEL / "calibration.json").read_text(encoding="utf-8"))["threshold"]
    given = known.answers.max(axis=1) >= threshold
    pool = Pool("real", known.truth, known.documents, known.answers, given, True, (0, 1), known.stand_ins)
    return pool.part(np.flatnonzero(known.kinds == validation.KINDS.index("news"))) if known.soft else None


def authored() -> Pool:
    """The cross-validated answers on authored texts, as bare labels."""
    confusion = json.loads(CROSSVAL.read_text(encoding="utf-8"))["author"]["minilm"]["confusion"]
    known = validation.of_confusion(confusion)
    everything = np.ones(len(known.truth), dtype=bool)
    return Pool(
        "authored", known.truth, known.documents, known.answers, everything, False, (0, 1, 2), np.zeros((2, 4, 4))
    )


def perfect(pool: Pool) -> Pool:
    """The same texts, answered by who knows their labels."""
    given = np.ones(len(pool.truth), dtype=bool)
    return replace(pool, answers=np.eye(4)[pool.truth], given=given, soft=False, stand_ins=np.zeros((2, 4, 4)))


def lists(pool: Pool, size: int, rounds: int) -> str:
    """False alarms, and swings seen in lists and alone, in words."""
    quiet, _ = verdict_lists(pool, size, rounds)
    _, seen = verdict_lists(pool, size, rounds, swing=0.15)
    _, alone = verdict_lists(pool, size, 2 * rounds, swing=0.15, series=1)
    return f"with a false alarm {quiet:.2f}; swings of 15 points seen {seen:.2f}, alone {alone:.2f}"


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    say: Callable[[str], object] = lambda line: sys.stdout.write(line + "\n")  # noqa: E731
    for pool in filter(None, (real(), authored())):
        say(f"{pool.name}: {len(pool.truth)} texts, {np.bincount(pool.truth).tolist()} by label")
        for size in SIZES:
            found = accuracy(pool, size, given.rounds)
            say(f"  n = {size}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
            say(f"    lists {lists(pool, size, given.rounds)}")
            say(f"    lists of true labels {lists(perfect(pool), size, given.rounds)}")


if __name__ == "__main__":
    main()
