"""Items in, scans out: who is about critical minerals, in a language the model reads, and what it says.

    [(Item, relevance of its thread)] -> gates -> model.label(those that pass, in one call) -> [Scan]

What is too long for the model is cut into passages by what was found in it.

Everything is pure but the model, which is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from nlp.mentions import Reader
from nlp.passages import Cutter, Passages, passages
from nlp.stance import StanceModel
from nlp.text import SUPPORTED, language
from records import Item, Label, Mention, Scan

NOT_RELEVANT: Final = "not about critical minerals"
NO_TEXT: Final = "no text"

Pair = tuple[str | None, str]
"""Context and text, as the model reads them."""
Progress = Callable[[int], None]
"""Told how many more are done."""


class Labeller(Protocol):
    """A stance model."""

    @property
    def id(self) -> str: ...  # noqa: D102

    def label(self, pairs: Sequence[Pair], progress: Progress | None = None, cut: Cutter | None = None) -> list[Label]:
        """One label for every pair, in order; `progress` is told how many more texts are done.

        `cut` is asked for the passages of the texts that are too long to be read at once, and of no others.
        """


class Whole:
    """A model that finds the passages of long texts by itself, for those who have pairs and no more."""

    def __init__(self, model: StanceModel, reader: Reader) -> None:
        self.id = model.id
        self.quality = model.quality
        self._model = model
        self._reader = reader

    def label(self, pairs: Sequence[Pair], progress: Progress | None = None) -> list[Label]:
        """One label for every pair, in order; `progress` is told how many more texts are done."""

        def cut(row: int, words: int) -> Passages:
            context, text = pairs[row]
            given = context is not None and about(context, self._reader)
            return passages(text, words, self._reader.find(text, given=given), self._reader.umbrella)

        return self._model.label(pairs, progress, cut)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off a text that is not stored; the label is the model's answer whatever the gates say."""

    label: Label
    relevant: bool
    language: str | None
    mentions: tuple[Mention, ...]


def relevance(text: str, context: str | None, mentions: Iterable[Mention], reader: Reader) -> bool:
    """Whether a text or its context names a mineral or uses an umbrella term such as 'critical minerals'."""
    if any(m.type == "mineral" for m in mentions) or reader.umbrella(text):
        return True
    return context is not None and about(context, reader)


def about(text: str, reader: Reader) -> bool:
    """Whether one text by itself is about critical minerals."""
    return reader.umbrella(text) or any(m.type == "mineral" for m in reader.find(text))


def scan(
    items: Sequence[tuple[Item, bool | None]], reader: Reader, model: Labeller, *, progress: Progress | None = None
) -> list[Scan]:
    """One scan per item, in order; the bool is the stored relevance of the item's thread, None if unknown.

    An item is relevant if it, its context, or the submission that opens its thread is; a comment's relevance does not
    spread to its neighbours. `progress` is told of the items that need no label at once, of the others as the model
    labels them. Raises what the model raises.
    """
    given = _given(items, reader)
    found = reader.find_all([item.text for item, _ in items], given)
    relevant = _relevant(items, found, given, reader)
    gated = [_gate(item, r, m) for (item, _), r, m in zip(items, relevant, found, strict=True)]
    passing = [s for s in gated if s.skipped is None]
    pairs = [(s.item.context, s.item.text) for s in passing]
    if progress:
        progress(len(gated) - len(pairs))
    labels = iter(model.label(pairs, progress, cutter(pairs, [s.mentions for s in passing], reader)) if pairs else [])
    return [s if s.skipped else _labelled(s, next(labels)) for s in gated]


def read(texts: Sequence[Pair], reader: Reader, model: Labeller) -> list[Reading]:
    """Label texts without storing them: pairs of context (or None) and text, one reading each, in order."""
    given = [context is not None and about(context, reader) for context, _ in texts]
    found = reader.find_all([text for _, text in texts], given)
    labels = model.label(list(texts), cut=cutter(texts, found, reader))
    return [
        Reading(label, known or relevance(text, None, mentions, reader), language(text)[0], mentions)
        for (_, text), known, mentions, label in zip(texts, given, found, labels, strict=True)
    ]


def cutter(texts: Sequence[Pair], found: Sequence[Sequence[Mention]], reader: Reader) -> Cutter:
    """How to cut any of these texts into passages, by the mentions found in each and by its umbrella terms."""
    return lambda row, words: passages(texts[row][1], words, found[row], reader.umbrella)


def _given(items: Sequence[tuple[Item, bool | None]], reader: Reader) -> list[bool]:
    """Whether an item's context is about the subject; the comments of a thread share theirs, which is read once."""
    known: dict[str, bool] = {c: about(c, reader) for c in {item.context for item, _ in items} if c}
    return [bool(item.context) and known[item.context or ""] for item, _ in items]


def _relevant(
    items: Sequence[tuple[Item, bool | None]],
    found: Sequence[tuple[Mention, ...]],
    given: Sequence[bool],
    reader: Reader,
) -> list[bool]:
    own: list[bool] = []
    threads: set[UUID] = set()
    for (item, inherited), mentions, known in zip(items, found, given, strict=True):
        answer = bool(inherited) or known or relevance(item.text, None, mentions, reader)
        own.append(answer)
        if answer and _opens(item):
            threads.add(item.item_id)
    return [
        a or (item.thread_id in threads if item.thread_id else False) for a, (item, _) in zip(own, items, strict=True)
    ]


def _opens(item: Item) -> bool:
    return item.thread_id is None or item.thread_id == item.item_id


def _gate(item: Item, relevant: bool, mentions: tuple[Mention, ...]) -> Scan:
    if not item.text.strip():
        return Scan(item, relevant, None, skipped=NO_TEXT)
    code, _ = language(item.text)
    if not relevant:
        return Scan(item, False, code, skipped=NOT_RELEVANT)
    if code is not None and code not in SUPPORTED:
        return Scan(item, True, code, mentions, skipped=f"language: {code}")
    return Scan(item, True, code, mentions)


def _labelled(gated: Scan, label: Label) -> Scan:
    return Scan(gated.item, gated.relevant, gated.language, gated.mentions, label)
