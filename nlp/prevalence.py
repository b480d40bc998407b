"""From a model's answers to the shares that were really there, with a band.

    Validation -> Correction (mean answer by truth and kind of source, and what it might as well be)
    Tally (mean answer of a cell's items, its spread) + Correction -> shares of the labels, many times -> band

The mean answer of a set of texts is the labels' shares in it times the mean answer to texts of each label, and the
latter is known from validation: solved for the shares, on the simplex, this is the adjusted count (Forman 2008,
doi:10.1007/s10618-008-0097-y), of probabilities where the model gives them (Bella et al. 2010,
doi:10.1109/ICDM.2010.75). It stays right when shares move, as long as texts of one label are answered as before.

Bands are a parametric bootstrap. Classifier error: documents of the validation record are weighted anew in each draw
(Bayesian bootstrap, Rubin 1981), the same for all cells, so that it cancels where two weeks are compared. Sampling
error: the cell's mean answer moves by its cluster-robust covariance, clusters being authors and stories.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.simplex import faces, nearest
from nlp.validation import KINDS, Validation
from records import LABELS, Tally

DRAWS = 400
LEVEL = 0.90
SEED = 20261123
PRIOR = 4.0
"""Units that the validation texts' spread counts for beside a cell's own: four alike say little of a fifth."""
WORTH = 1 / 4
"""What a validation document counts for in a draw: then bands hold for texts of other documents, by simulation."""
CHUNK = 128
"""Cells solved at a time: bounds memory."""
WIDTH = len(LABELS)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Mean answers by truth: the best guess `means` (4, 4), and `drawn` (draws, 4, 4) that might be as true.

    `spread` (4, 4) is the covariance of answers to texts of one label.
    """

    means: Array
    drawn: Array
    spread: Array


@dataclass(frozen=True, slots=True)
class Correction:
    """What a model's answers to news and to posts have to be read by."""

    news: Known
    social: Known

    def of(self, kind: str) -> Known:
        """For that kind of source."""
        return self.social if kind == "social" else self.news


@dataclass(frozen=True, slots=True)
class Estimates:
    """Of n cells the labels' shares (n, 4), and as many times again (n, draws, 4); rows sum to one."""

    shares: Array
    drawn: Array


def correction(record: Validation | None, draws: int = DRAWS) -> Correction:
    """What a model's answers have to be read by; without a record they are taken at their word."""
    news, social = (_known(record and record.of_kind(kind), draws) for kind in KINDS)
    return Correction(news, social)


def _known(record: Validation | None, draws: int) -> Known:
    if record is None or not len(record.truth):
        exact = np.eye(WIDTH)
        return Known(exact, np.broadcast_to(exact, (draws, WIDTH, WIDTH)), np.eye(WIDTH) / WIDTH - 1 / WIDTH**2)
    sums = _by_document(record)
    rng = np.random.default_rng(SEED)
    weights = rng.standard_gamma(WORTH, (draws, len(sums))) / WORTH
    filled = [_stand_ins(record, label, rng, draws) for label in range(WIDTH)]
    added, drawn_added = np.stack([one for one, _ in filled]), np.stack([many for _, many in filled], axis=1)
    means = _rows(sums.sum(axis=0) + added)
    drawn = _rows(np.tensordot(weights, sums, 1) + drawn_added)
    return Known(means, drawn, _spread(record, means))


def _by_document(record: Validation) -> Array:
    """Summed answers (documents, 4, 4), by truth."""
    sums = np.zeros((int(record.documents.max()) + 1, WIDTH, WIDTH))
    np.add.at(sums, (record.documents, record.truth), record.answers)
    return sums


def _stand_ins(record: Validation, label: int, rng: np.random.Generator, draws: int) -> tuple[Array, Array]:
    """Answers that make up for the texts a label lacks: summed (4,), and as drawn (draws, 4).

    Drawn as few as they stand for, however many they are: what holds for other texts is a guess here.
    """
    lack = record.lacking[label]
    row = record.stand_ins[0, label] / max(1.0, record.stand_ins[0, label].sum()) * lack
    if not lack and not record.texts[label]:  # nothing at all is known: as good as a guess, half of the time right
        lack, row = 1, (np.eye(WIDTH)[label] + 1 / WIDTH) / 2
    drawn = rng.standard_gamma(np.maximum(row * WORTH, 1e-9), (draws, WIDTH)) / WORTH
    return row, drawn if lack else np.zeros_like(drawn)


def _rows(sums: Array) -> Array:
    return np.asarray(sums / sums.sum(axis=-1, keepdims=True))


def _spread(record: Validation, means: Array) -> Array:
    apart = record.answers - means[record.truth]
    return np.asarray(apart.T @ apart / len(apart))


def solve(answers: Array, means: Array) -> Array:
    """Shares (n, k, 4) on the simplex whose mixture of `means` (k, 4, 4) comes nearest to mean `answers` (n, k, 4)."""
    return nearest(faces(means), answers, means)


