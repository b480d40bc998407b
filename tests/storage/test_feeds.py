"""What the store keeps for feeds: names to recall, versions with their articles, pages of many channels, stories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import ChannelState, FetchResult, Item, Known
from storage import items, recall, stories
from storage.schema import migrate
from storage.stories import Mark

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVERYTHING: Any = {"guids": [], "urls": [], "dated_titles": []}


@pytest.fixture
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty, migrated store in memory."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        migrate(con, now=NOW)
        yield con


def article(name: object, channel: str = "paper", **changes: Any) -> Item:
    """A made article."""
    values: dict[str, Any] = {
        "item_id": uuid5(NAMESPACE_OID, f"{channel} {name}"),
        "source_kind": "news",
        "channel": channel,
        "community": "trade-press",
        "guid": str(name),
        "url": f"https://{channel}.example/{name}",
        "original_url": None,
        "title": f"Title {name}",
        "text": f"Title {name}\n\nSummary.",
        "published_at": NOW - DAY,
        "published_raw": "yesterday",
        "date_quality": "explicit",
        "first_seen_at": NOW,
    }
    return Item(**(values | changes))


def _add(con: duckdb.DuckDBPyConnection, *page: Item, now: datetime = NOW) -> items.Added:
    run = items.start_run(con, "collect", now=now, version="1")
    channel = page[0].channel if page else "paper"
    return items.add(con, run, FetchResult(channel, "ok", items=page), ChannelState(channel, "ok"), now=now)


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return con.execute(sql).fetchall()


def test_a_state_comes_back_as_it_went(store: duckdb.DuckDBPyConnection) -> None:
    """Every field of what is remembered of a channel survives the store."""
    state = ChannelState(
        "paper", "moved", "why", '"e"', "then", "h", NOW, NOW, NOW, NOW, 3, "http://a/", "http://b/", "http://c/", 2,
        900, 60, NOW + DAY,
    )  # fmt: skip
    run = items.start_run(store, "collect", now=NOW, version="1")
    items.add(store, run, FetchResult("paper", "ok"), state, now=NOW)
    items.add(store, run, FetchResult("other", "ok"), ChannelState("other"), now=NOW)
    assert items.channel_states(store) == {"paper": state, "other": ChannelState("other")}


def test_items_are_recalled_by_any_of_their_names(store: duckdb.DuckDBPyConnection) -> None:
    """By GUID, address, or headline and date; those of other channels never, and odd signs harm nothing."""
    odd = article("o'd,d [x] \u2028", url="https://paper.example/?a='b',c")
    _add(store, article("a"), article("b"), odd)
    _add(store, article("a", "other"))
    known = Known("a", "https://paper.example/a", "Title a", NOW - DAY, "yesterday", NOW, False)
    for asked in (
        {"guids": ["a", "zzz"]},
        {"urls": ["https://paper.example/a"]},
        {"dated_titles": [("Title a", NOW - DAY), ("Title b", NOW)]},
    ):
        assert recall.recall(store, "paper", **(EVERYTHING | asked)) == (known,)
    assert [k.guid for k in recall.recall(store, "paper", **(EVERYTHING | {"guids": [odd.guid]}))] == [odd.guid]
    assert [k.guid for k in recall.recall(store, "paper", **(EVERYTHING | {"urls": [odd.url]}))] == [odd.guid]
    assert recall.recall(store, "paper", **EVERYTHING) == ()


def test_an_address_of_many_is_recalled_twice_at_most(store: duckdb.DuckDBPyConnection) -> None:
    """A feed that gives all its entries one address is not read back whole for every page."""
    _add(store, *(article(n, url="https://paper.example/live") for n in range(50)))
    assert len(recall.recall(store, "paper", **(EVERYTHING | {"urls": ["https://paper.example/live"]}))) == 2


def test_days_are_counted_for_each_feed(store: duckdb.DuckDBPyConnection) -> None:
    """By day of publication, oldest first, the last one today; what is older or not of a feed is left out."""
    _add(store, article(1), article(2), article(3, published_at=NOW), article(4, published_at=NOW - 9 * DAY))
    _add(store, article(5, "reddit", source_kind="social"))
    _add(store, article(6, "other", published_at=NOW - 3 * DAY))
    assert recall.daily_counts(store, now=NOW, days=5) == {"paper": (0, 0, 0, 2, 1), "other": (0, 1, 0, 0, 0)}


FULL = "Title a\n\nSummary.\nThe article.\nIts end."
READ = replace(article("a"), text=FULL, feed_length=len("Title a\n\nSummary."))


def _text(con: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    [(text, version)] = _rows(con, "SELECT text, version FROM items")
    return text, version


def test_a_changed_text_is_a_version_that_says_what_changed(store: duckdb.DuckDBPyConnection) -> None:
    """The view of former versions holds each with what the next one changed."""
    _add(store, article("a"))
    _add(store, article("a", title="New", text="New\n\nSummary."))
    _add(store, article("a", title="New", text="New\n\nSummary.", url="https://paper.example/b"))
    assert _rows(store, "SELECT version, title, changed FROM versions ORDER BY version") == [
        (1, "Title a", ["title", "text"]),
        (2, "New", ["url"]),
    ]


def test_an_article_read_later_is_a_version(store: duckdb.DuckDBPyConnection) -> None:
    """The text grows by the article's words once; the feed's own words coming again change nothing."""
    _add(store, article("a"))
    assert _add(store, READ) == items.Added(0, 1)
    assert _text(store) == (FULL, 2)
    assert _rows(store, "SELECT changed FROM versions") == [(["article"],)]
    assert _add(store, article("a")) == items.Added(0, 0)
    assert _add(store, READ) == items.Added(0, 0)
    assert _text(store) == (FULL, 2)
    assert [k.has_article for k in recall.recall(store, "paper", **(EVERYTHING | {"guids": ["a"]}))] == [True]


def test_a_summary_that_changes_keeps_the_article(store: duckdb.DuckDBPyConnection) -> None:
    """What was read of the article's page follows the new words of the feed."""
    _add(store, READ)
    _add(store, article("a", text="Title a\n\nA longer summary \U0001f600."))
    assert _text(store) == ("Title a\n\nA longer summary \U0001f600.\nThe article.\nIts end.", 2)
    _add(store, article("a"))
    assert _text(store) == (FULL, 3)


