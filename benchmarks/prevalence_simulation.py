"""Do the corrected shares find what was really there? Weeks are drawn from labelled texts at known shares.

    python benchmarks/prevalence_simulation.py [--answers FILE.npz] [--rounds 20]

Two pools of answers:
- real: the shipped model on the news of `../shared/stance/real-dev.jsonl`, where that lies (no post there takes a
  stance). Half of the documents tell what is known of the model, weeks are drawn from the other half. Skeptics hardly
  occur there: their share stays low.
- authored: counts of answers on authored texts, cross-validated by author (nlp/training/crossval.json), for weeks of
  up to 60 % skeptics. Bare labels: half of the texts tell, weeks are drawn from the other half.

Told are the mean absolute error of plain counting, of expectation-maximisation (Saerens et al. 2002) and of the
adjusted counts; how often 90 % bands hold the truth; false alarms on lists of series that did not change; and how often
a swing of 15 points is seen. QuaPy has these methods too; it costs 5 s of import and brings pandas and matplotlib (a
site of 489 MB in all), bootstraps no validation record by document, and works a cell at a time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from nlp import prevalence, validation, verdicts
from records import LABELS, Tally

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "stance" / "real-dev.jsonl"
CROSSVAL = ROOT / "nlp" / "training" / "crossval.json"
SHARES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60)
SIZES = (200, 500, 1500)
TAKING = 0.4
"""Share of the items that take a stance, in drawn weeks."""
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
    """Shares of the four labels in which `label` has `share` of what takes a stance; skeptics as the pool has them."""
    rest = np.array([1.0, 1.0, 1.0 if 2 in pool.movable else 0.05 * (pool.truth == 2).any()])
    rest[label] = 0
    among = np.where(np.arange(3) == label, share, (1 - share) * rest / rest.sum())
    return np.append(TAKING * among, 1 - TAKING)


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
    """Plain counting: the labels of what the model did not abstain on."""
    said = pool.answers[rows].argmax(axis=1)[pool.given[rows]]
    return prevalence.told(np.bincount(said, minlength=4) / len(said))


@dataclass(frozen=True, slots=True)
class Week:
    """One drawn week: shares of the label that was moved, and the band's ends.

    `truth` is what the week was drawn at, `there` what the draw then held: methods err against this, bands, which carry
    the chance of the draw, have to hold that.
    """

    truth: float
    there: float
    plain: float
    maximised: float
    adjusted: float
    low: float
    high: float


def weeks(pool: Pool, size: int, rounds: int, seed: int) -> Iterator[Week]:
    """Weeks over all shares and labels; each round splits the texts anew."""
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        known, hidden = halves(pool, rng)
        record = known.record()
        cases = [(label, share) for label in pool.movable for share in SHARES]
        drawn = [draw(hidden, mixture(hidden, *case), size, rng) for case in cases]
        cells = [tally(hidden, rows, name=str(at)) for at, rows in enumerate(drawn)]
        found = prevalence.estimate(cells, {"m": prevalence.correction(record)})
        low, high = prevalence.band(prevalence.told(found.drawn))
        told = prevalence.best(prevalence.told(found.drawn))
        prior = record.answers.mean(axis=0)
        for at, (label, share) in enumerate(cases):
            maximised = prevalence.told(prevalence.saerens(hidden.answers[drawn[at]], prior, 100))[label]
            there = prevalence.told(np.bincount(hidden.truth[drawn[at]], minlength=4) / size)[label]
            plain = counted(hidden, drawn[at])[label]
            yield Week(share, there, plain, maximised, told[at, label], low[at, label], high[at, label])


def accuracy(pool: Pool, size: int, rounds: int, seed: int = 1) -> dict[str, float]:
    """Mean absolute errors, and how often the band holds the truth."""
    found = list(weeks(pool, size, rounds, seed))
    errors = {
        name: float(np.mean([abs(getattr(week, name) - week.there) for week in found]))
        for name in ("plain", "maximised", "adjusted")
    }
    held = float(np.mean([week.low <= week.truth <= week.high for week in found]))
    width = float(np.mean([week.high - week.low for week in found]))
    return {**errors, "less": 1 - errors["adjusted"] / errors["plain"], "held": held, "width": width}


def verdict_lists(pool: Pool, size: int, rounds: int, *, swing: float = 0.0, series: int = LIST) -> tuple[float, float]:
    """Share of lists with a false alarm, and of swings that were seen.

    A list has so many series over nine weeks; with a swing, one label's share moves by it in the first's last week.
    """
    rng, alarms, seen = np.random.default_rng(2), 0, 0
    for _ in range(rounds):
        known, hidden = halves(pool, rng)
        corrections = {"m": prevalence.correction(known.record())}
        label = int(rng.choice(pool.movable))
        bases = [mixture(hidden, label, float(rng.uniform(0.15, 0.45))) for _ in range(series)]
        past = {}
        for back in range(verdicts.BACK, -1, -1):
            monday = MONDAY - timedelta(weeks=back)
            moved = bases[:]
            if back == 0 and swing:
                moved[0] = mixture(hidden, label, bases[0][label] / TAKING + swing)
            cells = [tally(hidden, draw(hidden, m, size, rng), monday, f"{at:02}") for at, m in enumerate(moved)]
            past[monday] = verdicts.week(cells, corrections)
        rows = verdicts.compare(MONDAY, past.pop(MONDAY), past)
        told = [(r.entity, r.stance, v) for r in rows for v in (r.verdict, r.long_verdict) if v in ("up", "down")]
        alarms += any(entity != "00" or not swing for entity, _, _ in told)
        seen += any((entity, stance, v) == ("00", LABELS[label], "up") for entity, stance, v in told)
    return alarms / rounds, seen / rounds


def real(answers: Path | None) -> Pool | None:
    """The shipped model's answers on the real texts, or those that lie in an .npz; None where neither is there."""
    if not REAL.is_file():
        return None
    rows = [row for line in REAL.open(encoding="utf-8") if (row := json.loads(line))["confidence"] != "low"]
    if answers and answers.is_file():
        found = np.load(answers)["answers"]
    else:
        from nlp import stance  # noqa: PLC0415 - not with answers at hand

        model = stance.load(ROOT / "nlp" / "models" / "stance-minilm")
        found = np.array([one.probabilities for one in model.label([(row["context"], row["text"]) for row in rows])])
        if answers:
            np.savez(answers, answers=found)
    threshold = json.loads((ROOT / "nlp/models/stance-minilm/calibration.json").read_text())["threshold"]
    record = validation.read(ROOT / "nlp" / "models" / "stance-minilm")
    own = validation.parse(record).stand_ins if record else np.zeros((2, 4, 4))
    news = np.array([row["source_kind"] == "news" for row in rows])
    return Pool(
        "real", np.array([LABELS.index(row["stance"]) for row in rows]), np.array([row["document"] for row in rows]),
        found, found.max(axis=1) >= threshold, True, (0, 1), own,
    ).part(np.flatnonzero(news))  # fmt: skip


