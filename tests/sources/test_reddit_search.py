"""Searches as channels: one listing for each subreddit, as far back as the window, without losing their place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from records import Channel
from sample.forum import Forum, Post
from tests.reddit_world import NOW, Reddit, Store, note, posts, told

SEARCH = Channel("ree", "reddit_search", "investor", "rare earths", "all", subreddits=("mining", "stocks"))
DAY = timedelta(days=1)


def found(subreddit: str, count: int, *, hours: float = 1, title: str = "On rare earths") -> list[Post]:
    """So many submissions of a subreddit, so far apart, the newest now."""
    return [
        Post(f"{subreddit[:2]}{n:04}", subreddit, title, "", "Ada", NOW - n * timedelta(hours=hours))
        for n in range(count)
    ]


def test_each_subreddit_is_searched_by_itself() -> None:
    """What holds the words is found in each subreddit named, with its comments, and nothing else."""
    there = [*found("mining", 3), *found("stocks", 2), *found("energy", 2), *posts(3)]
    world = Reddit(Forum(there, [note("c0", "t3_mi0000", thread="mi0000")], clock=lambda: NOW))
    store = Store()
    results = store.run(world, channel=SEARCH)
    assert set(store.items) == {"t3_mi0000", "t3_mi0001", "t3_mi0002", "t3_st0000", "t3_st0001", "t1_c0"}
    assert [r.path for r in world.asked if "search" in r.path] == ["/r/mining/search", "/r/stocks/search"]
    assert (results[-1].state, results[-1].reason, store.watermark) == ("ok", "", NOW)
    assert {item.channel for item in store.items.values()} == {"ree"}


def test_without_a_subreddit_everything_is_searched() -> None:
    """No subreddit named means all of Reddit."""
    world = Reddit(Forum([*found("mining", 1), *found("energy", 1)], [], clock=lambda: NOW))
    store = Store()
    store.run(world, channel=replace(SEARCH, subreddits=()))
    assert set(store.items) == {"t3_mi0000", "t3_en0000"}


def test_the_first_search_reads_its_window() -> None:
    """A week back and no further, over as many pages as it takes."""
    world = Reddit(Forum(found("mining", 500), [], clock=lambda: NOW))
    store = Store()
    store.run(world, channel=replace(SEARCH, subreddits=("mining",)))
    assert len(store.items) == 7 * 24 + 1
    assert world.calls("search") == 2


def test_a_search_goes_on_where_it_was() -> None:
    """Later runs read to what is known; a subreddit without a hit leaves no gap."""
    world = Reddit(Forum(found("mining", 150), [], clock=lambda: NOW))
    store = Store()
    store.run(world, channel=replace(SEARCH, comments=False))
    world.asked.clear()
    world.forum.add(Post("new", "mining", "Rare earths again", "", "Ada", NOW + timedelta(hours=1)))
    results = store.run(world, channel=replace(SEARCH, comments=False), now=NOW + timedelta(hours=1))
    assert "t3_new" in store.items
    assert (results[-1].gaps, world.calls("search")) == ((), 2)


def test_a_search_that_looks_back_too_little_leaves_a_gap() -> None:
    """After a pause longer than the window the time before it is a gap, for each subreddit."""
    world = Reddit(Forum([*found("mining", 20), *found("stocks", 1)], [], clock=lambda: NOW + 9 * DAY))
    store = Store(watermark=NOW)
    results = store.run(world, channel=SEARCH, now=NOW + 9 * DAY)
    assert [(gap.from_at, gap.to_at) for gap in results[-1].gaps] == [(NOW, NOW + 2 * DAY)] * 2
    assert "r/mining: the search looks back no further than its window" in results[-1].reason


def test_more_hits_than_reddit_lists_leave_a_gap() -> None:
    """Reddit ends a search at about 250 hits: where they do not reach what is known, that is told."""
    world = Reddit(Forum(found("mining", 400, hours=0.1), [], clock=lambda: NOW))
    store = Store(watermark=NOW - 2 * DAY)
    results = store.run(world, channel=replace(SEARCH, subreddits=("mining",)))
    (gap,) = results[-1].gaps
    assert (gap.from_at, gap.to_at) == (NOW - 2 * DAY, NOW - 249 * timedelta(hours=0.1))


def test_a_private_subreddit_costs_the_others_nothing() -> None:
    """Where one cannot be read for good the others are, and the reason tells; where all cannot, the search fails."""
    world = Reddit(Forum([*found("mining", 2), *found("stocks", 2)], [], clock=lambda: NOW))
    world.fail("/r/mining/", told(403, {"reason": "private"}))
    store = Store()
    results = store.run(world, channel=SEARCH)
    assert (results[-1].state, results[-1].reason) == ("ok", "r/mining: the subreddit is private (HTTP 403)")
    assert set(store.items) == {"t3_st0000", "t3_st0001"}
    world.fail("/r/stocks/", told(404))
    assert store.run(world, channel=SEARCH)[-1].state == "hard"


def test_a_search_that_breaks_off_keeps_its_watermark() -> None:
    """A failure that may pass moves nothing: what was read is kept, and the next run reads both again."""
    world = Reddit(Forum([*found("mining", 2), *found("stocks", 2)], [], clock=lambda: NOW))
    world.fail("/r/stocks/", told(200, []), times=1)
    store = Store()
    assert store.run(world, channel=SEARCH)[-1].state == "soft"
    assert (set(store.items), store.watermark) == ({"t3_mi0000", "t3_mi0001"}, None)
    assert store.run(world, channel=SEARCH)[-1].state == "ok"
    assert (len(store.items), store.watermark) == (4, NOW)
