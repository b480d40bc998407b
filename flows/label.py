"""Label what has no label from the current model and gazetteers; the table of items is the queue.

storage.items.unlabelled -> nlp.scan.scan (gates, mentions, stance) -> storage.labels.add, batch by batch

The store is locked while a batch is taken and while it is put back, and not while its texts are read: other jobs have
their turn in between. A kill costs the batch in hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import flow

from flows import show, tools
from flows.channels import load as load_channels
from flows.settings import Settings, load
from nlp import scan, validation
from records import Channel, Scan
from storage import database, items, labels, tallies

BATCH = 2_000
"""Items in one transaction: what a kill can cost in work, never in items."""
PATIENCE_S = 1_800.0
"""How long to wait for another job's end with labels in hand."""


def label_items(
    settings: Settings, channels: Sequence[Channel], *, now: datetime, limit: int | None = None, again: bool = False
) -> int:
    """Label up to `limit` waiting items, a transaction a batch; with `again` only those that another model, or other
    gazetteers, have read. Returns how many were read.

    Raises:
        storage.errors.StorageError: another job is writing, the disk is full, or the file is damaged.
    """
    loaded = tools.load(settings)
    forget = {c.name for c in channels if c.keep == "relevant"}
    with database.open_live(settings.home, job="label", now=now, wait_s=settings.wait) as con:
        waiting = _prepare(con, loaded, settings, now, again=again)
    total = waiting if limit is None else min(limit, waiting)
    with show.progress("label", total) as advance:
        done = _label(settings, loaded, forget, total, now, advance, again=again)
    database.publish(settings.home, wait_s=PATIENCE_S)
    return done


def _prepare(con: Any, loaded: tools.Tools, settings: Settings, now: datetime, *, again: bool) -> int:
    """Make the model known, with what is known of its errors; returns how many items wait."""
    model = loaded.model
    labels.register_model(con, model.id, quality=model.quality, card=model.card, now=now)
    record = validation.read(settings.stance_model)
    if record is not None:
        known = validation.parse(record)
        tallies.register(con, model.id, record=record, told=validation.told(known), soft=known.soft, now=now)
    return items.count_unlabelled(con, model=model.id, gates=loaded.gates, again=again)


def _label(  # noqa: PLR0913 - one loop's own
    settings: Settings, loaded: tools.Tools, forget: set[str], total: int, now: datetime, advance: show.Advance,
    *, again: bool,
) -> int:  # fmt: skip
    done, scans = 0, list[Scan]()
    while done < total:
        with database.open_live(settings.home, job="label", now=now, wait_s=PATIENCE_S) as con:
            labels.add(con, scans, model=loaded.model.id, gates=loaded.gates, forget=forget, now=now)
            done += len(scans)
            batch = items.unlabelled(
                con, model=loaded.model.id, gates=loaded.gates, limit=min(BATCH, total - done), again=again
            )
        if not batch:
            break
        scans = list(scan.scan(batch, loaded.reader, loaded.model, progress=advance))
    return done


@flow(name="label")
def label(limit: int | None = None) -> int:
    """`oresight label` as a scheduled run. Returns how many items were read."""
    settings = load()
    return label_items(settings, load_channels(settings.channels), now=datetime.now(UTC), limit=limit)
