"""What the store knows of a feed's entries and of its habits, for those who ask before they write.

guids, urls, dated titles -> recall -> [Known]            may be called on a cursor of another thread
channels -> daily_counts -> items by day of publication
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb

from records import Known
from storage.rows import utc, utc_day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = """
    guid, url, title, published_at, published_raw, first_seen_at,
    feed_length IS NOT NULL OR list_has_any(flags, ['forgotten', 'no_fulltext']) AS has_article
"""
# Two of an address are enough to see that it tells nothing; some feeds give all their entries the same.
_RECALL = f"""
    WITH asked AS (
        SELECT string_split($guids, chr(30)) AS guids, string_split($urls, chr(30)) AS urls,
               string_split($titles, chr(30)) AS titles, string_split($dates, chr(30))::TIMESTAMPTZ[] AS dates
    ), held AS MATERIALIZED (
        SELECT {_COLUMNS} FROM base.items WHERE channel = $channel AND source_kind = 'news'
    ), by_url AS (
        SELECT * FROM held WHERE url IN (SELECT unnest(urls) FROM asked)
        QUALIFY row_number() OVER (PARTITION BY url ORDER BY first_seen_at DESC, guid) <= 2
    ), found AS (
        FROM held WHERE guid IN (SELECT unnest(guids) FROM asked)
        UNION FROM by_url
        UNION FROM held WHERE (title, published_at) IN (SELECT (unnest(titles), unnest(dates)) FROM asked)
    )
    SELECT guid, url, title, epoch_us(published_at), published_raw, epoch_us(first_seen_at), has_article FROM found
"""  # noqa: S608  only this module's own text
_SEPARATOR = "\x1e"  # DuckDB's client takes milliseconds for a list of strings, and next to nothing for one string
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
    titles = [(title, utc(at) or at) for title, at in dated_titles] or [("", EPOCH)]
    values = {
        "channel": channel,
        "guids": _SEPARATOR.join(guids),
        "urls": _SEPARATOR.join(urls),
        "titles": _SEPARATOR.join(title for title, _ in titles),
        "dates": _SEPARATOR.join(at.isoformat() for _, at in titles),
    }
    rows = con.execute(_RECALL, values).fetchall()
    return tuple(
        Known(guid, url, title, _at(published), raw, _at(seen), has_article)
        for guid, url, title, published, raw, seen, has_article in rows
    )


def _at(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def daily_counts(con: duckdb.DuckDBPyConnection, *, now: datetime, days: int = 168) -> dict[str, tuple[int, ...]]:
    """Each feed's items by day of publication (UTC), oldest first; the last of the `days` is today."""
    last = utc_day(now)
    first = last - timedelta(days=days - 1)
    found: dict[str, list[int]] = {}
    for channel, day, number in con.execute(_COUNTS, {"first": first, "last": last}).fetchall():
        found.setdefault(channel, [0] * days)[(day - first).days] = number
    return {channel: tuple(counts) for channel, counts in found.items()}
