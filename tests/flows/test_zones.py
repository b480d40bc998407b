"""Weeks are those of UTC, wherever the machine stands: over the year's end and the changes of the clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.settings import ROOT

ZONES = ("UTC", "America/New_York")
WEEKS = tuple(map(date.fromisoformat, ("2026-10-26", "2026-11-02", "2026-12-28", "2027-01-04", "2027-03-08")))
"""New York changes its clocks on 1 November and 14 March; 2026 has a week 53."""
LAST = datetime(2027, 3, 15, tzinfo=UTC)
TELL = """
import json, sys
from pathlib import Path
import duckdb
from flows.refresh import estimate
from records import ChannelState, FetchResult
from storage import database, items, series
from tests.flows.test_zones import LAST, moments
from tests.storage.made import KEY, add_page, add_scans, post, scan

home = Path(sys.argv[1])
scans = [scan(post(n, published_at=at, author_hash=str(n))) for n, at in enumerate(moments())]
with database.open_live(home, job="test", now=LAST) as con:
    add_page(con, [one.item for one in scans], now=LAST)
    add_scans(con, scans, now=LAST)
    for at in moments()[::28]:
        run = items.start_run(con, "collect", now=at, version="0.1.0")
        items.add(con, run, FetchResult("mining", "ok"), ChannelState("mining", "ok"), now=at)
    series.refresh(con, now=LAST)
    estimate(con)
    told = [con.execute(f"FROM base.{name} ORDER BY ALL").fetchall()
            for name in ("series_daily", "series_tallies", "series_shares", "series_volumes", "series_gaps")]
database.publish(home)
with duckdb.connect(str(home / "current.duckdb"), read_only=True) as con:  # as any other program does
    weekly = con.execute("SELECT week, week_start, items, effective_n FROM series_weekly WHERE community = 'all' "
                         "AND dimension = 'all' AND stance = 'realist' ORDER BY week").fetchall()
    told.append(con.execute("FROM volumes_weekly ORDER BY ALL").fetchall())
    zone = con.execute("SELECT current_setting('TimeZone')").fetchall()[0][0]
print(json.dumps({"zone": zone, "weekly": weekly, "told": repr(told)}, default=str))
"""


def moments() -> list[datetime]:
    """Six hours apart, with half an hour past midnight among them."""
    mondays = [datetime.combine(week, time(0, 30), UTC) for week in WEEKS]
    return [monday + timedelta(hours=6 * n) for monday in mondays for n in range(28)]


def told(home: Path, zone: str) -> dict[str, Any]:
    """The series that a process in that zone makes, and reads through plain DuckDB."""
    env = {**os.environ, "TZ": zone}
    done = subprocess.run(
        [sys.executable, "-c", TELL, str(home)], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.long
def test_the_same_series_in_every_zone(tmp_path: Path) -> None:
    """Made in New York the series are those of UTC; each week holds all of its days, 2026-W53 and 2027-W01 too."""
    found = [told(tmp_path / str(n), zone) for n, zone in enumerate(ZONES)]
    assert [one.pop("zone") for one in found] == list(ZONES)
    assert found[0] == found[1]
    assert [tuple(row[:3]) for row in found[0]["weekly"]] == [
        (name, monday.isoformat(), 28)
        for name, monday in zip(("2026-W44", "2026-W45", "2026-W53", "2027-W01", "2027-W10"), WEEKS, strict=True)
    ]
