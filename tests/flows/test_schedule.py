"""The schedule: what is due when, for `oresight serve` and for a work pool alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import schedule
from flows.deployments import deployment
from flows.errors import ScheduleError
from flows.prefect_env import RUNS
from flows.settings import ROOT, load
from flows.version import VERSION

SHIPPED = schedule.load(ROOT / "config" / "schedule.toml")
LINE = '[[job]]\nname = "{}"\ncron = "{}"\ntimezone = "{}"\n'


def write(tmp_path: Path, *jobs: tuple[str, str, str]) -> Path:
    """A schedule with these jobs."""
    path = tmp_path / "schedule.toml"
    path.write_text("".join(LINE.format(*job) for job in jobs))
    return path


def test_the_shipped_schedule_does_everything() -> None:
    """Every job that there is stands in the shipped schedule, the digest on Mondays at seven in Brussels."""
    assert {job.name for job in SHIPPED} == set(schedule.WORK)
    assert schedule.Job("digest", "0 7 * * 1", "Europe/Brussels") in SHIPPED


def test_a_schedule_in_the_home_takes_its_place(tmp_path: Path) -> None:
    """A person changes times by a file in the home; what it does not name is not scheduled."""
    settings = load(home=tmp_path)
    assert schedule.path(settings) == ROOT / "config" / "schedule.toml"
    write(tmp_path, ("feeds", "* * * * *", "UTC"))
    assert schedule.load(schedule.path(settings)) == (schedule.Job("feeds", "* * * * *", "UTC"),)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (("fedes", "* * * * *", "UTC"), "line 2, key 'name': 'fedes' is none of feeds, reddit"),
        (("feeds", "61 * * * *", "UTC"), "line 3, key 'cron': '61 * * * *' is no cron line"),
        (("feeds", "hourly please", "UTC"), "line 3, key 'cron'"),
        (("feeds", "* * * * *", "Mars/Olympus"), "line 4, key 'timezone': 'Mars/Olympus' is no time zone"),
        (("feeds", "* * * * *", "../etc/passwd"), "line 4, key 'timezone'"),
        (("feeds", "* * * * *", ""), "line 4, key 'timezone'"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, job: tuple[str, str, str], told: str) -> None:
    """What cannot be used is one line with file, line, key and what would do."""
    with pytest.raises(ScheduleError) as error:
        schedule.load(write(tmp_path, job))
    assert told in str(error.value)


def test_an_empty_schedule_is_a_mistake(tmp_path: Path) -> None:
    """A schedule without a job is refused: nothing would ever happen, without a word."""
    with pytest.raises(ScheduleError, match="nothing to serve"):
        schedule.load(write(tmp_path))


def served(**settings: Any) -> dict[str, dict[str, Any]]:
    """What `oresight serve` registers, by name, in the words of prefect.yaml."""
    found = [deployment(job, load(**settings)) for job in SHIPPED]
    return {
        each.name: {
            "entrypoint": each.entrypoint,
            "description": each.description,
            "tags": each.tags,
            "parameters": each.parameters,
            "schedules": [{"cron": s.schedule.cron, "timezone": s.schedule.timezone} for s in each.schedules or ()],
            "concurrency_limit": {
                "limit": each.concurrency_limit,
                **(each.concurrency_options.model_dump(mode="json") if each.concurrency_options else {}),
            },
        }
        for each in found
    }


def test_the_work_pool_has_the_same_deployments() -> None:
    """prefect.yaml and `oresight serve` agree on every deployment: what it runs, when, and one at a time."""
    pooled = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    declared = {each.pop("name"): each for each in pooled["deployments"]}
    pools = [each.pop("work_pool") for each in declared.values()]
    assert declared == served()
    assert {pool["name"] for pool in pools} == {"oresight"}
    env = pools[0]["job_variables"]["env"]
    assert {name: value for name, value in RUNS.items() if name != "DO_NOT_TRACK"}.items() <= env.items()


def test_without_keys_reddit_stands_still() -> None:
    """Without Reddit's keys its two jobs are registered and paused; with them they run."""
    keys = {"reddit_client_id": "made", "reddit_client_secret": "made"}
    for settings, paused in (({}, {"reddit", "purge"}), (keys, set[str]())):
        found = [deployment(job, load(**settings)) for job in SHIPPED]
        assert {each.name for each in found if each.paused} == paused
        assert {each.version for each in found} == {VERSION}
