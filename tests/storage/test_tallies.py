"""What a share is estimated from: authors bounded, stories once, guessed dates out, whole numbers throughout."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from records import ChannelState, FetchResult, Gap, Scan, Tally, WeekShare, WeekVolume
from storage import items, series, shares, tallies
from tests.storage.made import KEY, NOW, add_page, add_scans, fill, item, item_id, label, post, scan

MONDAY = date(2026, 11, 16)


def told(con: duckdb.DuckDBPyConnection, community: str = "all", dimension: str = "all") -> Tally:
    """The one tally of that community in the week."""
    (found,) = (t for t in tallies.read(con, MONDAY) if (t.community, t.dimension) == (community, dimension))
    return found


def retold(con: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    """These items tell one story, and the series know."""
    for name in names:
        con.execute("UPDATE base.items SET story_id = ? WHERE item_id = ?", [str(item_id("story")), str(item_id(name))])
    series.rebuild(con, now=NOW)


def test_an_author_weighs_three_at_most(con: duckdb.DuckDBPyConnection) -> None:
    """Ten posts by one author weigh three, their answer is their mean; others weigh one each."""
    posts = [scan(post(n, author_hash="a"), "realist" if n < 4 else "skeptic") for n in range(10)]
    fill(con, [*posts, scan(post("x", author_hash="b"), "none"), scan(post("y"), "none")])
    found = told(con)
    assert (found.weight, found.square) == (5, 11)
    assert found.answers == pytest.approx((3 * 0.4, 0, 3 * 0.6, 2))
    assert found.products[0] == pytest.approx((3 * 0.4) ** 2)
    assert series.counts(con, "2026-W47", "all")[0].counts == (4, 0, 6, 2)


def test_a_story_counts_once_however_many_tell_it(con: duckdb.DuckDBPyConnection) -> None:
    """Copies are one unit in their community and in all of them together, and items all the same."""
    copies = [scan(item("a"), "realist"), scan(item("b"), "realist"),
              scan(item("c", channel="gov", community="official"), "realist")]  # fmt: skip
    fill(con, [*copies, scan(item("d"), "none")])
    retold(con, ["a", "b", "c"])
    assert [told(con, c).weight for c in ("all", "trade-press", "official")] == [2, 2, 1]
    row = con.execute(
        "SELECT items, effective_n FROM series_weekly "
        "WHERE community = 'all' AND dimension = 'all' AND stance = 'realist'"
    ).fetchone()
    assert row == (3, 2.0)


def test_news_and_posts_are_kept_apart(con: duckdb.DuckDBPyConnection) -> None:
    """A model answers them differently: each has its tally, and the view tells of both together."""
    fill(con, [scan(item(1)), scan(item(2)), scan(post(3))])
    found = [t for t in tallies.read(con, MONDAY) if (t.community, t.dimension) == ("all", "all")]
    assert sorted((t.source_kind, t.weight) for t in found) == [("news", 2), ("social", 1)]
    rows = con.execute(
        "SELECT DISTINCT effective_n, model FROM series_weekly WHERE community = 'all' AND dimension = 'all'"
    ).fetchall()
    assert rows == [(3.0, KEY["model"])]


def test_a_guessed_date_counts_nowhere(con: duckdb.DuckDBPyConnection) -> None:
    """First seen or clamped is no date: such items are in no series; a zone that was guessed is."""
    qualities = ("explicit", "zone_guessed", "feed_default", "first_seen", "clamped")
    fill(con, [scan(item(n, date_quality=quality)) for n, quality in enumerate(qualities)])
    assert told(con).weight == 3
    assert con.execute("SELECT sum(items) FROM series_daily WHERE dimension = 'all'").fetchone() == (3,)
    assert series.health(con, "2026-W47").guessed_dates == 2


def test_probabilities_count_where_their_record_says_so(con: duckdb.DuckDBPyConnection) -> None:
    """Labels for a model of which nothing is known, without what it abstained on; probabilities with it, once known."""
    fill(con, [scan(item(1)), scan(item(2), label=label(abstained=True))])
    assert told(con).answers == (1, 0, 0, 0)
    tallies.register(con, KEY["model"], record="{}", told="By 10 texts.", soft=True)
    series.refresh(con, now=NOW)
    assert told(con).answers == pytest.approx((1.4, 0.2, 0.2, 0.2))
    assert tallies.validations(con) == {KEY["model"]: "{}"}
    assert con.execute("SELECT correction FROM models").fetchone() == ("By 10 texts.",)
    tallies.register(con, KEY["model"], record="{}", told="By 10 texts.", soft=True)
    assert series.refresh(con, now=NOW) == 0


def test_later_weeks_are_touched_as_far_as_they_look_back(con: duckdb.DuckDBPyConnection) -> None:
    """A late item touches its week and those whose verdicts rest on it, but none that has not come yet."""
    fill(con, [scan(item(n, published_at=NOW - timedelta(weeks=n))) for n in range(12)])
    for what in ("shares", "volumes"):
        for monday in tallies.waiting(con, what):
            (shares.put if what == "shares" else shares.put_volumes)(con, monday, ())
    assert tallies.waiting(con, "shares") == ()
    late = [scan(item("late", published_at=NOW - timedelta(weeks=10)))]
    add_page(con, [one.item for one in late])
    add_scans(con, late)
    series.refresh(con, now=NOW)
    first = date(2026, 9, 14)
    assert tallies.waiting(con, "shares") == tuple(first + timedelta(weeks=n) for n in range(9))
    assert tallies.waiting(con, "volumes") == tuple(first + timedelta(weeks=n) for n in range(11))


def test_what_is_put_is_what_the_view_shows(con: duckdb.DuckDBPyConnection) -> None:
    """Share, band, changes and verdicts stand beside the counts; a cell without any has too little data."""
    fill(con, [scan(item(1))])
    row = WeekShare(MONDAY, "all", "all", "all", "realist", 0.5, 0.4, 0.6, 0.1, "up", None, "too little data")
    shares.put(con, MONDAY, [row])
    shares.put(con, MONDAY, [row])
    sql = (
        "SELECT share, low, high, change, verdict, change_8_weeks, verdict_8_weeks, model FROM series_weekly "
        "WHERE community = 'all' AND dimension = ? AND stance = 'realist'"
    )
    assert con.execute(sql, ["all"]).fetchall() == [(0.5, 0.4, 0.6, 0.1, "up", None, "too little data", KEY["model"])]
    assert con.execute(sql, ["mineral"]).fetchall() == [
        (None, None, None, None, "too little data", None, "too little data", KEY["model"])
    ]
    assert series.counts(con, "2026-W47", "all")[0].shares[0].value == 0.5


def asked(con: duckdb.DuckDBPyConnection, when: datetime, state: str, channel: str = "mining-weekly") -> None:
    """A run that asked one channel, and its gap where it was silent for three days."""
    run = items.start_run(con, "collect", now=when, version="0.1.0")
    lost = (Gap(channel, when - timedelta(days=3), when, "a page of news only"),) if state == "lost" else ()
    result: Any = FetchResult(channel, "ok" if state == "lost" else state, gaps=lost)  # type: ignore[arg-type]
    items.add(con, run, result, ChannelState(channel, result.state, last_attempt_at=when), now=when)


@pytest.mark.parametrize(
    ("states", "gap", "before"),
    [
        (("ok", "ok", "ok"), False, (0, 6)),
        (("ok", "hard", "ok"), False, (None, 6)),
        (("ok", "lost", "ok"), False, (None, 6)),
        (("ok", None, "ok"), False, (None, 6)),
        (("ok", "ok", "hard"), True, (0, 6)),
    ],
)
def test_gaps_are_gaps(
    con: duckdb.DuckDBPyConnection, states: tuple[str | None, ...], gap: bool, before: tuple[int | None, ...]
) -> None:
    """A week without an item is a zero where its channels delivered, and unknown where they did not."""
    friday = NOW - timedelta(days=3)
    con.execute("INSERT INTO base.channels VALUES ('mining-weekly', 'feed', 'trade-press', 'all')")
    for back, state in zip((2, 1, 0), states, strict=True):
        if state:
            asked(con, friday - timedelta(weeks=back), state)
    now = [scan(item(n, published_at=friday)) for n in range(9)]
    old = [scan(item(f"o{n}", published_at=friday - timedelta(weeks=2))) for n in range(6)]
    con.execute("DELETE FROM base.touched_days")
    _store(con, [*now, *old])
    (found, *_) = (v for v in shares.volumes(con, MONDAY) if (v.community, v.dimension) == ("trade-press", "all"))
    assert (found.told, found.gap, found.before[-1], found.before[-2]) == (9, gap, *before)
    assert set(found.before[:-2]) == {None}


def test_what_is_learned_of_a_gap_touches_the_volumes_that_rest_on_it(con: duckdb.DuckDBPyConnection) -> None:
    """A failure, or a gap that was filled, is news for its week and those after it, though no item came."""
    con.execute("INSERT INTO base.channels VALUES ('mining-weekly', 'feed', 'trade-press', 'all')")
    friday = NOW - timedelta(days=3)
    asked(con, friday - timedelta(weeks=5), "ok")
    _store(con, [scan(item(n, published_at=friday - timedelta(weeks=n))) for n in range(5)])
    for happening, since in (
        (lambda: asked(con, friday - timedelta(weeks=2), "lost"), None),
        (lambda: con.execute("UPDATE base.gaps SET filled_at = now()"), 2),
        (lambda: asked(con, friday - timedelta(weeks=1), "ok"), 1),
        (lambda: asked(con, friday - timedelta(weeks=1), "hard"), None),
    ):
        con.execute("DELETE FROM base.touched_weeks")
        happening()
        assert series.refresh(con, now=NOW) == 0
        weeks = [] if since is None else [MONDAY - timedelta(weeks=back) for back in range(since, -1, -1)]
        assert list(tallies.waiting(con, "volumes")) == weeks
        assert tallies.waiting(con, "shares") == ()


def _store(con: duckdb.DuckDBPyConnection, scans: list[Scan]) -> None:
    """The items and what was read off them, without a run that asked for them."""
    add_page(con, [one.item for one in scans])
    con.execute("DELETE FROM base.coverage WHERE recorded_at = ?", [NOW])
    add_scans(con, scans)
    series.refresh(con, now=NOW)


def test_volumes_are_seen_beside_what_was_expected(con: duckdb.DuckDBPyConnection) -> None:
    """What is judged stands in volumes_weekly; what is too little to be judged stands there as such."""
    fill(con, [scan(item(n)) for n in range(6)])
    assert shares.volumes(con, MONDAY)[0].told == 6
    shares.put_volumes(con, MONDAY, [WeekVolume(MONDAY, "all", "all", "all", 6, 2.5, "burst")])
    sql = "SELECT told, expected, verdict FROM volumes_weekly WHERE community = 'all' AND dimension = ?"
    assert con.execute(sql, ["all"]).fetchall() == [(6, 2.5, "burst")]
    assert con.execute(sql, ["country"]).fetchall() == [(6, None, "too little data")]
