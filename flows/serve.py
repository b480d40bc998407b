"""`oresight serve`: keep Prefect's server and the process that runs the schedule alive until told to stop.

    PREFECT_API_URL, or a server of our own on loopback -> healthy? -> runner -> whichever dies is started again

This process does none of the work, so that it survives whatever the work meets. Both children end with it, also when
it is killed. A lock on the home keeps a second one away; serve.json says for `oresight healthy` that it lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from threading import Event

from flows import prefect_env, show
from flows.child import Child
from flows.errors import ServeError
from flows.settings import Settings

LOOPBACK = "127.0.0.1"
START_S, UNWELL_S, ASK_S = 180.0, 60.0, 10.0
"""How long a server may take to start, how long one that runs may fail to answer, how often it is asked."""
WRONG_USE = 2
BEAT, BEAT_S, STALE = "serve.json", 15.0, timedelta(seconds=90)


def serve(settings: Settings, *, port: int, api: str | None, stop: Event) -> int:
    """Serve the schedule until `stop` is set; returns the exit code.

    `api`: the server's address; None for one of our own on this `port` of loopback.

    Raises:
        ServeError: the port is taken, another serves this home, or the server cannot be started.
    """
    with only_one(settings.home):
        server = None if api else own_server(settings, port)
        address = api or f"http://{LOOPBACK}:{port}/api"
        runner = Child("the runner", ["-m", "flows.deployments"], prefect_env.for_runs(settings, address))
        try:
            return Watch(settings.home, address, server, runner).keep(stop)
        finally:
            for child in (runner, server):
                if child:
                    child.stop()
            (settings.home / BEAT).unlink(missing_ok=True)


def own_server(settings: Settings, port: int) -> Child:
    """A server of our own, not started yet.

    Raises:
        ServeError: another program has the port.
    """
    url = f"http://{LOOPBACK}:{port}/api"
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            way = f"set PREFECT_API_URL={url} to use the Prefect server there, or " if healthy(url) else ""
            raise ServeError(f"port {port}: {error.strerror}; {way}give another with --port") from None
    folder = prefect_env.home(settings)
    folder.mkdir(parents=True, exist_ok=True)
    command = ["-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
    env = {**prefect_env.for_server(settings), "PREFECT_API_URL": url}
    return Child("Prefect's server", command, env, log=folder / "server.log")


def healthy(api: str, timeout_s: float = 5.0) -> bool:
    """Whether a Prefect server answers there."""
    try:
        with urllib.request.urlopen(f"{api.rstrip('/')}/health", timeout=timeout_s) as answer:  # noqa: S310 - as set
            return bool(answer.status == 200)
    except (OSError, HTTPException, ValueError):
        return False


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home against a second `oresight serve`.

    Raises:
        ServeError: there is one already.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServeError(f"`oresight serve` runs already for {home}; stop that one first") from None
        yield


@dataclass(slots=True)
class Watch:
    """One `oresight serve` at work: looks once a second."""

    home: Path
    api: str
    server: Child | None
    runner: Child
    greeted: bool = False
    well: bool = False
    asked: float = field(default=-ASK_S)
    last_well: float = field(default_factory=time.monotonic)
    beaten: float = field(default=-BEAT_S)

    def keep(self, stop: Event) -> int:
        """Start what does not run, until stopped; the exit code.

        Raises:
            ServeError: our server does not start.
        """
        while not stop.wait(1.0 if self.greeted else 0.25):
            if self.server:
                self._keep_server(self.server)
            self._ask()
            if self.well:
                self.runner.keep()
                self._greet()
            if self.runner.code == WRONG_USE:
                return WRONG_USE
            self._beat()
        return 0

    def _keep_server(self, server: Child) -> None:
        if not self.greeted and (server.code is not None or (server.alive and server.age_s > START_S)):
            raise ServeError(f"Prefect's server does not start: {server.last_words()}; see {server.log}")
        if server.alive and min(server.age_s, time.monotonic() - self.last_well) > max(UNWELL_S, START_S):
            show.say("Prefect's server has not answered for a while; it is ended")
            server.kill()
        server.keep()

    def _ask(self) -> None:
        now = time.monotonic()
        if self.well and now - self.asked < ASK_S:
            return
        was, self.asked = self.well, now
        self.well = healthy(self.api)
        if self.well:
            self.last_well = now
        if was and not self.well:
            show.say(f"{self.api} does not answer; the schedule goes on when it does")

    def _greet(self) -> None:
        if not self.greeted:
            self.greeted = True
            show.say(f"serving; Prefect's pages are at {self.api.removesuffix('/api')}; Ctrl-C stops it")

    def _beat(self) -> None:
        """Say that we live, for whoever asks."""
        if time.monotonic() - self.beaten >= BEAT_S:
            self.beaten = time.monotonic()
            fresh = self.home / f".{BEAT}.{os.getpid()}"
            known = {"pid": os.getpid(), "api": self.api, "well": self.well, "runs": self.runner.alive}
            fresh.write_text(json.dumps({**known, "at": datetime.now(UTC).isoformat(timespec="seconds")}))
            fresh.replace(self.home / BEAT)


def ill(settings: Settings, *, now: datetime) -> str:
    """Why `oresight serve` is not well for this home; empty where it is."""
    path = settings.home / BEAT
    try:
        known = json.loads(path.read_text())
        at, api, runs = datetime.fromisoformat(known["at"]), str(known["api"]), bool(known["runs"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"nothing serves {settings.home}: `oresight serve` does"
    if now - at > STALE:
        return f"`oresight serve` has not been heard of since {at:%Y-%m-%d %H:%M} UTC"
    if not healthy(api):
        return f"the Prefect server at {api} does not answer"
    return "" if runs else "the runner does not run; `oresight serve` starts it again"
