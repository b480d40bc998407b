"""Texts without a label for the student to be told about: each training text, cut, mixed or out of its context.

Example, ... -> one pair each, the same for the same seed

What the label of such a pair is nobody knows, and the teacher's answer says as much: that is what it is for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from nlp import sentences
from nlp.encoding import Pair
from nlp.training.data import Example

CUT, MIXED = 0.55, 0.8
"""Bounds of the draw: below the first a run of sentences is kept, below the second two texts are joined."""


def perturbed(examples: Sequence[Example], seed: int) -> list[Pair]:
    """A pair for each example, in order."""
    rng = random.Random(f"{seed} perturbed")  # noqa: S311 - variety, not a secret
    contexts = [example.context for example in examples if example.context]
    told = [[example.text[start:end] for start, end in sentences.spans(example.text)] for example in examples]
    return [
        _one(example, parts, rng.choice(told), contexts, rng) for example, parts in zip(examples, told, strict=True)
    ]


def _one(example: Example, parts: list[str], other: list[str], contexts: list[str], rng: random.Random) -> Pair:
    draw = rng.random()
    if draw < CUT and len(parts) > 1:
        return example.context, " ".join(_run(parts, rng.randint(1, len(parts) - 1), rng))
    if draw < MIXED and other:
        pieces = [" ".join(parts[: rng.randint(1, max(1, len(parts) - 1))]), " ".join(_run(other, 2, rng))]
        rng.shuffle(pieces)
        return example.context, " ".join(pieces)
    if example.context:
        return (None if rng.random() < 0.4 else rng.choice(contexts)), example.text
    return None, " ".join(rng.sample(parts, max(1, len(parts) - 1))) if parts else example.text


def _run(parts: list[str], most: int, rng: random.Random) -> list[str]:
    """Up to `most` sentences in a row."""
    length = min(most, len(parts))
    start = rng.randint(0, len(parts) - length)
    return parts[start : start + length]
