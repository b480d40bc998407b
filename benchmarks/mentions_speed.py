"""Items per second for mentions and the language gate, at 60 words an item, the reader's start-up and its memory.

    python benchmarks/mentions_speed.py [PROCESSES]

Each figure is told twice: by the processor's time, and by the clock, which a busy machine spoils; medians of rounds.
`asked` is `find_all` where every tenth item holds a name that the rules leave open, no two alike, so that the
statistical pipeline reads its sentence; it is measured in two processes at once as well, which is two cores' work.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
START = time.process_time(), time.perf_counter()

from nlp.gazetteer import load  # noqa: E402
from nlp.mentions import Reader  # noqa: E402
from nlp.pipeline import pipeline  # noqa: E402
from nlp.text import language  # noqa: E402

WORDS = 60
ROUNDS = 7
FIRST = ("Kenya", "India", "Chad", "Jordan", "Israel", "Georgia", "Malta", "Cuba", "China", "Guinea", "Mali", "Peru")
LAST = ("Moore", "Fenwick", "Ashby", "Campos", "Thorne", "Whitlock", "Sadler", "Quayle", "Brandt", "Okafor", "Dray")
DID = ("had left the site before the others came back", "wrote to the board twice", "asked for more time to answer")
SAID = ("The guide said that", "On Monday the agent", "It was clear to us that")
Rate = tuple[float, float]
"""Items per second of a processor's time, and of the clock's."""


def items() -> list[str]:
    """The training texts, cut into stretches of 60 words."""
    path = ROOT / "nlp" / "training" / "data" / "authored.jsonl"
    texts = (json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())
    words = " ".join(texts).split(" ")
    return [" ".join(words[i : i + WORDS]) for i in range(0, len(words) - WORDS, WORDS)]


def asking(texts: Sequence[str]) -> list[str]:
    """The texts, every tenth with a person in it who is called like a country."""
    people = cycle(f"{s} {f} {n} {d}." for d in DID for s in SAID for n in LAST for f in FIRST)
    return [_sixty(f"{next(people)} {text}") if at % 10 == 0 else text for at, text in enumerate(texts)]


def _sixty(text: str) -> str:
    return " ".join(text.split(" ")[:WORDS])


def rate(work: Callable[[list[str]], object], texts: list[str], rounds: int = ROUNDS) -> Rate:
    """The medians of some rounds."""
    found = []
    for _ in range(rounds):
        processor, clock = time.process_time(), time.perf_counter()
        work(texts)
        found.append((time.process_time() - processor, time.perf_counter() - clock))
    return len(texts) / median(p for p, _ in found), len(texts) / median(c for _, c in found)


def one(work: Callable[[str], object]) -> Callable[[list[str]], object]:
    """A worker on one text as a worker on many."""
    return lambda texts: [work(text) for text in texts]


def many(reader: Reader) -> Callable[[list[str]], object]:
    """What the labelling of items calls."""
    return lambda texts: reader.find_all(texts, [False] * len(texts))


def labour(texts: list[str], ready: Barrier, results: Any) -> None:
    """One process: starts with its fellows, tells its rate."""
    work = many(Reader(load(ROOT / "config" / "gazetteers")))
    work(texts[:200])
    ready.wait()
    results.put(rate(work, texts))


def together(texts: list[str], processes: int) -> Rate:
    """The rates of some processes at once, summed."""
    context = get_context("spawn")
    ready, results = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=labour, args=(texts, ready, results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    rates = [results.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    return sum(p for p, _ in rates), sum(c for _, c in rates)


def say(name: str, rates: Rate) -> None:
    """One line of the table."""
    print(f"{name:28} {rates[0]:7.0f} {rates[1]:7.0f}")  # noqa: T201


def spent(since: tuple[float, float]) -> str:
    """Seconds of the processor, and of the clock."""
    return f"{time.process_time() - since[0]:.2f} s ({time.perf_counter() - since[1]:.2f} s by the clock)"


def main() -> None:
    """Print the figures."""
    reader = Reader(load(ROOT / "config" / "gazetteers"))
    print(f"start-up: {spent(START)}")  # noqa: T201
    before = time.process_time(), time.perf_counter()
    pipeline()
    print(f"pipeline, when first asked: {spent(before)}")  # noqa: T201
    texts = items()
    asked = asking(texts)
    share = sum(any(not v.accepted for v in reader.judge(t)) for t in texts) / len(texts)
    print(f"{len(texts)} items of {WORDS} words; {share:.0%} hold a rejected candidate")  # noqa: T201
    print(f"{'items per second of':28} {'process':>7} {'clock':>7}")  # noqa: T201
    say("find", rate(one(reader.find), texts))
    say("find, 10 % asked", rate(one(reader.find), asked))
    say("find_all, 10 % asked", rate(many(reader), asked))
    say("umbrella", rate(one(reader.umbrella), texts))
    say("language", rate(one(language), texts))
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")  # noqa: T201
    processes = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    say(f"find_all in {processes} processes", together(asked, processes))


if __name__ == "__main__":
    main()
