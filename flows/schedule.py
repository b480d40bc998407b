"""When what is done: the jobs of schedule.toml, each with the flow that does it.

schedule.toml -> [Job] -> flows.deployments (in Prefect) and prefect.yaml, which a test holds together
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prefect.client.schemas.schedules import CronSchedule
from pydantic import ValidationError

from flows.errors import ScheduleError
from flows.listed import Place, tables
from flows.settings import ROOT, Settings

KEYS = {"name": str, "cron": str, "timezone": str}
TAG = "oresight"
"""Every run of ours has it: what a shared Prefect server does with runs of ours, it does with no others."""
NEEDS_KEYS = frozenset({"reddit", "purge"})
"""Jobs that have nothing to do without Reddit's keys."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job does: a flow by its module path, with parameters, and how Prefect's pages show it."""

    entrypoint: str
    parameters: Mapping[str, Any]
    tags: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the schedule: a deployment of this name, on this cron in this zone."""

    name: str
    cron: str
    timezone: str

    @property
    def work(self) -> Work:
        """What is done then."""
        return WORK[self.name]


WORK: Mapping[str, Work] = {
    "feeds": Work(
        "flows.scheduled.watch", {"kind": "feeds"}, ("collect", "news"), "Pull each feed that is due, label what came."
    ),
    "reddit": Work(
        "flows.scheduled.watch",
        {"kind": "reddit"},
        ("collect", "social"),
        "Pull each subreddit and search that is due, label what came. Does nothing without Reddit's keys.",
    ),
    "refresh": Work("flows.refresh.refresh", {}, ("series",), "Recompute the series of touched days and publish."),
    "purge": Work(
        "flows.purge.purge", {}, ("privacy", "social"), "Honour Reddit's deletions. Does nothing without its keys."
    ),
    "digest": Work(
        "flows.scheduled.publish", {}, ("digest",), "Write the last complete week's digest; send it to its recipients."
    ),
    "alerts": Work("flows.scheduled.warn", {}, ("alerts",), "Tell what has broken, once, and what is well again."),
}


def path(settings: Settings) -> Path:
    """The schedule: the home's own, else the one that ships."""
    own = settings.home / "schedule.toml"
    return own if own.exists() else ROOT / "config" / "schedule.toml"


def load(file: Path) -> tuple[Job, ...]:
    """Read the schedule.

    Raises:
        ScheduleError: an unknown job, a cron line or time zone that there is not, or no job at all.
    """
    jobs = tuple(_job(place, table) for place, table in tables(file, "job", KEYS, tuple(KEYS), ScheduleError))
    if not jobs:
        raise ScheduleError(f"{file}: no [[job]] stands there, so there is nothing to serve")
    return jobs


def _job(place: Place, table: dict[str, Any]) -> Job:
    if table["name"] not in WORK:
        raise place.error("name", f"'{table['name']}' is none of {', '.join(WORK)}")
    try:
        ZoneInfo(table["timezone"])
    except (ValueError, OSError, LookupError):
        raise place.error("timezone", f"'{table['timezone']}' is no time zone such as Europe/Brussels") from None
    try:
        CronSchedule(cron=table["cron"], timezone=table["timezone"])
    except ValidationError:
        raise place.error("cron", f"'{table['cron']}' is no cron line of five fields such as 0 7 * * 1") from None
    return Job(**table)
