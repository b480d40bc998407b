"""Two writers, three readers, and kill -9 at random: python benchmarks/storage_stress.py [SECONDS]   (default 60)

writers: lock -> pages of 20 items, each acknowledged when committed -> publish -> again; every 1.5 to 3 s one dies
readers: through the product, through plain DuckDB, and a window that stays open for three seconds at a time
         -> what was lost, what failed, how old it is what readers see, how long writers wait
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import IO, Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb

from records import ChannelState, FetchResult, Item
from storage import database, items, series

PAGE, PAGES = 20, 3
SEEN = """
    SELECT split_part(guid, ' ', 1), max(split_part(guid, ' ', 2)::INT), count(*) FROM items_of GROUP BY ALL
"""
READERS = ("product", "plain", "window")


def page(name: str, number: int) -> tuple[Item, ...]:
    """Twenty made items."""
    now = datetime.now(UTC)
    return tuple(
        Item(uuid4(), "news", name, "official", f"{name} {number} {n}", None, None, "A title", "A title. " * 50,
             now, None, "explicit", now)
        for n in range(PAGE)
    )  # fmt: skip


def tell(**told: Any) -> None:
    """One line of JSON, in one piece, so that a kill leaves whole lines."""
    os.write(1, (json.dumps(told) + "\n").encode())


def write(home: Path, name: str) -> None:
    """Lock, commit, acknowledge, publish, for ever."""
    number = 0
    while True:
        asked = time.time()
        with database.open_live(home, job=name, now=datetime.now(UTC), wait_s=120) as con:
            tell(wait=time.time() - asked)
            run = items.start_run(con, "collect", now=datetime.now(UTC), version="stress")
            for _ in range(PAGES):
                result = FetchResult(name, "ok", items=page(name, number), fetched=PAGE)
                items.add(con, run, result, ChannelState(name, "ok"), now=datetime.now(UTC))
                tell(page=number, at=time.time())
                number += 1
            series.refresh(con, now=datetime.now(UTC))
        database.publish(home, wait_s=120)


@contextmanager
def opened(home: Path, kind: str) -> Any:
    """The published snapshot, as the product or as any other program opens it."""
    if kind == "product":
        with database.open_snapshot(home) as con:
            yield con
    else:
        with duckdb.connect(str(home / "current.duckdb"), read_only=True) as con:
            yield con


def read(home: Path, kind: str) -> None:
    """Open, ask, close, for ever; a window asks for three seconds before it closes."""
    while True:
        try:
            with opened(home, kind) as con:
                since = time.time()
                while True:
                    began = time.time()
                    rows = con.execute(SEEN.replace("items_of", "base.items")).fetchall()
                    con.execute("SELECT count(*) FROM series_weekly").fetchall()
                    tell(at=began, took=time.time() - began, opened=since, seen={w: [n, count] for w, n, count in rows})
                    time.sleep(0.1)
                    if kind != "window" or time.time() - since > 3:
                        break
        except Exception as error:
            tell(error=f"{type(error).__name__}: {error}")


@dataclass
class Told:
    """What the processes told."""

    pages: dict[tuple[str, int], float] = field(default_factory=dict)  # when acknowledged
    waits: list[float] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    kills: int = 0


def start(home: Path, command: str, name: str, out: IO[bytes]) -> subprocess.Popen[bytes]:
    """One of the processes."""
    return subprocess.Popen([sys.executable, __file__, command, str(home), name], stdout=out)  # noqa: S603 - ourselves


def stress(home: Path, seconds: float, folder: Path) -> Told:
    """Run them all, kill one writer now and then, and gather what they told."""
    dice, told = random.Random(2026), Told()  # noqa: S311 - the same moments each time
    logs = {f"{kind}": (folder / kind).open("wb") for kind in READERS}
    names = ["w0-0", "w1-0"]
    logs |= {name: (folder / name).open("wb") for name in names}
    writers = [start(home, "write", name, logs[name]) for name in names]
    readers = [start(home, "read", kind, logs[kind]) for kind in READERS]
    end = time.time() + seconds
    while time.time() < end:
        time.sleep(dice.uniform(1.5, 3))
        slot = dice.randrange(2)
        writers[slot].kill()
        writers[slot].wait()
        told.kills += 1
        name = f"w{slot}-{told.kills}"
        logs[name] = (folder / name).open("wb")
        writers[slot] = start(home, "write", name, logs[name])
    for process in (*writers, *readers):
        process.kill()
        process.wait()
    for name, log in logs.items():
        log.close()
        gather(told, name, (folder / name).read_bytes())
    return told


def gather(told: Told, name: str, log: bytes) -> None:
    """Sort one process's lines."""
    for line in log.splitlines():
        one = json.loads(line)
        if "page" in one:
            told.pages[name, one["page"]] = one["at"]
        elif "wait" in one:
            told.waits.append(one["wait"])
        elif "error" in one:
            told.errors.append(f"{name}: {one['error']}")
        else:
            told.reads.append(one | {"reader": name})


