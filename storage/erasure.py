"""What Reddit deleted is deleted here: words, authors and addresses leave every table; id, reason and time stay.

    kept -> (Reddit is asked) -> record -> base.deletion_checks, base.purges; words gone   (one transaction)
    unlink_authors -> every author's hash is replaced; base.purges

DuckDB leaves what it drops in free pages of its file, and snapshots hold older tables: a row of base.purges stays
pending until `storage.scrub` has made the files anew. Labels and entities stay, so that series do not change.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import duckdb
import pyarrow as pa

from records import CONTEXT_SEPARATOR, DELETED
from storage.rows import lent, table, text_hash, utc
from storage.transactions import transaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# An item that was old when it came, from an archive say, is not known to have been there on that day: it goes first.
_SEEN = """
    SELECT items.guid, coalesce(checks.checked_at, CASE
               WHEN items.published_at < items.first_seen_at - INTERVAL 24 HOURS
               THEN items.first_seen_at - INTERVAL 24 HOURS ELSE items.first_seen_at END) AS seen_at
    FROM base.items AS items LEFT JOIN base.deletion_checks AS checks USING (item_id)
    WHERE items.source_kind = 'social' AND items.deleted_at IS NULL AND regexp_full_match(items.guid, 't[13]_[0-9a-z]+')
"""
_KEPT = f"SELECT guid, epoch_us(seen_at) FROM ({_SEEN}) ORDER BY seen_at, guid LIMIT $limit"  # noqa: S608  own text
_STANDING = f"""
    SELECT count(*), epoch_us(min(seen_at)) FROM ({_SEEN})
"""  # noqa: S608  only this module's own text
_CHECK = (
    """
    DELETE FROM base.deletion_checks USING base.items, asked
    WHERE deletion_checks.item_id = items.item_id AND items.guid = asked.guid AND items.source_kind = 'social'
    """,
    """
    INSERT INTO base.deletion_checks
    SELECT items.item_id, $now FROM base.items JOIN asked USING (guid) WHERE items.source_kind = 'social'
    """,
)
_FOUND = """
    SELECT items.item_id::VARCHAR AS item_id, gone.reason FROM base.items JOIN gone USING (guid)
    WHERE items.source_kind = 'social' AND items.deleted_at IS NULL
"""
# An author's items count for three at most: one that has no author any more counts by itself.
_TOUCH = """
    INSERT INTO base.touched_days
    SELECT DISTINCT labels.day FROM base.labels AS labels JOIN base.items AS items USING (item_id)
    WHERE items.author_hash IS NOT NULL AND items.source_kind = 'social' AND {whose}
      AND labels.day NOT IN (SELECT day FROM base.touched_days)
"""
_ERASE = (
    _TOUCH.format(whose="items.item_id IN (SELECT item_id::UUID FROM erased)"),
    "INSERT INTO base.purges SELECT item_id::UUID, 'item', reason, $now, NULL, $run FROM erased",
    """
    UPDATE base.item_versions SET title = '', text = '', url = NULL, text_hash = $nothing
    WHERE item_id IN (SELECT item_id::UUID FROM erased)
    """,
    """
    UPDATE base.mentions SET surface = '', span_start = 0, span_end = 0
    WHERE item_id IN (SELECT item_id::UUID FROM erased)
    """,
    """
    UPDATE base.labels SET evidence_start = NULL, evidence_end = NULL
    WHERE item_id IN (SELECT item_id::UUID FROM erased)
    """,
    """
    UPDATE base.former_labels SET evidence_start = NULL, evidence_end = NULL
    WHERE item_id IN (SELECT item_id::UUID FROM erased)
    """,
    # A context is the thread's title, then what is answered; replies keep the half that is not theirs to lose.
    """
    UPDATE base.items SET context = CASE
        WHEN NOT contains(context, $between) THEN NULL
        WHEN thread_id NOT IN (SELECT item_id::UUID FROM erased) THEN nullif(split_part(context, $between, 1), '')
        WHEN parent_id NOT IN (SELECT item_id::UUID FROM erased)
        THEN $between || substring(context, position($between IN context) + length($between)) END
    WHERE context IS NOT NULL AND (thread_id IN (SELECT item_id::UUID FROM erased)
                                   OR parent_id IN (SELECT item_id::UUID FROM erased))
    """,
    # The address of a comment repeats the title of its thread.
    r"""
    UPDATE base.items SET
        url = regexp_replace(url, '(/comments/[0-9a-z]+/)[^/]+(/[0-9a-z]+/?)$', '\1_\2'),
        original_url = regexp_replace(original_url, '(/comments/[0-9a-z]+/)[^/]+(/[0-9a-z]+/?)$', '\1_\2')
    WHERE thread_id IN (SELECT item_id::UUID FROM erased) AND item_id <> thread_id
    """,
    r"""
    UPDATE base.item_versions SET
        url = regexp_replace(url, '(/comments/[0-9a-z]+/)[^/]+(/[0-9a-z]+/?)$', '\1_\2')
    WHERE item_id IN (SELECT item_id FROM base.items WHERE thread_id IN (SELECT item_id::UUID FROM erased))
    """,
    """
    UPDATE base.items SET title = '', text = '', text_hash = $nothing, url = NULL, original_url = NULL, context = NULL,
        author_hash = NULL, feed_length = NULL, flags = [$flag], deleted_at = $now
    WHERE item_id IN (SELECT item_id::UUID FROM erased)
    """,
)
_NAMELESS = (
    _TOUCH.format(whose="items.guid IN (SELECT guid FROM nameless)"),
    """
    INSERT INTO base.purges
    SELECT item_id, 'author', 'the account was deleted', $now, NULL, $run FROM base.items JOIN nameless USING (guid)
    WHERE source_kind = 'social' AND deleted_at IS NULL AND author_hash IS NOT NULL
    """,
    """
    UPDATE base.items SET author_hash = NULL
    WHERE source_kind = 'social' AND guid IN (SELECT guid FROM nameless) AND author_hash IS NOT NULL
    """,
)
# A key that is used once and thrown away makes random values of the hashes: one for each author and week.
_UNLINK = """
    UPDATE base.items SET author_hash = left(sha256($once || author_hash || strftime(day, '%G-W%V')), 32)
    WHERE author_hash IS NOT NULL
