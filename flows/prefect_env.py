"""How Prefect is set up for us: a server that keeps to itself and cleans up, runs that say that they live.

Each value here was chosen for a fault that was seen: docs/operations.md tells which.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flows.settings import Settings

LEAST_WAIT_S: Final = 1800.0
"""A scheduled job waits at least so long for another that is writing."""
ROOMS: Final = "flows,sources,nlp,storage,digest"

SERVER: Final[Mapping[str, str]] = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",  # 30 days, in seconds
    # Kept in memory, a lease dies with the server, and the slot of a run that died with it is held for ever.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}
RUNS: Final[Mapping[str, str]] = {
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_LOGGING_EXTRA_LOGGERS": ROOMS,
    "DO_NOT_TRACK": "1",
}


def home(settings: Settings) -> Path:
    """Where Prefect keeps what it keeps; nothing is written outside the home."""
    return settings.home.resolve() / "prefect"


def for_server(settings: Settings) -> dict[str, str]:
    """What our own server's environment holds beside the inherited one."""
    folder = home(settings)
    return {**SERVER, "PREFECT_HOME": str(folder), "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(folder / "ui")}


def for_runs(settings: Settings, api: str) -> dict[str, str]:
    """What the runs' environment holds beside the inherited one."""
    wait = max(settings.wait, LEAST_WAIT_S)
    found = {"PREFECT_API_URL": api, "PREFECT_HOME": str(home(settings)), "ORESIGHT_WAIT": f"{wait:g}"}
    return {**RUNS, **found, "ORESIGHT_HOME": str(settings.home.resolve())}
