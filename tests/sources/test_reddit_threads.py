"""Comment trees over time: visits, what a budget leaves, edits, and what replies answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import FetchResult, Stub, Thread
from sample.forum import Forum, Note
from sources import reddit_visits
from sources.identity import item_id
from tests.reddit_world import NOW, Reddit, Store, grove, note, posts, told

HOUR = timedelta(hours=1)
TIMES = st.integers(0, 300 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("read_after", "next_after"),
    [(0, 1), (0.9, 1), (1, 6), (5.9, 6), (6, 24), (23, 24), (24, 48), (47.9, 48), (48, None), (900, None), (-1, 1)],
)
def test_visits(read_after: float, next_after: int | None) -> None:
    """A thread that was read so many hours after it appeared is read again so many hours after it appeared."""
    expected = None if next_after is None else NOW + next_after * HOUR
    assert reddit_visits.next_visit(NOW, NOW + read_after * HOUR) == expected


@given(TIMES, st.lists(st.floats(0, 100), max_size=30))
def test_no_thread_is_read_for_ever(published: datetime, hours: list[float]) -> None:
    """However often it is looked at, a thread is read at most five times, and late looks fall together."""
    thread: Thread = Thread("t3_a", "Title", None, published, due_at=published)
    visits = 0
    for now in sorted(published + h * HOUR for h in hours):
        if reddit_visits.is_due(thread, now):
            thread, visits = reddit_visits.read(thread, now), visits + 1
            assert not reddit_visits.is_due(thread, now)
    assert visits <= 5


def test_the_order_of_reading() -> None:
    """New threads before known ones, the newest first; then those longest overdue; then stubs of threads not due."""
    threads = [
        Thread("t3_stub", "", None, NOW, read_at=NOW, due_at=NOW + HOUR, stubs=(Stub("t1_a"),)),
        Thread("t3_late", "", None, NOW - 9 * HOUR, read_at=NOW - 8 * HOUR, due_at=NOW - 3 * HOUR),
        Thread("t3_due", "", None, NOW - HOUR, read_at=NOW - HOUR, due_at=NOW),
        Thread("t3_old", "", None, NOW - 2 * HOUR, due_at=NOW - 2 * HOUR),
        Thread("t3_new", "", None, NOW - HOUR, due_at=NOW),
        Thread("t3_not", "", None, NOW, read_at=NOW, due_at=NOW + HOUR),
    ]
    ordered = [t.guid for t in reddit_visits.in_order(threads, NOW)]
    assert ordered == ["t3_new", "t3_old", "t3_late", "t3_due", "t3_stub"]


def trees_read(world: Reddit) -> list[str]:
    """Which threads were asked for, in order; forgets them."""
    found = [r.path.split("/")[2] for r in world.asked if r.path.startswith("/comments/")]
    world.asked.clear()
    return found


def test_young_threads_are_visited_though_no_listing_shows_them() -> None:
    """At 1, 6, 24 and 48 hours, and at no other of ninety hourly runs, behind a hundred newer submissions."""
    thread = posts(1)[0]
    world = Reddit(Forum([thread], [note("c0", thread.fullname)]))
    store, visited = Store(), []
    for hour in range(90):
        now = NOW + hour * HOUR
        world.forum.add(Note(f"h{hour}", thread.id, "t1_c0", "Ben", f"Hour {hour}", now))
        if hour == 2:
            world.forum.add(*posts(150, start=1, end=NOW + 2 * HOUR, apart=timedelta(seconds=1)))
        store.run(world, now=now)
        visited += [hour] * trees_read(world).count(thread.id)
    assert visited == [0, 1, 6, 24, 48]
    assert store.comments() == {"t1_c0", *(f"t1_h{hour}" for hour in range(49))}
    assert store.items["t1_h48"].context == "Title 0 || Words"


def test_threads_without_comments_cost_no_call() -> None:
    """What the listing shows to be without a comment is not asked for, at once or when it is due."""
    world, store = Reddit(Forum(posts(5), [])), Store()
    store.run(world)
    store.run(world, now=NOW + 7 * HOUR)
    assert trees_read(world) == []
    assert {t.due_at for t in store.threads.values()} == {p.created + 24 * HOUR for p in posts(5)}


def test_an_edited_comment_comes_again() -> None:
    """At the next visit it has its new words, and so has an edited submission that no listing shows."""
    world, store = Reddit(Forum(posts(1), [note("c0", "t3_p00000"), note("c1", "t1_c0")])), Store()
    store.run(world)
    world.forum.edit("c0", "On reflection")
    world.forum.posts["p00000"] = replace(world.forum.posts["p00000"], text="Edit: solved")
    world.forum.add(*posts(120, start=1, end=NOW + HOUR, apart=timedelta(seconds=1)))
    store.run(world, now=NOW + 2 * HOUR)
    assert store.items["t1_c0"].text == "On reflection"
    assert store.items["t1_c1"].context == "Title 0 || On reflection"
    assert store.items["t3_p00000"].text == "Title 0\n\nEdit: solved"


def test_a_thread_that_is_deleted_is_left_alone() -> None:
    """Its comments are not read any more: without its title they have no context, and no visit is due."""
    world, store = Reddit(Forum(posts(1), [note("c0", "t3_p00000")])), Store()
    store.run(world)
    world.forum.delete("t3_p00000")
    world.forum.add(note("c1", "t3_p00000"))
    store.run(world, now=NOW + HOUR)
    assert store.comments() == {"t1_c0"}
    assert (store.threads["t3_p00000"].due_at, store.threads["t3_p00000"].stubs) == (None, ())


def counted(results: list[FetchResult]) -> Counter[str]:
    """How often each comment came."""
    return Counter(item.guid for result in results for item in result.items if item.guid.startswith("t1_"))


def test_five_thousand_comments_come_once_each() -> None:
    """A tree with stubs in stubs and threads too deep to show comes whole, in no more calls than it takes."""
    notes = grove(5000)
    world, store = Reddit(Forum(posts(1), notes)), Store()
    results = store.run(world, budget=3000)
    assert counted(results) == Counter({n.fullname: 1 for n in notes})
    assert results[-1].reason == ""
    assert store.threads["t3_p00000"].stubs == ()
    by_name = {n.fullname: n for n in notes}
    for n in notes:
        parent = by_name.get(n.parent)
        assert store.items[n.fullname].context == ("Title 0" if parent is None else f"Title 0 || {parent.body}")
        assert store.items[n.fullname].parent_id == item_id("reddit", n.parent)
    # Reddit shows no more than a hundred comments behind a stub: fifty calls would be the least.
    assert 50 < world.calls() <= 210


def test_what_a_budget_leaves_later_runs_read() -> None:
    """With eight calls a run the tree comes whole after some runs, each comment once, all with what they answer."""
    notes = grove(900)
    world, store = Reddit(Forum(posts(1), notes)), Store()
    whole: Counter[str] = Counter()
    runs = 0
    while not store.threads or store.threads["t3_p00000"].stubs:
        before = world.calls()
        whole += counted(results := store.run(world, budget=8))
        assert world.calls() - before <= 8
        assert ("more-stubs left" in results[-1].reason) == bool(store.threads["t3_p00000"].stubs)
        runs += 1
        assert runs < 30
    assert runs > 3
    assert set(whole) == {n.fullname for n in notes}
    by_name = {n.fullname: n for n in notes}
    answering = [n for n in notes if n.parent in by_name]
    contexts = {n.fullname: f"Title 0 || {by_name[n.parent].body}" for n in answering}
    assert {name: store.items[name].context for name in contexts} == contexts


def test_a_kill_amid_a_tree_costs_one_call() -> None:
    """What each call brought is handed over with what is left: whoever stops between two calls can go on from there."""
    notes = grove(300)
    world = Reddit(Forum(posts(1), notes))
    whole = Store()
    results = whole.run(world)
    for cut in (2, 5, len(results) // 2):
        store = Store()
        for _ in store.commit(results[:cut]):
            pass
        store.run(world)
        assert store.comments() == {n.fullname for n in notes}


def test_a_deep_reply_to_a_deleted_parent_keeps_the_title() -> None:
    """The place of a deleted parent stays, its words are nobody's context, also behind stubs of an earlier run."""
    chain = [note(f"d{n:02}", f"t1_d{n - 1:02}" if n else "t3_p00000", f"Deep {n}") for n in range(30)]
    forum = Forum(posts(1), chain)
    forum.delete("t1_d10", "t1_d20")
    store = Store()
    for _ in range(4):
        store.run(Reddit(forum), budget=4)
    found = {name: store.items[name].context for name in store.comments()}
    assert len(found) == 30
    assert (found["t1_d11"], found["t1_d21"]) == ("Title 0", "Title 0")
    assert (found["t1_d10"], found["t1_d12"]) == (None, "Title 0 || Deep 11")