@pytest.mark.parametrize("flag", ["forgotten", "no_fulltext"])
def test_some_articles_are_not_wanted(store: duckdb.DuckDBPyConnection, flag: str) -> None:
    """An item whose words were not kept, or whose article cannot be had, counts as having one."""
    _add(store, article("a", flags=(flag,)))
    assert [k.has_article for k in recall.recall(store, "paper", **(EVERYTHING | {"guids": ["a"]}))] == [True]


def test_pages_of_many_channels_are_one_transaction(store: duckdb.DuckDBPyConnection) -> None:
    """Each page has its own counts, coverage and state, as if it had been added by itself."""
    _add(store, article(1, "a"))
    run = items.start_run(store, "collect", now=NOW, version="1")
    pages = [
        (FetchResult("a", "ok", "", (article(1, "a", title="New"), article(2, "a")), 2), ChannelState("a", "ok")),
        (FetchResult("b", "empty", "nothing", (), 0), ChannelState("b", "empty")),
        (FetchResult("c", "ok", "", (article(1, "c"),), 1, dropped=3), ChannelState("c", "ok")),
    ]
    assert items.add_all(store, run, pages, now=NOW) == [items.Added(1, 1), items.Added(0, 0), items.Added(1, 0)]
    rows = _rows(store, f"SELECT channel, state, fetched, new, updated, dropped FROM coverage WHERE run_id = '{run}'")
    assert sorted(rows) == [("a", "ok", 2, 1, 1, 0), ("b", "empty", 0, 0, 0, 0), ("c", "ok", 1, 1, 0, 3)]
    assert items.add_all(store, run, [], now=NOW) == []


