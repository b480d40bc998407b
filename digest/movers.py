"""Which minerals and countries are told as movers: three at most, an event once.

[Mover], each with all of its stories -> strongest first -> those of the same stories are one -> the first three
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import sqrt
from typing import Final

from records import Mover

MOST: Final = 3
SAME: Final = 0.5
"""Two entities are moved by the same event where they share this part of their stories (Jaccard 1901), or more."""
_BAND: Final = 2 * 1.6449  # standard deviations in a 90 % band


def choose(found: Iterable[Mover]) -> tuple[Mover, ...]:
    """The strongest movers, each with its most told story and with the entities that the same stories moved."""
    kept: list[Mover] = []
    for mover in sorted(found, key=lambda one: (-strength(one), one.dimension, one.breakdown.name)):
        at = next((at for at, one in enumerate(kept) if _overlap(one, mover) >= SAME), None)
        if at is None:
            kept.append(mover)
        else:
            kept[at] = replace(kept[at], alike=(*kept[at].alike, mover.breakdown.name))
    return tuple(replace(one, stories=one.stories[:1]) for one in kept[:MOST])


def strength(mover: Mover) -> float:
    """How many standard deviations it moved: its attention above the expected, or its farthest stance."""
    surplus = (mover.told - mover.expected) / sqrt(max(mover.expected, 1.0)) if mover.expected is not None else 0.0
    return max([surplus if mover.burst else 0.0, *_stances(mover)])


def _stances(mover: Mover) -> Iterable[float]:
    for share, move in zip(mover.breakdown.shares, mover.breakdown.moves, strict=True):
        if move.verdict in ("up", "down") and None not in (move.change, share.low, share.high):
            spread = ((share.high or 0.0) - (share.low or 0.0)) / _BAND
            yield abs(move.change or 0.0) / max(spread, 0.01)


def _overlap(one: Mover, other: Mover) -> float:
    ours, theirs = ({story.story_id for story in mover.stories} for mover in (one, other))
    return len(ours & theirs) / len(ours | theirs) if ours or theirs else 0.0
