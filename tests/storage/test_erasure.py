"""What the tables keep of an item that its source deleted: its place, its counts, the reason; no word of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import duckdb
import pytest

from records import DELETED, Item
from storage import erasure, items, quotations, series
from tests.storage.made import NOW, add_page, add_scans, comment, fill, item, item_id, post, scan

WORD = "Quillfeatherwick"
LATER = NOW + timedelta(hours=30)
THREAD = "t3_a1"


def thread(**changes: Any) -> Item:
    """A submission whose title holds WORD, as its address does."""
    url = f"https://www.reddit.com/r/mining/comments/a1/{WORD.lower()}_title/"
    text = f"{WORD} title\n\nEurope cannot refine lithium without Chile."
    values = {"guid": THREAD, "title": f"{WORD} title", "url": url, "original_url": url, "author_hash": "ab" * 16,
              "thread_id": item_id("a1"), "text": text}  # fmt: skip
    return post("a1", **(values | changes))


def reply(name: str, parent: str = "a1", **changes: Any) -> Item:
    """A comment in that thread, with its title as context and its words in the address."""
    url = f"https://www.reddit.com/r/mining/comments/a1/{WORD.lower()}_title/{name}/"
    values = {"guid": f"t1_{name}", "url": url, "original_url": url, "author_hash": "cd" * 16,
              "parent_id": item_id(parent), "context": f"{WORD} title"}  # fmt: skip
    return comment(name, "a1", **(values | changes))


def words(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every column of every table in which WORD stands."""
    columns = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'base' AND NOT internal"
    ).fetchall()
    found = "SELECT count(*) FROM base.{} WHERE {}::VARCHAR ILIKE '%{}%'"
    return [f"{t}.{c}" for t, c in columns if con.execute(found.format(t, c, WORD)).fetchone() != (0,)]


def erase(con: duckdb.DuckDBPyConnection, **gone: str) -> int:
    """Record these as gone."""
    run = items.start_run(con, "purge", now=LATER, version="0")
    return erasure.record(con, run, there=(), gone=gone, nameless=(), now=LATER)


def test_no_word_is_left_in_any_table(con: duckdb.DuckDBPyConnection) -> None:
    """Title, text, address, former versions, surfaces and evidence of a deleted item go; id, reason and time stay."""
    first = thread()
    add_page(con, [first])
    edited = thread(text=f"{WORD} title\n\n{WORD} and lithium from Chile.")
    add_page(con, [edited])
    add_scans(con, [scan(thread(text=edited.text, version=2))])
    con.execute("UPDATE base.mentions SET surface = ?", [WORD])
    add_page(con, [reply("b1"), reply("b2", "b1", context=f"{WORD} title || what b1 said")])
    assert len(words(con)) >= 6
    assert erase(con, t3_a1="[deleted]") == 1
    assert words(con) == []
    row = con.execute("FROM items WHERE deleted_at IS NOT NULL").fetchall()
    assert [r[0] for r in row] == [item_id("a1")]
    told = con.execute("SELECT item_id, what, reason, noticed_at, erased_at FROM purges").fetchall()
    assert [(*r[:3], r[4]) for r in told] == [(item_id("a1"), "item", "[deleted]", None)]
    left = con.execute("SELECT guid, author_hash, flags FROM base.items WHERE deleted_at IS NOT NULL").fetchall()
    assert left == [(THREAD, None, [DELETED])]
    assert con.execute("SELECT url, context FROM base.items WHERE parent_id = ?", [item_id("b1")]).fetchall() == [
        ("https://www.reddit.com/r/mining/comments/a1/_/b2/", " || what b1 said")
    ]


@pytest.mark.parametrize(
    ("gone", "context", "left"),
    [
        ({"t1_b1": "x"}, "Title || said", "Title"),
        ({"t3_a1": "x"}, "Title || said", " || said"),
        ({"t3_a1": "x", "t1_b1": "x"}, "Title || said", None),
        ({"t3_a1": "x"}, "Title", None),
        ({"t1_zz": "x"}, "Title || said", "Title || said"),
    ],
)
def test_contexts(con: duckdb.DuckDBPyConnection, gone: dict[str, str], context: str, left: str | None) -> None:
    """A reply loses that half of its context whose author took it back, and keeps the other."""
    add_page(con, [thread(), reply("b1"), reply("b2", "b1", context=context)])
    erase(con, **gone)
    assert con.execute("SELECT context FROM base.items WHERE guid = 't1_b2'").fetchall() == [(left,)]


def test_one_after_the_other(con: duckdb.DuckDBPyConnection) -> None:
    """It does not matter in which order a thread and a comment go."""
    for order in (("t3_a1", "t1_b1"), ("t1_b1", "t3_a1")):
        for table in ("items", "purges"):
            con.execute(f"DELETE FROM base.{table}")
        add_page(con, [thread(), reply("b1"), reply("b2", "b1", context=f"{WORD} title || {WORD}")])
        for name in order:
            erase(con, **{name: "x"})
        assert words(con) == []


