"""Shares on the simplex whose mixture of some rows comes nearest to what was seen: least squares, exactly.

    rows (k, 4, 4) -> faces (the solution on each of the simplex's fifteen faces) -> nearest(answers) -> shares

Most answers lie within: the solution without bounds has no share below zero, and is the one. Others are tried on the
face that is left when the negative ones are taken away, and that is the one if no share taken away would be wanted back
(Karush-Kuhn-Tucker). For the few that remain, all faces are tried.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import numpy as np

WIDTH: Final = 4
RIDGE: Final = 1e-6

Array = np.ndarray[Any, Any]
Faces = tuple[Array, Array]
"""Slopes (k, 15, 4, 4) and offsets (k, 15, 4): on a face, shares are answers times the slope, and the offset."""

_FACES = tuple(face for size in range(1, WIDTH + 1) for face in combinations(range(WIDTH), size))
_WHOLE = len(_FACES) - 1
_BITS = 1 << np.arange(WIDTH)
_AT = np.zeros(1 << WIDTH, dtype=np.int64)
"""The place in _FACES of the face of some shares, by their bits."""
for _place, _face in enumerate(_FACES):
    _AT[sum(1 << at for at in _face)] = _place


def faces(rows: Array) -> Faces:
    """Least squares on each face, shares summing to one, for `rows` (k, 4, 4)."""
    slopes, offsets = np.zeros((len(rows), len(_FACES), WIDTH, WIDTH)), np.zeros((len(rows), len(_FACES), WIDTH))
    for number, face in enumerate(_FACES):
        at, size = list(face), len(face)
        some = rows[:, at, :]
        border = np.ones((len(rows), size + 1, size + 1))
        border[:, :size, :size] = some @ np.swapaxes(some, 1, 2) + RIDGE * np.eye(size)
        border[:, size, size] = 0
        inverse = np.linalg.inv(border)
        slopes[:, number][:, :, at] = np.swapaxes(inverse[:, :size, :size] @ some, 1, 2)
        offsets[:, number][:, at] = inverse[:, :size, size]
    return slopes, offsets


def nearest(on: Faces, answers: Array, rows: Array) -> Array:
    """Shares (n, k, 4) on the simplex for mean `answers` (n, k, 4); `on` are the faces of `rows` (k, 4, 4)."""
    slopes, offsets = on
    by_row = np.swapaxes(answers, 0, 1)
    found = _clean(by_row @ slopes[:, _WHOLE] + offsets[:, None, _WHOLE])
    places = np.nonzero((found < 0).any(axis=-1))
    if len(places[0]):
        found[places] = _bounded(on, by_row[places], rows, places[0], found[places])
    return np.swapaxes(found, 0, 1)


def _bounded(on: Faces, answers: Array, rows: Array, of: Array, shares: Array) -> Array:
    """Shares (m, 4) for `answers` (m, 4) to rows number `of` (m,) whose unbounded `shares` (m, 4) fall below zero."""
    found, left = shares.copy(), np.arange(len(shares))
    kept = shares > 0
    for _ in range(WIDTH - 1):
        tried = _on_face(on, answers[left], of[left], _AT[kept[left] @ _BITS])
        fits = (tried >= 0).all(axis=-1) & _optimal(tried, answers[left], rows[of[left]], kept[left])
        found[left[fits]] = tried[fits]
        again = ~fits & (tried < 0).any(axis=-1)
        stuck = left[~fits & ~again]
        found[stuck] = _tried_out(on, answers[stuck], rows, of[stuck])
        kept[left] &= tried > 0
        left = left[again]
    found[left] = _tried_out(on, answers[left], rows, of[left])
    return found


def _on_face(on: Faces, answers: Array, of: Array, face: Array) -> Array:
    slopes, offsets = on
    return _clean((answers[:, None, :] @ slopes[of, face])[:, 0] + offsets[of, face])


def _optimal(shares: Array, answers: Array, rows: Array, kept: Array) -> Array:
    """Whether the distance would grow with every share that was taken away (m,)."""
    apart = (shares[:, None, :] @ rows)[:, 0] - answers
    slope = (rows @ apart[:, :, None])[:, :, 0] + RIDGE * shares
    level = (slope * kept).sum(axis=-1) / np.maximum(kept.sum(axis=-1), 1)
    return np.asarray((kept | (slope >= level[:, None] - 1e-12)).all(axis=-1))


def _tried_out(on: Faces, answers: Array, rows: Array, of: Array) -> Array:
    """The best of the solutions on every face that lie within it."""
    every = np.broadcast_to(np.arange(len(_FACES)), (len(of), len(_FACES)))
    found = np.stack([_on_face(on, answers, of, every[:, at]) for at in range(len(_FACES))], axis=1)
    cost = ((found @ rows[of] - answers[:, None, :]) ** 2).sum(axis=-1)
    cost[(found < 0).any(axis=-1)] = np.inf
    return np.asarray(np.take_along_axis(found, cost.argmin(axis=-1)[:, None, None], axis=1)[:, 0])


def _clean(shares: Array) -> Array:
    shares[np.abs(shares) < 1e-12] = 0.0
    return np.asarray(shares)
