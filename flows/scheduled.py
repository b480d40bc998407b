"""What the schedule runs beside the single steps: watching the channels, bringing the digest, telling alerts.

    watch(feeds | reddit): pull what is due, a task a channel -> label what came
    publish:               refresh -> the last complete week's digest -> sent where recipients are set
    warn:                  what has broken and what is well again -> one message each

A watch has failed where most channels of its kind failed. Whatever several runs want at once is the store's writer
lock: the later one waits, ORESIGHT_WAIT seconds at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_table_artifact
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows import jobs, weeks
from flows.channels import load as load_channels
from flows.collect import Collected, Unreached, collect_as_tasks, rows
from flows.deliver import has_recipients
from flows.label import label_items
from flows.posting import send_task
from flows.refresh import refresh_series
from flows.report import write_digest
from flows.runs import PATIENT, run_name
from flows.settings import Settings, load
from flows.warn import LATE, warn_of
from records import DELIVERED, Channel
from storage import database, status
from storage.alerts import AlertRow
from storage.errors import NoSnapshot

FAILED_SHARE = 0.5
"""A watch is failed where more than this share of the channels listed for it failed."""
AGAIN_S = [120, 900, 3600, 10_800]
"""When a digest is sent again to whom a mail server or chat did not take it for: after two minutes, ... three hours."""
NO_KEYS = "Reddit is left out: REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set"


@task(name="label", **PATIENT)
def label_task() -> int:
    """Label what waits; the settings and the list are read anew."""
    settings = load()
    return label_items(settings, load_channels(settings.channels), now=datetime.now(UTC))


@task(name="refresh", **PATIENT)
def refresh_task() -> int:
    """Bring the series up to date."""
    return refresh_series(load(), now=datetime.now(UTC))


@flow(name="watch", flow_run_name=run_name)
def watch(kind: Literal["feeds", "reddit"] = "feeds") -> Any:
    """Pull each channel of this kind that is due and label what came."""
    settings = load()
    listed = load_channels(settings.channels)
    if kind == "reddit" and not settings.has_reddit_keys:
        return Completed(message=NO_KEYS)
    mine = [c for c in listed if (c.kind == "feed") == (kind == "feeds")]
    collected = _collect(settings, listed, mine) if mine else Collected()
    create_table_artifact(key=f"channels-{kind}", table=rows(collected), description=_told(collected))
    if collected.new or collected.updated or _waiting(settings):
        get_run_logger().info("labelled %d items", label_task())
    return verdict(collected, len(mine))


def _collect(settings: Settings, listed: Sequence[Channel], mine: Sequence[Channel]) -> Collected:
    names = [c.name for c in mine]
    try:
        return collect_as_tasks(settings, listed, now=datetime.now(UTC), names=names, everything=False)
    except Unreached as error:
        return error.collected


def verdict(collected: Collected, listed: int) -> Any:
    """The state in which Prefect shows a watch: failed where most of the channels `listed` for it failed now."""
    failed = sum(page.state not in DELIVERED for page in collected.states.values())
    how = Failed if failed > FAILED_SHARE * listed else Completed
    return how(message=_told(collected))


def _told(collected: Collected) -> str:
    return jobs.summary(collected).replace(" (`oresight collect --all` asks all the same)", "")


def _waiting(settings: Settings) -> int:
    """How many items have never been read, as the snapshot has it: those of a run that was killed."""
    try:
        with database.open_snapshot(settings.home) as con:
            return status.totals(con).waiting
    except NoSnapshot:
        return 0


@flow(name="publish", flow_run_name=run_name)
def publish(week: str | None = None) -> list[str]:
    """Refresh, write the last complete week's digest, send it where recipients are set; late, collect before."""
    settings, now = load(), datetime.now(UTC)
    chosen = week or weeks.last_complete(now)
    if _is_late(now):
        watch("feeds")
    refresh_task()
    pages = write_digest(settings, week=chosen, formats=("html", "md", "json"))
    link(chosen, pages)
    if has_recipients(settings) and not settings.is_sample:
        send_task(chosen)
    return [str(page) for page in pages]


def _is_late(now: datetime) -> bool:
    """Whether this run was due long ago, as when the machine slept: what was missed meanwhile is not in the store."""
    due = flow_run.scheduled_start_time
    return due is not None and now - due > LATE


def link(week: str, pages: Sequence[Path]) -> None:
    """A link to the week's page, on the run and among Prefect's artifacts."""
    page = next(p for p in pages if p.suffix == ".html")
    text = f"The digest of {week}"
    create_link_artifact(key="digest", link=page.resolve().as_uri(), link_text=text, description=f"{text}: {page}")


@flow(name="warn", flow_run_name=run_name)
def warn() -> Any:
    """Tell what has broken and what is well again; a table of what is wrong now."""
    if _is_late(datetime.now(UTC)):
        return Completed(message="late: what was missed is being done, the next hour looks again")
    wrong = warn_task()
    table = [{"since": f"{row.opened_at:%Y-%m-%d %H:%M}", "what is wrong": row.text} for row in wrong]
    create_table_artifact(key="alerts", table=table, description=f"{len(wrong)} wrong")
    return Completed(message=f"{len(wrong)} wrong")


@task(name="warn", **PATIENT)
def warn_task() -> tuple[AlertRow, ...]:
    """Judge, remember, tell."""
    return warn_of(load(), now=datetime.now(UTC))
