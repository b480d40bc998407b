"""What the published views promise."""

from pathlib import Path

import duckdb
import pytest

from storage.schema import migrate
from tests.storage.made import NOW

PROMISED = {
    "items": "item_id, source_kind, channel, community, url, title, text, published_at, date_quality, first_seen_at, "
    "language, relevant, thread_id, parent_id, story_id, author_hash, version, deleted_at",
    "labels": "item_id, model, stance, abstained, confidence, p_realist, p_industrial_collaboration, p_skeptic, "
    "p_none, evidence_start, evidence_end, labelled_at",
    "former_labels": "item_id, version, model, stance, abstained, confidence, p_realist, p_industrial_collaboration, "
    "p_skeptic, p_none, labelled_at, replaced_at",
    "mentions": "item_id, type, entity, surface, span_start, span_end",
    "item_themes": "item_id, theme",
    "themes": "theme, kind, instruments, stages, phrases",
    "minerals": "mineral, symbol, kind, parent_group, family, lists",
    "mineral_lists": "mineral, list, owner, title, dated, via_group, checked",
    "countries": "country, name, iso2, capital, region, subregion, groups",
    "instruments": "instrument, kind, owners",
    "stories": "story_id, first_item_id, items, channels, first_seen_at",
    "series_daily": "day, source_kind, community, dimension, entity, stance, items",
    "series_weekly": "week, week_start, community, dimension, entity, stance, items, effective_n, raw_share, share, "
    "low, high, change, verdict, change_8_weeks, verdict_8_weeks, model, model_break",
    "pairs_weekly": "week, week_start, community, mineral, country, stance, items",
    "volumes_weekly": "week, week_start, community, dimension, entity, told, expected, verdict",
    "coverage": "run_id, channel, due_at, state, fetched, new, updated, dropped, reason, recorded_at",
    "readings": "item_id, version, model, skipped, read_at",
    "gaps": "channel, from_at, to_at, reason, filled_at",
    "archives": "archive, file, size, kind, asked, lines, seen, kept, erased, bad, started_at, "
    "updated_at, outcome, reason",
    "quarantine": "archive, file, line, reason, noted_at",
    "deliveries": "week, recipient, kind, state, tries, changed_at, reason, message_id",
    "alerts": "condition, text, opened_at, told_at, cleared_at",
    "purges": "item_id, what, reason, noticed_at, erased_at, run_id",
    "runs": "run_id, kind, version, started_at, finished_at, outcome",
    "sightings": "story_id, item_id, channel, community, url, title, published_at, first_seen_at",
    "versions": "item_id, version, title, text, url, changed, replaced_at",
    "models": "model, quality, card, registered_at, last_used_at, correction",
}


def columns(con: duckdb.DuckDBPyConnection, view: str) -> list[tuple[str, str | None]]:
    """A view's columns in order, each with its comment."""
    sql = "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ?"
    return con.execute(f"{sql} ORDER BY column_index", [view]).fetchall()


def test_views(con: duckdb.DuckDBPyConnection) -> None:
    """Exactly the promised views stand in the main schema, and each says what one row is."""
    rows = con.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal"
    ).fetchall()
    assert {name for name, _ in rows} == set(PROMISED)
    assert all(comment and comment.startswith("One row for each") for _, comment in rows)


@pytest.mark.parametrize("view", PROMISED)
def test_columns(con: duckdb.DuckDBPyConnection, view: str) -> None:
    """A view has its promised columns in their order, and every column says what it holds."""
    found = columns(con, view)
    assert [name for name, _ in found] == PROMISED[view].split(", ")
    assert [name for name, comment in found if not comment] == []


@pytest.mark.parametrize("alias", ["store", "main2", "items", "current"])
def test_attached(tmp_path: Path, alias: str) -> None:
    """The views work in a file attached under any name."""
    path = f"{tmp_path}/{alias}.duckdb"
    with duckdb.connect(path) as made:
        migrate(made, now=NOW)
    with duckdb.connect() as other:
        other.execute(f"ATTACH '{path}' AS {alias} (READ_ONLY)")
        for view in PROMISED:
            assert other.execute(f"FROM {alias}.main.{view}").fetchall() == []
