"""Politeness: who may speak to which host, and when.

turn(host) -> waits for one of two places and for the pause since the last start
hold(host, until) -> a host that asked for peace gets it
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sources.errors import NoAnswer, RefusedAddress, Stopped


class _Host:
    def __init__(self, at_once: int) -> None:
        self.places = threading.BoundedSemaphore(at_once)
        self.next_start = 0.0
        self.held_until: datetime | None = None


class Scoreboard:
    """Paces requests per host: at most `at_once` at a time, `delay` seconds between starts. Thread-safe."""

    def __init__(self, delay: float, at_once: int = 2) -> None:
        self._delay = delay
        self._at_once = at_once
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @contextmanager
    def turn(self, host: str, *, paced: bool = True) -> Iterator[None]:
        """Hold a place at `host`; an unpaced turn (the next hop of one exchange) takes a place but no pause.

        Raises Stopped when the board is closed while waiting.
        """
        board = self._host(host)
        with board.places:
            if paced:
                self._pause(board)
            if self._closing.is_set():
                raise Stopped("stopped before its turn came")
            try:
                yield
            except (NoAnswer, RefusedAddress):
                board.next_start = time.monotonic()  # no request came to the host: nobody needs the pause
                raise

    def hold(self, host: str, until: datetime) -> None:
        """Send nothing to `host` before `until`."""
        board = self._host(host)
        with self._lock:
            board.held_until = max(until, board.held_until or until)

    def held(self, host: str, now: datetime) -> datetime | None:
        """Until when `host` is to be left alone; None where it is not."""
        until = self._host(host).held_until
        return until if until is not None and now < until else None

    def close(self) -> None:
        """Wake everybody who waits."""
        self._closing.set()

    def _host(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host(self._at_once))

    def _pause(self, board: _Host) -> None:
        with self._lock:
            start = max(time.monotonic(), board.next_start)
            board.next_start = start + self._delay
        self._closing.wait(max(0.0, start - time.monotonic()))
