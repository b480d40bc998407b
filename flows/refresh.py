"""Recompute the series of the days that changed, and publish the snapshot.

storage.series.refresh -> snapshots/store-<ns>.duckdb -> current.duckdb
"""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow

from flows.settings import Settings, load
from flows.store import writing
from storage import series


def refresh_series(settings: Settings, *, now: datetime) -> int:
    """Bring the daily series up to date. Returns how many days were recomputed."""
    with writing(settings, "refresh", now) as con:
        return series.refresh(con, now=now)


@flow(name="refresh")
def refresh() -> int:
    """`oresight refresh` as a scheduled run."""
    return refresh_series(load(), now=datetime.now(UTC))
