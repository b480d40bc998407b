"""What a week's figures rest on.

coverage of the week's runs (else of the latest run), its items, labels, skips and gaps -> records.Health
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import duckdb

from records import ChannelHealth, Gap, Health, Query
from storage.rows import utc
from storage.weekly import monday, within

_CHANNELS = """WITH of_week AS (
  FROM coverage WHERE {recorded}
), used AS (
  FROM of_week
  UNION ALL
  FROM coverage WHERE run_id = (SELECT arg_max(run_id, recorded_at) FROM coverage) AND NOT EXISTS (FROM of_week)
)
SELECT channel, arg_max(state, recorded_at) AS state, arg_max(reason, recorded_at) AS reason,
       sum(fetched)::BIGINT AS fetched, sum(new)::BIGINT AS new, sum(updated)::BIGINT AS updated,
       sum(dropped)::BIGINT AS dropped
FROM used GROUP BY channel ORDER BY channel"""
_ITEMS = """WITH of_week AS (
  SELECT items.item_id, date_quality, story_id, relevant, abstained, relevant AND labels.item_id IS NOT NULL AS counted
  FROM items LEFT JOIN labels USING (item_id)
  WHERE {published} AND (deleted_at IS NULL OR labels.item_id IS NOT NULL)
)"""
_NUMBERS = f"""{_ITEMS}
SELECT count(*) AS items, count(*) FILTER (counted) AS labelled, count(*) FILTER (counted AND abstained) AS abstained,
       count(*) FILTER (counted AND date_quality IN ('first_seen', 'clamped')) AS guessed_dates,
       count(*) FILTER (counted AND story_id IS NOT NULL) - count(DISTINCT story_id) FILTER (counted) AS duplicates
FROM of_week"""  # noqa: S608  only this module's own text
_SKIPPED = f"""{_ITEMS}, last_readings AS (
  SELECT item_id, arg_max(coalesce(skipped, ''), (version, read_at)) AS skipped FROM readings
  WHERE item_id IN (SELECT item_id FROM of_week) GROUP BY item_id
)
SELECT CASE WHEN relevant IS NULL THEN 'not labelled yet' ELSE coalesce(nullif(skipped, ''), 'not relevant') END
         AS reason, count(*) AS items
FROM of_week LEFT JOIN last_readings USING (item_id)
WHERE counted IS NOT TRUE GROUP BY reason ORDER BY items DESC, reason"""  # noqa: S608  only this module's own text
_GAPS = """SELECT channel, from_at, to_at, reason FROM gaps
WHERE filled_at IS NULL AND to_at >= {since} AND (from_at IS NULL OR from_at < {until})
ORDER BY channel, to_at, from_at"""
_DELETIONS = "SELECT count(*) AS deletions FROM purges WHERE {noticed}"
_COMMUNITIES = """
    SELECT channel, coalesce(any_value(channels.community), any_value(seen.community), '') AS community
    FROM (SELECT DISTINCT channel FROM base.coverage) LEFT JOIN base.channels AS channels USING (channel)
    LEFT JOIN (SELECT channel, arg_max(community, first_seen_at) AS community FROM base.items GROUP BY channel)
         AS seen USING (channel)
    GROUP BY channel
"""


def health(con: duckdb.DuckDBPyConnection, week: str) -> Health:
    """The week's channels, items and gaps.

    Each channel's state is that of its last coverage row recorded in the week, its numbers are the week's sums. Where
    nothing was collected during the week, as on a first run that brings older items, the latest run stands in. Items
    are those published in the week, but for those deleted before they had a label; `labelled` are those that the
    series count, and `abstained`, `guessed_dates` (first_seen or clamped) and `duplicates` are told of these;
    `skipped` says of all others why.
    """
    channels, numbers, skipped, gaps, deletions = (con.execute(query.sql).fetchall() for query in queries(week))
    items, labelled, abstained, guessed, duplicates = numbers[0]
    communities = dict(con.execute(_COMMUNITIES).fetchall())
    return Health(
        channels=tuple(ChannelHealth(name, communities[name], *told) for name, *told in channels),
        items=items,
        labelled=labelled,
        abstained=abstained,
        guessed_dates=guessed,
        duplicates=duplicates,
        skipped=tuple((reason, number) for reason, number in skipped),
        gaps=tuple(map(_gap, gaps)),
        deletions=deletions[0][0],
    )


def queries(week: str) -> tuple[Query, ...]:
    """The SQL of a week's health over the promised views."""
    since, until = (f"TIMESTAMPTZ '{monday(week) + timedelta(days=days)} 00:00:00+00'" for days in (0, 7))
    published = within(week)
    return (
        Query("Health: channels", _CHANNELS.format(recorded=within(week, "recorded_at"))),
        Query("Health: items", _NUMBERS.format(published=published)),
        Query("Health: items not labelled", _SKIPPED.format(published=published)),
        Query("Health: gaps", _GAPS.format(since=since, until=until)),
        Query("Health: deletions", _DELETIONS.format(noticed=within(week, "noticed_at"))),
    )


def _gap(row: tuple[Any, ...]) -> Gap:
    channel, from_at, to_at, reason = row
    return Gap(channel, utc(from_at), utc(to_at) or to_at, reason)
