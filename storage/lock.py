"""One writer at a time, across processes.

    home -> flock(writer.lock) -> the job's turn -> released, also by kill -9

The kernel drops the lock with the process, so that a killed job never blocks the next. The file's text (job, pid,
start) is there for people and messages; nothing is decided by it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from storage.errors import DiskFull, StoreBusy, StoreUnreadable

LOCK = "writer.lock"
_PAUSE_S = 0.05


@contextmanager
def writer_lock(home: Path, *, job: str, now: datetime, wait_s: float) -> Iterator[None]:
    """Hold the store's write lock; creates `home`.

    Raises StoreBusy when another job still holds the lock after `wait_s` seconds, StoreUnreadable when `home`
    cannot be made or written to.
    """
    handle = _open(home)
    try:
        _take(handle, home, wait_s)
        _sign(handle, f"{job}\n{os.getpid()}\n{now.isoformat(timespec='seconds')}\n", home)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _open(home: Path) -> int:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreUnreadable(
            f"cannot write to {home}: {error.strerror}; set ORESIGHT_HOME to another folder"
        ) from None


def _take(handle: int, home: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise StoreBusy(f"{_holder(handle)} is writing to {home}; try again when it is done") from None
            time.sleep(_PAUSE_S)


def _sign(handle: int, text: str, home: Path) -> None:
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0)
    except OSError as error:
        raise DiskFull(f"cannot write to {home}: {error.strerror}; free some space and run again") from None


def _holder(handle: int) -> str:
    lines = os.pread(handle, 400, 0).decode(errors="replace").splitlines()
    if len(lines) < 3:
        return "another job"
    return f"another job ({lines[0]}, pid {lines[1]}, since {lines[2][11:16]} UTC)"
