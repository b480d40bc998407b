"""The store as it stood at a moment, copied out of the store as it stands.

    snapshot (attached, read-only), moment -> copy -> base tables of then, in another store

What later runs took the place of comes back: versions, readings, labels, names, stories, records of errors. What was
deleted since does not: its words are erased, and what it was counted for counts. Channels, reference tables and
themes, and the words on a model, are those that the snapshot has.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb

from storage.errors import StoreMismatch, StoreUnreadable, first_line, means_damaged
from storage.rows import utc
from storage.schema import migrate

# Of several former rows that were replaced after the moment, the first that was is the one that stood then.
_STOOD = "QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY replaced_at, {order}) = 1"
_STRANGE = """
    SELECT number FROM base.schema_migrations WHERE number > 0 EXCEPT SELECT number FROM kept.base.schema_migrations
"""
_WHOLE = (
    "channels", "themes", "theme_entities", "sources", "minerals", "mineral_lists", "countries", "instruments"
)  # fmt: skip
_STEPS = (
    """
    INSERT INTO base.scans
    SELECT * FROM (
        FROM kept.base.scans
        UNION ALL
        SELECT * EXCLUDE (replaced_at) FROM kept.base.former_scans WHERE replaced_at > $at
    )
    WHERE scanned_at <= $at
    QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY scanned_at DESC, version DESC) = 1
    """,
    f"""
    CREATE TEMP TABLE stood AS
    SELECT * FROM (
        SELECT * EXCLUDE (replaced_at), true AS former FROM kept.base.former_labels
        WHERE labelled_at <= $at AND replaced_at > $at {_STOOD.format(order="labelled_at")}
        UNION ALL BY NAME
        SELECT * EXCLUDE (source_kind, community, channel, day), false AS former
        FROM kept.base.labels WHERE labelled_at <= $at
    )
    QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY labelled_at DESC, former) = 1
    """,  # noqa: S608  only this module's own text
    f"""
    INSERT INTO base.items BY NAME
    WITH version AS (
        FROM kept.base.item_versions WHERE replaced_at > $at {_STOOD.format(order="version")}
    ), story AS (
        FROM kept.base.former_stories WHERE replaced_at > $at {_STOOD.format(order="rowid")}
    )
    SELECT items.* REPLACE (
               coalesce(version.version, items.version) AS version,
               coalesce(version.title, items.title) AS title,
               CASE WHEN items.day < $since AND stood.former IS NOT TRUE THEN ''
                    ELSE coalesce(version.text, items.text) END AS text,
               CASE WHEN version.item_id IS NULL THEN items.url ELSE version.url END AS url,
               nullif(coalesce(story.story_id, items.story_id), items.item_id) AS story_id,
               scans.relevant AS relevant,
               scans.language AS language)
    FROM kept.base.items AS items
    LEFT JOIN version USING (item_id) LEFT JOIN story USING (item_id)
    LEFT JOIN base.scans AS scans USING (item_id) LEFT JOIN stood USING (item_id)
    WHERE items.first_seen_at <= $at
    """,  # noqa: S608  only this module's own text
    # Words that were dropped or erased since take their evidence with them; themes of former labels are searched again.
    """
    INSERT INTO base.labels BY NAME
    SELECT stood.* EXCLUDE (former) REPLACE (
               CASE WHEN stood.evidence_end <= length(items.text) THEN stood.evidence_start END AS evidence_start,
               CASE WHEN stood.evidence_end <= length(items.text) THEN stood.evidence_end END AS evidence_end,
               CASE WHEN former AND items.deleted_at IS NULL THEN NULL ELSE themes END AS themes),
           items.source_kind, items.community, items.channel, items.day
    FROM stood JOIN base.items AS items USING (item_id)
    """,
    f"""
    INSERT INTO base.mentions
    WITH former AS (
        FROM kept.base.former_mentions WHERE replaced_at > $at {_STOOD.format(order="rowid")}
    )
    SELECT mentions.* FROM kept.base.mentions AS mentions
    JOIN base.scans USING (item_id) ANTI JOIN former USING (item_id)
    UNION ALL
    SELECT item_id, items.day, name.type, name.entity, '', 0, 0
    FROM (SELECT item_id, unnest(names) AS name FROM former) JOIN base.items AS items USING (item_id)
    JOIN base.scans USING (item_id)
    """,  # noqa: S608  only this module's own text
    """
    INSERT INTO base.runs
    SELECT * REPLACE (CASE WHEN finished_at <= $at THEN finished_at END AS finished_at,
                      CASE WHEN finished_at <= $at THEN outcome END AS outcome)
    FROM kept.base.runs WHERE started_at <= $at
    """,
    "INSERT INTO base.coverage FROM kept.base.coverage WHERE recorded_at <= $at",
    """
    INSERT INTO base.gaps
    SELECT * REPLACE (CASE WHEN filled_at <= $at THEN filled_at END AS filled_at)
    FROM kept.base.gaps SEMI JOIN base.runs USING (run_id)
    """,
    """
    INSERT INTO base.purges
    SELECT * REPLACE (CASE WHEN erased_at <= $at THEN erased_at END AS erased_at)
    FROM kept.base.purges WHERE noticed_at <= $at
    """,
    """
    INSERT INTO base.models
    SELECT * REPLACE ((SELECT max(scanned_at) FROM (
                           SELECT model, scanned_at FROM kept.base.scans
                           UNION ALL SELECT model, scanned_at FROM kept.base.former_scans) AS read
                       WHERE read.model = models.model AND scanned_at <= $at) AS last_used_at)
    FROM kept.base.models AS models WHERE registered_at <= $at
    """,
    """
    INSERT INTO base.validations BY NAME
    SELECT * EXCLUDE (registered_at) FROM kept.base.known_validations WHERE registered_at <= $at
    QUALIFY row_number() OVER (PARTITION BY model ORDER BY registered_at DESC, rowid DESC) = 1
    """,
    """
    INSERT INTO base.validations
    FROM kept.base.validations WHERE model NOT IN (SELECT model FROM kept.base.known_validations)
    """,
    "INSERT INTO base.refreshes FROM kept.base.refreshes WHERE refreshed_at <= $at",
    "INSERT INTO base.touched_days SELECT DISTINCT day FROM base.labels",
    "DROP TABLE stood",
)


def scratch(path: Path, *, now: datetime) -> duckdb.DuckDBPyConnection:
    """A new store in a file of its own, with every table and view and no rows; whoever asks closes and removes it."""
    con = duckdb.connect(str(path))
    con.execute("SET TimeZone = 'UTC'")
    migrate(con, now=now)
    return con


def copy(con: duckdb.DuckDBPyConnection, snapshot: Path, at: datetime, *, since: date) -> None:
    """Fill the empty, migrated store of `con` with what `snapshot` tells of the moment `at`; no series yet.

    Of items published before `since` only the titles come along. Raises StoreMismatch where the snapshot was published
    by another version, StoreUnreadable where it is damaged.
    """
    path = str(snapshot).replace("'", "''")
    try:
        con.execute(f"ATTACH '{path}' AS kept (READ_ONLY)")
        _copy(con, at, since)
    except duckdb.Error as error:
        if means_damaged(error):
            raise StoreUnreadable(
                f"{snapshot} is damaged ({first_line(error)}); run `oresight refresh` to publish a new one"
            ) from error
        raise


def _copy(con: duckdb.DuckDBPyConnection, at: datetime, since: date) -> None:
    if con.execute(_STRANGE).fetchall():
        raise StoreMismatch("the snapshot was published by another version: run `oresight refresh`")
    values = {"at": utc(at), "since": since}
    for sql in (*(f"INSERT INTO base.{name} FROM kept.base.{name}" for name in _WHOLE), *_STEPS):
        con.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})
    con.execute("DETACH kept")


def first_refresh(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the series of a store were computed first; None where they never were."""
    row = con.execute("SELECT min(refreshed_at) FROM base.refreshes").fetchone()
    return utc(row[0]) if row else None


def keep_due(con: duckdb.DuckDBPyConnection, first: date, last: date) -> None:
    """Of the weeks to be estimated keep those from `first` to `last` (Mondays), and for volumes the last alone."""
    con.execute(
        "DELETE FROM base.touched_weeks "
        "WHERE week_start > $2 OR week_start < CASE what WHEN 'shares' THEN $1 ELSE $2 END",
        [first, last],
    )