def test_counts_stay(con: duckdb.DuckDBPyConnection) -> None:
    """Series are the same after an erasure and a rebuild; the item is quoted no more."""
    fill(con, [scan(thread())])
    before = con.execute("FROM series_daily ORDER BY ALL").fetchall()
    assert [q.stance for q in quotations.quotations(con, "2026-W47")] == ["realist"]
    erase(con, t3_a1="vanished")
    series.rebuild(con, now=LATER)
    assert con.execute("FROM series_daily ORDER BY ALL").fetchall() == before != []
    assert quotations.quotations(con, "2026-W47") == ()
    assert items.count_unlabelled(con, model="another", gates="gates") == 0


def test_twice_is_once(con: duckdb.DuckDBPyConnection) -> None:
    """An item that is gone already, or was never kept, is erased by nobody; it never comes back."""
    add_page(con, [thread()])
    assert [erase(con, t3_a1="[deleted]", t1_never="vanished") for _ in range(2)] == [1, 0]
    add_page(con, [thread(text="back again")])
    assert words(con) == []
    assert con.execute("SELECT count(*) FROM purges").fetchall() == [(1,)]


def test_news_are_not_reddits(con: duckdb.DuckDBPyConnection) -> None:
    """An article that bears a GUID like Reddit's is neither asked for nor erased."""
    add_page(con, [item(1, guid=THREAD)])
    assert erasure.kept(con, 9) == []
    assert erase(con, t3_a1="vanished") == 0


def test_kept_are_told_by_their_last_check(con: duckdb.DuckDBPyConnection) -> None:
    """The longest unchecked come first; what was old when it came counts as a day older; a check is remembered."""
    new = {"published_at": NOW, "first_seen_at": NOW}
    add_page(con, [thread(**new), reply("b1", **new), reply("b2"), reply("b3", **new | {"first_seen_at": LATER})])
    old = NOW - timedelta(hours=24)
    assert erasure.kept(con, 3) == [("t1_b2", old), ("t1_b1", NOW), (THREAD, NOW)]
    assert erasure.standing(con) == (4, old)
    erasure.record(con, uuid4(), there=("t1_b2", THREAD), gone={"t1_b1": "x"}, nameless=(), now=LATER)
    assert erasure.kept(con, 9) == [("t1_b3", LATER - timedelta(hours=24)), ("t1_b2", LATER), (THREAD, LATER)]


def test_an_author_who_left(con: duckdb.DuckDBPyConnection) -> None:
    """Where the account was deleted the hash goes and the words stay, once, with an audit row."""
    add_page(con, [thread(), reply("b1")])
    for _ in range(2):
        erasure.record(con, uuid4(), there=(THREAD, "t1_b1"), gone={}, nameless=(THREAD,), now=LATER)
    assert con.execute("SELECT guid, author_hash FROM base.items ORDER BY guid").fetchall() == [
        ("t1_b1", "cd" * 16), (THREAD, None)]  # fmt: skip
    assert con.execute("SELECT item_id, what FROM purges").fetchall() == [(item_id("a1"), "author")]


def test_found_deleted_while_collecting(con: duckdb.DuckDBPyConnection) -> None:
    """A page that shows a kept item deleted erases it at once; one that was never kept leaves no audit row."""
    add_page(con, [thread()])
    bare = {"flags": (DELETED,), "title": "", "text": "", "url": None, "original_url": None, "context": None}
    add_page(con, [thread(**bare), reply("b9", **bare)])
    assert words(con) == []
    assert con.execute("SELECT item_id, reason FROM purges").fetchall() == [
        (item_id("a1"), "found deleted while collecting")]  # fmt: skip


def test_unlinked_authors(con: duckdb.DuckDBPyConnection) -> None:
    """New values: one for each author and week, none computable from the old ones or by another run."""
    week = timedelta(days=7)
    hashes = {"t1_b1": ("cd", 0), "t1_b2": ("cd", 0), "t1_b3": ("ab", 0), "t1_b4": ("cd", 1)}
    add_page(con, [reply(n[3:], author_hash=h * 16, published_at=NOW - week * w) for n, (h, w) in hashes.items()])
    add_page(con, [reply("b5", author_hash=None)])
    seen: list[dict[str, str]] = []
    for _ in range(2):
        assert erasure.unlink_authors(con) == 4
        seen.append(dict(con.execute("SELECT guid, author_hash FROM base.items").fetchall()))
    for now in seen:
        assert now["t1_b1"] == now["t1_b2"]
        assert len({now[n] for n in hashes}) == 3
        assert now["t1_b5"] is None
        assert all(len(now[n]) == 32 for n in hashes)
    values = [{"cd" * 16, "ab" * 16}, *({v for v in now.values() if v} for now in seen)]
    assert len(set.union(*values)) == sum(map(len, values))


def test_pending(con: duckdb.DuckDBPyConnection) -> None:
    """Erasures and a change of key stand as pending until the files are clean; a change begun twice is one."""
    add_page(con, [thread()])
    assert erasure.pending(con) == (0, False)
    erase(con, t3_a1="x")
    assert erasure.pending(con) == (1, False)
    for _ in range(2):
        erasure.begin_unlinking(con, uuid4(), now=NOW)
    assert erasure.pending(con) == (2, True)
