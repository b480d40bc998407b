"""Tell what has broken, once, and once more when it is well again.

    live file -> facts -> flows.alerts.found -> storage.alerts.put -> one message for all that is new -> told

Told is what at least one address took; what none took is told an hour later. Without addresses it waits in the view
`alerts` and in `oresight alerts`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flows import schedule, show, told, weeks
from flows.alerts import Disk, Post, World, found, message
from flows.channels import load as load_channels
from flows.deliver import has_recipients
from flows.notify import addresses, notify
from flows.settings import Settings
from records import Channel
from storage import alerts, database, deliveries, drift, erasure, series
from storage.alerts import AlertRow
from storage.errors import DiskFull, NoSnapshot

LATE: Final = timedelta(minutes=30)
"""A run that is so late comes after a pause of the whole machine: what was missed meanwhile is just being done."""
COLUMNS: Final = ("since", "condition", "told", "what is wrong")


def warn_of(settings: Settings, *, now: datetime) -> tuple[AlertRow, ...]:
    """Judge, remember, tell; returns what is wrong now, the oldest first.

    Raises:
        storage.errors.StorageError: the store cannot be read or written.
    """
    listed = load_channels(settings.channels)
    with database.open_live(settings.home, job="alerts", now=now, wait_s=settings.wait) as con:
        still = {row.condition for row in alerts.standing(con)}
        changed = alerts.put(
            con, found(_world(con, settings, listed, now), now, zone=_zone(settings), still=still), now=now
        )
        opened, cleared = alerts.waiting(con)
    taken = _tell(settings, message(opened, cleared, now))
    if taken:
        with database.open_live(settings.home, job="alerts", now=now, wait_s=settings.wait) as con:
            alerts.told(con, opened, cleared, now=now)
    if changed or taken:
        _publish(settings)
    with database.open_live(settings.home, job="alerts", now=now, wait_s=settings.wait) as con:
        return alerts.standing(con)


def _world(con: Any, settings: Settings, listed: Sequence[Channel], now: datetime) -> World:
    week = weeks.last_complete(now)
    model, _ = series.model_in_use(con)
    kept, oldest = erasure.standing(con)
    asked = [c.name for c in listed if c.kind == "feed" or settings.has_reddit_keys]
    live = settings.home / "live.duckdb"
    return World(
        facts=alerts.facts(con, now=now),
        channels=alerts.heard(con),
        listed=frozenset(asked),
        drifts=drift.drift(con, week, model),
        disk=Disk(shutil.disk_usage(settings.home).free, live.stat().st_size),
        post=Post(
            week,
            written=(settings.home / "digests" / f"{week}.html").exists(),
            states=tuple(d.state for d in deliveries.of_week(con, week)),
            recipients=has_recipients(settings),
        ),
        unchecked_at=oldest if kept and not settings.is_sample else None,
    )


def _zone(settings: Settings) -> ZoneInfo:
    """Whose Monday noon is meant: that of the digest's own line in the schedule."""
    jobs = schedule.load(schedule.path(settings))
    return ZoneInfo(next((job.timezone for job in jobs if job.name == "digest"), "UTC"))


def _tell(settings: Settings, words: tuple[str, str] | None) -> bool:
    """Send one message; whether anybody took it."""
    if words is None or not addresses(settings):
        return False
    failures = notify(settings, *words)
    for failure in failures:
        show.say(f"an alert was not taken by {failure}")
    return len(failures) < len(addresses(settings))


def _publish(settings: Settings) -> None:
    try:
        database.publish(settings.home, wait_s=settings.wait)
    except DiskFull as error:  # what was to be told has been told, and is remembered in the live file
        show.say(str(error))


def show_alerts(settings: Settings, *, now: datetime) -> int:
    """Print what is wrong, as the snapshot has it; returns the exit code: 0 where nothing is.

    Raises:
        storage.errors.StoreUnreadable: the snapshot is damaged.
    """
    try:
        with database.open_snapshot(settings.home) as con:
            rows = alerts.standing(con)
    except NoSnapshot:
        rows = ()
    show.table(COLUMNS, [(row.opened_at, row.condition, told.ago(row.told_at, now), row.text) for row in rows])
    return 1 if rows else 0
