"""What the store keeps of archives: items once, places, bad lines, gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import duckdb
import pytest

from records import Channel, ChannelState, FetchResult, Gap, Item
from storage import archives, items, status
from storage.archives import Taken
from tests.storage.made import NOW, add_page, comment, post

MINING = Channel("mining", "subreddit", "investor", "mining")
HOUR = timedelta(hours=1)


def started(con: duckdb.DuckDBPyConnection, kind: str = "comments", name: str = "RC_x.zst") -> tuple[UUID, UUID]:
    """A run and an archive of that kind, unread."""
    run = items.start_run(con, "backfill", now=NOW, version="0.1.0")
    archive = archives.archive_id(name, 1, "head", "asked")
    archives.begin(con, run, archive, file=name, size=1, kind=kind, asked="asked", now=NOW)
    return run, archive


def fetch(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return con.execute(sql).fetchall()


def test_taking_twice_is_taking_once(con: duckdb.DuckDBPyConnection) -> None:
    """The same lines again add no item and no bad line; what was known stays as it was."""
    known = post(1, guid="t3_a")
    add_page(con, [known])
    run, archive = started(con)
    older: Item = post(1, guid="t3_a", text="As it was before its author mended it.")
    taken = Taken(5, 500, [older, comment(2, 1, guid="t1_b")], bad=[(3, "not JSON")], seen=2)
    assert [archives.take(con, run, archive, taken, now=NOW) for _ in range(2)] == [1, 0]
    assert fetch(con, "SELECT guid, text, version FROM base.items ORDER BY guid") == [
        ("t1_b", comment(2, 1).text, 1),
        ("t3_a", known.text, 1),
    ]
    assert fetch(con, "SELECT file, line, reason FROM quarantine") == [("RC_x.zst", 3, "not JSON")]
    standing = archives.standing(con, archive)
    assert standing is not None
    assert (standing.lines, standing.position, standing.kept, standing.outcome) == (5, 500, 1, None)


def test_of_bad_lines_only_so_many_are_kept(con: duckdb.DuckDBPyConnection) -> None:
    """Past the bound bad lines are counted and not kept."""
    run, archive = started(con)
    bad = [(n, "not JSON") for n in range(1, archives.MOST_BAD + 501)]
    for start in range(0, len(bad), 7000):
        archives.take(con, run, archive, Taken(start, start, bad=bad[start : start + 7000]), now=NOW)
    assert fetch(con, "SELECT count(*), max(line) FROM base.quarantine") == [(archives.MOST_BAD, archives.MOST_BAD)]
    assert fetch(con, "SELECT bad FROM archives") == [(archives.MOST_BAD + 500,)]


def test_what_an_archive_shows_as_deleted_is_erased(con: duckdb.DuckDBPyConnection) -> None:
    """A dump that saw a thing deleted takes its words out of the store; the id stays."""
    add_page(con, [post(1, guid="t3_a")])
    run, archive = started(con)
    archives.take(con, run, archive, Taken(1, 1, gone={"t3_a": "deleted later", "t3_z": "[deleted]"}), now=NOW)
    assert fetch(con, "SELECT text, deleted_at IS NOT NULL FROM items") == [("", True)]
    assert fetch(con, "SELECT reason FROM purges") == [("deleted later",)]
    assert fetch(con, "SELECT erased FROM archives") == [(1,)]


def span(con: duckdb.DuckDBPyConnection, kind: str, name: str, first: int, last: int, *, end: bool = True) -> None:
    """An archive of that kind from the one hour to the other, read to its end."""
    run, archive = started(con, kind, name)
    spans = {"mining": (NOW + first * HOUR, NOW + last * HOUR)}
    archives.take(con, run, archive, Taken(1, 1, spans=spans), now=NOW)
    if end:
        archives.end(con, archive, "done", now=NOW)


@pytest.mark.parametrize(
    ("spans", "comments", "filled"),
    [
        ([("submissions", 0, 9), ("comments", 0, 9)], True, 1),
        ([("submissions", 0, 9)], True, 0),
        ([("submissions", 0, 9)], False, 1),
        ([("submissions", 0, 3), ("submissions", 3, 9)], False, 1),
        ([("submissions", 0, 3), ("submissions", 5, 9)], False, 0),
        ([("submissions", 3, 9)], False, 0),
        ([("submissions", 0, 5)], False, 0),
    ],
)
def test_a_gap_is_filled_where_it_is_covered(
    con: duckdb.DuckDBPyConnection, spans: list[tuple[str, int, int]], comments: bool, filled: int
) -> None:
    """Submissions, and comments where they are read, must reach from its one end to the other; then it is no gap."""
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    gap = Gap("mining", NOW + 2 * HOUR, NOW + 6 * HOUR, "the listing ended")
    items.add(con, run, FetchResult("mining", "ok", gaps=(gap,)), ChannelState("mining", "ok"), now=NOW)
    for number, (kind, first, last) in enumerate(spans):
        span(con, kind, f"{number}.zst", first, last)
    channel = Channel("mining", "subreddit", "investor", "mining", comments=comments)
    assert archives.fill_gaps(con, [channel], now=NOW) == filled
    assert fetch(con, "SELECT count(filled_at) FROM gaps") == [(filled,)]
    assert status.totals(con).gaps == 1 - filled


def test_an_archive_that_is_not_through_fills_nothing(con: duckdb.DuckDBPyConnection) -> None:
    """Half a file proves nothing about its other half."""
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    gap = Gap("mining", NOW + 2 * HOUR, NOW + 6 * HOUR, "the listing ended")
    items.add(con, run, FetchResult("mining", "ok", gaps=(gap,)), ChannelState("mining", "ok"), now=NOW)
    for kind in ("submissions", "comments"):
        span(con, kind, f"{kind}.zst", 0, 9, end=kind == "submissions")
    assert archives.fill_gaps(con, [MINING], now=NOW) == 0


def test_what_is_kept_is_told_with_its_words(con: duckdb.DuckDBPyConnection) -> None:
    """The surroundings of an archive's rows: submissions and comments of these channels that have words."""
    add_page(con, [post(1, guid="t3_a", thread_id=post(1).item_id), comment(2, 1, guid="t1_b")])
    found = {row.guid: (row.opens, row.text) for row in archives.kept(con, ["mining"])}
    assert found == {"t3_a": (True, post(1).text), "t1_b": (False, comment(2, 1).text)}
    assert list(archives.kept(con, ["other"])) == []
