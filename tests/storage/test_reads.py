"""Quotations, health and status."""

from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from records import Channel, ChannelHealth, ChannelState, FetchResult, Gap, Quotation
from storage import items, series
from storage.status import ChannelRow, Totals
from tests.storage.made import NOW, PASSAGE, add_page, add_scans, comment, fill, item, label, post, scan

WEEK = "2026-W47"
SURE = {"confidence": 0.99}


def test_quotation(con: duckdb.DuckDBPyConnection) -> None:
    """A quotation is the evidence, verbatim and counted in code points, with its source."""
    moved = item(1, text=f"𝛌 first\n\n{PASSAGE}.")
    fill(con, [scan(moved, label=label(evidence=(9, 9 + len(PASSAGE))))])
    assert series.quotations(con, WEEK) == (
        Quotation("realist", PASSAGE, moved.title, "mining-weekly", moved.url, moved.published_at, "news",
                  "trade-press", str(moved.item_id), 9, 9 + len(PASSAGE)),
    )  # fmt: skip


def test_surest_first(con: duckdb.DuckDBPyConnection) -> None:
    """The surest is quoted first, but a passage of readable length goes before a surer scrap."""
    scrap = scan(item(3), label=label(evidence=(10, 16), **SURE))
    fill(con, [scan(item(1)), scan(item(2), label=label(confidence=0.8)), scrap, scan(item(4), "skeptic")])
    assert [q.url for q in series.quotations(con, WEEK)] == [item(2).url, item(4).url]
    quoted = [(q.stance, q.url) for q in series.quotations(con, WEEK, per_stance=3)]
    assert quoted == [("realist", item(2).url), ("realist", item(1).url), ("realist", scrap.item.url),
                      ("skeptic", item(4).url)]  # fmt: skip


def test_stories_once(con: duckdb.DuckDBPyConnection) -> None:
    """A story in two feeds, and a thread's many comments, are quoted once."""
    copy = replace(item(2), url=item(1).url, channel="other")
    talk = [scan(one) for one in (post("t"), comment("c", "t"), comment("d", "t"))]
    fill(con, [scan(item(1)), scan(copy), *talk])
    assert len(series.quotations(con, WEEK, per_stance=9)) == 2


@pytest.mark.parametrize(
    "reason",
    ["abstained", "no evidence", "none", "another week", "deleted", "forgotten", "edited since", "not relevant"],
)
def test_never_quoted(con: duckdb.DuckDBPyConnection, reason: str) -> None:
    """What is unsure, without evidence, of no stance, of another week, gone, forgotten or edited is not quoted."""
    changes = {
        "abstained": {"label": label(abstained=True)},
        "no evidence": {"label": label(evidence=None)},
        "none": {"label": label("none")},
        "not relevant": {"relevant": False},
    }
    one = item(1, published_at=NOW) if reason == "another week" else item(1)
    fill(con, [replace(scan(one), **changes.get(reason, {}))])
    if reason == "deleted":
        con.execute("UPDATE base.items SET deleted_at = now()")
    if reason == "forgotten":
        con.execute("UPDATE base.items SET flags = ['forgotten'], text = title")
    if reason == "edited since":
        add_page(con, [replace(one, text="Other words")])
    assert series.quotations(con, WEEK) == ()


def test_comment_title(con: duckdb.DuckDBPyConnection) -> None:
    """A comment bears its thread's title, else the title kept in its context."""
    fill(con, [scan(post("t"), None), scan(comment("c", "t")), scan(comment("d", "gone"), "skeptic")])
    titles = {q.stance: q.title for q in series.quotations(con, WEEK)}
    assert titles == {"realist": post("t").title, "skeptic": "Title of gone"}


def cover(con: duckdb.DuckDBPyConnection, page: FetchResult, when: timedelta, state: str = "ok") -> None:
    """Add a page in a run of its own, so long after NOW."""
    run = items.start_run(con, "collect", now=NOW + when, version="0.1.0")
    items.add(con, run, page, ChannelState(page.channel, state), now=NOW + when)  # type: ignore[arg-type]


