"""Recompute the series of the days that changed, estimate the shares of their weeks, and publish the snapshot.

storage.series.refresh -> tallies of touched weeks -> nlp.prevalence, verdicts, bursts -> storage.shares
    -> snapshots/store-<ns>.duckdb -> current.duckdb

A week is estimated in a transaction of its own; a job that is killed in between goes on with the weeks still touched.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from prefect import flow

from flows import reference, themes
from flows.runs import run_name
from flows.settings import Settings, load
from flows.store import writing
from nlp import bursts, prevalence, validation, verdicts
from storage import series, shares, tallies


def refresh_series(settings: Settings, *, now: datetime, whole: bool = False) -> int:
    """Bring the series up to date; `whole`: all of them anew, which gives the same. Returns how many days it took."""
    with writing(settings, "refresh", now) as con:
        reference.fill(con)
        themes.apply(con, settings)
        days = (series.rebuild if whole else series.refresh)(con, now=now)
        estimate(con)
        return days


def estimate(con: Any) -> None:
    """Bring the shares, verdicts and bursts of all touched weeks up to date, the oldest week first."""
    corrections = {
        model: prevalence.correction(None if record is None else validation.parse(record))
        for model, record in tallies.validations(con).items()
    }
    kept: OrderedDict[date, verdicts.Week] = OrderedDict()
    for monday in tallies.waiting(con, "shares"):
        shares.put(con, monday, _shares(con, monday, corrections, kept))
    for monday in tallies.waiting(con, "volumes"):
        shares.put_volumes(con, monday, bursts.judge(shares.volumes(con, monday)))


def _shares(
    con: Any, monday: date, corrections: Mapping[str, prevalence.Correction], kept: OrderedDict[date, verdicts.Week]
) -> tuple[Any, ...]:
    """A week's shares and verdicts; `kept` spares the eight weeks before from being estimated twice."""
    needed = [monday - timedelta(weeks=back) for back in range(verdicts.BACK, -1, -1)]
    for week in needed:
        if week not in kept:
            kept[week] = verdicts.week(tallies.read(con, week), corrections)
    for week in [week for week in kept if week < needed[0]]:
        del kept[week]
    return verdicts.compare(monday, kept[monday], {week: kept[week] for week in needed[:-1]})


@flow(name="refresh", flow_run_name=run_name)
def refresh() -> int:
    """`oresight refresh` as a scheduled run."""
    return refresh_series(load(), now=datetime.now(UTC))