def test_stubs_that_lead_nowhere_are_given_up() -> None:
    """One that cannot be read is asked for by three runs, then told and dropped."""
    world, store = Reddit(Forum(posts(1), [note(f"c{n}", "t3_p00000") for n in range(9)])), Store()
    world.fail("morechildren", told(404))
    reasons = [store.run(world)[-1].reason for _ in range(4)]
    assert reasons == ["1 more-stubs left", "1 more-stubs left", "1 more-stubs given up, for they led nowhere", ""]
    assert world.calls("morechildren") == 3


def test_a_thread_that_cannot_be_read_is_tried_again() -> None:
    """A thread that answered oddly is due at the next run; one that is gone only at its next visit."""
    world, store = (
        Reddit(Forum(posts(2), [note(f"c{n}", f"t3_p0000{n}", thread=f"p0000{n}") for n in range(2)])),
        Store(),
    )
    world.fail("/comments/p00000", told(200, {}), times=1)
    world.fail("/comments/p00001", told(404), times=1)
    assert store.run(world)[-1].reason.startswith("2 of 2 threads not read: ")
    assert store.comments() == set()
    store.run(world, now=NOW + timedelta(minutes=1))
    assert store.comments() == {"t1_c0"}
    store.run(world, now=NOW + HOUR)
    assert store.comments() == {"t1_c0", "t1_c1"}
