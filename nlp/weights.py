"""A model's folder: what must lie in it, and whether it is what was shipped.

    folder -> SHA256SUMS -> every file checked -> Parcel

Nothing but SHA256SUMS is parsed before every file it names has the digest it gives.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from records import LABELS

SUMS = "SHA256SUMS"
MODEL, CARD, CALIBRATION, LABEL_MAP = "model.onnx", "MODEL_CARD.md", "calibration.json", "labels.json"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
NEEDED = (MODEL, CARD, CALIBRATION, LABEL_MAP, *TOKENIZER)
ANSWERING = (MODEL, CALIBRATION, LABEL_MAP, *TOKENIZER)
"""The files that an answer depends on: they make the model's id."""

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_][A-Za-z0-9_.-]*)")


class StanceError(Exception):
    """The stance model cannot be used; the message is one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A verified model folder. `length` is tokens per pair; `threshold` is the least confidence of an answer."""

    folder: Path
    id: str
    quality: str
    temperature: float
    threshold: float
    length: int
    card: str = ""


def verify(folder: Path) -> dict[str, str]:
    """Digests by file name, each checked. Raises StanceError if a file is missing, damaged, or the folder foreign."""
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except FileNotFoundError as error:
        raise StanceError(f"{folder}: no stance model there ({SUMS} is missing); name its folder") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StanceError(f"{folder / SUMS}: cannot be read; restore the model's folder") from error
    sums = {match[2]: match[1] for line in lines if (match := _LINE.fullmatch(line))}
    missing = [name for name in NEEDED if name not in sums]
    if len(sums) != len(lines) or missing:
        raise StanceError(f"{folder / SUMS}: not the list of a stance model; restore the model's folder")
    for name, digest in sums.items():
        _check(folder / name, digest)
    return sums


def _check(path: Path, digest: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StanceError(f"{path}: missing or unreadable; restore the model's folder") from error
    if found != digest:
        raise StanceError(f"{path}: damaged or replaced (its sha256 is not the one in {SUMS}); restore the folder")


def unpack(folder: Path) -> Parcel:
    """The verified folder's settings. Raises StanceError as `verify` does, and for settings that make no sense."""
    sums = verify(folder)
    try:
        labels = json.loads((folder / LABEL_MAP).read_text(encoding="utf-8"))
        settings = json.loads((folder / CALIBRATION).read_text(encoding="utf-8"))
        card = (folder / CARD).read_text(encoding="utf-8")
        parcel = Parcel(
            folder,
            f"{labels['name']}@{_short(sums)}",
            _quality(card),
            float(settings["temperature"]),
            float(settings["threshold"]),
            int(settings["length"]),
            card,
        )
        sound = tuple(labels["labels"]) == LABELS and parcel.temperature > 0 and 16 <= parcel.length <= 512
    except (ValueError, KeyError, TypeError) as error:
        raise StanceError(f"{folder}: its settings cannot be read; restore the model's folder") from error
    if not sound or not all(map(math.isfinite, (parcel.temperature, parcel.threshold))):
        raise StanceError(f"{folder}: made for other labels or settings than {', '.join(LABELS)}")
    return parcel


def _short(sums: dict[str, str]) -> str:
    return hashlib.sha256(" ".join(sums[name] for name in ANSWERING).encode()).hexdigest()[:8]


def _quality(card: str) -> str:
    """The card's first quoted line: what was measured, in one sentence."""
    return next((line[2:].strip() for line in card.splitlines() if line.startswith("> ")), "")