def lost(home: Path, told: Told) -> tuple[int, int]:
    """How many acknowledged pages are not there, and how many pages are there in part."""
    with database.open_live(home, job="stress", now=datetime.now(UTC), wait_s=60) as con:
        rows = con.execute(
            "SELECT split_part(guid, ' ', 1), split_part(guid, ' ', 2)::INT, count(*) FROM base.items GROUP BY ALL"
        ).fetchall()
    there = {(name, number) for name, number, _ in rows}
    return len(set(told.pages) - there), sum(count != PAGE for *_, count in rows)


def ages(told: Told) -> tuple[list[float], list[float]]:
    """Seconds from a page's commit until a fresh read shows it; and the age of the newest page that each read shows."""
    fresh = sorted((r for r in told.reads if r["reader"] != "window"), key=lambda r: r["at"])
    shown = []
    for (name, number), at in told.pages.items():
        seen = (r["at"] for r in fresh if r["at"] >= at and r["seen"].get(name, [-1])[0] >= number)
        if (first := next(seen, None)) is not None:
            shown.append(first - at)
    newest = []
    for one in fresh:
        known = [told.pages[name, n] for name, (n, _) in one["seen"].items() if (name, n) in told.pages]
        newest += [one["at"] - max(known)] if known else []
    return shown, newest


def spread(values: list[float]) -> str:
    """Median, 95th percentile and maximum."""
    if len(values) < 2:
        return "too few"
    return f"{median(values):.2f} / {quantiles(values, n=20, method='inclusive')[-1]:.2f} / {max(values):.2f} s"


def main(seconds: float) -> int:
    """Print the table; the exit code is 1 where anything was lost or failed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with database.open_live(home, job="stress", now=datetime.now(UTC)):
            pass
        database.publish(home)
        (logs := Path(folder) / "logs").mkdir()
        told = stress(home, seconds, logs)
        missing, halves = lost(home, told)
        size = (home / "live.duckdb").stat().st_size / 1e6
    shown, newest = ages(told)
    rows = {
        "kills of a writer": told.kills,
        "acknowledged pages of 20 items": len(told.pages),
        "of these lost": missing,
        "pages there in part": halves,
        "reads": len(told.reads),
        "of these failed": len(told.errors),
        "a read (median / 95 % / most)": spread([one["took"] for one in told.reads]),
        "from commit until a reader sees it": spread(shown),
        "age of the newest that a reader sees": spread(newest),
        "a writer's wait for the lock": spread(told.waits),
        "store at the end": f"{size:.1f} MB",
    }
    sys.stdout.write(f"| {seconds:.0f} s, two writers, three readers | |\n| --- | --- |\n")
    sys.stdout.writelines(f"| {name} | {value} |\n" for name, value in rows.items())
    sys.stdout.writelines(f"{error}\n" for error in told.errors[:5])
    return int(bool(missing or halves or told.errors))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        {"write": write, "read": read}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
