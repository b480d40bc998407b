"""Minerals and countries whose attention or stance moved, with the stories that moved them.

volumes_weekly, series_weekly -> bursts and verdicts of the week -> their stories and threads -> Mover
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Final

import duckdb

from records import Mover, Query, Story
from storage.quotations import HANDLE
from storage.weekly import FIGURES, breakdown, checked, quoted, within

_MOVED = """SELECT dimension, entity, told, expected, volumes_weekly.verdict = 'burst' AS burst, stance, {figures}
FROM volumes_weekly JOIN series_weekly USING (week, community, dimension, entity)
WHERE week = {week} AND community = 'all' AND dimension IN ('mineral', 'country') AND stance <> 'abstained'
QUALIFY burst OR bool_or(stance <> 'none' AND series_weekly.verdict IN ('up', 'down'))
                 OVER (PARTITION BY dimension, entity)
ORDER BY dimension, entity, stance"""
_STORIES = """WITH named AS (
  SELECT DISTINCT item_id, type AS dimension, entity FROM mentions
  WHERE (type, entity) IN ({entities})
), told AS (
  SELECT dimension, entity, coalesce(story_id, thread_id, item_id) AS story, items.*
  FROM named JOIN items USING (item_id) JOIN labels USING (item_id)
  WHERE {within} AND relevant
)
SELECT told.dimension, told.entity, told.story, count(DISTINCT told.channel) AS channels, count(*) AS items,
       any_value(coalesce(nullif(head.title, ''), nullif(first_told.title, ''))) AS title,
       any_value(CASE WHEN head.title <> '' THEN head.url ELSE first_told.url END) AS url
FROM told
LEFT JOIN stories ON stories.story_id = told.story
LEFT JOIN items AS head ON head.item_id = told.story AND head.deleted_at IS NULL
LEFT JOIN items AS first_told ON first_told.item_id = stories.first_item_id
GROUP BY told.dimension, told.entity, told.story
ORDER BY told.dimension, told.entity, channels DESC, items DESC, told.story"""
_FIGURE_COLUMNS: Final = FIGURES.replace("verdict,", "series_weekly.verdict,", 1)


def movers(con: duckdb.DuckDBPyConnection, week: str) -> tuple[Mover, ...]:
    """Every mineral and country with a burst or with a stance that is up or down, by name, with all of its stories."""
    rows = con.execute(_moved_sql(week)).fetchall()
    found = [
        Mover(dimension, breakdown(entity, (row[5:] for row in some)), told, expected, burst)
        for (dimension, entity, told, expected, burst), some in groupby(rows, key=lambda row: row[:5])
    ]
    stories = _stories(con, week, found) if found else {}
    return tuple(replace(one, stories=stories.get((one.dimension, one.breakdown.name), ())) for one in found)


def queries(week: str, found: Iterable[Mover]) -> tuple[Query, ...]:
    """The SQL of the movers, and of the stories of those that were found."""
    named = list(found)
    stories = [Query("Movers: their stories", _stories_sql(week, named))] if named else []
    return (Query("Movers: bursts and verdicts", _moved_sql(week)), *stories)


def _stories(
    con: duckdb.DuckDBPyConnection, week: str, found: Iterable[Mover]
) -> Mapping[tuple[str, str], tuple[Story, ...]]:
    rows = con.execute(_stories_sql(week, found)).fetchall()
    return {
        (dimension, entity): tuple(Story(str(row[2]), _title(row[5]), row[6], row[3], row[4]) for row in some)
        for (dimension, entity), some in groupby(rows, key=lambda row: (row[0], row[1]))
    }


def _title(told: str | None) -> str:
    """A headline; nothing where it names a user."""
    return told if told and not re.search(HANDLE, told) else ""


def _moved_sql(week: str) -> str:
    return _MOVED.format(figures=_FIGURE_COLUMNS, week=quoted(checked(week)))


def _stories_sql(week: str, found: Iterable[Mover]) -> str:
    names = sorted({(one.dimension, name) for one in found for name in (one.breakdown.name, *one.alike)})
    entities = ", ".join(f"({quoted(dimension)}, {quoted(name)})" for dimension, name in names)
    return _STORIES.format(entities=entities, within=within(week))
