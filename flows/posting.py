"""Sending as a step of the schedule: tried again while another try may help.

send_task -> flows.deliver.send_due -> its lines in the run's log | Unsent -> again after 1, 5, 15, 30, 60, 120 min
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.deliver import FAILED, lines, send_due
from flows.settings import load
from storage.errors import StoreBusy

PAUSES_S: Final = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0)
"""Between two tries: the first for whom a greylist turned away, the last for a server that is down all morning."""


class Unsent(Exception):
    """Somebody has not got the digest; `waiting` where another try may help by itself."""

    def __init__(self, told: str, *, waiting: bool) -> None:
        super().__init__(told)
        self.waiting = waiting


def may_help(error: object) -> bool:
    """Whether another try may help: not where something is to be mended first."""
    return isinstance(error, StoreBusy) or (isinstance(error, Unsent) and error.waiting)


def _again(_task: object, _run: object, state: Any) -> bool:
    return may_help(state.result(raise_on_failure=False))


@task(
    name="send",
    cache_policy=NO_CACHE,
    retries=len(PAUSES_S),
    retry_delay_seconds=list(PAUSES_S),
    retry_jitter_factor=0.1,
    retry_condition_fn=_again,
)
def send_task(week: str) -> tuple[str, ...]:
    """Bring the week's digest, and earlier ones that wait, to whoever has not got them; returns what is told of it.

    Raises:
        Unsent: somebody has not got one.
        UsageError, storage.errors.StorageError: as `flows.deliver.send_digest`.
    """
    done = send_due(load(), week=week, now=datetime.now(UTC))
    told = tuple(line for sent in done for line in lines(sent))
    for line in told:
        get_run_logger().info("%s", line)
    if any(sent.code == FAILED for sent in done):
        raise Unsent("; ".join(told), waiting=any(sent.waiting for sent in done))
    return told