def test_a_page_that_cannot_be_written_takes_its_companions_with_it(store: duckdb.DuckDBPyConnection) -> None:
    """All or nothing: after a failure no row of the batch is there, and no state."""
    run = items.start_run(store, "collect", now=NOW, version="1")
    bad = article(2, "b", feed_length="many")
    pages = [(FetchResult(c.channel, "ok", items=(c,)), ChannelState(c.channel)) for c in (article(1, "a"), bad)]
    with pytest.raises((TypeError, pa.ArrowInvalid)):
        items.add_all(store, run, pages, now=NOW)
    assert _rows(store, "FROM items") == _rows(store, "FROM coverage") == _rows(store, "FROM base.channel_states") == []


# Stories: what is the same is decided by the caller; here texts are the same by half of their shingles.


def _same(shared: int, size: int, other_size: int, *, same_title: bool, same_channel: bool) -> bool:
    return (same_title and not same_channel) or (shared > 0 and shared >= 0.5 * min(size, other_size))


def _tell(con: duckdb.DuckDBPyConnection, *, now: datetime = NOW, limit: int = 100) -> int:
    """Mark what waits: the words of a text are its shingles, its title is the key."""
    joined = 0
    while waiting := stories.waiting(con, now=now, limit=limit):
        marks = [Mark(i, uuid5(NAMESPACE_OID, title), _shingles(text)) for i, title, text in waiting]
        joined += stories.join(con, marks, _same, now=now)
    return joined


def _shingles(text: str) -> Any:
    from array import array  # noqa: PLC0415

    return array("Q", {uuid5(NAMESPACE_OID, word).int >> 64 for word in text.split()})


def _told(con: duckdb.DuckDBPyConnection) -> set[frozenset[str]]:
    """The stories as sets of channel and GUID."""
    told: dict[UUID, set[str]] = {}
    for story, channel, guid in _rows(con, "SELECT story_id, channel, guid FROM base.items"):
        told.setdefault(story, set()).add(f"{channel}/{guid}")
    return set(map(frozenset, told.values()))


def _story(name: object, channel: str, title: str, text: str, **changes: Any) -> Item:
    return article(name, channel, title=title, text=text, **changes)


WORDS = "one two three four five six seven eight"


def test_one_story_in_two_feeds_keeps_both_sightings(store: duckdb.DuckDBPyConnection) -> None:
    """Joined by the words, with one row for each time that it was told."""
    _add(store, _story(1, "a", "A", WORDS))
    _add(store, _story(2, "b", "B", " ".join(WORDS.split()[:5])))
    _add(store, _story(3, "c", "C", "nine ten eleven"))
    assert _tell(store) == 1
    assert _told(store) == {frozenset({"a/1", "b/2"}), frozenset({"c/3"})}
    assert sorted(_rows(store, "SELECT items, channels FROM stories")) == [(1, 1), (2, 2)]
    assert sorted(_rows(store, "SELECT channel, title FROM sightings")) == [("a", "A"), ("b", "B"), ("c", "C")]
    [(first,)] = _rows(store, "SELECT first_item_id FROM stories WHERE items = 2")
    assert first in {article(1, "a").item_id, article(2, "b").item_id}


def test_a_headline_joins_across_channels_only(store: duckdb.DuckDBPyConnection) -> None:
    """The same headline in two feeds is one story, twice in one feed it is two."""
    _add(store, _story(1, "a", "Same", "one"), _story(2, "a", "Same", "two", published_at=NOW - 3 * DAY))
    _add(store, _story(3, "b", "Same", "three", published_at=NOW - 2 * DAY))
    _add(store, _story(4, "c", "Other", "four"), _story(5, "c", "Other", "five"))
    _tell(store)
    assert _told(store) == {frozenset({"a/1", "a/2", "b/3"}), frozenset({"c/4"}), frozenset({"c/5"})}


def test_a_week_apart_is_another_story(store: duckdb.DuckDBPyConnection) -> None:
    """The same words eight days later are news again."""
    _add(store, _story(1, "a", "A", WORDS, published_at=NOW - 9 * DAY), _story(2, "b", "B", WORDS))
    assert _tell(store) == 0


