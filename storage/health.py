"""What a week's figures rest on.

coverage of the week's runs (else of the latest run), its items, labels, skips and gaps -> records.Health
"""

from __future__ import annotations

from typing import Any

import duckdb

from records import ChannelHealth, Gap, Health
from storage.rows import utc

_CHANNELS = """
    WITH of_week AS (
        FROM base.coverage WHERE strftime(recorded_at AT TIME ZONE 'UTC', '%G-W%V') = $week
    ), of_latest_run AS (
        FROM base.coverage WHERE run_id = (SELECT arg_max(run_id, recorded_at) FROM base.coverage)
    ), used AS (
        FROM of_week UNION ALL FROM of_latest_run WHERE NOT EXISTS (FROM of_week)
    ), communities AS (
        SELECT channel, coalesce(any_value(channels.community), any_value(seen.community), '') AS community
        FROM used LEFT JOIN base.channels AS channels USING (channel)
        LEFT JOIN (SELECT channel, arg_max(community, first_seen_at) AS community FROM base.items GROUP BY channel)
             AS seen USING (channel)
        GROUP BY channel
    )
    SELECT channel, any_value(community), arg_max(state, recorded_at), arg_max(reason, recorded_at),
           sum(fetched)::BIGINT, sum(new)::BIGINT, sum(updated)::BIGINT, sum(dropped)::BIGINT
    FROM used JOIN communities USING (channel) GROUP BY channel ORDER BY channel
"""
_ITEMS = """
    WITH of_week AS (
        SELECT items.item_id, items.date_quality, items.story_id, items.relevant, items.version, labels.abstained,
               items.relevant AND labels.item_id IS NOT NULL AS counted
        FROM base.items AS items LEFT JOIN base.labels AS labels USING (item_id)
        WHERE (items.deleted_at IS NULL OR labels.item_id IS NOT NULL) AND strftime(items.day, '%G-W%V') = $week
    )
"""
_NUMBERS = f"""
    {_ITEMS}
    SELECT count(*), count(*) FILTER (counted), count(*) FILTER (counted AND abstained),
           count(*) FILTER (counted AND date_quality IN ('first_seen', 'clamped')),
           count(*) FILTER (counted AND story_id IS NOT NULL) - count(DISTINCT story_id) FILTER (counted)
    FROM of_week
"""  # noqa: S608  only this module's own text
_SKIPPED = f"""
    {_ITEMS}, last_scans AS (
        SELECT item_id, arg_max(coalesce(skipped, ''), (version, scanned_at)) AS skipped FROM base.scans
        WHERE item_id IN (SELECT item_id FROM of_week) GROUP BY item_id
    )
    SELECT CASE WHEN relevant IS NULL THEN 'not labelled yet' ELSE coalesce(nullif(skipped, ''), 'not relevant') END,
           count(*)
    FROM of_week LEFT JOIN last_scans USING (item_id)
    WHERE counted IS NOT TRUE GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608  only this module's own text
_GAPS = """
    SELECT channel, from_at, to_at, reason FROM gaps
    WHERE filled_at IS NULL AND strftime(to_at AT TIME ZONE 'UTC', '%G-W%V') >= $week
      AND (from_at IS NULL OR strftime(from_at AT TIME ZONE 'UTC', '%G-W%V') <= $week)
    ORDER BY channel, to_at, from_at
"""
_DELETIONS = "SELECT count(*) FROM purges WHERE strftime(noticed_at AT TIME ZONE 'UTC', '%G-W%V') = $week"


def health(con: duckdb.DuckDBPyConnection, week: str) -> Health:
    """The week's channels, items and gaps.

    Each channel's state is that of its last coverage row recorded in the week, its numbers are the week's sums. Where
    nothing was collected during the week, as on a first run that brings older items, the latest run stands in. Items
    are those published in the week, but for those deleted before they had a label; `labelled` are those that the
    series count, and `abstained`, `guessed_dates` (first_seen or clamped) and `duplicates` are told of these;
    `skipped` says of all others why.
    """
    at = {"week": week}
    items, labelled, abstained, guessed, duplicates = con.execute(_NUMBERS, at).fetchall()[0]
    deletions = con.execute(_DELETIONS, at).fetchall()[0][0]
    return Health(
        channels=tuple(ChannelHealth(*row) for row in con.execute(_CHANNELS, at).fetchall()),
        items=items,
        labelled=labelled,
        abstained=abstained,
        guessed_dates=guessed,
        duplicates=duplicates,
        skipped=tuple((reason, number) for reason, number in con.execute(_SKIPPED, at).fetchall()),
        gaps=tuple(_gap(row) for row in con.execute(_GAPS, at).fetchall()),
        deletions=deletions,
    )


def _gap(row: tuple[Any, ...]) -> Gap:
    channel, from_at, to_at, reason = row
    return Gap(channel, utc(from_at), utc(to_at) or to_at, reason)
