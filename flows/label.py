"""Label what has no label from the current model and gazetteers; the table of items is the queue.

storage.items.unlabelled -> nlp.scan.scan (gates, mentions, stance) -> storage.labels.add, batch by batch
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import flow

from flows import show, tools
from flows.channels import load as load_channels
from flows.settings import Settings, load
from flows.store import writing
from nlp import scan, validation
from records import Channel
from storage import items, labels, tallies

BATCH = 2_000
"""Items in one transaction: what a kill can cost in work, never in items."""


def label_items(settings: Settings, channels: Sequence[Channel], *, now: datetime, limit: int | None = None) -> int:
    """Label up to `limit` waiting items, a transaction a batch. Returns how many were read."""
    loaded = tools.load(settings)
    model = loaded.model
    forget = {c.name for c in channels if c.keep == "relevant"}
    with writing(settings, "label", now) as con:
        labels.register_model(con, model.id, quality=model.quality, card=model.card, now=now)
        _register_record(con, model.id, validation.read(settings.stance_model))
        waiting = items.count_unlabelled(con, model=model.id, gates=loaded.gates)
        total = waiting if limit is None else min(limit, waiting)
        with show.progress("label", total) as advance:
            return _label(con, loaded, forget, total, now, advance)


def _register_record(con: Any, model: str, record: str | None) -> None:
    """Keep with the labels what is known of their model's errors: shares are estimated from both."""
    if record is not None:
        known = validation.parse(record)
        tallies.register(con, model, record=record, told=validation.told(known), soft=known.soft)


def _label(con: Any, loaded: tools.Tools, forget: set[str], total: int, now: datetime, advance: show.Advance) -> int:
    done = 0
    key = {"model": loaded.model.id, "gates": loaded.gates}
    while done < total and (batch := items.unlabelled(con, **key, limit=min(BATCH, total - done))):
        scans = scan.scan(batch, loaded.reader, loaded.model, progress=advance)
        labels.add(con, scans, **key, forget=forget, now=now)
        done += len(batch)
    return done


@flow(name="label")
def label(limit: int | None = None) -> int:
    """`oresight label` as a scheduled run. Returns how many items were read."""
    settings = load()
    return label_items(settings, load_channels(settings.channels), now=datetime.now(UTC), limit=limit)
