"""How a run shows in Prefect: its name, and a second try where only another writer was in the way.

deployment, time due -> "feeds 2026-11-23 11:45"      StoreBusy -> try again, 3 times at most
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment, flow_run
from prefect.tasks import exponential_backoff

from storage.errors import StoreBusy


def _is_busy(_task: object, _run: object, state: Any) -> bool:
    """Waiting for another writer is worth another try; whatever else failed would fail again."""
    return isinstance(state.result(raise_on_failure=False), StoreBusy)


PATIENT: Final[dict[str, Any]] = {
    "cache_policy": NO_CACHE,
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=10),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": _is_busy,
}
"""How a task that writes is tried again."""


def run_name() -> str:
    """What the run at hand is called: its deployment, else its flow, and the minute for which it was due, in UTC."""
    return named(deployment.name or flow_run.flow_name or "run", flow_run.scheduled_start_time)


def named(job: str, due: datetime | None) -> str:
    """`run_name` for a job and the time for which it was due."""
    return job if due is None else f"{job} {due.astimezone(UTC):%Y-%m-%d %H:%M}"
