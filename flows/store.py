"""One way to write: lock, live file, work, checkpoint, release, publish; and a look at what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flows.settings import Settings
from records import ChannelState
from storage import database, items
from storage.errors import NoSnapshot


@contextmanager
def writing(settings: Settings, job: str, now: datetime) -> Iterator[Any]:
    """The live file for one job, and a snapshot of it once the job has ended well.

    Yields:
        A DuckDB connection that holds the writer's lock.

    Raises:
        storage.errors.StorageError: another job is writing, the disk is full, or the file is damaged.
    """
    with database.open_live(settings.home, job=job, now=now, wait_s=settings.wait) as con:
        yield con
    database.publish(settings.home, wait_s=settings.wait)


def learned_moves(settings: Settings) -> dict[str, str]:
    """Where channels have moved for good, by name, as the snapshot has it; nothing before the first run.

    Raises:
        storage.errors.StoreUnreadable: the snapshot is damaged.
    """
    return {name: state.address for name, state in _states(settings).items() if state.address}


def failing_channels(settings: Settings) -> frozenset[str]:
    """The channels that failed when they were last asked, as the snapshot has it.

    Raises:
        storage.errors.StoreUnreadable: the snapshot is damaged.
    """
    return frozenset(name for name, state in _states(settings).items() if state.failures)


def _states(settings: Settings) -> Mapping[str, ChannelState]:
    try:
        with database.open_snapshot(settings.home) as con:
            return items.channel_states(con)
    except NoSnapshot:
        return {}
