"""Reddit's own answers, recorded: every submission and comment becomes an item."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from records import DELETED, Channel, ChannelState, FetchResult
from sample.server import Request
from sources import reddit
from tests.reddit_replay import RECORDINGS, TREE_ID, comments, replay, submissions

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHANNEL = Channel("askreddit", "subreddit", "geopolitics", "askreddit", "all")


def collect(base_url: str, state: ChannelState, known: set[str]) -> list[FetchResult]:
    """Run once as the collector does."""
    client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
    found = reddit.pages(
        client, CHANNEL, state, known=lambda names: known & set(names), author_key=b"key", now=NOW, call_budget=200
    )
    return list(found)


@pytest.mark.skipif(RECORDINGS is None, reason="the recordings are not part of the repository")
def test_everything_recorded_is_collected() -> None:
    """All 100 submissions and all comments of the tree are items, but for bodies that were deleted; each once."""
    asked: list[Request] = []
    with replay(asked=asked) as base_url:
        results = collect(base_url, ChannelState("askreddit"), set())
    items = {item.guid: item for result in results for item in result.items}
    # Six of the 541 comments say "[deleted]" in place of a body: what is left of them has no words.
    deleted = {name for name, thing in comments().items() if thing["data"]["body"] == "[deleted]"}
    assert (len(submissions()), len(comments()), len(deleted)) == (100, 541, 6)
    assert set(items) == set(submissions()) | {f"t3_{TREE_ID}"} | set(comments())
    assert {name for name, item in items.items() if DELETED in item.flags} == deleted
    assert max(Counter(item.guid for result in results for item in result.items).values()) == 1
    assert sum(result.dropped for result in results) == 0
    # The other threads were not recorded; the run says so and stays well.
    assert (results[-1].state, results[-1].reason) == ("ok", "98 of 99 threads not read: HTTP 404")
    assert [r.path for r in asked if r.method == "POST"].count("/api/morechildren/") == 12


@pytest.mark.skipif(RECORDINGS is None, reason="the recordings are not part of the repository")
def test_replies_carry_their_thread_and_parent() -> None:
    """A reply deep in the recorded tree has the thread's title and the comment that it answers as its context."""
    with replay() as base_url:
        results = collect(base_url, ChannelState("askreddit"), set())
    items = {item.guid: item for result in results for item in result.items}
    alive = [item for item in items.values() if DELETED not in item.flags]
    by_id = {item.item_id: item for item in alive}
    thread = items[f"t3_{TREE_ID}"]
    replies = [i for i in alive if i.guid.startswith("t1_") and i.parent_id not in {thread.item_id, None}]
    assert len(replies) > 300
    for reply in replies:
        assert reply.thread_id == thread.item_id
        assert reply.context is not None
        assert reply.context.startswith(thread.title)
        parent = by_id.get(reply.parent_id) if reply.parent_id else None
        assert (parent is None) == (" || " not in reply.context)
        if parent is not None:
            # A context is one line, and cut at a word.
            told = reply.context.removeprefix(f"{thread.title} || ").removesuffix(" …")
            assert " ".join(parent.text.split()).startswith(told)


@pytest.mark.skipif(RECORDINGS is None, reason="the recordings are not part of the repository")
def test_a_second_run_finds_nothing_new() -> None:
    """With everything known, the listing is read again, no gap is seen, and nothing new comes of it."""
    with replay() as base_url:
        first = collect(base_url, ChannelState("askreddit"), set())
        known = {item.guid for result in first for item in result.items}
        second = collect(base_url, ChannelState("askreddit", watermark=first[-1].watermark), known)
    assert {item.guid for result in second for item in result.items} <= known
    assert second[-1].state == "ok"
    assert second[-1].gaps == ()
    assert second[-1].watermark == first[-1].watermark == datetime(2016, 3, 1, 8, 37, 38, tzinfo=UTC)
