"""How long a week's digest takes: python benchmarks/digest_speed.py [ITEMS]   (default 100,000; made texts, 26 weeks)

made Items of 26 weeks -> store, series, estimates -> snapshot -> digest of the last week: read, then each form, cold
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb

from benchmarks.storage_series import COUNTRIES, MINERALS, batches, made
from flows import refresh, report, themes
from flows.settings import Settings, load
from records import LABELS, ChannelState, FetchResult, Item, Label, Mention, Scan
from storage import database, items, labels, series

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = "2026-W47"
STAGES = ("recycling", "permitting", "stockpiling", "energy", "mining", "refining")
PASSAGE = (100, 194)
LIMIT_S = 10.0
T = TypeVar("T")


def timed(what: str, act: Callable[[], T]) -> T:
    """Run, print how long it took, return the result."""
    started, used = time.perf_counter(), time.process_time()
    result = act()
    told(what, time.perf_counter() - started, time.process_time() - used)
    sys.stdout.flush()
    return result


def told(what: str, wall: float, used: float) -> None:
    """One line: seconds by the clock, and of the processor."""
    sys.stdout.write(f"{what:<44} {wall:8.2f} s {used:8.2f} s of processor\n")


def item(number: int) -> Item:
    """Item `number`, on one of the last 182 days."""
    return replace(made(number), published_at=NOW - timedelta(days=1 + number % 182, seconds=number % 80000))


def scanned(one: Item, number: int) -> Scan:
    """Every item is labelled, and names one mineral, country and stage; the mixture is chance's."""
    rng = random.Random(number)  # noqa: S311  made data
    names = (("mineral", rng.choice(MINERALS)), ("country", rng.choice(COUNTRIES)), ("stage", rng.choice(STAGES)))
    mentions = tuple(Mention(kind, name, "Story", 0, 5) for kind, name in names)  # type: ignore[arg-type]
    answer = rng.randrange(4)
    chances = [0.1, 0.1, 0.1, 0.1]
    chances[answer] = 0.7
    label = Label("made", LABELS[answer], tuple(chances), 0.4 + rng.random() / 2, rng.random() < 0.05, PASSAGE)  # type: ignore[arg-type]
    return Scan(one, relevant=True, language="en", mentions=mentions, label=label)


def fill(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Add and label that many items."""
    run = items.start_run(con, "collect", now=NOW - timedelta(days=3), version="bench")
    labels.register_model(con, "made", quality="made", card="", now=NOW)
    for numbers in batches(0, number):
        page = [item(n) for n in numbers]
        items.add(con, run, FetchResult("made", "ok", items=tuple(page)), ChannelState("made", "ok"), now=NOW)
        scans = [scanned(one, n) for one, n in zip(page, numbers, strict=True)]
        labels.add(con, scans, model="made", gates="made", forget=(), now=NOW)


def store(settings: Settings, number: int) -> None:
    """A published store of that many items, with its series."""
    with database.open_live(settings.home, job="bench", now=NOW) as con:
        timed(f"store and label {number:,} items", lambda: fill(con, number))
        timed("themes", lambda: themes.apply(con, settings))
        timed("series", lambda: series.refresh(con, now=NOW))
        timed("estimates of 26 weeks", lambda: refresh.estimate(con))
    timed("publish", lambda: database.publish(settings.home))


def cold(settings: Settings) -> tuple[float, float]:
    """Seconds, and processor's seconds, of a whole process that writes the page as HTML, Markdown and JSON."""
    code = (
        "import sys; from pathlib import Path; from flows import report; from flows.settings import load; "
        "s = load(home=Path(sys.argv[1])); "
        f"report.write_pages(s, week='{WEEK}', formats=('html', 'md', 'json'))"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(settings.home)], check=True, cwd=ROOT)  # noqa: S603  our own code
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - started, used.ru_utime + used.ru_stime


def main(number: int) -> int:
    """Print the times; 1 where the digest is too slow."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load(home=Path(folder))
        store(settings, number)
        digest = timed("read the week", lambda: report.build(settings, WEEK))
        for form in ("html", "html", "md", "json"):
            timed(form, lambda form=form: report.FORMATS[form](digest, names={}))  # type: ignore[misc]
        seconds, used = cold(settings)
        size = (settings.home / "digests" / f"{WEEK}.html").stat().st_size
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    told("the digest in a fresh process, three forms", seconds, used)
    sys.stdout.write(f"page {size / 1e3:.0f} kB, peak memory {memory / 1024:.0f} MB, limit {LIMIT_S:g} s\n")
    return int(min(seconds, used) > LIMIT_S)  # on a busy machine the clock tells of others


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
