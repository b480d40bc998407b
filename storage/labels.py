"""What was read off the items.

    [Scan] -> add -> base.scans, labels, mentions; items.relevant and language; touched days   (one transaction)

`base.scans` and `base.labels` hold what counts, one row an item; what that takes the place of moves to `former_scans`,
`former_labels` and, where other names were found, `former_mentions`. The flag `forgotten` marks an item whose body was
not kept, because its channel keeps only what is relevant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from records import Scan
from storage.rows import lent, table, utc, utc_day
from storage.transactions import transaction

_TEXTS = ("item_id", "language", "skipped", "source_kind", "community", "channel", "stance")
_NUMBERS = ("confidence", "p_realist", "p_industrial_collaboration", "p_skeptic", "p_none")
_SCAN_SCHEMA = pa.schema(
    [
        *[(name, pa.string()) for name in _TEXTS],
        *[(name, pa.bool_()) for name in ("relevant", "forget", "labelled", "abstained")],
        *[(name, pa.int32()) for name in ("version", "evidence_start", "evidence_end")],
        *[(name, pa.float64()) for name in _NUMBERS],
        ("day", pa.date32()),
    ]
)
_MENTION_SCHEMA = pa.schema(
    [
        *[(name, pa.string()) for name in ("item_id", "type", "entity", "surface")],
        *[(name, pa.int32()) for name in ("span_start", "span_end")],
        ("day", pa.date32()),
    ]
)
_STEPS = (
    """
    INSERT INTO base.touched_days
    SELECT DISTINCT scanned.day
    FROM scanned LEFT JOIN base.labels AS old ON old.item_id = scanned.item_id::UUID
    WHERE (labelled OR old.item_id IS NOT NULL) AND scanned.day NOT IN (SELECT day FROM base.touched_days)
    """,
    """
    INSERT INTO base.former_mentions
    WITH old AS (
        SELECT item_id, list_sort(list(DISTINCT {type: type, entity: entity})) AS names FROM base.mentions
        WHERE item_id IN (SELECT item_id::UUID FROM scanned) GROUP BY ALL
    ), found AS (
        SELECT item_id, list_sort(list(DISTINCT {type: type, entity: entity})) AS names FROM mentioned GROUP BY ALL
    )
    SELECT scans.item_id, coalesce(old.names, []), $now
    FROM base.scans AS scans JOIN scanned ON scans.item_id = scanned.item_id::UUID
    LEFT JOIN old ON old.item_id = scans.item_id LEFT JOIN found ON found.item_id = scanned.item_id
    WHERE old.names IS DISTINCT FROM found.names
    """,
    """
    INSERT INTO base.former_scans
    SELECT old.*, $now
    FROM base.scans AS old JOIN scanned ON old.item_id = scanned.item_id::UUID
    WHERE (old.version, old.model, old.gates) <> (scanned.version, $model, $gates)
    """,
    "DELETE FROM base.scans WHERE item_id IN (SELECT item_id::UUID FROM scanned)",
    """
    INSERT INTO base.scans
    SELECT item_id::UUID, version, $model, $gates, relevant, language, skipped, $now FROM scanned
    """,
    """
    INSERT INTO base.former_labels BY NAME
    SELECT old.* EXCLUDE (source_kind, community, channel, day), $now AS replaced_at
    FROM base.labels AS old JOIN scanned ON old.item_id = scanned.item_id::UUID
    WHERE (old.version, old.model, old.gates) <> (scanned.version, $model, $gates)
    """,
    "DELETE FROM base.labels WHERE item_id IN (SELECT item_id::UUID FROM scanned)",
    """
    INSERT INTO base.labels
    SELECT item_id::UUID, version, $model, $gates, source_kind, community, channel, day, stance, abstained, confidence,
           p_realist, p_industrial_collaboration, p_skeptic, p_none, evidence_start, evidence_end, $now, NULL
    FROM scanned WHERE labelled
    """,
    "DELETE FROM base.mentions WHERE item_id IN (SELECT item_id::UUID FROM scanned)",
    """
    INSERT INTO base.mentions
    SELECT item_id::UUID, day, type, entity, surface, span_start, span_end FROM mentioned
    """,
    """
    UPDATE base.items AS items SET relevant = scanned.relevant, language = scanned.language
    FROM scanned WHERE items.item_id = scanned.item_id::UUID
    """,
)
_FORGET = (
    """
    UPDATE base.items SET text = title, flags = list_append(flags, 'forgotten')
    WHERE item_id IN (SELECT item_id::UUID FROM scanned WHERE forget)
      AND NOT list_contains(flags, 'forgotten')
    """,
    """
    UPDATE base.item_versions SET text = title
    WHERE item_id IN (SELECT item_id::UUID FROM scanned WHERE forget) AND text <> title
    """,
)


def add(
    con: duckdb.DuckDBPyConnection,
    scans: Sequence[Scan],
    *,
    model: str,
    gates: str,
    forget: Collection[str],
    now: datetime,
) -> None:
    """Commit a batch of scans in one transaction; adding it twice is adding it once.

    A scan of a version that the item no longer has, or of a deleted item, is left out: the item is still waiting.
    Of items that are not relevant, in channels named by `forget`, only the title stays, with the mentions in it.
    """
    with transaction(con):
        fresh = [_trimmed(scan, forget) for scan in _current(con, scans)]
        if not fresh:
            return
        mentions = table((row for scan in fresh for row in _mention_rows(scan)), _MENTION_SCHEMA)
        rows = table((_scan_row(scan, forget) for scan in fresh), _SCAN_SCHEMA)
        with lent(con, scanned=rows, mentioned=mentions):
            _run(con, _STEPS, {"model": model, "gates": gates, "now": utc(now)})
            if any(_forgets(scan, forget) for scan in fresh):
                _run(con, _FORGET, {})
        con.execute("UPDATE base.models SET last_used_at = ? WHERE model = ?", [utc(now), model])


def register_model(con: duckdb.DuckDBPyConnection, model_id: str, *, quality: str, card: str, now: datetime) -> None:
    """Make a model known, with its quality in one sentence and its card; a known one gets the newer words."""
    with transaction(con):
        con.execute("UPDATE base.models SET quality = ?, card = ? WHERE model = ?", [quality, card, model_id])
        con.execute(
            "INSERT INTO base.models SELECT $1, $2, $3, $4, NULL WHERE NOT EXISTS (FROM base.models WHERE model = $1)",
            [model_id, quality, card, utc(now)],
        )


def _current(con: duckdb.DuckDBPyConnection, scans: Sequence[Scan]) -> list[Scan]:
    by_id: dict[UUID, Scan] = {scan.item.item_id: scan for scan in scans}
    rows = con.execute(
        "SELECT item_id, version FROM base.items WHERE deleted_at IS NULL AND item_id IN (SELECT unnest(?::UUID[]))",
        [[str(item_id) for item_id in by_id]],
    ).fetchall()
    return [by_id[item_id] for item_id, version in rows if by_id[item_id].item.version == version]


def _run(con: duckdb.DuckDBPyConnection, steps: Iterable[str], values: dict[str, Any]) -> None:
    for sql in steps:
        con.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})


def _forgets(scan: Scan, forget: Collection[str]) -> bool:
    return scan.item.channel in forget and not scan.relevant


def _trimmed(scan: Scan, forget: Collection[str]) -> Scan:
    """Without the spans that would point past the title that is kept."""
    if not _forgets(scan, forget):
        return scan
    end = len(scan.item.title)
    label = scan.label
    if label and label.evidence and label.evidence[1] > end:
        label = replace(label, evidence=None)
    return replace(scan, mentions=tuple(m for m in scan.mentions if m.end <= end), label=label)


def _scan_row(scan: Scan, forget: Collection[str]) -> dict[str, Any]:
    item = scan.item
    row = {
        "item_id": str(item.item_id),
        "version": item.version,
        "relevant": scan.relevant,
        "language": scan.language,
        "skipped": scan.skipped,
        "source_kind": item.source_kind,
        "community": item.community,
        "channel": item.channel,
        "day": utc_day(item.published_at),
        "forget": _forgets(scan, forget),
        "labelled": scan.label is not None,
    }
    return row | _label_row(scan)


def _label_row(scan: Scan) -> dict[str, Any]:
    if scan.label is None:
        return {}
    start, end = scan.label.evidence or (None, None)
    return {
        "stance": scan.label.stance,
        "abstained": scan.label.abstained,
        "evidence_start": start,
        "evidence_end": end,
        **dict(zip(_NUMBERS, (scan.label.confidence, *scan.label.probabilities), strict=True)),
    }


def _mention_rows(scan: Scan) -> list[dict[str, Any]]:
    key = {"item_id": str(scan.item.item_id), "day": utc_day(scan.item.published_at)}
    return [
        {**key, "type": m.type, "entity": m.entity, "surface": m.surface, "span_start": m.start, "span_end": m.end}
        for m in scan.mentions
    ]
