"""Labels, mentions and what is forgotten."""

from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import Mention
from storage import items
from tests.storage.made import KEY, NOW, PASSAGE, add_page, add_scans, comment, emptied, item, label, scan

LAW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def everything(con: duckdb.DuckDBPyConnection) -> list[list[tuple[object, ...]]]:
    """The rows of every table that a scan may touch."""
    tables = ("items", "item_versions", "scans", "labels", "former_labels", "mentions", "models", "touched_days")
    return [con.execute(f"SELECT * FROM base.{name} ORDER BY ALL").fetchall() for name in tables]


@LAW
@given(scans=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["realist", "skeptic", "none", None])), max_size=12))
def test_twice_is_once(con: duckdb.DuckDBPyConnection, scans: list[tuple[int, str | None]]) -> None:
    """Adding a batch of scans twice, and with repeats inside it, stores what adding it once stores."""
    emptied(con)
    add_page(con, [item(n) for n in range(6)])
    batch = [scan(item(n), stance) for n, stance in scans]
    add_scans(con, batch, forget={"mining-weekly"})
    once = everything(con)
    add_scans(con, batch, forget={"mining-weekly"})
    assert everything(con) == once


def test_label_is_shown(con: duckdb.DuckDBPyConnection) -> None:
    """The views show label, mentions, relevance and language of a scan, and the evidence by its offsets."""
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))])
    shown = con.execute(
        "SELECT model, stance, abstained, p_realist, p_none, relevant, language, labelled_at, "
        "substring(text, evidence_start + 1, evidence_end - evidence_start) FROM labels JOIN items USING (item_id)"
    ).fetchall()
    assert shown == [(KEY["model"], "realist", False, 0.7, 0.1, True, "en", NOW, PASSAGE)]
    named = con.execute("SELECT type, entity, surface, substring(text, span_start + 1, span_end - span_start) "
                        "FROM mentions JOIN items USING (item_id) ORDER BY type").fetchall()  # fmt: skip
    assert named == [("country", "CHL", "Chile", "Chile"), ("mineral", "lithium", "lithium", "lithium")]


def test_new_version_replaces(con: duckdb.DuckDBPyConnection) -> None:
    """An edited item keeps its label until it is scanned again; then only the new one is shown, the old one kept."""
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))])
    edited = replace(item(1), text=f"{item(1).text} Really.", version=2)
    add_page(con, [edited])
    assert con.execute("SELECT stance FROM labels").fetchall() == [("realist",)]
    add_scans(con, [scan(edited, "skeptic", mentions=())], now=NOW + timedelta(hours=1))
    assert con.execute("SELECT stance FROM labels").fetchall() == [("skeptic",)]
    assert con.execute("SELECT count(*) FROM mentions").fetchall() == [(0,)]
    assert con.execute("SELECT version, stance, replaced_at FROM base.former_labels").fetchall() == [
        (1, "realist", NOW + timedelta(hours=1))
    ]


def test_new_model_replaces(con: duckdb.DuckDBPyConnection) -> None:
    """Another model's label takes the place of the first one's, also when it finds the item not relevant."""
    add_page(con, [item(1), item(2)])
    add_scans(con, [scan(item(1)), scan(item(2))])
    add_scans(con, [scan(item(1), "skeptic"), scan(item(2), None)], model="other")
    assert con.execute("SELECT model, stance FROM labels").fetchall() == [("other", "skeptic")]
    assert con.execute("SELECT count(*) FROM base.former_labels").fetchall() == [(2,)]


def test_stale_scan_is_left_out(con: duckdb.DuckDBPyConnection) -> None:
    """A scan of a version that is no longer current, or of an item unknown or deleted, changes nothing."""
    add_page(con, [item(1), item(2)])
    add_page(con, [item(1, text="Edited")])
    con.execute("UPDATE base.items SET deleted_at = now() WHERE guid = 'guid-2'")
    before = everything(con)[:6]
    add_scans(con, [scan(item(1)), scan(item(2)), scan(item(3))])
    assert everything(con)[:6] == before
    assert [i.version for i, _ in items.unlabelled(con, **KEY)] == [2]


def test_forgetting(con: duckdb.DuckDBPyConnection) -> None:
    """Where only the relevant is kept, other items lose their body in every version, and a re-fetch is no change."""
    page = [item(1), item(2), item(3, channel="keeps-all")]
    add_page(con, [item(1, text=f"Title 1.\n\n{PASSAGE}, it said first")])
    add_page(con, page)
    batch = [scan(replace(item(1), version=2), None), scan(item(2)), scan(page[2], None)]
    add_scans(con, batch, forget={"mining-weekly"})
    rows = con.execute("SELECT guid, text, flags FROM base.items ORDER BY guid").fetchall()
    assert rows == [("guid-1", "Title 1.", ["forgotten"]), ("guid-2", item(2).text, []), ("guid-3", page[2].text, [])]
    assert con.execute("SELECT text FROM base.item_versions").fetchall() == [("Title 1.",)]
    assert add_page(con, page) == items.Added(0, 0)
    assert add_page(con, [item(1, text=f"Title 1.\n\n{PASSAGE}!")]) == items.Added(0, 1)
    assert con.execute("SELECT flags, version FROM base.items WHERE guid = 'guid-1'").fetchall() == [([], 3)]


def test_forgotten_spans(con: duckdb.DuckDBPyConnection) -> None:
    """Mentions and evidence that lie in a forgotten body go with it; those in the title stay."""
    add_page(con, [item(1)])
    kept = Mention("mineral", "lithium", "Title", 0, 5)
    found = replace(scan(item(1)), relevant=False, mentions=(kept, Mention("country", "CHL", "Chile", 60, 65)))
    add_scans(con, [found], forget={"mining-weekly"})
    assert con.execute("SELECT span_start, span_end FROM mentions").fetchall() == [(0, 5)]
    assert con.execute("SELECT evidence_start, evidence_end FROM labels").fetchall() == [(None, None)]


def test_forgotten_comment(con: duckdb.DuckDBPyConnection) -> None:
    """Of a comment that is not relevant nothing stays: it has no title."""
    add_page(con, [comment("c", "t")])
    add_scans(con, [scan(comment("c", "t"), None)], forget={"mining"})
    assert con.execute("SELECT title, text FROM items").fetchall() == [("", "")]


@pytest.mark.parametrize(("stances", "touched"), [(["realist"], 1), ([None], 0), (["realist", None], 1)])
def test_touched_days(con: duckdb.DuckDBPyConnection, stances: list[str | None], touched: int) -> None:
    """A day is touched when an item of it gains or loses a label, and not by an item that never had one."""
    add_page(con, [item(1)])
    for number, stance in enumerate(stances):
        con.execute("DELETE FROM base.touched_days")
        add_scans(con, [scan(item(1), stance)], model=f"m{number}")
    assert con.execute("SELECT count(*) FROM base.touched_days").fetchall() == [(touched,)]


def test_models(con: duckdb.DuckDBPyConnection) -> None:
    """A model is listed once, with its newest words and when it was last used."""
    add_page(con, [item(1)])
    later = NOW + timedelta(days=1)
    add_scans(con, [], now=NOW)
    add_scans(con, [scan(item(1), label=label(evidence=None))], now=later)
    assert con.execute("SELECT * EXCLUDE (correction) FROM models").fetchall() == [
        (KEY["model"], "Macro-F1 0.71.", "# Card", NOW, later)
    ]
