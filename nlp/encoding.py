"""A pair of texts as tokens: the same for training and for labelling, for our tokenizer and for any other.

    (context, text)             -> clean -> tokens -> [CLS] context [SEP] text [SEP], at most `length` long
    (context, text), hypothesis -> the same, with context and text together as the first of the two

The context gives way before the text does: the text keeps all it needs up to `length` less `FLOOR`, and the context,
cut from its end, has what is left. Separators that a text merely imitates stay plain text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FLOOR = 32
"""Tokens that a context may always have, however long the text."""
CHARACTERS = 40
"""Read per token wanted: more than any prose needs, and a bound on what a hostile text can cost."""

_UNENCODABLE = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")

Pair = tuple[str | None, str]
Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one pair; `types` tells the first of two from the second; `cut`: not all of the text is in it."""

    ids: Ids
    types: Ids
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The tokens that a tokenizer sets around one text and around two, and the type it gives the second."""

    alone: tuple[Ids, Ids]
    pair: tuple[Ids, Ids, Ids]
    second: int


def clean(text: str) -> str:
    """The text with lone surrogates and invisible characters as blanks; as long as it was."""
    return _UNSEEN.sub(" ", _UNENCODABLE.sub(" ", text))


def frame(tokenizer: Any) -> Frame:
    """What stands around texts, read off a tokenizer's own answer. Raises ValueError where that cannot be told."""
    letter = list(tokenizer("a", add_special_tokens=False)["input_ids"])
    one = list(tokenizer("a")["input_ids"])
    found = tokenizer("a", "a")
    two = list(found["input_ids"])
    places = [at for at in range(len(two)) if two[at : at + len(letter)] == letter] if letter else []
    if len(places) < 2 or letter[0] not in one:
        raise ValueError("its tokenizer cannot put two texts together")
    first, second, size = places[0], places[-1], len(letter)
    start = one.index(letter[0])
    types = found.get("token_type_ids") or [0] * len(two)
    around = (tuple(two[:first]), tuple(two[first + size : second]), tuple(two[second + size :]))
    return Frame((tuple(one[:start]), tuple(one[start + size :])), around, int(types[second]))


def encode(tokenizer: Any, pairs: Sequence[Pair], length: int, around: Frame | None = None) -> list[Encoded]:
    """Tokens of each pair, never longer than `length`; `around` is the tokenizer's frame, where it is known."""
    around = around or frame(tokenizer)
    contexts = _tokens(tokenizer, [context or "" for context, _ in pairs], length)
    texts = _tokens(tokenizer, [text for _, text in pairs], length)
    return [_join(context, text, around, length) for context, text in zip(contexts, texts, strict=True)]


def ask(
    tokenizer: Any, pairs: Sequence[Pair], hypotheses: Sequence[str], length: int, around: Frame
) -> list[list[Encoded]]:
    """Every hypothesis about each pair: one list a pair. A hypothesis is whole unless it has half of `length`."""
    asked = _tokens(tokenizer, hypotheses, length // 2)
    contexts = _tokens(tokenizer, [context or "" for context, _ in pairs], length)
    texts = _tokens(tokenizer, [text for _, text in pairs], length)
    joint = list(tokenizer("\n", add_special_tokens=False)["input_ids"])
    wholes = [(context, [*joint, *text] if context else text) for context, text in zip(contexts, texts, strict=True)]
    return [[_about(*whole, hypothesis, around, length) for hypothesis in asked] for whole in wholes]


def _about(context: list[int], text: list[int], hypothesis: list[int], around: Frame, length: int) -> Encoded:
    above, below = _fit(context, text, length - sum(map(len, around.pair)) - len(hypothesis))
    return _framed((*above, *below), hypothesis, around, len(below) < len(text))


def _tokens(tokenizer: Any, texts: Sequence[str], length: int) -> list[list[int]]:
    heads = [clean(text.strip()[: length * CHARACTERS]) for text in texts]
    if not heads:
        return []
    found = tokenizer(
        heads, add_special_tokens=False, truncation=True, max_length=length, split_special_tokens=True,
        return_attention_mask=False, return_token_type_ids=False,
    )  # fmt: skip
    return [list(ids) for ids in found["input_ids"]]


def _join(context: list[int], text: list[int], around: Frame, length: int) -> Encoded:
    if not context:
        start, end = around.alone
        room = length - len(start) - len(end)
        ids = (*start, *text[:room], *end)
        return Encoded(ids, (0,) * len(ids), len(text) > room)
    above, below = _fit(context, text, length - sum(map(len, around.pair)))
    return _framed(above, below, around, len(below) < len(text))


def _fit(context: list[int], text: list[int], room: int) -> tuple[list[int], list[int]]:
    context = context[: max(room - len(text), min(FLOOR, room // 2))]
    return context, text[: room - len(context)]


def _framed(first: Sequence[int], second: Sequence[int], around: Frame, cut: bool) -> Encoded:
    start, middle, end = around.pair
    above, below = (*start, *first, *middle), (*second, *end)
    return Encoded(above + below, (0,) * len(above) + (around.second,) * len(below), cut)
