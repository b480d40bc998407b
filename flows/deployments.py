"""The schedule as Prefect deployments, and the one process that runs them: started by `oresight serve`.

    schedule.toml -> deployments -> (what was due meanwhile becomes one run each) -> runner, a process a run

Registering a deployment anew drops its late runs; a digest that was due while nothing ran must not be lost by that.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from prefect import get_client, serve
from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.events import EventTrigger
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Posture
from prefect.flows import Flow
from prefect.schedules import Cron
from prefect.types import DateTime
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.importtools import import_object

from flows import schedule, show
from flows.errors import UsageError
from flows.settings import Settings, load
from flows.version import VERSION

WRONG_USE = 2
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW, grace_period_seconds=120
)
ZOMBIES = "Oresight: a run whose process has died is crashed"
SILENCE = timedelta(seconds=90)
"""A run that has not said for so long that it lives is dead; it says so every 30 seconds."""
A_WHILE = timedelta(seconds=30)
"""A run that is so late was due while nothing ran."""


def main() -> int:
    """Serve the schedule until told to stop; returns the exit code."""
    try:
        settings = load()
        jobs = schedule.load(schedule.path(settings))
    except UsageError as error:
        show.say(f"oresight: {error}")
        return WRONG_USE
    served = [deployment(job, settings) for job in jobs]
    with get_client(sync_client=True) as client:
        watch_for_zombies(client)
        retire(client, {*schedule.WORK} - {job.name for job in jobs})
        catch_up(client, [each.name for each in served if not each.paused])
    serve(*served, pause_on_shutdown=False, print_starting_message=False, limit=None)
    return 0


def deployment(job: schedule.Job, settings: Settings) -> RunnerDeployment:
    """A job as Prefect has it: its cron in its zone, one run at a time; without keys Reddit's jobs stand still."""
    flow: Flow[Any, Any] = import_object(job.work.entrypoint)
    return RunnerDeployment.from_flow(
        flow,
        job.name,
        schedule=Cron(job.cron, timezone=job.timezone),
        parameters=dict(job.work.parameters),
        tags=list(job.work.tags),
        description=job.work.description,
        version=VERSION,
        concurrency_limit=ONE_AT_A_TIME,
        paused=job.name in schedule.NEEDS_KEYS and not settings.has_reddit_keys,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def watch_for_zombies(client: SyncPrefectClient) -> None:
    """Have the server end runs that no longer say that they live, so that they do not keep their slot."""
    if client.read_automations_by_name(ZOMBIES):
        return
    alive = "prefect.flow-run.heartbeat"
    ends = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}
    trigger = EventTrigger(
        match={"prefect.resource.id": ["prefect.flow-run.*"]},
        for_each={"prefect.resource.id"},
        after={alive},
        expect={alive, *ends},
        posture=Posture.Proactive,
        threshold=1,
        within=SILENCE,
    )
    why = "its process has died; the next run goes on from there"
    crashed = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=why, force=False)
    Automation(name=ZOMBIES, trigger=trigger, actions=[crashed]).create()


def retire(client: SyncPrefectClient, names: Collection[str]) -> None:
    """Pause what the server knows of earlier schedules: nobody would run it."""
    for found in _known(client, names):
        client.pause_deployment(found.id)


def catch_up(client: SyncPrefectClient, names: Collection[str]) -> None:
    """One run for each of these jobs that was due while nothing ran, however often it was."""
    for found in _known(client, names):
        if client.read_flow_runs(flow_run_filter=_overdue(), deployment_filter=_named([found.name]), limit=1):
            client.create_flow_run_from_deployment(found.id, name=f"{found.name} after a pause")


def _known(client: SyncPrefectClient, names: Collection[str]) -> list[DeploymentResponse]:
    return client.read_deployments(deployment_filter=_named(names)) if names else []


def _named(names: Collection[str]) -> DeploymentFilter:
    return DeploymentFilter(name=DeploymentFilterName(any_=sorted(names)))


def _overdue() -> FlowRunFilter:
    return FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=DateTime.now("UTC") - A_WHILE),
    )


if __name__ == "__main__":
    sys.exit(main())
