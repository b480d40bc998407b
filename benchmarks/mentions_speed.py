"""Items per second for mentions and the language gate, at 60 words an item, the reader's start-up and its memory.

python benchmarks/mentions_speed.py

All in seconds of one core, whatever else the machine does. `asked` is `find` where every tenth item holds a name that
the rules leave open, so that the statistical pipeline reads its sentence.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
START = time.process_time()

from nlp.gazetteer import load  # noqa: E402
from nlp.mentions import Reader  # noqa: E402
from nlp.pipeline import pipeline  # noqa: E402
from nlp.text import language  # noqa: E402

WORDS = 60
OPEN = "The guide said that Kenya Moore had left the site before the others came back."


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
        start = time.process_time()
        for text in texts:
            work(text)
        best = max(best, len(texts) / (time.process_time() - start))
    return best


def main() -> None:
    """Print the figures."""
    imported = time.process_time()
    reader = Reader(load(ROOT / "config" / "gazetteers"))
    built = time.process_time()
    pipeline()
    loaded = time.process_time()
    texts = items()
    verdicts = [reader.judge(t) for t in texts]
    rejected = sum(any(not v.accepted for v in vs) for vs in verdicts) / len(texts)
    told = f"reader built in {built - imported:.2f} s, pipeline loaded in {loaded - built:.2f} s"
    print(f"import {imported - START:.2f} s, {told}")  # noqa: T201
    print(f"{len(texts)} items of {WORDS} words; {rejected:.0%} hold a rejected candidate")  # noqa: T201
    for name, work in (("find", reader.find), ("umbrella", reader.umbrella), ("language", language)):
        print(f"{name:9} {rate(work, texts):7.0f} items/s, one core")  # noqa: T201
    asked = [f"{OPEN} {text}" if at % 10 == 0 else text for at, text in enumerate(texts)]
    print(f"{'asked':9} {rate(reader.find, asked):7.0f} items/s, one core")  # noqa: T201
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")  # noqa: T201


if __name__ == "__main__":
    main()
