"""Which stance a text takes, by a fine-tuned encoder run in OpenVINO.

    (context, text), ... -> tokens -> batches of like length -> logits -> calibrated probabilities -> Label, ...

A text's answer does not depend on its neighbours: every pair is padded to a multiple of `STEP` tokens and shares a
batch only with pairs of that length.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp import sentences
from nlp.encoding import Encoded, Pair, clean, encode
from nlp.weights import MODEL, Parcel, StanceError, unpack
from records import LABELS, Label

__all__ = ["Parcel", "StanceError", "StanceModel", "load", "start"]

STEP = 16
BATCH = 16
CHUNK = 2048
"""Pairs tokenised at a time: bounds memory, whatever the number of texts."""
NONE = LABELS.index("none")

Array = np.ndarray[Any, Any]
Progress = Callable[[int], None]


def load(path: Path) -> StanceModel:
    """The model in the folder `path`, verified against its SHA256SUMS before anything of it is parsed.

    Raises StanceError, one line, if a file is missing, damaged or not a stance model's.
    """
    return start(unpack(path))


def start(parcel: Parcel, precision: str | None = None) -> StanceModel:
    """A verified folder's model, computing in `precision` ("bf16" or "f32"; None: what serves this machine best)."""
    try:
        return StanceModel(parcel, _tokenizer(parcel.folder), _compile(parcel.folder / MODEL, precision))
    except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:  # what foreign files make libraries raise
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise StanceError(f"{parcel.folder}: the stance model cannot be started ({reason[0][:200]})") from error


def _tokenizer(path: Path) -> Any:
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # it says that torch is missing: on purpose
    from transformers import AutoTokenizer  # noqa: PLC0415 - a second that only labelling should cost

    logging.getLogger("transformers").setLevel(logging.ERROR)
    return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)


def _compile(model: Path, precision: str | None = None) -> Any:
    # openvino reports its import to its maker unless this package is absent; without it, it uses its own stub
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino  # noqa: PLC0415

    core = openvino.Core()
    able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    kind = precision or ("bf16" if able else "f32")
    hints = {"INFERENCE_PRECISION_HINT": kind, "PERFORMANCE_HINT": "LATENCY"}
    return core.compile_model(core.read_model(model), "CPU", hints)


class StanceModel:
    """A loaded model. `id` names it and what it answers with; `quality` is its card's measured result."""

    def __init__(self, parcel: Parcel, tokenizer: Any, compiled: Any) -> None:
        self.id = parcel.id
        self.quality = parcel.quality
        self._parcel = parcel
        self._tokenizer = tokenizer
        self._request = compiled.create_infer_request()

    def label(self, pairs: Sequence[Pair], progress: Progress | None = None) -> list[Label]:
        """A Label for each (context, text), in order; `progress` is told how many more texts are done.

        A text without a word the model can read is `none` for certain. `evidence` is the offsets of the sentence
        that speaks loudest for the stance, None where there is no stance.
        """
        labels: list[Label] = []
        for at in range(0, len(pairs), CHUNK):
            labels.extend(self._chunk(pairs[at : at + CHUNK], progress or (lambda _: None)))
        return labels

    def _chunk(self, pairs: Sequence[Pair], progress: Progress) -> list[Label]:
        probabilities = self._probabilities(encode(self._tokenizer, pairs, self._parcel.length), progress)
        for row, (_, text) in enumerate(pairs):
            if not clean(text).strip():
                probabilities[row] = np.eye(len(LABELS))[NONE]
        evidence = self._evidence(pairs, probabilities.argmax(axis=1))
        return [self._answer(row, span) for row, span in zip(probabilities, evidence, strict=True)]

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

    def _probabilities(self, encoded: Sequence[Encoded], progress: Progress) -> Array:
        """Calibrated probabilities, (n, 4) float64, rows summing to one."""
        found = np.zeros((len(encoded), len(LABELS)))
        for rows in _batches(encoded):
            found[rows] = self._infer([encoded[row] for row in rows])
            progress(len(rows))
        scaled = found / self._parcel.temperature
        grown = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))

    def _infer(self, batch: Sequence[Encoded]) -> Array:
        shape = (len(batch), _padded(batch[0]))
        ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        for row, one in enumerate(batch):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
            types[row, : len(one.ids)] = one.types
        self._request.infer({"input_ids": ids, "attention_mask": mask, "token_type_ids": types})
        return np.array(self._request.get_output_tensor(0).data, dtype=np.float64)

    def _evidence(self, pairs: Sequence[Pair], stances: Array) -> list[tuple[int, int] | None]:
        """The sentence of each text that took a stance which alone, with its context, speaks most for that stance."""
        spans = [
            [] if stance == NONE else self._read(sentences.spans(text), text)
            for (_, text), stance in zip(pairs, stances, strict=True)
        ]
        rival = [(row, span) for row, found in enumerate(spans) if len(found) > 1 for span in found]
        alone = [(pairs[row][0], pairs[row][1][start:end]) for row, (start, end) in rival]
        weights = self._probabilities(encode(self._tokenizer, alone, self._parcel.length), lambda _: None)
        best: dict[int, tuple[float, tuple[int, int]]] = {}
        for (row, span), weight in zip(rival, weights, strict=True):
            score = float(weight[stances[row]])
            if row not in best or score > best[row][0]:
                best[row] = (score, span)
        return [best[row][1] if row in best else next(iter(found), None) for row, found in enumerate(spans)]

    def _read(self, spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
        """The sentences that begin within what the model reads of the text."""
        kept, room = [], self._parcel.length
        for start, end in spans:
            if room <= 0:
                break
            kept.append((start, end))
            room -= max(1, len(text[start:end].split()))
        return kept


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
