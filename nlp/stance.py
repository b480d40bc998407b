"""Which stance a text takes, by an encoder: our own fine-tuned one, or any other that is named.

    (context, text), ... -> tokens -> batches of like length -> network -> calibrated probabilities -> Label, ...
    a text that is too long for that -> its passages -> the same -> passages.combine -> Label

A text's answer does not depend on its neighbours: every pair is padded to a multiple of `STEP` tokens and shares a
batch only with pairs of that length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from nlp import sentences
from nlp.encoding import Encoded, Pair, clean, frame
from nlp.engine import Engine, tokenizer_of
from nlp.passages import LONGEST, Cutter, combine
from nlp.weights import LABEL_MAP, MODEL, Parcel, StanceError, unpack
from records import LABELS, Label

__all__ = ["Parcel", "StanceError", "StanceModel", "load", "start"]

STEP = 16
BATCH = 16
CHUNK = 2048
"""Pairs tokenised at a time: bounds memory, whatever the number of texts."""
FILL = 0.5
"""Words of a passage per token that the model holds: what is left is for the headline and for long words."""
NONE = LABELS.index("none")

Array = np.ndarray[Any, Any]
Progress = Callable[[int], None]


def load(path: Path, hypotheses: Path | None = None, name: str | None = None) -> StanceModel:
    """The model in the folder `path`: ours, or one in Hugging Face's layout, known by its config.json.

    Ours is verified against its SHA256SUMS before anything of it is parsed. `hypotheses` is read for an NLI model;
    `name` stands before the digest in the id of one that is not ours. Raises StanceError, one line, if a file is
    missing or damaged or the model cannot tell stances.
    """
    if (path / "config.json").is_file() and not (path / LABEL_MAP).exists():
        from nlp import foreign  # noqa: PLC0415 - torch is not always there, and takes seconds

        return StanceModel(*foreign.load(path, hypotheses, name))
    return start(unpack(path))


def start(parcel: Parcel, precision: str | None = None) -> StanceModel:
    """A verified folder's model, computing in `precision` ("bf16" or "f32"; None: what serves this machine best)."""
    from nlp.compiled import Compiled  # noqa: PLC0415 - a runtime that only labelling should cost

    try:
        tokenizer = tokenizer_of(parcel.folder)
        network = Compiled(parcel.folder / MODEL, precision)
        return StanceModel(parcel, Engine(network, tokenizer, frame(tokenizer)))
    except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:  # what foreign files make libraries raise
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise StanceError(f"{parcel.folder}: the stance model cannot be started ({reason[0][:200]})") from error


@dataclass(frozen=True, slots=True)
class _Part:
    """What is read at once: text number `row` from character `start` on, with its context."""

    row: int
    start: int
    pair: Pair


