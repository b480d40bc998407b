"""Items per second for mentions and the language gate, at 60 words an item, and the reader's start-up.

python benchmarks/mentions_speed.py
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
START = time.perf_counter()

from nlp.gazetteer import load  # noqa: E402
from nlp.mentions import Reader  # noqa: E402
from nlp.text import language  # noqa: E402

WORDS = 60


def items() -> list[str]:
    """The training texts, cut into stretches of 60 words."""
    path = ROOT / "nlp" / "training" / "data" / "authored.jsonl"
    texts = (json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())
    words = " ".join(texts).split(" ")
    return [" ".join(words[i : i + WORDS]) for i in range(0, len(words) - WORDS, WORDS)]


def rate(work: Callable[[str], object], texts: list[str]) -> float:
    """Texts per second, the best of three rounds."""
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for text in texts:
            work(text)
        best = max(best, len(texts) / (time.perf_counter() - start))
    return best


def main() -> None:
    """Print the figures."""
    imported = time.perf_counter()
    reader = Reader(load(ROOT / "config" / "gazetteers"))
    built = time.perf_counter()
    texts = items()
    verdicts = [reader.judge(t) for t in texts]
    rejected = sum(any(not v.accepted for v in vs) for vs in verdicts) / len(texts)
    print(f"import {imported - START:.2f} s, reader built in {built - imported:.2f} s")  # noqa: T201
    print(f"{len(texts)} items of {WORDS} words; {rejected:.0%} hold a rejected candidate")  # noqa: T201
    for name, work in (("find", reader.find), ("umbrella", reader.umbrella), ("language", language)):
        print(f"{name:9} {rate(work, texts):7.0f} items/s, one core")  # noqa: T201


if __name__ == "__main__":
    main()
