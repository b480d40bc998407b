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
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, State, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.events import EventTrigger
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.flows import Flow
from prefect.schedules import Cron
from prefect.states import Scheduled
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
SILENT, NEVER = "Oresight: a run fell silent", "Oresight: a run never began"
ALIVE, PENDING = "prefect.flow-run.heartbeat", "prefect.flow-run.Pending"
SILENCE, BEGINNING = timedelta(seconds=90), timedelta(minutes=10)
"""A run says every 30 seconds that it lives: silent for so long, it is dead. So long it may take to begin."""
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
        tags=[schedule.TAG, *job.work.tags],
        description=job.work.description,
        version=VERSION,
        concurrency_limit=ONE_AT_A_TIME,
        paused=job.name in schedule.NEEDS_KEYS and not settings.has_reddit_keys,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def watch_for_zombies(client: SyncPrefectClient) -> None:
    """Have the server end runs of ours whose process has died, so that they neither keep their slot nor run for ever.

    A run says that it lives from its first seconds on; one that was killed before that is silent after `Running`.
    """
    for name, after, within in ((SILENT, {ALIVE, "prefect.flow-run.Running"}, SILENCE), (NEVER, {PENDING}, BEGINNING)):
        if not client.read_automations_by_name(name):
            why = "its process has died; the next run goes on from there"
            crashed = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=why, force=False)
            Automation(name=name, trigger=_without(after, within), actions=[crashed]).create()


def _without(after: set[str], within: timedelta) -> EventTrigger:
    """When a run of ours says nothing more for so long after such an event."""
    ends = {f"prefect.flow-run.{state}" for state in ("Running", "Completed", "Failed", "Cancelled", "Crashed")}
    return EventTrigger(
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        match_related=ResourceSpecification({"prefect.resource.id": f"prefect.tag.{schedule.TAG}"}),
        for_each={"prefect.resource.id"},
        after=after,
        expect={ALIVE, *ends},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def retire(client: SyncPrefectClient, names: Collection[str]) -> None:
    """Pause what the server knows of earlier schedules: nobody would run it."""
    for found in _known(client, names):
        client.pause_deployment(found.id)


def catch_up(client: SyncPrefectClient, names: Collection[str]) -> None:
    """One run for each of these jobs that was due, or was cut off, while nothing ran, however often it was.

    A run that was cut off holds its slot until its silence is noticed: the one in its place begins after that.
    """
    for found in _known(client, names):
        cut = _any(client, found.name, _in(StateType.PENDING, StateType.RUNNING))
        if cut or _any(client, found.name, _overdue()):
            at = DateTime.now("UTC") + (SILENCE + A_WHILE if cut else timedelta())
            state: State[Any] = Scheduled(scheduled_time=at)
            client.create_flow_run_from_deployment(found.id, name=f"{found.name} after a pause", state=state)


def _any(client: SyncPrefectClient, name: str, runs: FlowRunFilter) -> bool:
    return bool(client.read_flow_runs(flow_run_filter=runs, deployment_filter=_named([name]), limit=1))


def _known(client: SyncPrefectClient, names: Collection[str]) -> list[DeploymentResponse]:
    return client.read_deployments(deployment_filter=_named(names)) if names else []


def _named(names: Collection[str]) -> DeploymentFilter:
    return DeploymentFilter(name=DeploymentFilterName(any_=sorted(names)))


def _in(*states: StateType) -> FlowRunFilter:
    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))))


def _overdue() -> FlowRunFilter:
    late = FlowRunFilterExpectedStartTime(before_=DateTime.now("UTC") - A_WHILE)
    return _in(StateType.SCHEDULED).model_copy(update={"expected_start_time": late})


if __name__ == "__main__":
    sys.exit(main())
