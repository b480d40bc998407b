"""`oresight serve` as a real process on loopback, and what Prefect's API says of it.

with serving(home, schedule) as served: served.api.runs("feeds")
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from tests.flows.command import ORESIGHT, environment

Found = TypeVar("Found")
LINE = '[[job]]\nname = "{}"\ncron = "{}"\ntimezone = "UTC"\n'
FEED = '[[feed]]\nname = "{}"\nurl = "{}"\ncommunity = "trade-press"\nkeep = "all"\n'


def free_port() -> int:
    """A port that nobody has."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def until(found: Callable[[], Found | None], seconds: float = 150.0) -> Found:
    """What `found` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (answer := found()) is not None:
            return answer
        time.sleep(1)
    raise AssertionError(f"nothing after {seconds:.0f} s")


@dataclass(frozen=True)
class Api:
    """Prefect's API on a port of loopback."""

    port: int

    def post(self, path: str, **body: Any) -> Any:
        """What it answers; None while it does not."""
        try:
            answer = httpx.post(f"http://127.0.0.1:{self.port}/api{path}", json=body, timeout=20)
            return answer.raise_for_status().json() if answer.content else ()
        except httpx.HTTPError:
            return None

    def deployments(self) -> dict[str, dict[str, Any]]:
        """All deployments, by name."""
        return {each["name"]: each for each in self.post("/deployments/filter") or ()}

    def runs(self, name: str) -> list[dict[str, Any]]:
        """All runs of a deployment, the latest due first."""
        named = {"deployments": {"name": {"any_": [name]}}, "sort": "EXPECTED_START_TIME_DESC"}
        return self.post("/flow_runs/filter", **named) or []

    def ask_for(self, name: str, at: datetime | None = None) -> str:
        """Ask for a run, now or at a time that may be past; returns its id."""
        details = {"scheduled_time": at.isoformat()} if at else {}
        state = {"type": "SCHEDULED", "state_details": details}
        path = f"/deployments/{until(lambda: self.deployments().get(name))['id']}/create_flow_run"
        once = str(uuid4())  # asked again where a busy server did not answer
        return str(until(lambda: self.post(path, state=state, idempotency_key=once))["id"])

    def state(self, run: str) -> dict[str, Any] | None:
        """A run as it stands now."""
        found = self.post("/flow_runs/filter", flow_runs={"id": {"any_": [run]}})
        return found[0] if found else None

    def ended(self, run: str, seconds: float = 200.0) -> dict[str, Any]:
        """A run once it has ended."""
        over = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        return until(lambda: r if (r := self.state(run)) and r["state_type"] in over else None, seconds)


@dataclass
class Served:
    """A process that serves, its home and its API."""

    process: subprocess.Popen[bytes]
    home: Path
    api: Api
    log: Path
    pids: dict[str, int] = field(default_factory=dict)

    def child(self, part: str) -> int | None:
        """The process id of the first process below it whose command line holds `part`."""
        return next((pid for pid, command in below(self.process.pid) if part in command), None)

    def kill(self, part: str) -> int:
        """Kill -9 that process; returns its id."""
        pid = until(lambda: self.child(part))
        os.kill(pid, signal.SIGKILL)
        return pid


def below(pid: int) -> Iterator[tuple[int, str]]:
    """Every process below this one, with its command line."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(c) for t in threads for c in (t / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        try:
            yield child, Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        yield from below(child)


def alive(pid: int) -> bool:
    """Whether that process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def serving(home: Path, schedule: Mapping[str, str], *args: str, port: int = 0, **env: str) -> Iterator[Served]:
    """`oresight serve` with this schedule (job -> cron, UTC), up and registered; stopped by the test's end."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "schedule.toml").write_text("".join(LINE.format(*job) for job in schedule.items()))
    api, log = Api(port or free_port()), home.parent / f"{home.name}.log"
    command = [str(ORESIGHT), "serve", *(args or ("--port", str(api.port)))]
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment(home, **env), cwd=home.parent, stdout=out, stderr=out)
    served = Served(process, home, api, log)
    try:
        until(lambda: True if set(schedule) <= set(api.deployments()) and "serving" in log.read_text() else None, 500)
        yield served
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
