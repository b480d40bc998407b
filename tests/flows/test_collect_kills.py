"""`collect` killed with -9 at fifty moments of its work: no item lost, none twice, the next run catches up."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from sample.server import Answer, Request, hosting
from tests.flows.command import ORESIGHT, environment, oresight
from tests.flows.test_demo import ask

SEEDS = (20, 21)
KILLS = 25
"""For each seed; both series run at once, each in a home and with a server of its own."""
FEEDS = 16

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


class Press:
    """Feeds with ETags. Half of them never change; the others bring one more item with every issue."""

    def __init__(self) -> None:
        self.issue = 0
        self.asked = threading.Event()

    def __call__(self, request: Request) -> Answer:
        """Answer as an honest server does."""
        self.asked.set()
        number = int(request.path.removeprefix("/feed"))
        issue = self.issue if number % 2 else 0
        etag = f'"{number}-{issue}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(304, headers={"ETag": etag})
        time.sleep(0.02)
        return Answer(200, page(number, issue), {"ETag": etag, "Content-Type": "text/xml"})


def page(number: int, issue: int) -> bytes:
    """All items of a feed so far: ten and one for each issue, the newest first."""
    items = "".join(
        f"<item><title>Feed {number} on lithium, part {n}</title><link>https://example.org/{number}/{n}</link>"
        f"<guid>{number}-{n}</guid><pubDate>Mon, 16 Nov 2026 10:{n:02d}:00 GMT</pubDate></item>"
        for n in reversed(range(10 + issue))
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


class World(NamedTuple):
    """The press and how to reach it."""

    press: Press
    env: dict[str, str]


@contextmanager
def printing(folder: Path) -> Iterator[World]:
    """A press, and the list of its feeds."""
    press = Press()
    with hosting(press) as base:
        (folder / "channels.toml").write_text(
            "\n".join(
                f'[[feed]]\nname = "f{n}"\nurl = "{base}/feed{n}"\ncommunity = "official"\nkeep = "all"'
                for n in range(FEEDS)
            )
        )
        env = {"ORESIGHT_CHANNELS": str(folder / "channels.toml"), "ORESIGHT_ALLOW_HOSTS": urlsplit(base).netloc}
        yield World(press, env)


def collecting(home: Path, world: World) -> subprocess.Popen[bytes]:
    """`collect --all`, begun; returns at its first request."""
    world.press.asked.clear()
    process = subprocess.Popen(
        [str(ORESIGHT), "collect", "--all"],
        env=environment(home, **world.env),
        cwd=home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert world.press.asked.wait(60)
    return process


def working_time(home: Path, world: World) -> float:
    """Seconds from the first request of a calm run to its end."""
    process = collecting(home, world)
    began = time.monotonic()
    assert process.wait(100) == 0
    return time.monotonic() - began


def stored(home: Path) -> list[str]:
    """The ids of all items, none of them twice and each in its first version."""
    rows = ask(home, "select item_id, channel, title, version from items order by 1")
    assert len({(row["channel"], row["title"]) for row in rows}) == len(rows)
    assert {row["version"] for row in rows} <= {"1"}
    return [row["item_id"] for row in rows]


def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    """Killed all over its working time, while feeds go on, collect ends with what a calm run has, each item once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda seed: survives(tmp_path / str(seed), seed), SEEDS))


def survives(folder: Path, seed: int) -> None:
    """One series of kills in a home of its own, beside a home where nothing was killed."""
    folder.mkdir()
    home, calm = folder / "var", folder / "calm"
    moments = random.Random(seed)
    with printing(folder) as world:
        seconds = working_time(folder / "trial", world)
        killed = 0
        for _ in range(KILLS):
            world.press.issue += 1
            process = collecting(home, world)
            time.sleep(moments.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
            killed += process.wait(20) == -signal.SIGKILL
        for place in (home, calm):
            done = oresight("collect", "--all", home=place, env=world.env)
            assert done.returncode == 0, done.stderr.decode()
        again = oresight("collect", "--all", home=home, env=world.env)
    assert len(stored(home)) == FEEDS * 10 + FEEDS // 2 * KILLS
    assert stored(home) == stored(calm), f"seed {seed}"
    (runs,) = ask(home, "select count(*) filter (outcome = 'killed') killed from runs")
    assert killed > KILLS * 0.6
    assert int(runs["killed"]) > KILLS * 0.3
    assert b"collected 0 new and 0 changed" in again.stderr
