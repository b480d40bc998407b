"""What an edit takes away: the label of words that are no longer there.

incoming items -> edited -> unlabel -> base.labels, mentions move to the former ones, the day is counted anew
incoming items -> retell -> the days of labelled news that are told to be a story only now

On Reddit an edit is often a change of mind, so the old stance counts no longer; the item waits for a label again. A
feed's corrections keep their label until the new text has one.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from storage.rows import utc

_EDITED = """
    SELECT items.item_id FROM base.items JOIN incoming ON incoming.item_id::UUID = items.item_id
    WHERE items.source_kind = 'social' AND items.deleted_at IS NULL AND incoming.deleted_at IS NULL
      AND (items.title <> incoming.title OR items.text_hash <> incoming.text_hash::UUID)
"""
_STEPS = (
    """
    INSERT INTO base.touched_days
    SELECT DISTINCT day FROM base.labels
    WHERE item_id IN (SELECT unnest($ids::UUID[])) AND day NOT IN (SELECT day FROM base.touched_days)
    """,
    """
    INSERT INTO base.former_labels BY NAME
    SELECT * EXCLUDE (source_kind, community, channel, day), $now AS replaced_at
    FROM base.labels WHERE item_id IN (SELECT unnest($ids::UUID[]))
    """,
    """
    INSERT INTO base.former_mentions
    SELECT item_id, list_sort(list(DISTINCT {type: type, entity: entity})), $now
    FROM base.mentions WHERE item_id IN (SELECT unnest($ids::UUID[])) GROUP BY item_id
    """,
    "DELETE FROM base.labels WHERE item_id IN (SELECT unnest($ids::UUID[]))",
    "DELETE FROM base.mentions WHERE item_id IN (SELECT unnest($ids::UUID[]))",
)

_RETOLD = (
    """
    INSERT INTO base.touched_days
    SELECT DISTINCT labels.day
    FROM base.labels AS labels JOIN base.items AS items USING (item_id)
    JOIN incoming ON incoming.item_id::UUID = items.item_id
    WHERE items.story_id IS NULL AND incoming.story_id IS NOT NULL
      AND labels.day NOT IN (SELECT day FROM base.touched_days)
    """,
    # An item's own id stands for no story.
    """
    INSERT INTO base.former_stories
    SELECT items.item_id, items.item_id, $now
    FROM base.items AS items JOIN incoming ON incoming.item_id::UUID = items.item_id
    WHERE items.story_id IS NULL AND incoming.story_id IS NOT NULL
    """,
)


def edited(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The stored social items whose words the lent table `incoming` changes; to be asked before they are replaced."""
    return [str(item_id) for (item_id,) in con.execute(_EDITED).fetchall()]


def unlabel(con: duckdb.DuckDBPyConnection, ids: list[str], *, now: datetime) -> None:
    """Take the labels of these items away, as part of the page's transaction."""
    for sql in _STEPS if ids else ():
        con.execute(sql, {"ids": ids, **({"now": utc(now)} if "$now" in sql else {})})


def retell(con: duckdb.DuckDBPyConnection, *, now: datetime) -> None:
    """An address that came late tells which story an item is: its copies then count as one with it."""
    for sql in _RETOLD:
        con.execute(sql, {"now": utc(now)} if "$now" in sql else {})
