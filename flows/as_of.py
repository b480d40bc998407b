"""`oresight digest --as-of`: what a week's page could tell at a moment that is past.

    snapshot, moment -> storage.as_of.copy -> a store of its own -> series, shares, volumes by the same code
    -> flows.report.read -> Digest -> HOME/digests/2026-W47.as-of-20261116T235959Z.html

The store is a file in a folder of the home that is removed at the end; what a kill leaves of it the next call removes,
and so does every erasure.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flows import report, themes, weeks
from flows.errors import UsageError
from flows.refresh import estimate
from flows.settings import Settings
from storage import as_of, database, drift, series
from storage.snapshots import current

FOLDER = "as-of-"


def moment(text: str, *, now: datetime) -> datetime:
    """A day, which means its end in UTC, or an ISO 8601 time, which is UTC where it names no zone.

    Raises:
        UsageError: it is neither, or has not come yet.
    """
    try:
        found = _end(date.fromisoformat(text)) if len(text) == len("2026-11-16") else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no day such as 2026-11-16, nor a time such as 2026-11-16T12:00Z") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    if found > now:
        raise UsageError(f"{found:%Y-%m-%d %H:%M} UTC has not come yet; name a time that is past")
    return found


def _end(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


def write_as_of(
    settings: Settings, at: datetime, *, week: str | None, formats: Sequence[str], out: Path | None
) -> tuple[Path, ...]:
    """Write a week's pages as they could be told at that moment; without a week, the last one complete by then.

    Raises:
        UsageError: no such week or format, or no series were there by then.
        storage.errors.StorageError: nothing is published yet, or the snapshot cannot be read.
    """
    chosen = week or weeks.last_complete(at)
    with store(settings, at, chosen) as con:
        digest = report.read(con, settings, chosen)
    name = f"{chosen}.{FOLDER}{at:%Y%m%dT%H%M%SZ}"
    return report.put(settings, digest, formats=formats, out=out, name=name)


@contextmanager
def store(settings: Settings, at: datetime, week: str) -> Iterator[Any]:
    """The store as it stood at a moment, with the series that a page of that week tells; removed at the end.

    Yields:
        A DuckDB connection with the promised views.

    Raises:
        UsageError: no such week, or no series were there by then.
        storage.errors.StorageError: nothing is published yet, or the snapshot cannot be read.
    """
    monday = weeks.monday(week)
    snapshot = current(settings.home)
    with _folder(settings.home) as folder, as_of.scratch(folder / "store.duckdb", now=at) as con:
        as_of.copy(con, snapshot, at, since=monday - timedelta(weeks=drift.BACK))
        if as_of.first_refresh(con) is None:
            raise UsageError(_nothing(settings, at))
        themes.search(con)
        series.rebuild(con, now=series.freshness(con))
        as_of.keep_due(con, monday - timedelta(weeks=report.HISTORY - 1), monday)
        estimate(con)
        yield con


def _nothing(settings: Settings, at: datetime) -> str:
    with database.open_snapshot(settings.home) as con:
        first = as_of.first_refresh(con)
    told = f"the first series are of {first:%Y-%m-%d %H:%M} UTC" if first else "run `oresight refresh` first"
    return f"nothing was known by {at:%Y-%m-%d %H:%M} UTC: {told}"


@contextmanager
def _folder(home: Path) -> Iterator[Path]:
    for left in home.glob(f"{FOLDER}*"):
        if not _lives(left.name.removeprefix(FOLDER).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-", dir=home) as folder:
        yield Path(folder)


def _lives(process: str) -> bool:
    with suppress(ProcessLookupError, ValueError):
        try:
            os.kill(int(process), 0)
        except PermissionError:
            return True
        return True
    return False
