"""New files in the place of old ones, so that nothing that was erased is left in any of them.

    live.duckdb -> COPY FROM DATABASE -> live.duckdb.fresh -> the only snapshot -> (the caller's pages) -> live.duckdb

DuckDB does not overwrite what it frees: words stay readable in its file after UPDATE, DELETE and CHECKPOINT, and in
every snapshot. Only what is visible goes into the new file. The swap at the end is what counts: after a kill before
it the erasures are still pending in the old file, and the next scrub begins again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from storage.errors import DiskFull, NoSnapshot, StoreUnreadable, first_line, means_full
from storage.lock import writer_lock
from storage.rows import utc
from storage.snapshots import CURRENT, LIVE, fold_in_log, put, require_room, sync

FRESH = f"{LIVE}.fresh"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "temp_directory": "",  # what DuckDB spills would lie beside the home
}
_TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'old' AND NOT internal"
_WEEKS = """
    WITH erased AS (SELECT item_id FROM fresh.base.purges WHERE what = 'item' AND erased_at IS NULL)
    SELECT DISTINCT strftime(day, '%G-W%V') AS week FROM fresh.base.items
    WHERE item_id IN (FROM erased) OR thread_id IN (FROM erased) OR parent_id IN (FROM erased) ORDER BY week
"""
_DONE = "UPDATE fresh.base.purges SET erased_at = $now WHERE erased_at IS NULL"


@contextmanager
def scrubbed(home: Path, *, job: str, now: datetime, wait_s: float = 5.0) -> Iterator[tuple[str, ...]]:
    """Rewrite the live file, publish it as the only snapshot, and call every erasure in it done.

    Yields the ISO weeks whose pages may tell something that was erased: write them again inside; the snapshot is new
    by then. The old live file gives way when the inside has ended well. Takes the writer's lock, and room for two
    copies of the store. Raises NoSnapshot when there is no live file, StoreBusy, DiskFull, StoreUnreadable.
    """
    with writer_lock(home, job=job, now=now, wait_s=wait_s):
        live, fresh = home / LIVE, home / FRESH
        if not live.exists():
            raise NoSnapshot(f"there is no store in {home}: run `oresight run` first")
        _sweep(home)
        fold_in_log(live)
        require_room(live, home)
        weeks = _rewritten(live, fresh, now)
        only = put(home, fresh, keep=1)
        _leave_only(only)
        yield weeks
        fresh.replace(live)
        sync(home)


def _sweep(home: Path) -> None:
    """What a killed scrub or a killed query left: half a file, its log, what was spilled, stores of the past."""
    for name in (FRESH, f"{FRESH}.wal", f"{LIVE}.tmp", f"{CURRENT}.tmp"):
        _remove(home / name)
    for left in home.glob("as-of-*"):
        _remove(left)


def _leave_only(snapshot: Path) -> None:
    for path in snapshot.parent.iterdir():
        if path != snapshot:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _rewritten(live: Path, fresh: Path, now: datetime) -> tuple[str, ...]:
    """Copy what is visible into a new file, mark its erasures done; returns the weeks that they touch."""
    try:
        with duckdb.connect(config=_CONFIG) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(f"ATTACH {_quoted(live)} AS old (READ_ONLY)")
            con.execute(f"ATTACH {_quoted(fresh)} AS fresh")
            con.execute("COPY FROM DATABASE old TO fresh")
            _compare(con, live)
            weeks = tuple(week for (week,) in con.execute(_WEEKS).fetchall())
            con.execute(_DONE, {"now": utc(now)})
            con.execute("CHECKPOINT fresh")
            con.execute("DETACH fresh")
            con.execute("DETACH old")
    except duckdb.Error as error:
        if means_full(error):
            raise DiskFull(f"no room left for {live.parent}; free some space and run `oresight purge` again") from None
        raise StoreUnreadable(f"cannot rewrite {live}: {first_line(error)}") from None
    return weeks


def _compare(con: duckdb.DuckDBPyConnection, live: Path) -> None:
    """Never trust a copy with the only store: every table must have come over whole."""
    for schema, name in con.execute(_TABLES).fetchall():
        counts = [con.execute(f'SELECT count(*) FROM {db}."{schema}"."{name}"').fetchone() for db in ("old", "fresh")]  # noqa: S608  names from the catalogue
        if counts[0] != counts[1]:
            raise StoreUnreadable(f"cannot rewrite {live}: {name} did not come over whole; nothing was changed")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