def authored() -> Pool:
    """The cross-validated answers on authored texts, as bare labels."""
    confusion = json.loads(CROSSVAL.read_text(encoding="utf-8"))["author"]["minilm"]["confusion"]
    known = validation.of_confusion(confusion)
    everything = np.ones(len(known.truth), dtype=bool)
    return Pool(
        "authored", known.truth, known.documents, known.answers, everything, False, (0, 1, 2), np.zeros((2, 4, 4))
    )


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--answers", type=Path, help="keeps the model's answers on the real texts")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    say: Callable[[str], object] = lambda line: sys.stdout.write(line + "\n")  # noqa: E731
    for pool in filter(None, (real(given.answers), authored())):
        say(f"{pool.name}: {len(pool.truth)} texts, {np.bincount(pool.truth).tolist()} by label")
        for size in SIZES:
            found = accuracy(pool, size, given.rounds)
            say(f"  n = {size}: " + ", ".join(f"{name} {value:.3f}" for name, value in found.items()))
            quiet, _ = verdict_lists(pool, size, given.rounds)
            _, seen = verdict_lists(pool, size, given.rounds, swing=0.15)
            _, alone = verdict_lists(pool, size, 2 * given.rounds, swing=0.15, series=1)
            say(f"    lists with a false alarm {quiet:.2f}; swings of 15 points seen {seen:.2f}, alone {alone:.2f}")


if __name__ == "__main__":
    main()
