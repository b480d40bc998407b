"""Any other model: a folder in Hugging Face's layout, run by transformers and torch.

    folder -> config.json -> a classifier whose labels are ours, or an NLI model with our hypotheses -> Engine

Weights are read from safetensors alone: no pickle is opened, no code that lies in the folder is run, and nothing is
fetched. An NLI model is asked whether a text entails each label's hypothesis, and the answers are weighed against each
other (Yin, Hay and Roth 2019, Benchmarking zero-shot text classification).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from nlp.encoding import frame
from nlp.engine import Engine, quiet
from nlp.weights import Parcel, StanceError
from records import LABELS

LONGEST: Final = 256
"""Tokens read at once, where the model could hold more."""
SHORTEST: Final = 48
STEP: Final = 16
UNSURE: Final = 0.5
"""Confidence below which the answer is withheld: the other labels together are likelier. Nothing is calibrated here."""
QUALITY: Final = "Not measured: a model of your own choice, whose probabilities are not calibrated on these texts."
HASHED: Final = frozenset({".safetensors", ".json", ".txt", ".model"})
"""Endings of the files that an answer may depend on."""

_SPELLINGS: Final = {
    "realist": "realist", "realistic": "realist", "realism": "realist",
    "industrial_collaboration": "industrial_collaboration", "collaboration": "industrial_collaboration",
    "skeptic": "skeptic", "sceptic": "skeptic", "skeptical": "skeptic", "sceptical": "skeptic",
    "skepticism": "skeptic", "scepticism": "skeptic",
    "none": "none", "no_stance": "none", "neutral": "none",
}  # fmt: skip
_AGAINST: Final = frozenset({"contradiction", "not_entailment"})
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
Array = np.ndarray[Any, Any]


def load(folder: Path, hypotheses: Path | None, name: str | None) -> tuple[Parcel, Engine]:
    """Settings and engine of the model in `folder`.

    Raises StanceError, one line: torch is missing, or the folder damaged, unsafe, or a model of other labels.
    """
    needed(str(folder))
    from safetensors import SafetensorError  # noqa: PLC0415

    try:
        return _load(folder, hypotheses, name)
    except (*_FAULTS, SafetensorError) as error:
        raise StanceError(f"{folder}: the stance model cannot be started ({_reason(error)})") from error


def needed(named: str) -> None:
    """Raise StanceError if what runs the model `named` is not installed."""
    missing = [package for package in ("torch", "safetensors") if find_spec(package) is None]
    if missing:
        raise StanceError(f"{named}: needs {missing[0]}; install the train extra, pip install -e '.[train]'")


def _load(folder: Path, hypotheses: Path | None, name: str | None) -> tuple[Parcel, Engine]:
    quiet()
    from transformers import AutoConfig, AutoTokenizer  # noqa: PLC0415

    digest = _digest(folder)
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    columns, asked = questions(config.id2label, hypotheses)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        raise StanceError(f"{folder}: its tokenizer has no padding token, so texts cannot be read in batches")
    length = _length(config, tokenizer)
    engine = Engine(Torch(folder), tokenizer, frame(tokenizer), columns, asked)
    answering = hashlib.sha256("\n".join((digest, str(length), *asked)).encode()).hexdigest()[:8]
    own = name or f"{re.sub(r'[^A-Za-z0-9._-]', '-', folder.resolve().name) or 'model'}@"
    return Parcel(folder, f"{own}{answering}", QUALITY, 1.0, UNSURE, length, _card(folder)), engine


class Torch:
    """A sequence classifier's network, in fp32 on the processor."""

    def __init__(self, folder: Path) -> None:
        import torch  # noqa: PLC0415
        from transformers import AutoModelForSequenceClassification  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()
        network, told = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
        lacking = [*told["missing_keys"], *(str(key[0]) for key in told["mismatched_keys"])]
        if lacking:  # transformers would fill them in at random
            raise StanceError(f"{folder}: its weights lack {sorted(lacking)[0]}; it is no trained classifier")
        self._network = network.eval()
        self._typed = getattr(network.config, "type_vocab_size", 0) > 1

    def __call__(self, ids: Array, mask: Array, types: Array) -> Array:
        """Logits of a batch, (n, outputs) float64; the inputs are int64, (n, tokens)."""
        import torch  # noqa: PLC0415

        given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        if self._typed:
            given["token_type_ids"] = torch.from_numpy(types)
        with torch.inference_mode():
            return np.asarray(self._network(**given).logits.double().numpy())


def questions(id2label: Mapping[int, str], hypotheses: Path | None) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The outputs to read and the hypotheses to ask, by a model's own names for its outputs.

    Raises StanceError, naming the labels that it has, where they are neither ours nor those of NLI.
    """
    names = {int(number): _plain(label) for number, label in id2label.items()}
    if "entailment" in names.values() and _AGAINST & set(names.values()):
        return (next(number for number, label in names.items() if label == "entailment"),), read_hypotheses(hypotheses)
    ours = {_SPELLINGS[label]: number for number, label in names.items() if label in _SPELLINGS}
    if len(names) != len(LABELS) or set(ours) != set(LABELS):
        had = ", ".join(str(label) for label in list(id2label.values())[:8])
        raise StanceError(f"the model's labels are {had}: needed are {', '.join(LABELS)}, or those of an NLI model")
    return tuple(ours[label] for label in LABELS), ()


def read_hypotheses(path: Path | None) -> tuple[str, ...]:
    """One hypothesis for each of LABELS, in their order, from a TOML file. Raises StanceError."""
    if path is None:
        raise StanceError("an NLI model needs a file of hypotheses, one for each label")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StanceError(f"{path}: cannot be read ({_reason(error)})") from error
    if set(found) != set(LABELS) or not all(isinstance(text, str) and text.strip() for text in found.values()):
        raise StanceError(f"{path}: needs one sentence for each of {', '.join(LABELS)}, and nothing else")
    return tuple(found[label].strip() for label in LABELS)


def _plain(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(label).casefold()).strip("_")


def _length(config: Any, tokenizer: Any) -> int:
    """Tokens read at once: a multiple of STEP that model and tokenizer both hold."""
    held = getattr(config, "max_position_embeddings", None) or LONGEST
    # RoBERTa and its kin count positions from the padding's id on, and cannot use the first two
    own = min(int(held) - 2, int(tokenizer.model_max_length), LONGEST) // STEP * STEP
    if own < SHORTEST:
        raise StanceError(f"the model holds {own} tokens at once, fewer than the {SHORTEST} that are needed")
    return own


def _digest(folder: Path) -> str:
    """One sha256 over the files that an answer may depend on."""
    files = sorted(path for path in folder.iterdir() if path.suffix in HASHED and path.is_file())
    found = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            found.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return found.hexdigest()


def _card(folder: Path) -> str:
    try:
        return (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _reason(error: BaseException) -> str:
    """The first line of what a library said, short enough for a line of our own."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
