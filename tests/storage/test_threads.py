"""What the store remembers of Reddit's threads, and what an edited comment loses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from records import ChannelState, FetchResult, Stub, Thread
from storage import items, series
from storage.threads import waiting_threads
from tests.storage.made import KEY, NOW, add_page, add_scans, comment, item_id, post, scan

LATER = NOW + timedelta(hours=2)
STUBS = (Stub("t1_a", ("b", "c"), 9, unread=False, tries=1), Stub("t1_d"))


def thread(guid: str, **changes: object) -> Thread:
    """A thread that was read and is due an hour later."""
    made = Thread(guid, "Title one", "https://www.reddit.com/x/", NOW, NOW, NOW + timedelta(hours=1))
    return replace(made, **changes)  # type: ignore[arg-type]


def commit(con: duckdb.DuckDBPyConnection, *results: FetchResult) -> None:
    """Add pages, each of its own channel."""
    run = items.start_run(con, "collect", now=NOW, version="1")
    items.add_all(con, run, [(result, ChannelState(result.channel)) for result in results], now=NOW)


def submission(name: str, channel: str = "mining", **changes: object) -> FetchResult:
    """A page with one submission, whose thread is noted with these changes."""
    guid = f"t3_{name}"
    made = post(guid, guid=guid, channel=channel, title="Title one", url="https://www.reddit.com/x/")
    return FetchResult(channel, "ok", items=(made,), threads=(thread(guid, **changes),))


def test_a_thread_comes_back_when_it_is_due(con: duckdb.DuckDBPyConnection) -> None:
    """With title, address, times and stubs as they were noted, for its own channel alone, and not before its time."""
    commit(con, submission("one", stubs=STUBS), submission("two"), submission("three", channel="stocks"))
    assert waiting_threads(con, "mining", now=LATER) == (thread("t3_one", stubs=STUBS), thread("t3_two"))
    assert waiting_threads(con, "stocks", now=LATER) == (thread("t3_three"),)
    # Stubs are waiting whether a visit is due or not.
    assert waiting_threads(con, "mining", now=NOW) == (thread("t3_one", stubs=STUBS),)


def test_a_thread_is_kept_as_it_stands(con: duckdb.DuckDBPyConnection) -> None:
    """A later page takes the place of what was noted; a thread that is through leaves nothing behind."""
    commit(con, submission("one", stubs=STUBS))
    commit(con, FetchResult("mining", "ok", threads=(thread("t3_one", due_at=None, stubs=STUBS[1:]),)))
    (stands,) = waiting_threads(con, "mining", now=LATER)
    assert (stands.due_at, stands.stubs) == (None, STUBS[1:])
    commit(con, FetchResult("mining", "ok", threads=(thread("t3_one", due_at=None),)))
    assert con.execute("SELECT count(*) FROM base.threads").fetchall() == [(0,)]
    assert con.execute("SELECT count(*) FROM base.stubs").fetchall() == [(0,)]


def test_two_channels_share_a_thread(con: duckdb.DuckDBPyConnection) -> None:
    """It belongs to the channel that brought its submission, once, whoever notes it later."""
    commit(con, submission("one"))
    commit(con, submission("one", channel="search"))
    assert waiting_threads(con, "search", now=LATER) == ()
    assert waiting_threads(con, "mining", now=LATER) == (thread("t3_one"),)


def test_a_deleted_submission_is_not_visited(con: duckdb.DuckDBPyConnection) -> None:
    """What has no title any more gives its comments no context."""
    commit(con, submission("one", stubs=STUBS))
    con.execute("UPDATE base.items SET deleted_at = ?, title = '', text = ''", [NOW])
    assert waiting_threads(con, "mining", now=LATER) == ()


@pytest.mark.parametrize("channel", ["mining", "search"])
def test_an_edited_comment_loses_its_label(con: duckdb.DuckDBPyConnection, channel: str) -> None:
    """Any channel may bring the edit: a new version waits for a label, the old label and mentions count no more."""
    said = comment("c", "t", guid="t1_c")
    add_page(con, [said])
    add_scans(con, [scan(said)])
    series.refresh(con, now=NOW)
    counted = "SELECT count(*) FROM base.series_daily"
    assert con.execute(counted).fetchall() != [(0,)]
    edited = replace(said, text="I was wrong", channel=channel)
    commit(con, FetchResult(channel, "ok", items=(edited,)))
    assert con.execute("SELECT text, version, channel FROM base.items").fetchall() == [("I was wrong", 2, "mining")]
    for table, rows in (("labels", 0), ("mentions", 0), ("former_labels", 1), ("item_versions", 1)):
        assert con.execute(f"SELECT count(*) FROM base.{table}").fetchall() == [(rows,)], table
    assert [i.item_id for i, _ in items.unlabelled(con, **KEY)] == [item_id("c")]
    series.refresh(con, now=NOW)
    assert con.execute(counted).fetchall() == [(0,)]


def test_the_same_words_keep_their_label(con: duckdb.DuckDBPyConnection) -> None:
    """A visit that finds a comment unchanged makes no version and takes no label."""
    said = comment("c", "t", guid="t1_c")
    add_page(con, [said])
    add_scans(con, [scan(said)])
    commit(con, FetchResult("mining", "ok", items=(said,)))
    assert con.execute("SELECT count(*) FROM base.labels").fetchall() == [(1,)]
    assert con.execute("SELECT version FROM base.items").fetchall() == [(1,)]
