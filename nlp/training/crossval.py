"""Five-fold cross-validation on the authored texts, by author and by thread, beside the bag of words.

    python -m nlp.training.crossval --base BASE --work folds.json

Each fold's network is trained from the base weights on the other four folds; the answers of all folds are scored
together, and the scores stand in crossval.json beside this file, for the model card. Long: ten trainings. A fold that
is done is kept in the work file, so that a stopped run goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from nlp.evaluation import baseline, measure
from nlp.training import data
from nlp.training.config import Config
from nlp.training.export import write_json
from nlp.training.tune import logits, tune

FOLDS = 5
RESULT = Path(__file__).parent / "crossval.json"
SPLITS: dict[str, Callable[[Sequence[data.Example]], list[str]]] = {"author": data.authors, "thread": data.threads}
Say = Callable[[str], None]


def crossval(base: Path, config: Config, work: Path, say: Say) -> dict[str, Any]:
    """Scores by split and by model; answers so far lie in `work` and are not computed again."""
    examples = data.scored(data.corpus().train)
    state = _state(work, config, examples)
    for split, groups in SPLITS.items():
        rows = GroupKFold(FOLDS).split(examples, groups=groups(examples))
        for fold, (known, asked) in enumerate(rows):
            if (key := f"{split} {fold}") not in state["folds"]:
                say(f"{key}: {len(known)} to learn from, {len(asked)} asked")
                state["folds"][key] = _fold([examples[i] for i in known], [examples[i] for i in asked], base, config)
                write_json(work, state)
        state[split] = _scores(state, split, examples)
        say(f"{split}: " + ", ".join(f"{name} {state[split][name]['macro_f1']:.3f}" for name in ("minilm", "tfidf")))
    return summary(state)


def _state(work: Path, config: Config, examples: Sequence[data.Example]) -> dict[str, Any]:
    texts = hashlib.sha256("\n".join(f"{e.id} {e.context} {e.text} {e.stance}" for e in examples).encode()).hexdigest()
    fresh = {"config": asdict(config), "examples": len(examples), "data_sha256": texts, "folds": {}}
    if not work.is_file():
        return fresh
    state: dict[str, Any] = json.loads(work.read_text(encoding="utf-8"))
    return state if all(state.get(key) == fresh[key] for key in ("config", "data_sha256")) else fresh


def _fold(train: list[data.Example], asked: list[data.Example], base: Path, config: Config) -> dict[str, Any]:
    network, tokenizer = tune(train, base, config)
    return {
        "ids": [example.id for example in asked],
        "minilm": logits(network, tokenizer, asked, config.length).round(4).tolist(),
        "tfidf": baseline.answers(train, asked, config.seed).round(4).tolist(),
    }


def _scores(state: dict[str, Any], split: str, examples: Sequence[data.Example]) -> dict[str, Any]:
    """Scores over all folds' answers together, and macro-F1 fold by fold."""
    targets = {example.id: example.target for example in examples}
    folds = [state["folds"][f"{split} {fold}"] for fold in range(FOLDS)]
    truth = [np.array([targets[name] for name in fold["ids"]]) for fold in folds]
    found = {}
    for model in ("minilm", "tfidf"):
        answers = [np.array(fold[model]) for fold in folds]
        answers = [measure.softmax(rows) for rows in answers] if model == "minilm" else answers
        found[model] = measure.scores(np.concatenate(answers), np.concatenate(truth))
        found[model]["macro_f1_by_fold"] = [
            measure.scores(rows, right)["macro_f1"] for rows, right in zip(answers, truth, strict=True)
        ]
    return found


def summary(state: dict[str, Any]) -> dict[str, Any]:
    """What the model card tells of a finished run: everything but the single answers."""
    return {key: value for key, value in state.items() if key != "folds"}


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--base", type=Path, required=True, help="folder of the base weights")
    parser.add_argument("--work", type=Path, required=True, help="JSON file for the answers of each fold")
    parser.add_argument("--epochs", type=int, default=Config().epochs)
    given = parser.parse_args()
    found = crossval(given.base, replace(Config(), epochs=given.epochs), given.work, _say)
    write_json(RESULT, found)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a command of its own


if __name__ == "__main__":
    main()
