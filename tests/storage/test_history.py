"""What is kept of earlier readings, and how a model's change shows."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from records import Mention
from storage import items, schema, series, tallies
from tests.storage.made import KEY, NOW, add_page, add_scans, fill, item, item_id, label, post, scan

LATER = NOW + timedelta(hours=1)
CURRENT, OTHER = {"model": "new", "gates": KEY["gates"]}, {"model": KEY["model"], "gates": KEY["gates"]}


def waiting(con: duckdb.DuckDBPyConnection, model: str, *, again: bool = False) -> list[str]:
    """The guids that wait for a label by that model, in the order in which they come."""
    return [i.guid for i, _ in items.unlabelled(con, model=model, gates=KEY["gates"], again=again)]


def test_what_was_never_read_goes_first(con: duckdb.DuckDBPyConnection) -> None:
    """With a new model new items do not wait for all old ones; `again` leaves them out."""
    add_page(con, [item("old", published_at=NOW - timedelta(days=30))])
    add_scans(con, [scan(item("old", published_at=NOW - timedelta(days=30)))])
    add_page(con, [item("new")])
    assert waiting(con, "new") == ["guid-new"]
    assert waiting(con, "new", again=True) == ["guid-old"]
    assert items.count_unlabelled(con, **CURRENT) == 2
    assert items.count_unlabelled(con, **CURRENT, again=True) == 1
    assert waiting(con, KEY["model"], again=True) == []


def test_back_to_the_first_model(con: duckdb.DuckDBPyConnection) -> None:
    """A model that is taken up again labels again what another has labelled meanwhile."""
    add_page(con, [item(1)])
    for model in (KEY["model"], "new"):
        add_scans(con, [scan(item(1), label=label(model=model))], model=model)
    assert waiting(con, "new") == []
    assert waiting(con, KEY["model"], again=True) == ["guid-1"]
    assert con.execute("SELECT model FROM labels").fetchall() == [("new",)]
    assert con.execute("SELECT model, stance, replaced_at FROM former_labels").fetchall() == [
        (KEY["model"], "realist", NOW)
    ]


def test_an_edited_item_is_none_that_was_read(con: duckdb.DuckDBPyConnection) -> None:
    """A new version is read first by whoever comes; it is not asked for again."""
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))])
    add_page(con, [item(1, text="Title 1.\n\nOther words.")])
    assert waiting(con, "new", again=True) == []
    assert waiting(con, KEY["model"]) == ["guid-1"]


def test_names_are_kept_where_others_are_found(con: duckdb.DuckDBPyConnection) -> None:
    """Another model that finds the same names leaves no row; other names leave the former ones, without words."""
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))])
    add_scans(con, [scan(item(1))], model="new")
    assert con.execute("FROM base.former_mentions").fetchall() == []
    other = scan(item(1), mentions=(Mention("mineral", "cobalt", "lithium", 10, 17),))
    add_scans(con, [other], gates="gates-2", now=LATER)
    names = [{"type": "country", "entity": "CHL"}, {"type": "mineral", "entity": "lithium"}]
    assert con.execute("FROM base.former_mentions").fetchall() == [(item_id(1), names, LATER)]
    assert con.execute("SELECT model, gates FROM base.scans").fetchall() == [(KEY["model"], "gates-2")]
    assert con.execute("SELECT model, gates FROM base.former_scans ORDER BY ALL").fetchall() == [
        (KEY["model"], "gates-1"), ("new", "gates-1")]  # fmt: skip


def test_an_edit_keeps_names_and_evidence(con: duckdb.DuckDBPyConnection) -> None:
    """What an edit of a post takes away is kept as it was: the label with its evidence, and the names."""
    add_page(con, [post(1)])
    add_scans(con, [scan(post(1))])
    add_page(con, [post(1, text="Title 1.\n\nOther words.")])
    kept = con.execute("SELECT evidence_start, themes, model FROM base.former_labels").fetchall()
    assert kept == [(10, None, KEY["model"])]
    assert con.execute("SELECT len(names) FROM base.former_mentions").fetchall() == [(2,)]
    edited = replace(post(1), text="Title 1.\n\nOther words.", version=2)
    add_scans(con, [replace(scan(post(1)), item=edited)], now=LATER)
    assert con.execute("SELECT len(names), replaced_at FROM base.former_mentions ORDER BY 2").fetchall() == [
        (2, NOW), (0, LATER)]  # fmt: skip


def test_every_record_of_errors_is_kept(con: duckdb.DuckDBPyConnection) -> None:
    """The newest is in use; when each came is kept with it."""
    for hours, record in enumerate(("{}", "[]", "[]")):
        tallies.register(con, "m", record=record, told="By texts.", soft=True, now=NOW + timedelta(hours=hours))
    assert con.execute("SELECT record FROM base.validations").fetchall() == [("[]",)]
    known = con.execute("SELECT record, registered_at FROM base.known_validations ORDER BY 2").fetchall()
    assert known == [("{}", NOW), ("[]", LATER)]


BREAKS = """
    SELECT DISTINCT week, model, model_break FROM series_weekly
    WHERE community = 'all' AND dimension = ? ORDER BY week
"""


@pytest.mark.parametrize("dimension", ["all", "mineral"])
def test_a_models_change_is_a_break(con: duckdb.DuckDBPyConnection, dimension: str) -> None:
    """The view says where another model answered than in the last week that has anything, until all is relabelled."""
    weeks = [scan(post(back, published_at=NOW - timedelta(days=6, weeks=back))) for back in (5, 4, 2, 1, 0)]
    fill(con, weeks)
    add_scans(con, [weeks[4], weeks[2]], model="new")
    series.refresh(con, now=LATER)
    old = KEY["model"]
    assert con.execute(BREAKS, [dimension]).fetchall() == [
        ("2026-W42", old, False), ("2026-W43", old, False), ("2026-W45", "new", True), ("2026-W46", old, True),
        ("2026-W47", "new", True)]  # fmt: skip
    add_scans(con, [weeks[0], weeks[1], weeks[3]], model="new")
    series.refresh(con, now=LATER)
    assert {row[1:] for row in con.execute(BREAKS, [dimension]).fetchall()} == {("new", False)}


def test_an_older_store_keeps_one_reading_an_item(tmp_path: Path) -> None:
    """Migrating moves what later readings took the place of, with the time at which they did."""
    shutil.copytree(Path(schema.__file__).with_name("migrations"), tmp_path / "migrations")
    for later in (path for path in (tmp_path / "migrations").iterdir() if path.name >= "0010"):
        later.unlink()
    (tmp_path / "views.sql").write_text("SELECT 1")
    with duckdb.connect() as old:
        schema.migrate(old, now=NOW, room=tmp_path)
        for name, model, at in (("a", "m1", NOW), ("a", "m2", LATER), ("b", "m1", NOW)):
            row = [item_id(name), 1, model, "g", True, "en", None, at]
            old.execute("INSERT INTO base.scans VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        schema.migrate(old, now=LATER)
        kept = old.execute("SELECT item_id, model FROM base.scans ORDER BY model").fetchall()
        former = old.execute("SELECT item_id, model, epoch_us(replaced_at) FROM base.former_scans").fetchall()
    assert kept == [(item_id("b"), "m1"), (item_id("a"), "m2")]
    assert former == [(item_id("a"), "m1", int(LATER.timestamp()) * 1_000_000)]