def test_stories_come_together_run_after_run(store: duckdb.DuckDBPyConnection) -> None:
    """A later item joins two that nobody knew to be one; all take the name of the first; nothing is done twice."""
    _add(store, _story(1, "a", "A", "one two three four"), now=NOW - DAY)
    _tell(store, now=NOW - DAY)
    _add(store, _story(2, "b", "B", "five six seven eight", first_seen_at=NOW + timedelta(hours=1)))
    _tell(store)
    assert len(_told(store)) == 2
    [(name,)] = _rows(store, "SELECT story_id FROM base.items WHERE channel = 'a'")
    _add(store, _story(3, "c", "C", WORDS, first_seen_at=NOW + timedelta(hours=2)))
    assert _tell(store) == 2
    assert _rows(store, "SELECT DISTINCT story_id FROM base.items") == [(name,)]
    assert _tell(store) == 0


def test_a_change_of_text_keeps_the_story(store: duckdb.DuckDBPyConnection) -> None:
    """What was joined stays joined when one of the items is edited."""
    _add(store, _story(1, "a", "A", WORDS))
    _add(store, _story(2, "b", "B", WORDS))
    _tell(store)
    _add(store, _story(2, "b", "B!", f"{WORDS} nine"))
    _tell(store)
    assert len(_told(store)) == 1


def test_items_without_an_address_of_their_own(store: duckdb.DuckDBPyConnection) -> None:
    """No address, or a home page's, names no story: each is one of its own until its words say otherwise."""
    home = {"url": "https://paper.example/"}
    _add(
        store,
        _story(1, "a", "A", "one", url=None),
        _story(2, "a", "B", "two", **home),
        _story(3, "a", "C", "three", **home),
    )
    _tell(store)
    assert len(_told(store)) == 3


def test_the_same_address_is_the_same_story(store: duckdb.DuckDBPyConnection) -> None:
    """Whatever the words."""
    url = {"url": "https://agency.example/1"}
    _add(store, _story(1, "a", "A", "one", **url))
    _add(store, _story(2, "b", "B", "two", **url))
    assert len(_told(store)) == 1


def test_old_marks_are_dropped(store: duckdb.DuckDBPyConnection) -> None:
    """What is held to recognise stories grows with a week's news and not with the store."""
    _add(store, _story(1, "a", "A", WORDS))
    _tell(store)
    later = NOW + 8 * DAY
    _add(store, _story(2, "b", "B", "nine ten", first_seen_at=later, published_at=later), now=later)
    _tell(store, now=later)
    assert _rows(store, "SELECT count(*) FROM base.story_marks") == [(1,)]
    assert _rows(store, "SELECT count(*) FROM base.story_shingles") == [(2,)]
    assert len(_told(store)) == 2


def test_phrases_of_the_trade_join_nothing(store: duckdb.DuckDBPyConnection) -> None:
    """Words that more than a hundred items of a week share are no sign of one story."""
    phrase = "subscribe to our newsletter now"
    _add(store, *(_story(n, "c", f"T{n}", f"{phrase} only{n} very{n}") for n in range(110)))
    assert _tell(store, limit=1000) == 0


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5), min_size=1, max_size=8),
    limits=st.tuples(st.integers(1, 8), st.integers(1, 8)),
)
def test_batches_make_no_difference(
    store: duckdb.DuckDBPyConnection, texts: list[list[str]], limits: tuple[int, int]
) -> None:
    """However many items are looked at together, the same stories come out."""
    found = []
    for limit in limits:
        for name in ("items", "story_marks", "story_shingles", "coverage", "channel_states", "item_versions"):
            store.execute(f"DELETE FROM base.{name}")
        for n, words in enumerate(texts):
            _add(store, _story(n, f"c{n % 3}", f"T{n % 4}", " ".join(words)))
        _tell(store, limit=limit)
        found.append(_told(store))
    assert found[0] == found[1]


def test_the_new_views_say_what_they_hold(store: duckdb.DuckDBPyConnection) -> None:
    """Each has a comment, and so has each of its columns."""
    views = dict(
        _rows(store, "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal")
    )
    for view in ("sightings", "versions"):
        assert views[view].startswith("One row for each")
        columns = _rows(store, f"SELECT comment FROM duckdb_columns() WHERE table_name = '{view}'")
        assert all(comment for (comment,) in columns)
