"""Series and labels as Parquet files, by ISO week, for whoever works without this product.

    current.duckdb -> COPY ... PARTITION_BY week -> DIR/export-<ns>.tmp -> fsync -> export-<ns> <- DIR/current

No words of anyone: neither texts, titles and addresses, nor surfaces of mentions; of a deleted item not the author's
hash either. Only the newest export is kept, so that what was deleted since stands in none.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from storage.errors import (
    DiskFull,
    ExportRefused,
    StorageError,
    StoreBusy,
    StoreUnreadable,
    first_line,
    means_damaged,
    means_full,
)
from storage.snapshots import current, sync

CURRENT, MANIFEST = "current", "manifest.json"
FORMAT = "oresight-export/1"
_LOCK = ".lock"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "temp_directory": "",  # what DuckDB spills would lie beside the export
}
_WEEKLY = {
    "series_daily": "SELECT *, strftime(day, '%G-W%V') AS week FROM series_daily ORDER BY ALL",
    "series_weekly": "SELECT * FROM series_weekly ORDER BY ALL",
    "pairs_weekly": "SELECT * FROM pairs_weekly ORDER BY ALL",
    "volumes_weekly": "SELECT * FROM volumes_weekly ORDER BY ALL",
    "labels": """
        SELECT item_id::VARCHAR AS item_id, source_kind, channel, community, published_at, date_quality, language,
               relevant, story_id::VARCHAR AS story_id, thread_id::VARCHAR AS thread_id,
               CASE WHEN deleted_at IS NULL THEN author_hash END AS author_hash, deleted_at IS NOT NULL AS deleted,
               model, stance, abstained, confidence, p_realist, p_industrial_collaboration, p_skeptic, p_none,
               labelled_at,
               strftime(published_at AT TIME ZONE 'UTC', '%G-W%V') AS week
        FROM labels JOIN items USING (item_id) ORDER BY published_at, item_id
    """,
    "entities": """
        SELECT item_id::VARCHAR AS item_id, type, entity,
               strftime(published_at AT TIME ZONE 'UTC', '%G-W%V') AS week
        FROM (SELECT item_id, type, entity FROM mentions UNION SELECT item_id, 'theme', theme FROM item_themes)
        JOIN items USING (item_id) JOIN (SELECT item_id FROM labels) USING (item_id)
        ORDER BY published_at, item_id, type, entity
    """,
}  # fmt: skip
_WHOLE = ("models", "minerals", "mineral_lists", "countries", "instruments", "themes")


@dataclass(frozen=True, slots=True)
class Export:
    """Where an export lies, and how many rows each of its tables has."""

    path: Path
    rows: dict[str, int]


def export(home: Path, folder: Path) -> Export:
    """Write the published snapshot's series and labels under `folder`; `folder/current` is the newest export, whole.

    A killed export leaves the one before as it was. Raises ExportRefused when the folder holds anything else, StoreBusy
    when another export writes there, NoSnapshot, StoreUnreadable, DiskFull.
    """
    snapshot = current(home)
    folder.mkdir(parents=True, exist_ok=True)
    _own(folder)
    with _locked(folder):
        _sweep(folder)
        name = f"export-{max([time.time_ns(), *(_number(old) + 1 for old in _exports(folder))])}"
        half = folder / f"{name}.tmp"
        half.mkdir()
        try:
            rows = _write(snapshot, half)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        _settle(half)
        half.rename(folder / name)
        _point(folder, name)
        _sweep(folder)
    return Export(folder / CURRENT, rows)


def _own(folder: Path) -> None:
    """What is not ours is not swept away, nor mixed with."""
    for path in folder.iterdir():
        if path.name != _LOCK and not path.name.startswith((f"{CURRENT}", "export-")):
            raise ExportRefused(f"{folder} holds {path.name}, which is no export; name a folder of its own")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreBusy(f"another export is writing to {folder}; wait until it has ended") from None
    finally:
        os.close(handle)


def _exports(folder: Path) -> list[Path]:
    return [path for path in folder.glob("export-*") if path.suffix != ".tmp"]


def _number(path: Path) -> int:
    digits = path.name.removeprefix("export-")
    return int(digits) if digits.isdecimal() else 0


def _sweep(folder: Path) -> None:
    """Whatever `current` does not point to: what a killed export left, and the export before."""
    link = folder / CURRENT
    kept = link.resolve().name if link.is_symlink() else ""
    for path in folder.glob("export-*"):
        if path.name != kept:
            shutil.rmtree(path)
    for path in folder.glob(f"{CURRENT}.*"):
        path.unlink()


def _write(snapshot: Path, half: Path) -> dict[str, int]:
    rows = {}
    try:
        with duckdb.connect(config=_CONFIG) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(f"ATTACH {_quoted(snapshot)} AS snapshot (READ_ONLY)")
            con.execute("USE snapshot")
            for name, sql in _WEEKLY.items():
                rows[name] = _copy(con, sql, half / name, ", PARTITION_BY (week)")
            for name in _WHOLE:
                (half / name).mkdir()
                rows[name] = _copy(con, f"FROM {name} ORDER BY ALL", half / name / "data_0.parquet", "")
            told = con.execute("SELECT max(refreshed_at)::VARCHAR FROM base.refreshes").fetchall()[0][0]
    except duckdb.Error as error:
        raise _explained(error, snapshot, half.parent) from error
    manifest = {"format": FORMAT, "snapshot": snapshot.name, "refreshed_at": told, "rows": rows}
    (half / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return rows


def _copy(con: duckdb.DuckDBPyConnection, sql: str, target: Path, more: str) -> int:
    done = con.execute(f"COPY ({sql}) TO {_quoted(target)} (FORMAT parquet, COMPRESSION zstd{more})").fetchone()
    if more:
        target.mkdir(exist_ok=True)  # a table without rows is an empty folder
    return int(done[0]) if done else 0


def _explained(error: duckdb.Error, snapshot: Path, folder: Path) -> StorageError:
    if means_full(error):
        return DiskFull(f"no room left for {folder}; free some space and export again: the export before is whole")
    if means_damaged(error):
        return StoreUnreadable(
            f"{snapshot} is damaged ({first_line(error)}); run `oresight refresh` to publish a new one"
        )
    return StorageError(f"cannot export to {folder}: {first_line(error)}")


def _settle(folder: Path) -> None:
    """Make every file and folder last."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync(folder)


def _point(folder: Path, name: str) -> None:
    link = folder / f"{CURRENT}.{os.getpid()}"
    link.symlink_to(name)
    link.replace(folder / CURRENT)
    sync(folder)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
