"""A kill at any moment: nothing committed is lost, nothing is there twice, the next run completes the work."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sample import channels, server
from tests.flows.command import ORESIGHT, environment, oresight
from tests.flows.test_demo import ask

KILLS = 8

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The sample's server, and an environment that points at four of its feeds and one subreddit."""
    with server.serve(datetime(2026, 11, 23, 12, tzinfo=UTC)) as base:
        tables = channels.channels_toml(base).split("\n\n")
        (tmp_path / "channels.toml").write_text("\n".join((*tables[:4], tables[-1])))
        yield {
            "ORESIGHT_CHANNELS": str(tmp_path / "channels.toml"),
            "ORESIGHT_ALLOW_HOSTS": urlsplit(base).netloc,
            "ORESIGHT_REDDIT_URL": base,
            "REDDIT_CLIENT_ID": "sample",
            "REDDIT_CLIENT_SECRET": "sample",
        }


def kill_after(seconds: float, home: Path, env: dict[str, str], *command: str) -> None:
    """Start a command and kill it."""
    process = subprocess.Popen(
        [str(ORESIGHT), *command],
        env=environment(home, **env),
        cwd=home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def ids(home: Path) -> set[str]:
    """All item ids that readers see; none stands there twice."""
    if not (home / "current.duckdb").exists():
        return set()
    rows = [r["item_id"] for r in ask(home, "select item_id from items")]
    assert len(rows) == len(set(rows))
    return set(rows)


@pytest.mark.long
def test_killed_runs_lose_nothing(tmp_path: Path, world: dict[str, str]) -> None:
    """After kills at random moments one whole run has every item and label once, as a run that was never killed."""
    seed = 7
    moments = random.Random(seed)
    home, calm = tmp_path / "var", tmp_path / "calm"
    seen: set[str] = set()
    for _ in range(KILLS):
        kill_after(moments.uniform(1.0, 6.0), home, world, "run")
        published = ids(home)
        assert seen <= published, f"seed {seed}"
        seen = published
        assert not list(home.glob("digests/.*.html")) or list(home.glob("digests/*")), "half a page under a page's name"
    for place in (home, calm):
        assert oresight("collect", "--all", home=place, env=world).returncode == 0
        assert oresight("run", home=place, env=world).returncode == 0
    assert ids(home) == ids(calm)
    labels = "select count(*) n, count(distinct item_id) items from labels"
    assert ask(home, labels) == ask(calm, labels)
