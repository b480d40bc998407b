"""Reddit through the whole collecting flow: what is missing stands behind a recorded gap, nothing is there twice."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.check import check_list
from flows.settings import load
from records import Channel
from sample.forum import Forum, Note, Post
from sample.server import Request, hosting
from tests.flows.reddit_home import CHANNEL, Home, fullnames
from tests.reddit_world import NOW, Reddit

MINUTE = timedelta(minutes=1)
RUNS = (NOW, NOW + timedelta(days=1), NOW + timedelta(days=3))
KILLS = 8


def posts(first: int, last: int, end: datetime) -> list[Post]:
    """Submissions by number, a minute apart, the last of them at `end`."""
    return [
        Post(f"p{n:04}", "mining", f"Title {n}", "", "Ada", end - MINUTE * (last - 1 - n)) for n in range(first, last)
    ]


def test_2500_posts_over_three_runs(tmp_path: Path) -> None:
    """100, then 800, then 1,600 new ones, with deletions before and while they are read: only the gap's are missing."""
    waves = [posts(0, 100, RUNS[0]), posts(100, 900, RUNS[1]), posts(900, 2500, RUNS[2])]
    forum = Forum([], [])
    chance = random.Random(3)

    anchors: list[str] = []

    def delete(request: Request) -> None:
        if after := request.query.get("after"):
            anchors.append(after)
            anywhere = [f"t3_p{n:04}" for n in chance.sample(range(2500), 5)]
            forum.delete(*anywhere, *anchors[len(anchors) - len(anchors) % 2 :])  # every other anchor

    world = Reddit(forum, before=delete)
    with hosting(world) as base_url:
        home = Home(tmp_path / "var", base_url, (replace(CHANNEL, comments=False),))
        for wave, now in zip(waves, RUNS, strict=True):
            forum.add(*wave)
            forum.delete(*(f"t3_{p.id}" for p in chance.sample(wave, len(wave) // 20)))
            home.collect(now)
    (gap,) = home.rows("SELECT from_at, to_at FROM base.gaps")
    assert gap[0] == RUNS[1]
    names = home.names()
    missing = [p for wave in waves for p in wave if p.fullname not in names and p.fullname not in forum.gone]
    assert all(gap[0] < p.created < gap[1] for p in missing)  # type: ignore[operator]
    assert 500 < len(missing) < 700
    assert set(names.values()) == {1}


def test_a_search_can_be_tried(tmp_path: Path) -> None:
    """`channels check` tries a search as it does a subreddit: how many it finds, how new they are, or why it cannot."""
    channel = Channel("titles", "reddit_search", "investor", "title", subreddits=("mining",), window="day")
    missing = replace(channel, name="missing", subreddits=("nowhere",))
    with hosting(Reddit(Forum(posts(0, 7, NOW), [], clock=lambda: NOW))) as base_url:
        checked = check_list(Home(tmp_path, base_url).settings, [channel, missing], now=NOW)
    told = {c.channel.name: (c.result.state, c.result.fetched, c.result.watermark) for c in checked}
    assert told == {"titles": ("ok", 7, NOW), "missing": ("hard", 0, None)}
    (untried,) = check_list(load(home=tmp_path), [channel], now=NOW)
    assert untried.result.state == "no_keys"


def growing(hour: int) -> list[Post | Note]:
    """What appears in an hour: sixty submissions, one of them with a tree that takes several calls."""
    end = NOW + timedelta(hours=hour)
    new: list[Post | Note] = [
        Post(f"k{hour:02}x{n:02}", "mining", "On lithium", "", "Ada", end - n * timedelta(seconds=30))
        for n in range(60)
    ]
    thread = f"k{hour:02}x00"
    for n in range(150):
        parent = f"t3_{thread}" if n % 3 == 0 else f"t1_k{hour:02}c{n // 3 * 2 if n % 2 else n - 1:03}"
        new.append(Note(f"k{hour:02}c{n:03}", thread, parent, "Ben", f"Note {n}", end))
    return new


def survives(folder: Path, kills: int, seed: int) -> None:
    """Kill collecting at so many random moments while Reddit goes on; then one whole run has everything once."""
    chance, forum = random.Random(seed), Forum(growing(0)[:60], growing(0)[60:])  # type: ignore[arg-type]
    there, killed, seconds = fullnames(growing(0)), 0, 1.0
    with hosting(Reddit(forum)) as base_url:
        home, calm = Home(folder / "var", base_url), Home(folder / "calm", base_url)
        for hour in range(kills):
            process = home.start(NOW + timedelta(hours=hour))
            began = time.monotonic()
            process.join(None if hour == 0 else chance.uniform(0.05, seconds))
            seconds = max(0.3, time.monotonic() - began) if hour == 0 else seconds
            killed += process.is_alive()
            process.kill()
            process.join()
            seen = home.names()
            assert set(seen.values()) <= {1}, f"seed {seed}"
            new = growing(hour + 1)
            forum.add(*new)
            there |= fullnames(new)
        for place in (home, calm):
            place.collect(NOW + timedelta(hours=kills + 1))
        home.collect(NOW + timedelta(hours=kills + 2))
    assert killed > kills * 0.5
    assert home.rows("SELECT count(*) > 0 FROM base.runs WHERE outcome = 'killed'") == [(True,)]
    assert home.names() == dict.fromkeys(there, 1), f"seed {seed}"
    assert set(calm.names()) <= there
    assert home.rows("SELECT count(*) FROM base.items WHERE version <> 1") == [(0,)]
    assert home.rows("SELECT count(*) FROM base.stubs") == [(0,)]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_killed_eight_times(tmp_path: Path) -> None:
    """After eight kills nothing is lost and nothing is there twice."""
    survives(tmp_path, KILLS, seed=5)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_thirty_times(tmp_path: Path) -> None:
    """After thirty kills nothing is lost and nothing is there twice."""
    for seed in (1, 2, 3):
        survives(tmp_path / str(seed), 10, seed)