class StanceModel:
    """A loaded model. `id` names it and what it answers with; `quality` and `card` are its own words on itself.

    It reads `length` tokens at once.
    """

    def __init__(self, parcel: Parcel, engine: Engine) -> None:
        self.id = parcel.id
        self.quality = parcel.quality
        self.card = parcel.card
        self.length = parcel.length
        self._parcel = parcel
        self._engine = engine

    def label(self, pairs: Sequence[Pair], progress: Progress | None = None, cut: Cutter | None = None) -> list[Label]:
        """A Label for each (context, text), in order; `progress` is told how many more texts are done.

        `cut` gives the passages of a text that is too long to be read at once; without it such a text's head is read.
        A text without a word the model can read is `none` for certain. `evidence` is the offsets of the sentence that
        speaks loudest for the stance, in the passage that decided; None where there is no stance.
        """
        labels: list[Label] = []
        for at in range(0, len(pairs), CHUNK):
            labels.extend(self._chunk(pairs[at : at + CHUNK], progress or (lambda _: None), cut and _from(cut, at)))
        return labels

    def _chunk(self, pairs: Sequence[Pair], progress: Progress, cut: Cutter | None) -> list[Label]:
        parts, encoded = self._parts(pairs, cut)
        first = [number == 0 or part.row != parts[number - 1].row for number, part in enumerate(parts)]
        found = self._probabilities(encoded, progress, first)
        rows, deciding = _combined(parts, found, len(pairs))
        for row, (_, text) in enumerate(pairs):
            if not clean(text).strip():
                rows[row] = np.eye(len(LABELS))[NONE]
        evidence = self._evidence([parts[number] for number in deciding], rows.argmax(axis=1))
        return [self._answer(row, span) for row, span in zip(rows, evidence, strict=True)]

    def _answer(self, row: Array, evidence: tuple[int, int] | None) -> Label:
        realist, collaboration, skeptic, none = (float(value) for value in row)
        confidence = float(row.max())
        return Label(
            model=self.id,
            stance=LABELS[int(row.argmax())],
            probabilities=(realist, collaboration, skeptic, none),
            confidence=confidence,
            abstained=confidence < self._parcel.threshold,
            evidence=evidence,
        )

    def _parts(self, pairs: Sequence[Pair], cut: Cutter | None) -> tuple[list[_Part], list[list[Encoded]]]:
        """Every text as it is read: at once, or where it is too long passage by passage."""
        encoded = self._engine.encode(pairs, self._parcel.length)
        parts: list[_Part] = []
        wholes: list[list[Encoded] | None] = []
        for row, (pair, one) in enumerate(zip(pairs, encoded, strict=True)):
            split = self._split(row, pair, cut) if cut and one[0].cut else []
            parts += split or [_Part(row, 0, pair)]
            wholes += [None for _ in split] or [one]
        split_up = [part.pair for part, one in zip(parts, wholes, strict=True) if one is None]
        rest = iter(self._engine.encode(split_up, self._parcel.length))
        return parts, [next(rest) if one is None else one for one in wholes]

    def _split(self, row: int, pair: Pair, cut: Cutter) -> list[_Part]:
        context, text = pair
        found = cut(row, min(LONGEST, int(FILL * self._parcel.length)))
        titles = [context, *[context or found.title] * len(found.spans)]
        return [
            _Part(row, start, (title, text[start:end]))
            for title, (start, end) in zip(titles, found.spans, strict=False)
        ]

    def _probabilities(self, encoded: Sequence[list[Encoded]], progress: Progress, told: Sequence[bool]) -> Array:
        """Calibrated probabilities, (n, 4) float64, rows summing to one; progress counts what is to be `told`."""
        inputs = list(chain.from_iterable(encoded))
        each = max(1, len(self._engine.hypotheses))
        outputs = np.zeros((len(inputs), len(self._engine.columns)))
        for rows in _batches(inputs):
            outputs[rows] = self._engine.outputs([inputs[row] for row in rows], _padded(inputs[rows[0]]))
            progress(sum(told[row // each] for row in rows if row % each == 0))
        if not np.isfinite(outputs).all():
            raise StanceError(f"{self.id}: the stance model answers with what is no number; use another")
        scaled = outputs.reshape(len(encoded), len(LABELS)) / self._parcel.temperature
        grown = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))

    def _evidence(self, parts: Sequence[_Part], stances: Array) -> list[tuple[int, int] | None]:
        """The sentence of each text that took a stance which alone, with its context, speaks most for that stance."""
        spans = [
            [] if stance == NONE else self._read(sentences.spans(part.pair[1]), part.pair[1])
            for part, stance in zip(parts, stances, strict=True)
        ]
        rival = [(row, span) for row, found in enumerate(spans) if len(found) > 1 for span in found]
        alone = [(parts[row].pair[0], parts[row].pair[1][start:end]) for row, (start, end) in rival]
        encoded = self._engine.encode(alone, self._parcel.length)
        weights = self._probabilities(encoded, lambda _: None, [False] * len(alone))
        best: dict[int, tuple[float, tuple[int, int]]] = {}
        for (row, span), weight in zip(rival, weights, strict=True):
            score = float(weight[stances[row]])
            if row not in best or score > best[row][0]:
                best[row] = (score, span)
        chosen = [best[row][1] if row in best else next(iter(found), None) for row, found in enumerate(spans)]
        return [span and (span[0] + part.start, span[1] + part.start) for span, part in zip(chosen, parts, strict=True)]

    def _read(self, spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
        """The sentences that begin within what the model reads of the text."""
        kept, room = [], self._parcel.length
        for start, end in spans:
            if room <= 0:
                break
            kept.append((start, end))
            room -= max(1, len(text[start:end].split()))
        return kept


def _from(cut: Cutter, at: int) -> Cutter:
    return lambda row, words: cut(at + row, words)


def _combined(parts: Sequence[_Part], found: Array, count: int) -> tuple[Array, list[int]]:
    """One row of probabilities for each of `count` texts, and the number of the part that decided it."""
    if len(parts) == count:
        return found, list(range(count))
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        numbers[part.row].append(number)
    rows = np.zeros((count, len(LABELS)))
    deciding = [0] * count
    for row, own in numbers.items():
        rows[row], which = combine(found[own])
        deciding[row] = own[which]
    return rows, deciding


def _padded(one: Encoded) -> int:
    return -(-len(one.ids) // STEP) * STEP


def _batches(encoded: Sequence[Encoded]) -> Iterator[list[int]]:
    """Row numbers in batches of one padded length each, shortest first."""
    places: dict[int, list[int]] = defaultdict(list)
    for row, one in enumerate(encoded):
        places[_padded(one)].append(row)
    for length in sorted(places):
        rows = places[length]
        yield from (rows[at : at + BATCH] for at in range(0, len(rows), BATCH))