"""
_BEGIN_UNLINKING = """
    INSERT INTO base.purges
    SELECT NULL, 'author_hashes', 'the key was changed', $now, NULL, $run
    WHERE NOT EXISTS (FROM base.purges WHERE what = 'author_hashes' AND erased_at IS NULL)
"""
_PENDING = "SELECT count(*), count(*) FILTER (what = 'author_hashes') FROM base.purges WHERE erased_at IS NULL"
_NAMES = pa.schema([("guid", pa.string())])
_GONE = pa.schema([("guid", pa.string()), ("reason", pa.string())])
_ERASED = pa.schema([("item_id", pa.string()), ("reason", pa.string())])


def kept(con: duckdb.DuckDBPyConnection, limit: int) -> list[tuple[str, datetime]]:
    """What is kept from Reddit: fullnames, each with when it was last known to be there, the longest ago first."""
    rows = con.execute(_KEPT, {"limit": limit}).fetchall()
    return [(guid, _EPOCH + timedelta(microseconds=at)) for guid, at in rows]


def standing(con: duckdb.DuckDBPyConnection) -> tuple[int, datetime | None]:
    """How many items are kept from Reddit, and when the one asked for longest ago was last known to be there."""
    number, oldest = con.execute(_STANDING).fetchall()[0]
    return number, None if oldest is None else _EPOCH + timedelta(microseconds=oldest)


def record(
    con: duckdb.DuckDBPyConnection,
    run_id: UUID,
    *,
    there: Collection[str],
    gone: Mapping[str, str],
    nameless: Collection[str],
    now: datetime,
) -> int:
    """Commit what Reddit answered, in one transaction: fullnames that are there, those gone with the reason, and those
    whose author is gone. Recording twice is recording once. Returns how many items were erased.
    """
    with transaction(con):
        with lent(con, asked=_names([*there, *gone])):
            _run(con, _CHECK, now=utc(now))
        with lent(con, nameless=_names(nameless)):
            _run(con, _NAMELESS, now=utc(now), run=run_id)
        return erase(con, run_id, gone, now=now)


def erase(con: duckdb.DuckDBPyConnection, run_id: UUID, gone: Mapping[str, str], *, now: datetime) -> int:
    """Erase these fullnames inside the caller's transaction; returns how many were there and not deleted already."""
    if not gone:
        return 0
    with lent(con, gone=table(({"guid": name, "reason": reason} for name, reason in gone.items()), _GONE)):
        found = [{"item_id": item_id, "reason": reason} for item_id, reason in con.execute(_FOUND).fetchall()]
    if found:
        values = {"run": run_id, "nothing": text_hash(""), "between": CONTEXT_SEPARATOR, "flag": DELETED}
        with lent(con, erased=table(found, _ERASED)):
            _run(con, _ERASE, now=utc(now), **values)
    return len(found)


def begin_unlinking(con: duckdb.DuckDBPyConnection, run_id: UUID, *, now: datetime) -> None:
    """Note that all authors' hashes are to be replaced; noted until that is done and the files are clean."""
    _run(con, (_BEGIN_UNLINKING,), now=utc(now), run=run_id)


def unlink_authors(con: duckdb.DuckDBPyConnection) -> int:
    """Replace every author's hash, in one transaction; returns how many items had one.

    Within an ISO week an author's items still share a value, so that one poster's share can be capped; the values of
    two weeks, and of before and after, have nothing in common that anyone could compute.
    """
    done = con.execute(_UNLINK, {"once": secrets.token_hex(32)}).fetchone()
    return int(done[0]) if done else 0


def pending(con: duckdb.DuckDBPyConnection) -> tuple[int, bool]:
    """How many erasures wait for `storage.scrub`, and whether one of them is the authors' hashes."""
    number, hashes = con.execute(_PENDING).fetchall()[0]
    return number, bool(hashes)


def _names(names: Collection[str]) -> pa.Table:
    return table(({"guid": name} for name in sorted(set(names))), _NAMES)


def _run(con: duckdb.DuckDBPyConnection, steps: Collection[str], **values: object) -> None:
    for sql in steps:
        con.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})
