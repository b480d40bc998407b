"""Label what has no label from the current model and gazetteers; the table of items is the queue.

storage.items.unlabelled -> nlp.scan.scan(gates, mentions, stance) -> storage.labels.add, batch by batch
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import flow

from flows import show
from flows.channels import load as load_channels
from flows.settings import GAZETTEERS, Settings, load
from flows.store import writing
from nlp import gazetteer, mentions, scan, stance
from records import Channel
from storage import items, labels

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Tools:
    """What reading a text takes; built once per process."""

    reader: mentions.Reader
    model: stance.StanceModel
    gates: str  # changes when the gazetteers do, and asks for a new reading


def tools(settings: Settings) -> Tools:
    """Load gazetteers and model.

    Raises:
        nlp.gazetteer.GazetteerError: a gazetteer has a bad row.
        nlp.stance.StanceError: the model's files are missing or damaged.
    """
    names = gazetteer.load(GAZETTEERS)
    return Tools(mentions.Reader(names), stance.load(settings.stance_model), names.version)


def label_items(
    settings: Settings, channels: Sequence[Channel], *, now: datetime, limit: int | None = None, bar: bool = True
) -> int:
    """Label up to `limit` waiting items, a transaction a batch. Returns how many were read."""
    loaded = tools(settings)
    forget = {c.name for c in channels if c.keep == "relevant"}
    with writing(settings, "label", now) as con:
        labels.register_model(con, loaded.model.id, quality=loaded.model.quality, card=_card(settings), now=now)
        waiting = items.count_unlabelled(con, model=loaded.model.id, gates=loaded.gates)
        total = waiting if limit is None else min(limit, waiting)
        with show.progress("label", total) as advance:
            return _batches(con, loaded, forget, total, now, advance if bar else lambda _: None)


def _batches(con: Any, loaded: Tools, forget: set[str], total: int, now: datetime, advance: show.Advance) -> int:
    done = 0
    keys = {"model": loaded.model.id, "gates": loaded.gates}
    while done < total and (batch := items.unlabelled(con, **keys, limit=min(BATCH, total - done))):
        scans = scan.scan(batch, loaded.reader, loaded.model, progress=advance)
        labels.add(con, scans, **keys, forget=forget, now=now)
        done += len(batch)
    return done


def _card(settings: Settings) -> str:
    return (settings.stance_model / "MODEL_CARD.md").read_text(encoding="utf-8")


@flow(name="label")
def label(limit: int | None = None) -> int:
    """`oresight label` as a scheduled run."""
    settings = load()
    return label_items(settings, load_channels(settings.channels), now=datetime.now(UTC), limit=limit, bar=False)
