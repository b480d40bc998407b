"""Themes: the list that people write, and what it makes of the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows import reference, themes
from flows.errors import ThemesError
from flows.settings import ROOT, Settings, load
from records import Mention
from storage import erasure, items, series
from storage.schema import migrate
from tests.storage.made import NOW, add_page, add_scans, item, item_id, post, scan

SHIPPED = ROOT / "config" / "themes.toml"
NAMED = {
    "price support", "stockpiling", "joint projects from mine to magnet", "mutual exemption from export restrictions",
    "answer to third countries' export restrictions", "research", "information sharing", "recycling",
    "permitting and time", "energy cost", "trust between the allies",
}  # fmt: skip
ONE = '[[theme]]\nname = "price support"\nkind = "element"\n'


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty store in memory."""
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        migrate(made, now=NOW)
        yield made


def settings(home: Path, text: str | None = None) -> Settings:
    """Settings of a home, with themes of its own where a text is given."""
    if text is not None:
        (home / "themes.toml").write_text(text)
    return load(home=home)


def daily(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """The series of themes."""
    sql = "SELECT entity, stance, sum(items)::INT FROM series_daily WHERE dimension = 'theme' GROUP BY ALL ORDER BY ALL"
    return con.execute(sql).fetchall()


def test_the_list_that_ships() -> None:
    """It has the elements of the roadmap and the watch points, each with something that maps to it."""
    found = themes.load(SHIPPED)
    assert {theme.name for theme in found} == NAMED
    assert {theme.name for theme in found if theme.kind == "watch point"} == {
        "permitting and time", "energy cost", "trust between the allies"
    }  # fmt: skip
    assert all(theme.entities(themes.kinds()) or theme.phrases for theme in found)


@pytest.mark.parametrize(
    ("text", "line", "key", "word"),
    [
        (ONE + 'colour = "red"\n', 4, "colour", "unknown"),
        (ONE + 'instruments = [\n  "price floor",\n  "magic wand",\n]\n', 6, "instruments", "'magic wand' is not in"),
        (ONE + '\n# a remark\nstages = ["refining and metals"]\n', 6, "stages", "'refining and metals' is not in"),
        (ONE + 'phrases = "price support"\n', 4, "phrases", "a list of strings"),
        (ONE + 'phrases = ["x", 3]\n', 4, "phrases", "a list of strings"),
        (ONE + 'phrases = ["..."]\n', 4, "phrases", "holds no word"),
        ('[[theme]]\nname = "x"\nkind = "hope"\n', 3, "kind", "'hope' is none of"),
        ('[[theme]]\nname = "x"\n', 1, "kind", "missing"),
        (ONE + "\n" + ONE, 6, "name", "stands there twice"),
        ('[[themes]]\nname = "x"\n', 1, "themes", "only tables written as [[theme]]"),
    ],
)
def test_mistakes_name_line_and_key(tmp_path: Path, text: str, line: int, key: str, word: str) -> None:
    """What cannot be used is told by line and key."""
    file = tmp_path / "themes.toml"
    file.write_text(text)
    with pytest.raises(ThemesError) as told:
        themes.load(file)
    assert f"line {line}, key '{key}'" in str(told.value)
    assert word in str(told.value)


def test_themes_by_name_and_by_phrase(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """An item counts once for each theme that its instruments, stages or phrases map to."""
    vault = (
        Mention("instrument", "Project Vault", "Project Vault", 0, 7),
        Mention("stage", "stockpiling", "pile", 0, 4),
    )
    scans = [
        scan(item(1), mentions=vault),
        scan(item(2, text="Title 2.\n\nlithium, Chile: a circular economy and more red tape."), "skeptic"),
        scan(item(3)),
    ]
    add_page(con, [one.item for one in scans])
    add_scans(con, scans)
    assert themes.apply(con, settings(tmp_path)) == 3
    series.refresh(con, now=NOW)
    assert daily(con) == [
        ("permitting and time", "skeptic", 1), ("recycling", "skeptic", 1), ("stockpiling", "realist", 1)
    ]  # fmt: skip
    assert con.execute("SELECT count(*) FROM item_themes").fetchone() == (3,)
    weekly = con.execute("SELECT count(*) FROM series_weekly WHERE dimension = 'theme' AND items > 0").fetchone()
    assert weekly == (6,)
    assert themes.apply(con, settings(tmp_path)) == 0


def test_what_was_deleted_keeps_its_themes(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Series do not change when words are erased, nor in a rebuild, nor when other themes are defined later."""
    one = post(1, guid="t3_a1", text="Title 1.\n\nlithium, Chile: more red tape.")
    add_page(con, [one])
    add_scans(con, [scan(one)])
    themes.apply(con, settings(tmp_path))
    series.refresh(con, now=NOW)
    before = daily(con)
    assert before == [("permitting and time", "realist", 1)]
    run = items.start_run(con, "purge", now=NOW, version="0.1.0")
    assert erasure.record(con, run, there=(), gone={"t3_a1": "[deleted]"}, nameless=(), now=NOW) == 1
    changed = SHIPPED.read_text() + '\n[[theme]]\nname = "hope"\nkind = "element"\nphrases = ["hope"]\n'
    for text in (None, changed):
        themes.apply(con, settings(tmp_path, text))
        series.rebuild(con, now=NOW)
        assert daily(con) == before


def test_other_themes_count_everything_anew(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """After the list was changed the next refresh tells the old items by the new themes, and the same as a rebuild."""
    add_page(con, [item(1)])
    add_scans(con, [scan(item(1))])
    themes.apply(con, settings(tmp_path))
    series.refresh(con, now=NOW)
    assert daily(con) == []
    themes.apply(
        con, settings(tmp_path, '[[theme]]\nname = "Chile"\nkind = "element"\nphrases = ["partners in Chile"]\n')
    )
    assert series.refresh(con, now=NOW) == 1
    assert daily(con) == [("Chile", "realist", 1)]
    whole = con.execute("FROM base.series_daily ORDER BY ALL").fetchall()
    series.rebuild(con, now=NOW)
    assert con.execute("FROM base.series_daily ORDER BY ALL").fetchall() == whole


def test_a_new_text_is_searched_again(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """An edit takes the themes of the old words away and brings those of the new."""
    first = post(1, text="Title 1.\n\nlithium, Chile: red tape.")
    second = post(1, text="Title 1.\n\nlithium, Chile: a circular economy.")
    for one, version in ((first, 1), (second, 2)):
        add_page(con, [one])
        add_scans(con, [scan(post(1, text=one.text, version=version))])
        themes.apply(con, settings(tmp_path))
        series.refresh(con, now=NOW)
    assert daily(con) == [("recycling", "realist", 1)]
    assert con.execute("SELECT item_id FROM item_themes").fetchall() == [(item_id(1),)]


def test_reference_views(con: duckdb.DuckDBPyConnection) -> None:
    """Minerals with their family and lists, and countries with region and groups, stand beside the mentions."""
    assert (reference.fill(con), reference.fill(con)) == (True, False)
    mineral = con.execute(
        "SELECT symbol, family, list_contains(lists, 'EU-SRM-2023') FROM minerals WHERE mineral = 'terbium'"
    )
    assert mineral.fetchall() == [("Tb", "rare earths", True)]
    assert con.execute(
        "SELECT dated, checked FROM mineral_lists WHERE mineral = 'terbium' AND list = 'UK-2024'"
    ).fetchall() == [("2024-11", False)]
    country = con.execute(
        "SELECT name, region, subregion, groups FROM countries WHERE country IN ('AUS', 'EU') ORDER BY 1"
    )
    assert country.fetchall() == [
        ("Australia", "Oceania", "Australia and New Zealand", ["MSP", "OECD", "Quad"]),
        ("European Union", "Europe", None, ["EU", "G7", "MSP"]),
    ]
    vault = con.execute("SELECT kind, owners FROM instruments WHERE instrument = 'Project Vault'").fetchall()
    assert vault == [("stockpile", ["USA"])]
    counts = con.execute("SELECT (SELECT count(*) FROM minerals), (SELECT count(*) FROM countries)").fetchone()
    rows = reference.read()
    assert counts == (len(rows["minerals"]), len(rows["countries"]))
    assert min(counts or ()) > 80
