"""A pair of texts as tokens: the same for training and for labelling.

    (context, text) -> clean -> tokens -> [CLS] context [SEP] text [SEP], at most `length` long

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


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one pair; `types` is 0 for the context (or a text without one), 1 for the text."""

    ids: tuple[int, ...]
    types: tuple[int, ...]


def clean(text: str) -> str:
    """The text with lone surrogates and invisible characters as blanks; as long as it was."""
    return _UNSEEN.sub(" ", _UNENCODABLE.sub(" ", text))


def encode(tokenizer: Any, pairs: Sequence[Pair], length: int) -> list[Encoded]:
    """Tokens of each pair, never longer than `length`."""
    contexts = _tokens(tokenizer, [context or "" for context, _ in pairs], length)
    texts = _tokens(tokenizer, [text for _, text in pairs], length)
    return [
        _join(context, text, tokenizer.cls_token_id, tokenizer.sep_token_id, length)
        for context, text in zip(contexts, texts, strict=True)
    ]


def _tokens(tokenizer: Any, texts: Sequence[str], length: int) -> list[list[int]]:
    heads = [clean(text.strip()[: length * CHARACTERS]) for text in texts]
    if not heads:
        return []
    found = tokenizer(
        heads, add_special_tokens=False, truncation=True, max_length=length, split_special_tokens=True,
        return_attention_mask=False, return_token_type_ids=False,
    )  # fmt: skip
    return [list(ids) for ids in found["input_ids"]]


def _join(context: list[int], text: list[int], start: int, end: int, length: int) -> Encoded:
    if not context:
        ids = (start, *text[: length - 2], end)
        return Encoded(ids, (0,) * len(ids))
    room = length - 3
    context = context[: max(room - len(text), min(FLOOR, room // 2))]
    text = text[: room - len(context)]
    first, second = (start, *context, end), (*text, end)
    return Encoded(first + second, (0,) * len(first) + (1,) * len(second))