def estimate(tallies: Sequence[Tally], corrections: Mapping[str, Correction]) -> Estimates:
    """The shares of the labels in each tally's cell, corrected for its own model's errors on its kind of source."""
    shares = np.empty((len(tallies), WIDTH))
    draws = max((len(one.news.drawn) for one in corrections.values()), default=DRAWS)
    drawn = np.empty((len(tallies), draws, WIDTH))
    places: dict[tuple[str, str], list[int]] = {}
    for at, tally in enumerate(tallies):
        places.setdefault((tally.model, tally.source_kind), []).append(at)
    for (model, kind), rows in places.items():
        known = corrections[model].of(kind)
        once, on = faces(known.means[None]), faces(known.drawn)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            means, moved = _sampled([tallies[at] for at in part], known, draws)
            shares[part] = nearest(once, means[:, None], known.means[None])[:, 0]
            drawn[part] = nearest(on, moved, known.drawn)
    return Estimates(shares, drawn)


def _sampled(tallies: Sequence[Tally], known: Known, draws: int) -> tuple[Array, Array]:
    """Mean answers of cells (n, 4), and as they might have come out (n, draws, 4)."""
    weight, square = np.array([t.weight for t in tallies]), np.array([t.square for t in tallies])
    means = np.array([t.answers for t in tallies]) / weight[:, None]
    raw = np.array([t.products for t in tallies]).reshape(-1, WIDTH, WIDTH)
    squared = np.array([t.squared_answers for t in tallies])
    crossed = squared[:, :, None] * means[:, None, :]
    outer = means[:, :, None] * means[:, None, :]
    within = raw - crossed - np.swapaxes(crossed, 1, 2) + square[:, None, None] * outer
    units = (weight**2 / square)[:, None, None]
    covariance = (within / square[:, None, None] * units + PRIOR * known.spread) / (units + PRIOR) / units
    values, vectors = np.linalg.eigh(covariance)
    roots = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
    noise = np.stack([_noise(tally, draws) for tally in tallies])
    return means, means[:, None, :] + np.einsum("njk,ndk->ndj", roots, noise)


def _noise(tally: Tally, draws: int) -> Array:
    """Standard normal draws of a cell's own, the same whenever and beside whichever others it is estimated."""
    key = f"{tally.week_start}|{tally.community}|{tally.dimension}|{tally.entity}|{tally.model}|{tally.source_kind}"
    return np.random.Generator(np.random.SFC64([SEED, zlib.crc32(key.encode())])).standard_normal((draws, WIDTH))


def told(labels: Array) -> Array:
    """Label shares (..., 4) as they are told (..., 4): three stances among what takes one, then what takes none."""
    taking = labels[..., :-1].sum(axis=-1, keepdims=True)
    among = labels[..., :-1] / np.maximum(taking, 1e-9)
    among = np.where(taking > 1e-9, among, np.nan)
    return np.concatenate([among, labels[..., -1:]], axis=-1)


def best(drawn: Array) -> Array:
    """The shares (n, k) that are told for drawn ones (n, draws, k): their mean, nan left out.

    Bagging (Breiman 1996, doi:10.1007/BF00058655): a single solution often lies on the simplex's edge by accident.
    """
    known = np.isfinite(drawn)
    number = known.sum(axis=1)
    mean = np.where(known, drawn, 0.0).sum(axis=1) / np.maximum(number, 1)
    return np.asarray(np.where(number * 2 > drawn.shape[1], mean, np.nan))


def band(drawn: Array, level: float = LEVEL) -> tuple[Array, Array]:
    """Both ends (n, k) of the band that holds the middle `level` of values (n, draws, k); nan are left out."""
    if not 0 < level < 1:
        raise ValueError(f"a level of {level} does not lie between 0 and 1")
    empty = np.isnan(drawn)
    tail = (1 - level) / 2
    if not empty.any():
        low, high = np.quantile(drawn, [tail, 1 - tail], axis=1)
        return low, high
    low = np.quantile(np.where(empty, 0.0, drawn), tail, axis=1)  # where a share has no base, it may be anything
    high = np.quantile(np.where(empty, 1.0, drawn), 1 - tail, axis=1)
    return low, high


def saerens(probabilities: Array, prior: Array, rounds: int = 1000) -> Array:
    """Shares (4,) by expectation-maximisation over calibrated probabilities (n, 4) of a model made for shares `prior`.

    Saerens, Latinne and Decaestecker 2002, doi:10.1162/089976602753284446. Needs no validation record, and believes
    every probability: the benchmark sets it beside the adjusted count, which errs less with this model.
    """
    shares = np.array(prior, dtype=float)
    for _ in range(rounds):
        turned = probabilities * (shares / prior)
        fresh = (turned / turned.sum(axis=1, keepdims=True)).mean(axis=0)
        done = np.abs(fresh - shares).max() < 1e-9
        shares = fresh
        if done:
            break
    return shares