def test_health_of_channels(con: duckdb.DuckDBPyConnection) -> None:
    """A channel's week is its last state and the sums of its runs; a channel that never delivered has a community."""
    items.know_channels(con, [Channel("dead", "feed", "official", "https://dead.example/rss")])
    days = timedelta(days=1)
    cover(con, FetchResult("mining-weekly", "soft", "timed out", fetched=0), -6 * days)
    cover(con, FetchResult("mining-weekly", "ok", items=(item(1),), fetched=4, dropped=1), -5 * days)
    cover(con, FetchResult("dead", "hard", "404"), -5 * days)
    cover(con, FetchResult("mining-weekly", "gone", "410"), 0 * days)
    assert series.health(con, WEEK).channels == (
        ChannelHealth("dead", "official", "hard", "404", 0, 0, 0, 0),
        ChannelHealth("mining-weekly", "trade-press", "ok", "", 4, 1, 0, 1),
    )


def test_health_of_a_first_run(con: duckdb.DuckDBPyConnection) -> None:
    """Where nothing was collected in the week, the latest run stands in."""
    cover(con, FetchResult("a", "ok"), timedelta(0))
    cover(con, FetchResult("b", "soft", "timed out"), timedelta(days=7))
    assert [c.channel for c in series.health(con, WEEK).channels] == ["b"]


def test_health_of_items(con: duckdb.DuckDBPyConnection) -> None:
    """Every item of the week is counted, or told with the reason why not; other weeks stay out."""
    copy = item(2, url=item(1).url, date_quality="first_seen")
    scans = [scan(item(1)), scan(copy), scan(item(3), label=label(abstained=True)), scan(item(4), None)]
    fill(con, [*scans, replace(scan(item(5), None), skipped="language"), scan(item(6, published_at=NOW))])
    add_page(con, [item(7)])
    told = series.health(con, WEEK)
    assert (told.items, told.labelled, told.abstained, told.guessed_dates, told.duplicates) == (6, 3, 1, 1, 1)
    assert dict(told.skipped) == {"language": 1, "not labelled yet": 1, "not relevant": 1}
    assert told.items == told.labelled + sum(number for _, number in told.skipped)


@pytest.mark.parametrize(
    ("from_days", "to_days", "shown"),
    [(-6, -5, True), (-20, 9, True), (None, -6, True), (-20, -7, True), (None, -9, False), (0, 1, False)],
)
def test_health_of_gaps(con: duckdb.DuckDBPyConnection, from_days: int | None, to_days: int, shown: bool) -> None:
    """A gap is told in every week that it touches."""
    start = None if from_days is None else NOW + timedelta(days=from_days)
    gap = Gap("f", start, NOW + timedelta(days=to_days), "paged out")
    cover(con, FetchResult("f", "ok", gaps=(gap,)), timedelta(0))
    assert series.health(con, WEEK).gaps == ((gap,) if shown else ())


def test_empty_store(con: duckdb.DuckDBPyConnection) -> None:
    """An empty store has empty answers, not errors."""
    told = series.health(con, WEEK)
    assert (told.channels, told.items, told.skipped, told.gaps, told.degraded) == ((), 0, (), (), False)
    assert (series.weeks(con), series.quotations(con, WEEK), series.channel_rows(con)) == ((), (), ())
    assert series.totals(con) == Totals(0, 0, 0, 0, 0, 0, None, None)


def test_status(con: duckdb.DuckDBPyConnection) -> None:
    """Status tells a channel's state, its items of the last seven days, its gaps and when it is next due."""
    state = ChannelState("mining-weekly", "ok", "", last_attempt_at=NOW, last_success_at=NOW, next_due_at=NOW)
    page = (item(1), item(2, first_seen_at=NOW - timedelta(days=8)))
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    gaps = (Gap("mining-weekly", None, NOW, "paged out"),)
    items.add(con, run, FetchResult("mining-weekly", "ok", items=page, gaps=gaps), state, now=NOW)
    assert series.channel_rows(con) == (ChannelRow("mining-weekly", "ok", "", NOW, 1, 1, NOW),)
    assert series.channel_rows(con, now=NOW + timedelta(days=9))[0].items == 0
    add_scans(con, [scan(item(1))])
    assert series.totals(con) == Totals(1, 2, 1, 1, 1, 1, None, "minilm-1")
