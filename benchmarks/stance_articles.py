"""How whole articles are best read: their head alone, or passages put together by one rule or another.

    python benchmarks/stance_articles.py [--model FOLDER] [--file tests/data/articles.jsonl]

The articles were written for this: sober, of 280 to 360 words, most of them deciding in their last paragraph. Right
answers out of all, macro-F1, and how many plain reports were given a stance. The rule that the product uses is marked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nlp import gazetteer, stance  # noqa: E402 - runs from a checkout
from nlp.mentions import Reader  # noqa: E402
from nlp.passages import TITLED, combine, passages  # noqa: E402
from records import LABELS  # noqa: E402

NONE = LABELS.index("none")
Array = np.ndarray[Any, Any]


def closing(found: Array) -> Array:
    """The last passage that takes a stance; none where no passage does."""
    taken = [row for row in found if row.argmax() != NONE]
    return taken[-1] if taken else found.mean(axis=0)


def strongest(found: Array) -> Array:
    """The passage surest of its stance, if it is surer of that than not."""
    best = found[found[:, :NONE].max(axis=1).argmax()]
    return best if best.argmax() != NONE and best.max() >= 0.5 else found.mean(axis=0)


def mean(found: Array) -> Array:
    """The mean of all."""
    return np.asarray(found.mean(axis=0))


def product(found: Array) -> Array:
    """What nlp.passages says: strongest, where headline and close weigh more, with a bar and an order."""
    return combine(found)[0]


RULES: dict[str, Callable[[Array], Array]] = {
    "the mean of all": mean,
    "the closing stance": closing,
    "the strongest": strongest,
    "the strongest, ends weigh more": product,
}


class Parts:
    """A model that keeps what it says of each passage."""

    def __init__(self, model: stance.StanceModel, reader: Reader) -> None:
        self.model, self.reader = model, reader

    def read(self, text: str, titled: bool) -> Array:
        """Probabilities of a text's passages, (k, 4)."""
        words = int(stance.FILL * self.model.length)
        found = passages(text, words, self.reader.find(text), self.reader.umbrella, titled=titled)
        contexts = [None, *[found.title] * len(found.spans)]
        parts = [(c, text[start:end]) for c, (start, end) in zip(contexts, found.spans, strict=False)]
        return np.array([label.probabilities for label in self.model.label(parts)])


def score(truth: Array, found: Array) -> str:
    """Right answers, macro-F1, plain reports given a stance."""
    f1 = []
    for label in range(len(LABELS)):
        hits = int(((truth == label) & (found == label)).sum())
        f1.append(2 * hits / max(1, int((truth == label).sum() + (found == label).sum())))
    plain = truth == NONE
    wrong = int((found[plain] != NONE).sum())
    return f"{int((truth == found).sum()):3} of {len(truth)}   {np.mean(f1):.2f}   {wrong} of {int(plain.sum())}"


def lines(model: stance.StanceModel, reader: Reader, rows: list[dict[str, Any]]) -> Iterator[str]:
    """The table's lines."""
    truth = np.array([LABELS.index(row["stance"]) for row in rows])
    heads = np.array([LABELS.index(label.stance) for label in model.label([(None, row["text"]) for row in rows])])
    yield f"{'head alone':56} {score(truth, heads)}"
    for titled in (False, True):
        read = [Parts(model, reader).read(row["text"], titled) for row in rows]
        for name, rule in RULES.items():
            mark = " *" if rule is product and titled == TITLED else ""
            found = np.array([int(rule(one).argmax()) for one in read])
            yield f"{name + (', headline as context' if titled else '') + mark:56} {score(truth, found)}"


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--model", type=Path, default=ROOT / "nlp" / "models" / "stance-minilm")
    parser.add_argument("--file", type=Path, default=ROOT / "tests" / "data" / "articles.jsonl")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.file.read_text(encoding="utf-8").splitlines()]
    late = sum(row.get("decides") == "late" for row in rows)
    print(f"{len(rows)} texts, {late} of which decide late   right   macro-F1   plain reports given a stance")  # noqa: T201
    reader = Reader(gazetteer.load(ROOT / "config" / "gazetteers"))
    for line in lines(stance.load(given.model), reader, rows):
        print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
