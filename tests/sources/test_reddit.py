"""A subreddit's run against a server that speaks Reddit's API: catching up, trees, context, authors."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import DELETED, Channel, ChannelState
from sample.channels import SUBREDDITS, Sub
from sample.forum import Forum, Post
from sample.rows import load
from sample.server import Answer, Request, forum, hosting, reddit_answer
from sources import reddit
from sources.identity import item_id
from sources.reddit_items import Desk
from tests.reddit_world import CHANNEL, KEY, NOW, Reddit, Store, note, posts, told

LISTING = replace(CHANNEL, comments=False)


def test_a_submission_is_an_item() -> None:
    """Title and text, permalink, time, name and the author's hash; its thread is itself."""
    post = Post("p1", "mining", "Ore &amp; more", "**Bold** &gt; talk", "Ada", NOW - timedelta(hours=1))
    store = Store()
    store.run(Forum([post], []))
    made = store.items["t3_p1"]
    assert (made.title, made.text) == ("Ore & more", "Ore & more\n\n**Bold** > talk")
    assert made.url == "https://www.reddit.com/r/mining/comments/p1/ore_amp_more/"
    assert (made.published_at, made.date_quality, made.first_seen_at) == (post.created, "explicit", NOW)
    assert made.item_id == made.thread_id == item_id("reddit", "t3_p1")
    assert (made.source_kind, made.channel, made.community) == ("social", "mining", "investor")
    assert (made.parent_id, made.context) == (None, None)


def test_a_reply_knows_its_thread_and_parent() -> None:
    """Context is the title, and the parent's text where a comment is answered; a deleted parent leaves the title."""
    notes = [
        note("c1", "t3_p00000", "First"),
        note("c2", "t1_c1", "Second"),
        note("c3", "t3_p00000", "[deleted]", author=None),
        note("c4", "t1_c3", "Orphan"),
    ]
    store = Store()
    results = store.run(Forum(posts(1), notes))
    found = {name: store.items[name] for name in store.items if name.startswith("t1_")}
    contexts = {"t1_c1": "Title 0", "t1_c2": "Title 0 || First", "t1_c3": None, "t1_c4": "Title 0"}
    assert {name: item.context for name, item in found.items()} == contexts
    assert (found["t1_c3"].text, found["t1_c3"].author_hash, found["t1_c3"].flags) == ("", None, (DELETED,))
    assert found["t1_c2"].parent_id == found["t1_c1"].item_id
    assert found["t1_c1"].parent_id == found["t1_c1"].thread_id == item_id("reddit", "t3_p00000")
    assert found["t1_c4"].parent_id == item_id("reddit", "t1_c3")
    assert found["t1_c2"].url == "https://www.reddit.com/r/mining/comments/p00000/title_0/c2/"
    assert sum(result.dropped for result in results) == 0


