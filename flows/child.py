"""A process that is kept alive: started again when it ends, each time after a longer pause, and ended with ours.

Child.keep() once a second: alive? -> nothing | ended -> a line, a pause of 1, 2, 4 ... 60 s -> started again
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows import show

GRACE_S = 20.0
"""How long a child may take to end when asked to."""
LONGEST_PAUSE_S, CALM_S = 60.0, 600.0
"""The longest pause before a new start; after so long a life the pauses begin with a second again."""


@dataclass(slots=True)
class Child:
    """A Python command, its environment beside the inherited one, and the file that it logs to (else ours)."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause_s: float = 0.0
    due: float | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs and before it ever did."""
        return None if self.process is None else self.process.poll()

    @property
    def age_s(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self.started

    def start(self) -> None:
        """Start it, tied to this process."""
        tied = [sys.executable, "-m", "flows.tied", str(os.getpid()), sys.executable, *self.command]
        out = self.log.open("wb") if self.log else None
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules, no shell
                tied, env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        finally:
            if out:
                out.close()
        self.started, self.due = time.monotonic(), None

    def keep(self) -> None:
        """Start it where it does not run, once its pause is over; says so when it ended."""
        if self.alive:
            return
        if self.process is None:
            return self.start()
        if self.due is None:
            self.pause_s = 1.0 if self.age_s > CALM_S or not self.pause_s else min(2 * self.pause_s, LONGEST_PAUSE_S)
            self.due = time.monotonic() + self.pause_s
            show.say(f"{self.name} ended ({self.code}); it is started again in {self.pause_s:.0f} s")
        if time.monotonic() >= self.due:
            self.start()

    def kill(self) -> None:
        """End it at once: it does not answer."""
        if self.process is not None and self.alive:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ask it to end, then make it."""
        if self.process is None or not self.alive:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_words(self) -> str:
        """The last line of its log that says something."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log and self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
