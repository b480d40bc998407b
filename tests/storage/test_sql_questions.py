"""docs/sql.md: every question has an answer, and every comment says something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from records import Mention
from storage import database, reference, series, themes
from storage.query import fetch
from tests.storage.made import KEY, NOW, add_page, add_scans, item, post, scan

TEXT = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^### (\d+)\. (.+?)\n\n```sql\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
FIRST = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)[0]
ROWS: dict[str, list[dict[str, Any]]] = {
    "minerals": [
        {"mineral": name, "symbol": None, "kind": "element", "parent_group": group, "family": group, "lists": []}
        for name, group in (("lithium", "battery metals"), ("neodymium", "rare earths"))
    ],
    "mineral_lists": [
        {"mineral": name, "list": "EU-SRM-2023", "owner": "EU", "title": "SRM", "dated": "2024", "via_group": False,
         "checked": True}
        for name in ("lithium", "terbium")
    ],
    "countries": [
        {"country": "CHL", "name": "Chile", "iso2": "CL", "capital": "Santiago", "region": "Americas",
         "subregion": "South America", "groups": ["OECD"]}
    ],
    "instruments": [{"instrument": "Project Vault", "kind": "stockpile", "owners": ["USA"]}],
}  # fmt: skip
THEME = {"theme": "stockpiling", "kind": "element", "instruments": ["stockpile"], "stages": [], "phrases": []}


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Items of two weeks and two sources, with mentions of all types."""
    stances = ("realist", "industrial_collaboration", "skeptic", "none", "skeptic")
    more = (
        Mention("mineral", "neodymium", "lithium", 10, 17),
        Mention("stage", "stockpiling", "lithium", 10, 17),
        Mention("instrument", "Project Vault", "lithium", 10, 17),
    )
    made = [
        (item if n % 2 else post)(n, published_at=NOW - timedelta(days=n % 14), author_hash=f"hash-{n}")
        for n in range(60)
    ]
    for channel in ("mining-weekly", "mining"):
        add_page(con, [one for one in made if one.channel == channel])
    scans = [scan(one, stances[n % 5]) for n, one in enumerate(made)]
    add_scans(
        con, [scan(s.item, stances[n % 5], mentions=s.mentions + more) for n, s in enumerate(scans)], model=KEY["model"]
    )
    reference.put(con, "1", ROWS)
    themes.define(
        con, "1", themes=[THEME], entities=[{"theme": "stockpiling", "type": "stage", "entity": "stockpiling"}]
    )
    series.refresh(con, now=NOW)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published store that has something of everything."""
    home = tmp_path_factory.mktemp("home")
    with database.open_live(home, job="test", now=NOW) as con:
        fill(con)
    database.publish(home)
    return home


@pytest.fixture(scope="module")
def snapshot(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """It, sealed as a query's is."""
    with database.open_snapshot(home) as con:
        yield con


def test_twenty_questions() -> None:
    """There are twenty, numbered, each asked as a question and about a view that is promised."""
    assert [int(number) for number, _, _ in QUESTIONS] == list(range(1, 21))
    assert all(question.endswith("?") for _, question, _ in QUESTIONS)
    assert not any("base." in sql for _, _, sql in QUESTIONS)


@pytest.mark.parametrize(("question", "sql"), [(question, sql) for _, question, sql in QUESTIONS])
def test_answers(snapshot: duckdb.DuckDBPyConnection, question: str, sql: str) -> None:
    """The SQL under each question runs on a sealed snapshot and finds something."""
    assert snapshot.execute(sql).fetchall(), question


def test_answers_through_the_command(home: Path) -> None:
    """A question's SQL is one that `oresight sql` takes, and the views tell of themselves."""
    assert fetch(home, QUESTIONS[6][2]).columns == ("week", "stance", "items")
    assert any("ISO 3166" in str(row[2]) for row in fetch(home, FIRST).rows)


def test_everything_has_a_comment(snapshot: duckdb.DuckDBPyConnection) -> None:
    """No view and no column is without one, and none is a placeholder."""
    views = snapshot.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal"
    ).fetchall()
    columns = snapshot.execute(
        "SELECT table_name || '.' || column_name, comment FROM duckdb_columns() "
        "WHERE schema_name = 'main' AND NOT internal"
    ).fetchall()
    assert len(views) >= 20
    assert len(columns) > 100
    assert [name for name, comment in (*views, *columns) if not comment or len(comment) < 8] == []
    assert not [name for name, comment in (*views, *columns) if "not filled" in comment]
