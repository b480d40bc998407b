"""What a person sees of a backfill: a bar on a terminal, a line now and then in a pipe, and what it came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from flows import show
from sources.archive import Dump

EVERY_S = 30.0
Tell = Callable[[int, int], None]
"""Told how many bytes of the file have been read, and how many lines."""


@contextmanager
def telling(dump: Dump) -> Iterator[Tell]:
    """Progress over one dump: share of the file, lines a second, time that remains."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(dump.path.name, total=dump.size, rate="")
        pace = Pace(dump.size, time.monotonic())
        last = time.monotonic()

        def tell(read: int, lines: int) -> None:
            nonlocal last
            at = time.monotonic()
            pace.saw(read, lines, at)
            bar.update(task, completed=read, rate=f"{pace.lines_a_second:,.0f} lines/s")
            if not console.is_terminal and at - last >= EVERY_S:
                last = at
                show.say(f"{dump.path.name}: {pace.told()}")

        yield tell


class Pace:
    """How fast a file is read, and how long the rest will take, by its packed bytes."""

    def __init__(self, size: int, began: float) -> None:
        self._size, self._began = max(size, 1), began
        self._first: tuple[int, int] | None = None
        self._read, self._lines, self._at = 0, 0, began

    def saw(self, read: int, lines: int, at: float) -> None:
        """So many bytes and lines have been read at that time; the first time tells where this run began."""
        self._first = self._first or (read, lines)
        self._read, self._lines, self._at = read, lines, at

    @property
    def lines_a_second(self) -> float:
        """Lines of this run by the time it has taken."""
        first = self._first[1] if self._first else 0
        return (self._lines - first) / max(self._at - self._began, 1e-9)

    @property
    def remaining_s(self) -> float | None:
        """Seconds for the rest of the file at this run's pace; None before there is one."""
        done = self._read - (self._first[0] if self._first else 0)
        return (self._size - self._read) * (self._at - self._began) / done if done > 0 else None

    def told(self) -> str:
        """One line without the file's name."""
        left = "" if self.remaining_s is None else f", about {clock(self.remaining_s)} left"
        share = min(100, 100 * self._read // self._size)
        return f"{share} % of {size(self._size)}, {self._lines:,} lines, {self.lines_a_second:,.0f} lines/s{left}"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds as 1:02:03."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def size(count: int) -> str:
    """Bytes for a person."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
