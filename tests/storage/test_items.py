"""Items, channel states, coverage and gaps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import DELETED, Channel, ChannelState, FetchResult, Gap, Item
from storage import items
from tests.storage.made import KEY, NOW, add_page, add_scans, comment, emptied, item, item_id, post, scan

LAW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PAGES = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", "c"])), max_size=8).map(
        lambda page: [item(n, text=f"Title\n\n{body}") for n, body in page]
    ),
    max_size=5,
)


def stored(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """All items, but for the run that brought them."""
    return con.execute("SELECT * EXCLUDE (run_id) FROM base.items ORDER BY item_id").fetchall()


@LAW
@given(page=st.lists(st.integers(0, 30), max_size=20))
def test_twice_is_once(con: duckdb.DuckDBPyConnection, page: list[int]) -> None:
    """Adding a page twice, and with repeats inside it, stores what adding it once stores."""
    emptied(con)
    first = add_page(con, [item(n) for n in page])
    once = stored(con)
    second = add_page(con, [item(n) for n in page])
    assert (first.new, second) == (len(set(page)), items.Added(0, 0))
    assert stored(con) == once


@LAW
@given(pages=PAGES)
def test_versions_only_grow(con: duckdb.DuckDBPyConnection, pages: list[list[Item]]) -> None:
    """Whatever pages come, an item's version never falls and every version it had is kept under its number."""
    emptied(con)
    before: dict[object, int] = {}
    for page in pages:
        add_page(con, page)
        now = dict(con.execute("SELECT item_id, version FROM base.items").fetchall())
        assert all(now[key] >= version for key, version in before.items())
        before = now
    kept = con.execute("SELECT item_id, list(version ORDER BY version) FROM base.item_versions GROUP BY 1").fetchall()
    assert {key: list(range(1, version)) for key, version in before.items() if version > 1} == dict(kept)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": "Other"}, ["title"]),
        ({"text": "Other"}, ["text"]),
        ({"url": "https://news.example/other"}, ["url"]),
        ({"title": "Other", "text": "Other", "url": None}, ["title", "text", "url"]),
    ],
)
def test_change_makes_a_version(con: duckdb.DuckDBPyConnection, change: dict[str, str], said: list[str]) -> None:
    """A new title, text or address makes version 2, keeps the old words and says what changed."""
    old = item(1)
    add_page(con, [old])
    assert add_page(con, [replace(old, **change)]) == items.Added(0, 1)
    assert con.execute("SELECT version, title, text, url, changed FROM base.item_versions").fetchall() == [
        (1, old.title, old.text, old.url, said)
    ]
    [(waiting, _)] = items.unlabelled(con, **KEY)
    assert waiting == replace(old, **change, version=2)


@pytest.mark.parametrize(
    "change",
    [
        {"first_seen_at": NOW + timedelta(days=1)},
        {"published_at": NOW},
        {"original_url": "https://other.example"},
        {"channel": "other-feed", "text": "The same story, cut differently"},
    ],
)
def test_no_change(con: duckdb.DuckDBPyConnection, change: dict[str, object]) -> None:
    """Another fetch time, date, raw address or another channel's words are no change: dates stay as first seen."""
    add_page(con, [item(1)])
    assert add_page(con, [replace(item(1), **change)]) == items.Added(0, 0)
    assert items.unlabelled(con, **KEY) == [(item(1), None)]


def test_deleted_stays_deleted(con: duckdb.DuckDBPyConnection) -> None:
    """An item found deleted is not brought back by a page that still shows it, and is known all the same."""
    add_page(con, [post(1)])
    con.execute("UPDATE base.items SET deleted_at = now(), text = '', title = ''")
    assert add_page(con, [post(1)]) == items.Added(0, 0)
    assert items.known(con, ["guid-1", "guid-2"]) == {"guid-1"}
    assert items.unlabelled(con, **KEY) == []


def test_deleted_before_it_was_seen(con: duckdb.DuckDBPyConnection) -> None:
    """A tombstone is a row that waits for no label; one that comes for a known item makes no version of it."""
    tombstone = replace(item(1), text="", title="", flags=(DELETED,))
    assert add_page(con, [tombstone]) == items.Added(1, 0)
    assert con.execute("SELECT deleted_at = first_seen_at FROM items").fetchall() == [(True,)]
    assert items.count_unlabelled(con, **KEY) == 0
    add_page(con, [item(2)])
    assert add_page(con, [replace(tombstone, item_id=item(2).item_id)]) == items.Added(0, 0)
    assert con.execute("SELECT count(*) FROM base.item_versions").fetchall() == [(0,)]


def test_round_trip(con: duckdb.DuckDBPyConnection) -> None:
    """An item comes back equal to what went in: code points beyond the BMP, NUL, empty text, flags, instants in UTC."""
    tokyo = datetime.fromisoformat("2026-11-18T08:30:00.123456+09:00")
    odd = comment("odd", "thread", text="𝛌 naïve\x00 🜔", flags=("stickied", "edited"), published_at=tokyo)
    add_page(con, [odd])
    [(back, relevant)] = items.unlabelled(con, **KEY)
    assert (back, relevant) == (replace(odd, published_at=tokyo.astimezone(UTC)), None)
    assert con.execute("SELECT day::VARCHAR FROM base.items").fetchall() == [("2026-11-17",)]


def test_failure_leaves_nothing(con: duckdb.DuckDBPyConnection) -> None:
    """A page that cannot be stored whole leaves no item, no state and no coverage behind."""
    bad = FetchResult("f", "ok", items=(item(1), replace(item(2), title=None)))  # type: ignore[arg-type]
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    with pytest.raises(duckdb.ConstraintException):
        items.add(con, run, bad, ChannelState("f", "ok"), now=NOW)
    assert (stored(con), items.channel_states(con)) == ([], {})
    assert con.execute("FROM base.coverage").fetchall() == []


