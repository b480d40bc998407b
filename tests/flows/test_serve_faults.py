"""What a served schedule survives: kills of the run, the runner, the server and all at once, and two days of sleep.

docs/operations.md tells the same in a table.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.lock import writer_lock
from tests.flows.serving import FEED, Served, alive, below, serving, until
from tests.flows.test_serve import RSS
from tests.servers import Server, answer, slow

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

FOREVER = 300.0


@contextmanager
def at_work(tmp_path: Path, schedule: dict[str, str]) -> Iterator[tuple[Served, Server]]:
    """A served home with one feed that answers at once, until a test makes it slow."""
    home = tmp_path / "var"
    home.mkdir()
    with Server({"/feed": answer(RSS)}) as server:
        (home / "channels.toml").write_text(FEED.format("one", server.url("/feed")))
        with serving(home, schedule, ORESIGHT_ALLOW_HOSTS=f"127.0.0.1:{server.port}") as served:
            yield served, server


def hanging(served: Served, server: Server) -> str:
    """A run that waits for a new feed; returns its id once that feed has been asked."""
    path = f"/feed-{len(server.routes)}"
    server.routes[path] = slow(FOREVER, answer(RSS))
    with (served.home / "channels.toml").open("a") as channels:
        channels.write(FEED.format(path.strip("/"), server.url(path)))
    run = served.api.ask_for("feeds")
    until(lambda: True if any(seen.path == path for seen in server.seen) else None, 240)
    server.routes[path] = answer(RSS)
    return run


def goes_on(served: Served) -> None:
    """The store's lock is free, and the next run has the slot and ends well.

    A run may be cancelled while the one is at work that makes up for what was cut off; not for a minute.
    """
    with writer_lock(served.home, job="test", now=datetime.now(UTC), wait_s=10):
        pass
    assert until(lambda: ended_of_its_own(served), 60) == "COMPLETED"


def ended_of_its_own(served: Served) -> str | None:
    """How a run ended that was not cancelled for another's sake."""
    ended = served.api.ended(served.api.ask_for("feeds"), 300)["state_type"]
    return None if ended == "CANCELLED" else str(ended)


def test_kills(tmp_path: Path) -> None:
    """A killed run is crashed, at once or, killed with its runner, when it is silent; a server comes back."""
    with at_work(tmp_path, {"feeds": "0 5 29 2 *"}) as (served, server):
        alone = hanging(served, server)
        busy = served.api.ended(served.api.ask_for("feeds"))
        assert busy["state_type"] == "CANCELLED", "two runs at once"
        served.kill("prefect.engine")
        assert served.api.ended(alone, 60)["state_type"] == "CRASHED"
        goes_on(served)

        both = hanging(served, server)
        engine = until(lambda: served.child("prefect.engine"))
        served.kill("flows.deployments")
        os.kill(engine, signal.SIGKILL)
        assert served.api.ended(both, 400)["state_type"] == "CRASHED"
        goes_on(served)

        served.kill("prefect server")
        until(lambda: True if served.api.deployments() else None, 300)
        goes_on(served)
        assert "Prefect's server ended (-9)" in served.log.read_text()


def sleep_for(served: Served, length: timedelta) -> int:
    """What a machine's sleep leaves behind: every run that was scheduled is late by its length; how many there are."""
    late = "strftime('%Y-%m-%d %H:%M:%f000', {}, :by)"
    runs = f"expected_start_time = {late}, next_scheduled_start_time = {late}".format(*["expected_start_time"] * 2)
    said = "json_set(state_details, '$.scheduled_time', strftime('%Y-%m-%dT%H:%M:%fZ', {}, :by))"
    said = said.format("json_extract(state_details, '$.scheduled_time')")
    mine = "(SELECT state_id FROM flow_run WHERE state_type = 'SCHEDULED')"
    by = {"by": f"-{int(length.total_seconds())} seconds"}
    with closing(sqlite3.connect(served.home / "prefect" / "prefect.db", timeout=60)) as con, con:
        con.execute(f"UPDATE flow_run_state SET state_details = {said} WHERE id IN {mine}", by)
        return con.execute(f"UPDATE flow_run SET {runs} WHERE state_type = 'SCHEDULED'", by).rowcount


def test_two_days_of_sleep(tmp_path: Path) -> None:
    """All that was due while the machine slept for two days becomes a run or two: the others are cancelled."""
    with at_work(tmp_path, {"feeds": "*/5 * * * *"}) as (served, _):
        until(lambda: True if len(served.api.runs("feeds")) >= 12 else None)
        late = sleep_for(served, timedelta(days=2))
        yesterday = datetime.now(UTC) - timedelta(days=1)

        def slept() -> list[dict[str, Any]]:
            return [r for r in served.api.runs("feeds") if datetime.fromisoformat(r["expected_start_time"]) < yesterday]

        over = {"COMPLETED", "CANCELLED"}
        until(lambda: True if len([r for r in slept() if r["state_type"] in over]) >= late else None, 400)
        done = Counter(run["state_type"] for run in slept())
        assert late >= 10
        assert 1 <= done["COMPLETED"] <= 3
        assert done["COMPLETED"] + done["CANCELLED"] == late
        goes_on(served)


def test_it_is_stopped_while_a_run_works(tmp_path: Path) -> None:
    """SIGTERM while a run works ends it with all else within a minute; the store's lock is free."""
    with at_work(tmp_path, {"feeds": "0 5 29 2 *"}) as (served, server):
        hanging(served, server)
        processes = [pid for pid, _ in below(served.process.pid)]
        served.process.terminate()
        assert served.process.wait(90) == 0
        until(lambda: None if any(alive(pid) for pid in processes) else True, 60)
        with writer_lock(served.home, job="test", now=datetime.now(UTC), wait_s=1):
            pass


def test_all_is_killed_and_started_again(tmp_path: Path) -> None:
    """Kill -9 of `oresight serve` ends all its processes; started again, what was due meanwhile is one run."""
    with at_work(tmp_path, {"feeds": "* * * * *"}) as (served, server):
        until(lambda: True if any(r["state_type"] == "COMPLETED" for r in served.api.runs("feeds")) else None, 300)
        processes = [pid for pid, _ in below(served.process.pid)]
        served.process.kill()
        until(lambda: None if any(alive(pid) for pid in processes) else True, 90)
        time.sleep(150)
        env, again_at = {"ORESIGHT_ALLOW_HOSTS": f"127.0.0.1:{server.port}"}, datetime.now(UTC).isoformat()
        with serving(served.home, {"feeds": "0 5 29 2 *"}, port=served.api.port, **env) as again:

            def over() -> list[str] | None:
                runs = [r for r in again.api.runs("feeds") if r["expected_start_time"] < datetime.now(UTC).isoformat()]
                fresh = [r["state_type"] for r in runs if (r["start_time"] or "9") > again_at]
                return fresh if fresh and set(fresh) <= {"COMPLETED", "CANCELLED"} else None

            until(lambda: True if any("pause" in run["name"] for run in again.api.runs("feeds")) else None, 300)
            assert 1 <= until(over, 400).count("COMPLETED") <= 2
            goes_on(again)
