"""Opening the store: one writer on the live file, any number of readers on the published snapshot.

open_live: lock -> open -> migrate -> the job's work -> CHECKPOINT -> close -> release
publish:   live.duckdb -> snapshots/store-<ns>.duckdb <- current.duckdb
open_snapshot: current.duckdb, read-only, sealed

home/live.duckdb      private: only a job that holds home/writer.lock opens it
home/current.duckdb   a link to the newest snapshot: what everyone else may open at any time
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import duckdb

from storage.errors import (
    DiskFull,
    StorageError,
    StoreBusy,
    StoreMismatch,
    StoreUnreadable,
    first_line,
    means_damaged,
    means_full,
)
from storage.lock import writer_lock
from storage.schema import is_current, migrate
from storage.snapshots import LIVE, current, publish, snapshots

__all__ = ["open_live", "open_snapshot", "publish"]

_SEALED = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
}
_SEALING = threading.Lock()


@contextmanager
def open_live(home: Path, *, job: str, now: datetime, wait_s: float = 5.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """The one read-write connection, session zone UTC, migrated; use it from one thread.

    `job` and `now` name the holder to whoever must wait. Every function of the room that writes commits by itself,
    so that an exception, a full disk or a kill loses at most the batch in hand. Raises StoreBusy after `wait_s`
    seconds, StoreUnreadable, StoreMismatch, DiskFull.
    """
    with writer_lock(home, job=job, now=now, wait_s=wait_s):
        con = _connect(home)
        try:
            con.execute("SET TimeZone = 'UTC'")
            migrate(con, now=now)
            yield con
            con.execute("CHECKPOINT")
        except duckdb.Error as error:
            told = _tell(error, home)
            if told is None:
                raise
            raise told from error
        finally:
            with suppress(duckdb.Error):  # a handle that a full disk made unusable may refuse even this
                con.close()


@contextmanager
def open_snapshot(
    home: Path, *, memory_mb: int | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published snapshot, read-only: no files, network, extensions or settings can be reached from it.

    `memory_mb` bounds DuckDB's buffers and turns spilling to disk off. Raises NoSnapshot, StoreUnreadable, and
    StoreMismatch where a table or column is missing that this version has.
    """
    path = current(home)
    config: dict[str, str | bool | int | float | list[str]] = dict(_SEALED)
    if memory_mb is not None:
        config |= {"memory_limit": f"{memory_mb}MB", "temp_directory": ""}
    if threads is not None:
        config |= {"threads": str(threads)}
    con = _connect_snapshot(path, config)
    try:
        yield con
    except duckdb.Error as error:
        if means_damaged(error):
            raise _unreadable(path, error) from error
        if isinstance(error, duckdb.BinderException | duckdb.CatalogException) and not is_current(con):
            raise StoreMismatch("the snapshot was published by another version: run `oresight refresh`") from error
        raise
    finally:
        con.close()


def _connect_snapshot(path: Path, config: dict[str, str | bool | int | float | list[str]]) -> duckdb.DuckDBPyConnection:
    try:
        with _SEALING:
            con = duckdb.connect(str(path), read_only=True, config=config)
            # Connections of one process to one file share its settings: the first has sealed them for all.
            if con.execute("SELECT current_setting('lock_configuration')").fetchone() != (True,):
                con.execute("SET GLOBAL TimeZone = 'UTC'")
                con.execute("SET lock_configuration = true")
        con.execute("SELECT count(*) FROM main.runs").fetchone()
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    return con


def _unreadable(path: Path, error: duckdb.Error) -> StoreUnreadable:
    return StoreUnreadable(f"{path} is damaged ({first_line(error)}); run `oresight refresh` to publish a new one")


def _connect(home: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(home / LIVE), config=dict(_SEALED))
    except duckdb.Error as error:
        if "conflicting lock" in str(error).lower():
            raise StoreBusy(
                f"another program has {home / LIVE} open; close it, and open current.duckdb instead"
            ) from None
        raise (_tell(error, home) or _damaged(error, home)) from error


def _tell(error: duckdb.Error, home: Path) -> StorageError | None:
    if means_full(error):
        return DiskFull(f"no room left for {home}; free some space and run again: everything committed is there")
    return _damaged(error, home) if means_damaged(error) else None


def _damaged(error: duckdb.Error, home: Path) -> StoreUnreadable:
    live, kept = home / LIVE, snapshots(home)
    advice = (
        f"copy {kept[-1]} in its place" if kept else "there is no snapshot to restore from: start with an empty home"
    )
    return StoreUnreadable(f"{live} is damaged ({first_line(error)}); move it and its .wal away, then {advice}")
