"""A text too long to be read at once, as the passages that are, and one answer out of theirs.

    text -> headline with lede, what speaks of the matter, the close -> (model) -> combine -> one row of probabilities

A passage is a run of whole paragraphs, or of whole sentences where a paragraph is longer than a passage may be. Which
are read: the first (headline and lede), the last, and between them those with the most marks, at most `MOST` in all;
of two with as many the later. A mark is a mineral named there, an umbrella term, or a word of the effort to build
supply chains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nlp import sentences
from records import ITEM_SEPARATOR, LABELS, Mention

MOST: Final = 8
"""Passages of one text."""
LONGEST: Final = 110
"""Words of one passage, whatever the model could hold."""
FIRST: Final = 1.4
"""How much longer than the others the first may be: a text little longer than the model holds is read as before."""
WEIGHTS: Final = (1.15, 1.3)
"""What the headline's judgement and the closing one count for, beside any other's 1."""
BAR: Final = 0.7
"""What a stance must weigh to decide for the whole text."""
LEVEL: Final = 0.01
ORDER: Final = [LABELS.index(stance) for stance in ("skeptic", "realist", "industrial_collaboration")]
"""Which of level stances wins, by the codebook."""
READ: Final = 200_000
"""Characters of a text that are cut into passages, as many as are searched for mentions."""
TITLED: Final = False
"""Whether the headline is the later passages' context: by benchmarks/stance_articles.py it costs right answers.

All the constants above were chosen there, on 40 articles and one model: ask again for another.
"""
HEADLINE: Final = 300
"""Characters of a first paragraph that may be a headline."""
MARKING: Final = frozenset({"mineral"})
"""Types of mentions that mark a passage. Stages and instruments do not: what they add is mostly plain report."""

_EFFORT: Final = re.compile(
    r"\b(?:supply[ -]chains?|refin(?:ery|eries|ing|ers?)|smelters?|separation|processing|magnets?|stockpil\w+|"
    r"floor price|price floor|off-?take|export controls?|subsid(?:y|ies)|permit(?:s|ting)|midstream|recycling|"
    r"(?:in)?dependen(?:ce|cy|t)|self-sufficien\w+|alli(?:es|ed|ances?)|partners(?:hips?)?|chin(?:a|ese)|beijing)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\S+")
_LINE: Final = re.compile(r"[^\n]*\S[^\n]*")

Span = tuple[int, int]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Passages:
    """Where a text's passages lie, in order, and what is context for all but the first."""

    spans: tuple[Span, ...]
    title: str | None = None


Cutter = Callable[[int, int], Passages]
"""The number of a text, and the words that a passage may have, to that text's passages."""


def passages(
    text: str, words: int, mentions: Iterable[Mention], umbrella: Callable[[str], bool], *, titled: bool = TITLED
) -> Passages:
    """The passages of `text` that are to be read, each of at most `words` words, the first of FIRST times as many.

    `mentions` are those of the text; `umbrella` tells whether a passage holds an umbrella term; `titled` makes the
    headline, where there is one, the context of the later passages.
    """
    text = text[:READ]
    title = headline(text)
    found = _pack(_blocks(text, len(title), words), words, FIRST * words - len(title.split()))
    spans = [(start, end) for start, end, _ in found]
    if title:
        spans[0] = (len(title) - len(title.lstrip()), spans[0][1])
    starts = [m.start for m in mentions if m.type in MARKING]
    marks = [_marks(text, span, starts, umbrella) for span in spans]
    return Passages(tuple(spans[i] for i in chosen(marks)), title.strip() if title and titled else None)


def headline(text: str) -> str:
    """The first paragraph, if it is one short line and more follows; else nothing."""
    first, parted, rest = text.partition(ITEM_SEPARATOR)
    single = first.strip() and "\n" not in first.strip() and len(first) <= HEADLINE
    return first if parted and single and rest.strip() else ""


def chosen(marks: Sequence[int], most: int = MOST) -> list[int]:
    """Numbers of the passages that are read, in order: first, last, and the most marked; unmarked ones are not."""
    last = len(marks) - 1
    between = sorted((i for i in range(1, last) if marks[i]), key=lambda i: (-marks[i], -i))
    return sorted({0, last, *between[: most - 2]}) if marks else []


def _marks(text: str, span: Span, starts: Sequence[int], umbrella: Callable[[str], bool]) -> int:
    start, end = span
    named = sum(start <= at < end for at in starts)
    part = text[start:end]
    return named + umbrella(part) + len(_EFFORT.findall(part))


_Counted = tuple[int, int, int]
"""Start, end, words."""


def _blocks(text: str, start: int, words: int) -> list[_Counted]:
    """Paragraphs, those too long as runs of sentences; none is longer than `words`."""
    found: list[_Counted] = []
    for line in _LINE.finditer(text, start):
        whole = _counted(text, line.start(), line.end())
        found += [whole] if whole[2] <= words else _pack(list(_pieces(text, whole, words)), words)
    return found


def _counted(text: str, start: int, end: int) -> _Counted:
    part = text[start:end]
    stripped = part.strip()
    start += len(part) - len(part.lstrip())
    return start, start + len(stripped), len(stripped.split())


def _pieces(text: str, whole: _Counted, words: int) -> Iterable[_Counted]:
    """The sentences of a paragraph; one that is too long is cut between words."""
    start, end, _ = whole
    for first, last in sentences.spans(text[start:end]):
        at = [word.span() for word in _WORD.finditer(text, start + first, start + last)]
        yield from ((run[0][0], run[-1][1], len(run)) for i in range(0, len(at), words) if (run := at[i : i + words]))


def _pack(parts: Sequence[_Counted], words: int, first: float = 0) -> list[_Counted]:
    """Neighbours joined while they have at most `words` words together; the first run `first`, if that is more."""
    found: list[_Counted] = []
    for start, end, count in parts:
        if found and found[-1][2] + count <= (max(words, first) if len(found) == 1 else words):
            found[-1] = (found[-1][0], end, found[-1][2] + count)
        else:
            found.append((start, end, count))
    return found


def combine(found: Array) -> tuple[Array, int]:
    """One row of probabilities for a text, and the number of the passage that decided, from its passages' (k, 4).

    The closing or strongest judgement wins: each passage's stance is as strong as its probability, times 1.3 in the
    last passage and 1.15 in the first (WEIGHTS); the strongest decides and its passage's
    probabilities are the text's. Stances within LEVEL of it are level: then the order is ORDER. Where none reaches
    BAR, as in a report with one courtesy quote, nothing decides and the passages' mean is the text's.
    """
    strength = found[:, ORDER] * _weights(len(found))[:, None]
    strength[found.argmax(axis=1)[:, None] != np.array(ORDER)] = 0.0
    peaks = strength.max(axis=0)
    if peaks.max() < BAR:
        row = found.mean(axis=0)
        return row, int(found[:, row.argmax()].argmax())
    stance = int(np.argmax(peaks >= peaks.max() - LEVEL))
    which = int(strength[:, stance].argmax())
    return found[which], which


def _weights(count: int) -> Array:
    weights = np.ones(count)
    weights[0], weights[-1] = WEIGHTS
    return weights
