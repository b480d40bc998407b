"""What a stance model computes with: a network, and the tokenizer that feeds it.

folder -> tokenizer, network -> Engine        OpenVINO in nlp/compiled.py, torch in nlp/foreign.py
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp.encoding import Encoded, Frame, Pair, ask, encode
from records import LABELS

Array = np.ndarray[Any, Any]
Network = Callable[[Array, Array, Array], Array]
"""Ids, mask and types of a batch, each (n, tokens) int64, to logits (n, outputs)."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A network with its tokenizer. `columns` are the outputs read: one for each of LABELS, in their order.

    With `hypotheses`, one for each of LABELS, a text is asked about each of them, and the one column is entailment.
    """

    network: Network
    tokenizer: Any
    around: Frame
    columns: tuple[int, ...] = tuple(range(len(LABELS)))
    hypotheses: tuple[str, ...] = ()

    def encode(self, pairs: Sequence[Pair], length: int) -> list[list[Encoded]]:
        """What is to be read for each pair: one input, or one for each hypothesis; at most `length` tokens each."""
        if self.hypotheses:
            return ask(self.tokenizer, pairs, self.hypotheses, length, self.around)
        return [[one] for one in encode(self.tokenizer, pairs, length, self.around)]

    def outputs(self, batch: Sequence[Encoded], width: int) -> Array:
        """What the network answers to inputs filled up to `width` tokens, (n, columns)."""
        shape = (len(batch), width)
        ids = np.full(shape, self.tokenizer.pad_token_id or 0, dtype=np.int64)
        mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(2))
        for row, one in enumerate(batch):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
            types[row, : len(one.ids)] = one.types
        return self.network(ids, mask, types)[:, list(self.columns)]


def tokenizer_of(path: Path) -> Any:
    """The tokenizer in a folder, by its tokenizer.json alone: nothing is fetched, and no code that lies there is run.

    Of any architecture whose inputs have types, and read without one: AutoTokenizer would import all of torch to know
    which, where torch is there, and take a second and a half more.
    """
    quiet()
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - half a second that only labelling should cost

    names = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast.from_pretrained(path, local_files_only=True, model_input_names=names)


def quiet() -> None:
    """transformers says by itself that torch is missing: here it is missing on purpose."""
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)
