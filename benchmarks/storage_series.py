"""How long the store takes: python benchmarks/storage_series.py [ITEMS]   (default 200,000; made texts, 52 weeks)

made Items -> items.add, labels.add -> series.refresh, rebuild -> publish -> weekly reads on the snapshot
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import duckdb

from records import LABELS, ChannelState, FetchResult, Item, Label, Mention, Scan
from storage import database, items, labels, query, series

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = {"model": "made", "gates": "made"}
MINERALS = ("lithium", "cobalt", "nickel", "gallium", "antimony", "graphite", "copper", "tungsten")
COUNTRIES = ("CHN", "USA", "CHL", "COD", "AUS", "EU")
COMMUNITIES = ("trade-press", "official", "think-tank", "general-press", "company")
BODY = "Supply of this metal stays in few hands, and that will not change soon, say those who mine it. " * 6
T = TypeVar("T")


def timed(what: str, act: Callable[[], T]) -> T:
    """Run, print the seconds, return the result."""
    started = time.perf_counter()
    result = act()
    sys.stdout.write(f"{what:<44} {time.perf_counter() - started:8.3f} s\n")
    return result


def made(number: int) -> Item:
    """Item `number`: one of 50 channels, one of the last 364 days."""
    return Item(
        item_id=UUID(int=number * 0x9E3779B97F4A7C15 % (1 << 128)),
        source_kind="news",
        channel=f"feed-{number % 50}",
        community=COMMUNITIES[number % 5],
        guid=f"guid-{number}",
        url=f"https://news.example/{number}",
        original_url=None,
        title=f"Story {number}",
        text=f"Story {number}\n\n{BODY}",
        published_at=NOW - timedelta(days=1 + number % 364, seconds=number % 80000),
        published_raw=None,
        date_quality="explicit",
        first_seen_at=NOW,
    )


def scanned(item: Item, number: int) -> Scan:
    """Four in five are labelled; all of these name one mineral and one country."""
    if number % 5 == 4:
        return Scan(item, relevant=False, language="en", skipped="not relevant")
    mentions = (
        Mention("mineral", MINERALS[number % 8], "Story", 0, 5),
        Mention("country", COUNTRIES[number % 6], "Story", 0, 5),
    )
    label = Label("made", LABELS[number % 4], (0.4, 0.3, 0.2, 0.1), 0.4, number % 10 == 0, (10, 100))
    return Scan(item, relevant=True, language="en", mentions=mentions, label=label)


def batches(first: int, last: int, size: int = 5000) -> Iterator[range]:
    """The numbers from first to last, in ranges of `size`."""
    for start in range(first, last, size):
        yield range(start, min(start + size, last))


def add(con: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    """Add items as pages of one channel each 5,000."""
    run = items.start_run(con, "collect", now=NOW, version="bench")
    for numbers in batches(first, last):
        page = FetchResult("made", "ok", items=tuple(made(n) for n in numbers))
        items.add(con, run, page, ChannelState("made", "ok"), now=NOW)


def label(con: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    """Label the items of these numbers."""
    for numbers in batches(first, last):
        labels.add(con, [scanned(made(n), n) for n in numbers], **KEY, forget=(), now=NOW)


def main(number: int) -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with database.open_live(home, job="bench", now=NOW) as con:
            timed(f"add {number:,} items", lambda: add(con, 0, number))
            labels.register_model(con, "made", quality="made", card="", now=NOW)
            timed(f"label {number:,} items", lambda: label(con, 0, number))
            timed("first refresh, 364 days", lambda: series.refresh(con, now=NOW))
            timed("rebuild, 364 days", lambda: series.rebuild(con, now=NOW))
            timed("add 10,000 more", lambda: add(con, number, number + 10_000))
            timed("label 10,000 more", lambda: label(con, number, number + 10_000))
            timed("refresh after 10,000 more", lambda: series.refresh(con, now=NOW))
            timed("count what waits", lambda: items.count_unlabelled(con, **KEY))
            timed("next 2,000 for another model", lambda: items.unlabelled(con, model="b", gates="b", limit=2000))
        timed("publish", lambda: database.publish(home))
        with database.open_snapshot(home) as con:
            timed("a week by mineral", lambda: series.counts(con, "2026-W40", "mineral"))
            timed("26 weeks of history", lambda: series.history(con, "2026-W47"))
            timed("three quotations", lambda: series.quotations(con, "2026-W40"))
            timed("health of a week", lambda: series.health(con, "2026-W40"))
        timed("the same SQL in a child process", lambda: query.fetch(home, series.queries("2026-W40")[3].sql))
        size = (home / "live.duckdb").stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"live.duckdb {size / 1e6:.0f} MB, peak memory {memory / 1024:.0f} MB\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