def test_state_is_remembered(con: duckdb.DuckDBPyConnection) -> None:
    """A channel's state comes back as it was committed, the newest one only."""
    state = ChannelState("f", "soft", "timed out", 'W/"x"', "Mon", "ab", NOW, NOW, None, NOW + timedelta(hours=1), 3)
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    for each in (replace(state, failures=2), state):
        items.add(con, run, FetchResult("f", "soft", "timed out"), each, now=NOW)
    assert items.channel_states(con) == {"f": state}


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([("ok", ""), ("empty", "")], ("ok", "")),
        ([("empty", ""), ("ok", "")], ("ok", "")),
        ([("ok", ""), ("soft", "timed out")], ("soft", "timed out")),
        ([("soft", "timed out"), ("ok", "")], ("soft", "timed out")),
        ([("ok", "first"), ("moved", "second")], ("moved", "second")),
    ],
)
def test_coverage(con: duckdb.DuckDBPyConnection, pages: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    """A run's pages of one channel make one row: counts summed, state and reason of the last page with a reason."""
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    for number, (state, reason) in enumerate(pages):
        page = FetchResult("f", state, reason, (item(number),), fetched=3, dropped=1)  # type: ignore[arg-type]
        items.add(con, run, page, ChannelState("f", next_due_at=NOW + timedelta(hours=1)), now=NOW)
    rows = con.execute("SELECT run_id, due_at, state, reason, fetched, new, updated, dropped FROM coverage").fetchall()
    assert rows == [(run, NOW, *expected, 6, 2, 0, 2)]


def test_due_at(con: duckdb.DuckDBPyConnection) -> None:
    """A row says when the channel was due: its planned time, or the run's when it was asked early."""
    plans = [NOW - timedelta(minutes=5), NOW + timedelta(hours=3)]
    for plan in plans:
        for _ in range(2):
            run = items.start_run(con, "collect", now=NOW, version="0.1.0")
            items.add(con, run, FetchResult("f", "ok"), ChannelState("f", next_due_at=plan), now=NOW)
    rows = con.execute("SELECT due_at FROM base.coverage ORDER BY rowid").fetchall()
    assert [due for (due,) in rows] == [NOW, plans[0], plans[0], NOW]


def test_gaps_once(con: duckdb.DuckDBPyConnection) -> None:
    """A gap told twice is one gap, also when its beginning is unknown."""
    gaps = (Gap("f", None, NOW, "paged out"), Gap("f", NOW - timedelta(days=1), NOW, "paged out"))
    run = items.start_run(con, "collect", now=NOW, version="0.1.0")
    for _ in range(2):
        items.add(con, run, FetchResult("f", "ok", gaps=gaps), ChannelState("f"), now=NOW)
    rows = con.execute("SELECT * EXCLUDE (filled_at) FROM gaps ORDER BY from_at NULLS FIRST").fetchall()
    assert [Gap(*row) for row in rows] == list(gaps)


def test_killed_runs(con: duckdb.DuckDBPyConnection) -> None:
    """A run that never ended is called killed by the next one; a finished one keeps its outcome."""
    done = items.start_run(con, "collect", now=NOW, version="0.1.0")
    items.finish_run(con, done, "degraded", now=NOW)
    items.start_run(con, "label", now=NOW, version="0.1.0")
    items.start_run(con, "collect", now=NOW, version="0.1.0")
    rows = con.execute("SELECT kind, outcome, finished_at FROM base.runs ORDER BY rowid").fetchall()
    assert rows == [("collect", "degraded", NOW), ("label", "killed", None), ("collect", None, None)]


def test_threads_before_comments(con: duckdb.DuckDBPyConnection) -> None:
    """Comments wait until no submission is left, then come with whether their thread is relevant."""
    early = NOW - timedelta(days=9)
    page = [post("t1"), post("t2"), comment("c1", "t1", published_at=early), comment("c2", "t2"), comment("c3", "gone")]
    add_page(con, page)
    first = items.unlabelled(con, **KEY, limit=1)
    assert [i.guid for i, _ in first] in (["guid-t1"], ["guid-t2"])
    assert items.count_unlabelled(con, **KEY) == 5
    add_scans(con, [scan(post("t1")), scan(post("t2"), None)])
    told = {i.guid: relevant for i, relevant in items.unlabelled(con, **KEY)}
    assert told == {"guid-c1": True, "guid-c2": False, "guid-c3": None}
    assert next(iter(told)) == "guid-c1"


def test_waiting(con: duckdb.DuckDBPyConnection) -> None:
    """An item waits again for another model, for other gates and for its next version, and for nothing else."""
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))])
    assert items.count_unlabelled(con, **KEY) == 0
    assert items.count_unlabelled(con, model="other", gates=KEY["gates"]) == 1
    assert items.count_unlabelled(con, model=KEY["model"], gates="other") == 1
    add_page(con, [item(1, text="New words")])
    assert [i.version for i, _ in items.unlabelled(con, **KEY)] == [2]


def test_known_channels(con: duckdb.DuckDBPyConnection) -> None:
    """The configured channels replace those of before."""
    feed = Channel("f", "feed", "official", "https://f.example/rss")
    items.know_channels(con, [feed, replace(feed, name="g")])
    items.know_channels(con, [feed])
    assert con.execute("FROM base.channels").fetchall() == [("f", "feed", "official", "relevant")]


def test_ids_are_uuids(con: duckdb.DuckDBPyConnection) -> None:
    """The view names an item by the id it came with."""
    add_page(con, [item(1)])
    assert con.execute("SELECT item_id FROM items").fetchall() == [(item_id(1),)]
