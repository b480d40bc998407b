"""How far people agree with each other: the mark that a model can be held to.

marks of each text -> pairs of annotators -> share of equal labels, Cohen's kappa
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from records import LABELS


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two annotators over the texts that both labelled; kappa is None where both only ever gave one label."""

    first: str
    second: str
    n: int
    share: float
    kappa: float | None


def pairwise(marks: Sequence[Mapping[str, str]]) -> tuple[Agreement, ...]:
    """Every two annotators who labelled a text in common, in the order of their names."""
    names = sorted({name for given in marks for name in given})
    found = []
    for first, second in combinations(names, 2):
        both = [(given[first], given[second]) for given in marks if first in given and second in given]
        if both:
            share = sum(one == other for one, other in both) / len(both)
            found.append(Agreement(first, second, len(both), share, kappa(both)))
    return tuple(found)


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement beyond chance (Cohen 1960); None where chance alone agrees always."""
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415 - two seconds that only an evaluation should cost

    if len({label for pair in pairs for label in pair}) < 2:
        return None
    return float(cohen_kappa_score(*zip(*pairs, strict=True), labels=list(LABELS)))
