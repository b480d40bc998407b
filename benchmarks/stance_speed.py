"""How fast the shipped stance model is, and what it takes: items/s, resident memory, time to the first answer.

    python benchmarks/stance_speed.py [--model FOLDER] [--seconds 5]

Rates are of whole labelling (tokens, network, calibration) without the search for evidence, which only texts with a
stance and several sentences cost; `mixed` is authored texts as they are, evidence included.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nlp import stance  # noqa: E402 - runs from a checkout
from nlp.encoding import Pair, encode  # noqa: E402
from nlp.training.data import AUTHORED, read  # noqa: E402

SHIPPED = ROOT / "nlp" / "models" / "stance-minilm"
FIRST = """\
import sys
from pathlib import Path
from nlp import stance
stance.load(Path(sys.argv[1])).label([(None, sys.argv[2])])
"""


def sized(model: stance.StanceModel, tokens: int, count: int) -> list[Pair]:
    """`count` different texts without a sentence's end, each of exactly `tokens` tokens with its separators."""
    words = [w for e in read(AUTHORED) for w in e.text.lower().split() if w.isalpha()]
    lengths = {w: len(encode(model._engine.tokenizer, [(None, w)], 512)[0].ids) - 2 for w in dict.fromkeys(words)}
    single = [word for word in words if lengths[word] == 1]
    starts = range(0, len(single) - tokens, max(1, (len(single) - tokens) // count))
    return [(None, " ".join(single[at : at + tokens - 2])) for at in starts][:count]


def rate(model: stance.StanceModel, pairs: list[Pair], seconds: float) -> tuple[float, float]:
    """Items labelled a second, and per second of one core's time: the second is the truer on a busy machine."""
    model.label(pairs[:64])
    done, started, worked = 0, time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - started) < seconds:
        model.label(pairs)
        done += len(pairs)
    return done / spent, done / (time.process_time() - worked)


def first_answer(folder: Path) -> float:
    """Seconds from process start to the first label."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST, str(folder), "Who refines it?"], cwd=ROOT, check=True)  # noqa: S603
    return time.perf_counter() - started


def rates(folder: Path, precision: str, seconds: float) -> Iterator[str]:
    """A line for each figure of one precision, in a process that loads no other."""
    model = stance.start(stance.unpack(folder), precision)
    loads = {f"{tokens} tokens": sized(model, tokens, 256) for tokens in (32, 64, 128)}
    for name, pairs in {**loads, "mixed": [example.pair for example in read(AUTHORED)[::6]]}.items():
        wall, core = rate(model, pairs, seconds)
        yield f"{precision}, {name:12} {wall:8.0f} items/s {core:8.0f} items per core-second"
    yield f"{precision}, resident at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--precision", choices=("bf16", "f32"), help="only this one; default: both, and the start")
    given = parser.parse_args()
    if given.precision:
        for line in rates(given.model, given.precision, given.seconds):
            print(line, flush=True)  # noqa: T201
        return
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} processors, load before the start {load}")  # noqa: T201
    fastest = sorted(first_answer(given.model) for _ in range(5))
    print(f"first answer after {fastest[2]:.1f} s (median of 5)", flush=True)  # noqa: T201
    for precision in ("bf16", "f32"):
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--precision", precision], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
