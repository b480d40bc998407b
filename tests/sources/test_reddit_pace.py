"""How fast Reddit is asked: as its headers have it, and not at all after it asked for peace."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import praw

from records import ChannelState, FetchResult
from sample.forum import Forum
from sample.server import hosting
from sources import reddit
from tests.reddit_world import CHANNEL, NOW, Reddit, posts, told

LISTING = replace(CHANNEL, comments=False)


def collect(client: praw.Reddit, name: str = "mining") -> FetchResult:
    """One run's last result."""
    channel, state = replace(LISTING, name=name), ChannelState(name)
    return list(reddit.pages(client, channel, state, known=lambda _: set(), author_key=b"k", now=NOW))[-1]


def test_the_pace_follows_the_headers() -> None:
    """Where nothing is left of the allowance the next call waits until it is renewed, for whichever channel it is."""
    world = Reddit(Forum(posts(3), []))
    world.fail("/new", told(200, world.forum.listing("mining", limit=3), x_ratelimit_remaining="0.0",
                            x_ratelimit_used="600", x_ratelimit_reset="1"), times=1)  # fmt: skip
    with hosting(world) as base_url:
        client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
        collect(client)
        began = time.monotonic()
        assert collect(client, "other").state == "ok"
        assert time.monotonic() - began > 0.9


def test_peace_holds_for_every_channel() -> None:
    """After a 429 no call is made until its time is over: the other channels get its state, reason and time at once."""
    world = Reddit(Forum(posts(3), []))
    world.fail("/new", told(429, retry_after="1"), times=1)
    with hosting(world) as base_url:
        client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
        for name in ("mining", "other"):
            result = collect(client, name)
            assert (result.state, result.retry_at) == ("soft", NOW + timedelta(seconds=1))
        assert world.calls("/new") == 1
        time.sleep(1)
        assert collect(client).state == "ok"
