"""Between records and rows: Arrow tables in, Items out.

[Item] -> pyarrow.Table -> one INSERT ... SELECT        executemany would cost milliseconds a row
rows   -> [Item]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import duckdb
import pyarrow as pa

from records import DELETED, Item

_TEXT = pa.string()
_TIME = pa.timestamp("us", tz="UTC")

ITEM_SCHEMA = pa.schema(
    [
        *[(n, _TEXT) for n in ("item_id", "source_kind", "channel", "community", "guid", "url", "original_url")],
        *[(n, _TEXT) for n in ("title", "text", "text_hash", "context", "published_raw", "date_quality")],
        *[(n, _TEXT) for n in ("thread_id", "parent_id", "story_id", "author_hash")],
        *[(n, _TIME) for n in ("published_at", "first_seen_at", "deleted_at")],
        ("day", pa.date32()),
        ("flags", pa.list_(_TEXT)),
        ("feed_length", pa.int32()),
    ]
)
STATE_SCHEMA = pa.schema(
    [
        *[(n, _TEXT) for n in ("channel", "state", "reason", "etag", "last_modified", "body_hash")],
        *[(n, _TIME) for n in ("watermark", "last_attempt_at", "last_success_at", "next_due_at")],
        ("failures", pa.int32()),
        *[(n, _TEXT) for n in ("configured", "address", "candidate")],
        *[(n, pa.int32()) for n in ("sightings", "interval_s", "pause_s")],
        ("retry_at", _TIME),
    ]
)
"""Columns of base.channel_states in the order of `records.ChannelState`'s fields."""
ITEM_COLUMNS = (
    "item_id, source_kind, channel, community, guid, url, original_url, title, text, published_at, published_raw, "
    "date_quality, first_seen_at, context, thread_id, parent_id, author_hash, flags, version, feed_length"
)
"""Columns of base.items in the order of `records.Item`'s fields."""


@contextmanager
def lent(con: duckdb.DuckDBPyConnection, **tables: pa.Table) -> Iterator[None]:
    """Arrow tables under these names for the statements inside."""
    for name, table in tables.items():
        con.register(name, table)
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            for name in tables:
                con.unregister(name)


def table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as one Arrow table."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def item_row(item: Item) -> dict[str, Any]:
    """One Item for ITEM_SCHEMA."""
    return {
        "item_id": str(item.item_id),
        "source_kind": item.source_kind,
        "channel": item.channel,
        "community": item.community,
        "guid": item.guid,
        "url": item.url,
        "original_url": item.original_url,
        "title": item.title,
        "text": item.text,
        "text_hash": str(text_hash(item.text[: item.feed_length])),
        "context": item.context,
        "published_raw": item.published_raw,
        "date_quality": item.date_quality,
        "thread_id": _text(item.thread_id),
        "parent_id": _text(item.parent_id),
        "story_id": _text(story_id(item)),
        "author_hash": item.author_hash,
        "published_at": item.published_at,
        "first_seen_at": item.first_seen_at,
        "deleted_at": item.first_seen_at if DELETED in item.flags else None,
        "day": utc_day(item.published_at),
        "flags": list(item.flags),
        "feed_length": item.feed_length,
    }


def item_from(row: Sequence[Any]) -> Item:
    """One row of ITEM_COLUMNS as an Item."""
    values = in_utc(row)
    values[17] = tuple(values[17])
    return Item(*values)


def in_utc(row: Sequence[Any]) -> list[Any]:
    """The row's values, with every instant in UTC."""
    return [value.astimezone(UTC) if isinstance(value, datetime) else value for value in row]


def story_id(item: Item) -> UUID | None:
    """News with the same canonical address tell one story, if it is more than a home page's; social items tell none."""
    if item.source_kind != "news" or not item.url:
        return None
    _, _, path = item.url.partition("://")[2].partition("/")
    return uuid5(NAMESPACE_URL, item.url) if path else None


def text_hash(text: str) -> UUID:
    """128 bits of BLAKE2b (RFC 7693), kept as a UUID because DuckDB holds those in 16 bytes."""
    return UUID(bytes=hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())


def utc(value: datetime | None) -> datetime | None:
    """The same instant in UTC."""
    return value.astimezone(UTC) if value else None


def utc_day(value: datetime) -> date:
    """The day of an instant, UTC."""
    return value.astimezone(UTC).date()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
