"""Reddit through the whole collecting flow, against a server on loopback: calls, seconds, and that nothing is twice.

    python benchmarks/reddit_collect.py

A catch-up of 2,500 submissions over three runs, and one thread of 5,000 comments, wide, bushy and deeper than a page
shows, at 200 calls a run. Times hold the server too, which shares this process, and no pause that Reddit would ask for.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sample.forum import Forum
from sample.server import hosting
from tests.flows.reddit_home import CHANNEL, Home
from tests.reddit_world import NOW, Reddit, grove, posts


def main() -> None:
    """Run both."""
    with tempfile.TemporaryDirectory() as folder:
        catch_up(Path(folder) / "listing")
        tree(Path(folder) / "tree")


def catch_up(folder: Path) -> None:
    """100 submissions, then 800 more, then 1,600 more: the last run meets Reddit's cap of a thousand."""
    world = Reddit(Forum([], []))
    with hosting(world) as base_url:
        home = Home(folder, base_url, (replace(CHANNEL, comments=False),))
        for day, (first, count) in enumerate(((0, 100), (100, 800), (900, 1600))):
            now = NOW + timedelta(days=day)
            world.forum.add(*posts(count, start=first, end=now, apart=timedelta(seconds=30)))
            world.asked.clear()
            began = time.perf_counter()
            done = home.collect(now)
            seconds = time.perf_counter() - began
            gaps = len(home.rows("FROM base.gaps"))
            tell(f"{count} new submissions: {done.new} read, {world.calls()} calls, {gaps} gaps, {seconds:.1f} s")
    tell(f"  {twice(home.names())}")


def tree(folder: Path) -> None:
    """5,000 comments under one submission, over as many runs as 200 calls each take."""
    notes = grove(5000)
    world = Reddit(Forum(posts(1), notes))
    with hosting(world) as base_url:
        home = Home(folder, base_url)
        runs, began = 0, time.perf_counter()
        while not runs or home.rows("FROM base.stubs LIMIT 1"):
            home.collect(NOW + timedelta(minutes=runs))
            runs += 1
    seconds = time.perf_counter() - began
    names = home.names()
    kept = sum(note.fullname in names for note in notes)
    tell(f"{len(notes)} comments: {kept} read in {runs} runs, {world.calls()} calls, {seconds:.1f} s")
    tell(f"  {twice(names)}")


def twice(names: Counter[str]) -> str:
    """How many items stand in the store, and how many of them more than once."""
    return f"{len(names)} items in the store, {sum(n > 1 for n in names.values())} of them twice"


def tell(line: str) -> None:
    """One line to whoever runs this."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
