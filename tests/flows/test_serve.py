"""`oresight serve`: real processes, a real Prefect server on loopback, a real feed."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from flows.child import Child
from flows.serve import healthy
from tests.flows.command import oresight
from tests.flows.serving import FEED, Served, alive, free_port, serving, until
from tests.servers import Server, answer

ENTRY = (
    b"<item><title>Lithium refinery opens</title><link>https://example.org/1</link><guid>1</guid>"
    b"<pubDate>Mon, 16 Nov 2026 08:00:00 GMT</pubDate><description>In Australia.</description></item>"
)
RSS = b"<?xml version='1.0'?><rss version='2.0'><channel><title>One</title>%s</channel></rss>" % ENTRY
SLEEPER = ["-c", "import time; time.sleep(300)"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A schedule served against one feed that answers and one that does not."""
    home = tmp_path_factory.mktemp("serve") / "var"
    home.mkdir()
    with Server({"/feed": answer(RSS)}) as server:
        (home / "channels.toml").write_text(
            FEED.format("one", server.url("/feed")) + FEED.format("lost", server.url("/lost"))
        )
        schedule = {"feeds": "*/15 * * * *", "reddit": "7 * * * *", "digest": "0 7 * * 1", "alerts": "37 * * * *"}
        with serving(home, schedule, ORESIGHT_ALLOW_HOSTS=f"127.0.0.1:{server.port}") as found:
            yield found


@pytest.mark.long
@pytest.mark.timeout(400)
def test_scheduled_runs_appear(served: Served) -> None:
    """The server makes runs ahead for each deployment, at its times; for one that stands still it makes none."""
    runs = {name: until(lambda n=name: served.api.runs(n) or None) for name in ("feeds", "digest", "alerts")}
    due = {name: [datetime.fromisoformat(run["expected_start_time"]) for run in found] for name, found in runs.items()}
    assert all(run["state_type"] in {"SCHEDULED", "PENDING", "RUNNING"} for found in runs.values() for run in found)
    assert {at.minute % 15 for at in due["feeds"]} == {0}
    assert {(at.weekday(), at.minute) for at in due["digest"]} == {(0, 0)}
    assert min(len(found) for found in runs.values()) >= 3
    assert served.api.runs("reddit") == []
    assert "Reddit is left out (reddit)" in served.log.read_text()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_run_shows_what_it_did(served: Served) -> None:
    """A run has its job's name and tags, each channel is a task, and a table tells what each yielded or why not."""
    run = served.api.ended(served.api.ask_for("feeds"))
    assert (run["state_type"], run["state"]["message"][:31]) == ("COMPLETED", "collected 1 new and 0 changed i")
    assert re.fullmatch(r"feeds \d{4}-\d\d-\d\d \d\d:\d\d", run["name"])
    assert {"collect", "news"} <= set(run["tags"])
    (table,) = served.api.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    rows = {row["channel"]: row for row in json.loads(table["data"])}
    assert (table["key"], rows["one"]["state"], rows["lost"]["state"]) == ("channels-feeds", "ok", "hard")
    assert "404" in rows["lost"]["reason"]
    tasks = until(lambda: t if len(t := served.api.post("/task_runs/filter") or ()) >= 3 else None)
    assert {task["name"] for task in tasks} >= {"pull one", "pull lost"}


@pytest.mark.long
@pytest.mark.timeout(400)
def test_it_says_that_it_lives(served: Served) -> None:
    """`oresight healthy` is content with a home that is served, and says of another that nothing serves it."""
    until(lambda: True if oresight("healthy", home=served.home).returncode == 0 else None)
    other = oresight("healthy", home=served.home.parent / "other")
    assert (other.returncode, other.stderr.count(b"\n")) == (1, 1)
    assert b"nothing serves" in other.stderr


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_second_one_is_refused(served: Served) -> None:
    """Two would do everything twice: the second says so in one line and touches nothing."""
    second = oresight("serve", "--port", str(free_port()), home=served.home)
    assert (second.returncode, second.stderr.splitlines()[-1].count(b"runs already for")) == (1, 1)
    assert served.process.poll() is None


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    """Another program's port is named, with the way out; nothing is started."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        done = oresight("serve", "--port", str(port), home=tmp_path / "var")
    last = done.stderr.decode().splitlines()[-1]
    assert done.returncode == 1
    assert last == f"oresight: port {port}: Address already in use; give another with --port"


def test_a_bad_schedule_is_wrong_use(tmp_path: Path) -> None:
    """A mistake in schedule.toml ends the command with exit code 2 before anything is started."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "schedule.toml").write_text('[[job]]\nname = "feeds"\ncron = "often"\ntimezone = "UTC"\n')
    done = oresight("serve", home=tmp_path / "var")
    assert (done.returncode, b"line 3, key 'cron'" in done.stderr) == (2, True)


def test_a_child_is_started_again() -> None:
    """A child that is killed is started again after a pause, and ended when we ask for it."""
    child = Child("the sleeper", SLEEPER, {})
    child.keep()
    first = child.process
    assert first is not None
    first.kill()
    first.wait()
    until(lambda: child.keep() or (True if child.alive else None), 30)
    assert child.process is not first
    assert child.pause_s == 1.0
    child.stop()
    assert child.code == -signal.SIGTERM


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """Kill -9 of the parent leaves no orphan that would keep a port."""
    code = (
        "import sys, time; from flows.child import Child\n"
        f"c = Child('x', {SLEEPER!r}, {{}}); c.start(); print(c.process.pid, flush=True); time.sleep(300)"
    )
    parent = Child("the parent", ["-c", code], {}, log=tmp_path / "log")
    parent.start()
    orphan = until(lambda: int(t) if (t := (tmp_path / "log").read_text().strip()) else None, 60)
    time.sleep(1)  # it must have tied itself by then
    parent.kill()
    until(lambda: None if alive(orphan) else True, 30)


def test_nobody_is_healthy_where_nobody_listens() -> None:
    """An address without a server is not healthy, nor is one that is no address."""
    assert not healthy(f"http://127.0.0.1:{free_port()}/api")
    assert not healthy("no address")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_it_ends_whole(served: Served) -> None:
    """SIGTERM ends server and runner with it, frees the port and takes its sign of life away: the last test here."""
    children = [pid for pid in (served.child("prefect server"), served.child("flows.deployments")) if pid]
    assert len(children) == 2
    served.process.terminate()
    assert served.process.wait(60) == 0
    assert not any(alive(pid) for pid in children)
    assert not (served.home / "serve.json").exists()
    socket.create_server(("127.0.0.1", served.api.port)).close()
