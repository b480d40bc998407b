"""What an edit takes away: the label of words that are no longer there.

incoming items -> edited -> unlabel -> base.labels moves to former_labels, mentions go, the day is counted anew

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
    INSERT INTO base.former_labels
    SELECT item_id, version, model, gates, stance, abstained, confidence, p_realist, p_industrial_collaboration,
           p_skeptic, p_none, labelled_at, $now
    FROM base.labels WHERE item_id IN (SELECT unnest($ids::UUID[]))
    """,
    "DELETE FROM base.labels WHERE item_id IN (SELECT unnest($ids::UUID[]))",
    "DELETE FROM base.mentions WHERE item_id IN (SELECT unnest($ids::UUID[]))",
)


def edited(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The stored social items whose words the lent table `incoming` changes; to be asked before they are replaced."""
    return [str(item_id) for (item_id,) in con.execute(_EDITED).fetchall()]


def unlabel(con: duckdb.DuckDBPyConnection, ids: list[str], *, now: datetime) -> None:
    """Take the labels of these items away, as part of the page's transaction."""
    for sql in _STEPS if ids else ():
        con.execute(sql, {"ids": ids, **({"now": utc(now)} if "$now" in sql else {})})
