"""Write down how a finished model answers on labelled texts it never saw, for the correction of its shares.

    python -m nlp.training.record FOLDER --data DIR

FOLDER is the model's; DIR holds `*-dev.jsonl`. validation.json is written into FOLDER and joins its SHA256SUMS. A model
that `oresight train` makes has it already. No word of any text is kept, and the model's id stays what it was.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp import stance, validation
from nlp.training import data
from nlp.weights import SUMS, verify

OWN = data.AUTHORED.with_name("validation.jsonl")
"""The project's own validation texts: they stand in for labels that the others have too few of."""

Array = np.ndarray[Any, Any]


def write(folder: Path, examples: Sequence[data.Example], answers: Array, own_answers: Array) -> Path:
    """Write the record of probabilities (n, 4) on `examples`, and on `own()`, into a model's folder."""
    record = validation.of(examples, answers, validation.summed(own(), own_answers))
    path = folder / validation.FILE
    path.write_text(validation.dump(record), encoding="utf-8")
    return path


def own() -> list[data.Example]:
    """The project's own validation texts, without those whose label is a coin toss."""
    return list(data.scored(data.read(OWN)))


def measure(folder: Path, examples: Sequence[data.Example]) -> Path:
    """Ask a finished model, write its record, and seal the folder again. Raises StanceError as `stance.load` does."""
    model, sums = stance.load(folder), verify(folder)
    asked, mine = [example.pair for example in examples], [example.pair for example in own()]
    answers = np.array([label.probabilities for label in model.label([*asked, *mine])])
    path = write(folder, examples, answers[: len(asked)], answers[len(asked) :])
    sums[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = (f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    (folder / SUMS).write_text("".join(lines), encoding="ascii")
    return path


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with *-dev.jsonl")
    given = parser.parse_args()
    measure(given.folder, data.scored(data.corpus(given.data).dev))


if __name__ == "__main__":
    main()