def test_authors_are_hashes() -> None:
    """The name never leaves; case does not matter; a vanished account has no hash."""
    store = Store()
    store.run(Forum(posts(1), [note("c1", "t3_p00000", author="ADA"), note("c2", "t3_p00000", author=None)]))
    expected = hmac.new(KEY, b"ada", lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    assert {n: i.author_hash for n, i in store.items.items()} == {
        "t3_p00000": expected,
        "t1_c1": expected,
        "t1_c2": None,
    }
    assert "ada" not in repr(store.items).lower()


@pytest.mark.parametrize(
    ("title", "text"), [("[deleted by user]", ""), ("A title", "[removed]"), ("A title", "[deleted]")]
)
def test_what_was_taken_away_leaves_no_words(title: str, text: str) -> None:
    """Of deleted and removed submissions the place stays, without title, text, author or address."""
    gone = replace(posts(1)[0], title=title, text=text)
    store = Store()
    results = store.run(Forum([gone], []))
    (item,) = store.items.values()
    assert (item.title, item.text, item.author_hash, item.url, item.flags) == ("", "", None, None, (DELETED,))
    assert [(r.state, r.fetched, r.dropped) for r in results] == [("ok", 1, 0), ("ok", 0, 0)]


def test_the_first_run_reads_one_page() -> None:
    """A hundred submissions, the newest; no gap, for nothing was promised of the time before."""
    store = Store()
    results = store.run(Forum(posts(250), []))
    assert len(store.items) == 100
    assert "t3_p00249" in store.items
    assert results[-1].gaps == ()
    assert results[-1].watermark == store.watermark == NOW


def test_later_runs_page_back_to_what_is_known() -> None:
    """After 350 new submissions, some deleted in between, none is missing and none is read twice."""
    store = Store()
    old, new = posts(100, end=NOW - timedelta(hours=60)), posts(350, start=100, end=NOW)
    store.run(Forum(old, []), channel=LISTING, now=NOW - timedelta(hours=60))
    results = store.run(Forum([*old[:90], *new], []), channel=LISTING)
    assert set(store.items) == {p.fullname for p in (*old, *new)}
    assert [len(r.items) for r in results] == [100, 100, 100, 100, 0]
    assert (results[-1].state, results[-1].gaps, store.watermark) == ("ok", (), NOW)


def test_age_alone_proves_no_overlap() -> None:
    """A page older than the watermark is not the last while fewer than five of its submissions are known."""
    store = Store()
    known = posts(3, start=900, end=NOW - timedelta(minutes=5))
    store.run(Forum(known, []))
    approved_late = posts(150, end=NOW)
    store.run(Forum([*known, *approved_late], []))
    assert set(store.items) == {p.fullname for p in (*known, *approved_late)}


def test_the_cap_leaves_a_gap() -> None:
    """Where a thousand submissions do not reach what is known, the time between is recorded as a gap."""
    store = Store()
    store.run(Forum(posts(100), []), channel=LISTING, now=NOW)
    later, new = NOW + timedelta(days=30), posts(1500, start=100, end=NOW + timedelta(days=30))
    before = store.watermark
    results = store.run(Forum([*posts(100), *new], []), channel=LISTING, now=later)
    assert sum(r.fetched for r in results) == 1000
    (gap,) = results[-1].gaps
    assert (gap.channel, gap.from_at, gap.to_at) == ("mining", before, new[500].created)
    assert gap.reason in results[-1].reason
    assert store.run(Forum([*posts(100), *new], []), channel=LISTING, now=later)[-1].gaps == ()


def test_a_run_that_is_cut_off_loses_nothing() -> None:
    """The watermark moves at the end only: a killed run's successor pages past what its predecessor stored."""
    store = Store()
    old, new = posts(100, end=NOW - timedelta(hours=60)), posts(350, start=100, end=NOW)
    store.run(Forum(old, []), channel=LISTING, now=NOW - timedelta(hours=60))
    store.items.update({p.fullname: store.items["t3_p00000"] for p in new[-100:]})  # a first page, then the kill
    store.run(Forum([*old, *new], []))
    assert {p.fullname for p in (*old, *new)} <= set(store.items)


def test_a_submission_deleted_while_it_is_the_anchor_loses_nothing() -> None:
    """Where the last submission of a page is deleted before the next is asked for, an earlier one serves."""
    store = Store()
    old, new = posts(100, end=NOW - timedelta(hours=60)), posts(350, start=100, end=NOW)
    store.run(Forum(old, []), channel=LISTING, now=NOW - timedelta(hours=60))
    forum = Forum([*old, *new], [])

    anchors: list[str] = []

    def delete(request: Request) -> None:
        if after := request.query.get("after"):
            anchors.append(after)
            forum.delete(*anchors[len(anchors) - len(anchors) % 2 :])  # every other one

    world = Reddit(forum, before=delete)
    results = store.run(world, channel=LISTING)
    assert {p.fullname for p in new} <= set(store.items)
    assert results[-1].gaps == ()
    assert len(anchors) == 2 * 3


def test_a_listing_that_ends_past_the_watermark_is_whole() -> None:
    """A subreddit of 950 submissions in all, the known ones no two hours old, leaves no gap."""
    store, second = Store(), timedelta(seconds=1)
    store.run(Forum(posts(100, apart=second), []), channel=LISTING)
    new = posts(850, start=100, end=NOW + timedelta(hours=1), apart=second)
    results = store.run(Forum([*posts(100, apart=second), *new], []), channel=LISTING, now=NOW + timedelta(hours=1))
    assert (len(store.items), results[-1].gaps) == (950, ())


def test_many_removed_submissions_hide_the_cap_but_not_the_gap() -> None:
    """A listing that ends early, and later than the watermark, has left something out: that is a gap."""
    store = Store()
    old, new = posts(100), posts(1500, start=100, end=NOW + timedelta(days=30))
    store.run(Forum(old, []), channel=LISTING)
    forum = Forum([*old, *new], [])
    forum.delete(*(p.fullname for p in new if int(p.id[1:]) % 2))
    (gap,) = store.run(forum, channel=LISTING, now=NOW + timedelta(days=30))[-1].gaps
    assert (gap.from_at, gap.to_at) == (NOW, new[500].created)
    assert "500 submissions" in gap.reason


def test_the_listing_is_settled_before_the_comments() -> None:
    """The listing's last page brings the watermark: a limit among the comments does not have it read again."""
    world = Reddit(Forum(posts(3), [note(f"c{n}", f"t3_p0000{n}", thread=f"p0000{n}") for n in range(3)]))
    world.fail("/comments/", told(429, retry_after="300"))
    store = Store()
    results = store.run(world)
    assert (results[-1].state, results[0].watermark, store.watermark) == ("soft", NOW, NOW)
    store.run(world.forum)
    assert store.comments() == {"t1_c0", "t1_c1", "t1_c2"}


def test_every_comment_is_read_once() -> None:
    """A tree of 600 comments, wide and deep, with stubs within stubs, comes whole."""
    wide = [note(f"w{n:03}", "t3_p00000") for n in range(300)]
    nested = [note(f"n{n:03}", f"t1_w{n:03}") for n in range(250)]
    deep = [note(f"d{n:03}", f"t1_d{n - 1:03}" if n else "t3_p00000") for n in range(50)]
    forum = Forum(posts(1), [*wide, *nested, *deep])
    results = Store().run(forum)
    counts = Counter(item.guid for result in results for item in result.items)
    assert set(counts) == {"t3_p00000", *(n.fullname for n in forum.notes.values())}
    assert set(counts.values()) == {1}
    assert results[-1].reason == ""


def test_the_budget_bounds_the_calls() -> None:
    """Trees come before stubs, new threads before known ones, and what was not read is told."""
    threads = posts(6)
    notes = [note(f"c{p.id}{n}", p.fullname, thread=p.id) for p in threads for n in range(9)]
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return reddit_answer(Forum(threads, notes), request)

    with hosting(answer) as base_url:
        client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
        first = partial(reddit.pages, client, CHANNEL, ChannelState("mining"), known=lambda _: set(), author_key=KEY)
        results = list(first(now=NOW, call_budget=9))
        assert len(asked) == 9 + 1  # and one for the token
        assert results[-1].reason == "4 more-stubs left"
        assert list(first(now=NOW, call_budget=4))[-1].reason == (
            "3 of 6 threads not visited: 4 calls used up; 3 more-stubs left"
        )


def test_channels_may_do_without_comments() -> None:
    """With `comments = false` only submissions are asked for."""
    store = Store()
    store.run(Forum(posts(2), [note("c1", "t3_p00000")]), channel=replace(CHANNEL, comments=False))
    assert set(store.items) == {"t3_p00000", "t3_p00001"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["t3_a", "t1_b"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
FIELDS = ("id", "name", "title", "selftext", "body", "author", "created_utc", "permalink", "parent_id", "replies")


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON | st.text(max_size=30)),
    st.dictionaries(st.sampled_from(FIELDS), JSON),
)
def test_whatever_a_thing_holds_it_is_an_item_or_none(data: dict[str, object], parent: dict[str, object]) -> None:
    """Values of any type make an item with sound times, address and text, or none; never an error."""
    desk = Desk(CHANNEL, KEY, NOW)
    thread = desk.submission({"id": "p1", "title": "A title"})
    assert thread is not None
    parents = {str(data.get("parent_id")): parent}
    for made in (desk.submission(data), desk.comment(data, thread, parents)):
        if made is not None:
            assert made.text.encode().strip()
            assert made.published_at <= NOW + timedelta(days=1)
            assert made.url is not None
            assert made.url.startswith("https://www.reddit.com/")
            assert len(made.context or "") < 450


@pytest.mark.parametrize("sub", SUBREDDITS, ids=[sub.name for sub in SUBREDDITS])
def test_the_sample_comes_whole(sub: Sub) -> None:
    """One run over each subreddit of the bundled sample reads all its submissions and comments."""
    store = Store()
    results = store.run(forum(NOW), channel=Channel(sub.name, "subreddit", sub.community, sub.name, "all"))
    rows = [row for row in load() if row.channel == sub.name]
    assert set(store.items) == {f"{'t3' if row.kind == 'submission' else 't1'}_{row.id}" for row in rows}
    assert {item.text for item in store.items.values()} == {
        "\n\n".join(part for part in (row.title, row.text) if part) for row in rows
    }
    assert (results[-1].state, results[-1].reason) == ("ok", "")
