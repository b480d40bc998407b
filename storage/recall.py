"""What the store knows of a feed's entries and of its habits, for those who ask before they write.

guids, urls, dated titles -> recall -> [Known]            may be called on a cursor of another thread
channels -> daily_counts -> items by day of publication
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import duckdb

from records import Known
from storage.rows import in_utc, utc, utc_day

_COLUMNS = """
    guid, url, title, published_at, published_raw, first_seen_at,
    feed_length IS NOT NULL OR list_has_any(flags, ['forgotten', 'no_fulltext']) AS has_article
"""
# Two of an address are enough to see that it tells nothing; some feeds give all their entries the same.
_RECALL = f"""
    WITH held AS (
        SELECT {_COLUMNS} FROM base.items WHERE channel = $channel AND source_kind = 'news'
    ), by_url AS (
        SELECT * FROM held WHERE url IN (SELECT unnest($urls::VARCHAR[]))
        QUALIFY row_number() OVER (PARTITION BY url ORDER BY first_seen_at DESC, guid) <= 2
    )
    FROM held WHERE guid IN (SELECT unnest($guids::VARCHAR[]))
    UNION FROM by_url
    UNION FROM held WHERE (title, published_at) IN (
        SELECT (unnest($titles::VARCHAR[]), unnest($dates::TIMESTAMPTZ[])))
"""  # noqa: S608  only this module's own text
_COUNTS = """
    SELECT channel, day, count(*) FROM base.items
    WHERE source_kind = 'news' AND day BETWEEN $first AND $last GROUP BY channel, day
"""


def recall(
    con: duckdb.DuckDBPyConnection,
    channel: str,
    *,
    guids: Sequence[str],
    urls: Sequence[str],
    dated_titles: Sequence[tuple[str, datetime]],
) -> tuple[Known, ...]:
    """The channel's stored items that bear one of these GUIDs, addresses, or titles at their times."""
    values = {
        "channel": channel,
        "guids": list(guids),
        "urls": list(urls),
        "titles": [title for title, _ in dated_titles],
        "dates": [utc(at) for _, at in dated_titles],
    }
    return tuple(Known(*in_utc(row)) for row in con.execute(_RECALL, values).fetchall())


def daily_counts(con: duckdb.DuckDBPyConnection, *, now: datetime, days: int = 168) -> dict[str, tuple[int, ...]]:
    """Each feed's items by day of publication (UTC), oldest first; the last of the `days` is today."""
    last = utc_day(now)
    first = last - timedelta(days=days - 1)
    found: dict[str, list[int]] = {}
    for channel, day, number in con.execute(_COUNTS, {"first": first, "last": last}).fetchall():
        found.setdefault(channel, [0] * days)[(day - first).days] = number
    return {channel: tuple(counts) for channel, counts in found.items()}
