"""Published copies of the store, for everyone who reads.

    live.duckdb (closed) -> copy in a child -> store-<ns>.duckdb.tmp -> fsync, 0444, rename -> current.duckdb swapped

The copy is made by a child process: closing a second handle of the live file in a process that has it open drops
DuckDB's own lock on it. A name is never used twice, because DuckDB replays a `.wal` that bears an old file's name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from storage.errors import DiskFull, NoSnapshot, StorageError, StoreUnreadable, first_line, means_full
from storage.lock import writer_lock

LIVE = "live.duckdb"
CURRENT = "current.duckdb"
FOLDER = "snapshots"
_COPY = Path(__file__).with_name("copy_child.py")
_SPARE_BYTES = 1 << 20


def publish(home: Path, *, keep: int = 3, wait_s: float = 5.0) -> Path:
    """Copy the closed live file to a new snapshot, point `current.duckdb` at it, keep the newest `keep`.

    Takes the writer's lock, so call it after `open_live` has ended. Returns the snapshot's path. Raises NoSnapshot
    when there is no live file, StoreBusy, DiskFull, StoreUnreadable.
    """
    with writer_lock(home, job="publish", now=datetime.fromtimestamp(time.time_ns() // 10**9, UTC), wait_s=wait_s):
        live = home / LIVE
        if not live.exists():
            raise NoSnapshot(f"nothing to publish in {home}: run `oresight run` first")
        fold_in_log(live)
        return put(home, live, keep=keep)


def put(home: Path, source: Path, *, keep: int) -> Path:
    """Publish a closed database file, for a caller that holds the writer's lock; raises as `publish`."""
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    _clean(home)
    name = f"store-{max([time.time_ns(), *(_number(p) + 1 for p in snapshots(home))])}.duckdb"
    require_room(source, folder)
    _copy(source, folder / f"{name}.tmp")
    (folder / f"{name}.tmp").rename(folder / name)
    _point(home, name)
    _forget(home, keep)
    return folder / name


def current(home: Path) -> Path:
    """The published snapshot's own path. Raises NoSnapshot."""
    try:
        return (home / CURRENT).resolve(strict=True)
    except OSError:
        raise NoSnapshot(f"no published snapshot in {home}: run `oresight run` first") from None


def snapshots(home: Path) -> list[Path]:
    """All snapshots, oldest first."""
    return sorted((home / FOLDER).glob("store-*.duckdb"), key=_number)


def _number(path: Path) -> int:
    digits = path.name.removeprefix("store-").removesuffix(".duckdb")
    return int(digits) if digits.isdecimal() else 0


def _clean(home: Path) -> None:
    for stale in [*(home / FOLDER).glob("*.tmp"), *home.glob(f"{CURRENT}.*.tmp")]:
        if not stale.is_dir():  # a reader's, who spilled more than its memory holds
            stale.unlink(missing_ok=True)


def fold_in_log(live: Path) -> None:
    """A killed writer leaves a write-ahead log beside the file: opening and closing folds it in."""
    if not live.with_name(f"{live.name}.wal").exists():
        return
    try:
        with duckdb.connect(str(live)) as con:
            con.execute("CHECKPOINT")
    except duckdb.Error as error:
        if means_full(error):
            raise DiskFull(f"no room to publish beside {live}; free some space and run again") from None
        raise StoreUnreadable(f"cannot publish {live}: {first_line(error)}") from None


def require_room(live: Path, folder: Path) -> None:
    """Refuse to begin a copy of `live` in `folder` that cannot end well. Raises DiskFull."""
    needed, free = live.stat().st_size + _SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFull(
            f"publishing needs {needed >> 20} MB but {folder} has {free >> 20} MB free; free some space, then "
            "run `oresight refresh` (the items are safe in the live file)"
        )


def _copy(source: Path, target: Path) -> None:
    done = subprocess.run(  # noqa: S603  our own interpreter and script, no shell
        [sys.executable, "-I", "-S", str(_COPY), str(source), str(target)], env={}, capture_output=True, check=False
    )
    if done.returncode == 0:
        return
    target.unlink(missing_ok=True)
    reason = done.stderr.decode(errors="replace").strip() or f"the copy ended with {done.returncode}"
    if done.returncode == 28:
        raise DiskFull(f"no room to publish in {target.parent}: {reason}; free some space and run `oresight refresh`")
    raise StorageError(f"cannot publish to {target.parent}: {reason}")


def _point(home: Path, name: str) -> None:
    link = home / f"{CURRENT}.{os.getpid()}.tmp"
    link.symlink_to(f"{FOLDER}/{name}")
    link.replace(home / CURRENT)
    for folder in (home / FOLDER, home):
        sync(folder)


def sync(folder: Path) -> None:
    """Make a folder's own entries last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget(home: Path, keep: int) -> None:
    for old in snapshots(home)[: -max(keep, 1)]:
        old.unlink(missing_ok=True)
        old.with_name(f"{old.name}.wal").unlink(missing_ok=True)
