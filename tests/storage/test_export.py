"""The export: whole or not at all, readable by others, without anyone's words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.dataset as ds
import pytest

from storage import database, erasure, items, snapshots
from storage.errors import ExportRefused, NoSnapshot, StoreBusy
from storage.export import CURRENT, MANIFEST, Export, export
from tests.storage.made import NOW, PASSAGE, fill, item, made_home, post, scan

SECRET = "a secret about lithium in Chile"
WEEKS = ("2026-W46", "2026-W47")
RUN = """
import sys
from pathlib import Path
from storage.export import export
export(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two weeks in which a post was deleted."""
    home = tmp_path_factory.mktemp("home")
    gone = post("gone", guid="t3_gone", text=SECRET, title="", author_hash="hash-gone")
    made = [
        *(item(n, published_at=NOW - timedelta(days=6 + n)) for n in range(8)),
        post("kept", author_hash="hash-kept"),
        gone,
    ]
    with database.open_live(home, job="test", now=NOW) as con:
        fill(con, [scan(one) for one in made])
        run = items.start_run(con, "purge", now=NOW, version="0.1.0")
        erasure.record(con, run, there=(), gone={"t3_gone": "[deleted]"}, nameless=(), now=NOW)
    database.publish(home)
    return home


@pytest.fixture(scope="module")
def done(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Its export."""
    return export(home, tmp_path_factory.mktemp("parquet"))


def test_duckdb_reads_it(home: Path, done: Export) -> None:
    """DuckDB finds the weeks and every row of the views."""
    with duckdb.connect() as con, database.open_snapshot(home) as store:
        for name in ("series_daily", "series_weekly", "pairs_weekly", "volumes_weekly", "labels"):
            files = (
                f"read_parquet('{done.path}/{name}/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
            )
            rows, weeks = con.execute(f"SELECT count(*), list(DISTINCT week ORDER BY week) FROM {files}").fetchall()[0]
            assert (rows, tuple(weeks)) == (store.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0], WEEKS)
            assert rows == done.rows[name] > 0
        stances = con.execute(f"SELECT stance, count(*) FROM read_parquet('{done.path}/labels/*/*.parquet') GROUP BY 1")
        assert stances.fetchall() == [("realist", 10)]


def test_pyarrow_reads_it(done: Export) -> None:
    """Arrow finds the same rows, with the week as a column."""
    labels = ds.dataset(done.path / "labels", partitioning="hive").to_table()
    assert labels.num_rows == done.rows["labels"] == 10
    assert set(labels.column("week").to_pylist()) == set(WEEKS)
    assert str(labels.schema.field("published_at").type) == "timestamp[us, tz=UTC]"
    entities = ds.dataset(done.path / "entities", partitioning="hive").to_table().to_pylist()
    assert {(row["type"], row["entity"]) for row in entities} == {("mineral", "lithium"), ("country", "CHL")}
    assert json.loads((done.path / MANIFEST).read_text())["rows"] == done.rows


def test_no_words_and_no_hash_of_what_was_deleted(done: Export) -> None:
    """No file holds a text, a title or an address, nor the author's hash of a deleted item; of others it does."""
    rows = ds.dataset(done.path / "labels", partitioning="hive").to_table().to_pylist()
    hashes = {(row["deleted"], row["author_hash"]) for row in rows}
    assert hashes == {(True, None), (False, None), (False, "hash-kept")}
    with duckdb.connect() as con:
        for file in done.path.rglob("*.parquet"):
            told = str(con.execute(f"FROM read_parquet('{file}')").fetchall())
            assert not [word for word in (SECRET, PASSAGE, "news.example", "hash-gone", "Title") if word in told], file


def test_only_the_newest_is_kept(home: Path, tmp_path: Path) -> None:
    """A second export takes the first one's place."""
    first = export(home, tmp_path).path.resolve()
    second = export(home, tmp_path).path.resolve()
    assert not first.exists()
    assert {path.name for path in tmp_path.iterdir()} == {CURRENT, ".lock", second.name}


def test_killed(home: Path, tmp_path: Path) -> None:
    """An export that is killed at work leaves the one before whole, and the next sweeps up after it."""
    before = export(home, tmp_path)
    whole = sorted(path.name for path in before.path.resolve().rglob("*"))
    child = subprocess.Popen([sys.executable, "-c", RUN, home, tmp_path])
    while not list(tmp_path.glob("*.tmp")) and child.poll() is None:
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.tmp"))) == 1
    assert sorted(path.name for path in before.path.resolve().rglob("*")) == whole
    export(home, tmp_path)
    assert list(tmp_path.glob("*.tmp")) == []


def test_other_folders_are_left_alone(home: Path, tmp_path: Path) -> None:
    """A folder that holds anything else is refused, and nothing in it changes; so is one that is being written to."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ExportRefused, match=r"thesis\.txt"):
        export(home, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(NoSnapshot):
        export(tmp_path / "nowhere", tmp_path / "out")


LOCK = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_one_at_a_time(home: Path, tmp_path: Path) -> None:
    """While another process exports to the folder, this one says so."""
    holder = subprocess.Popen([sys.executable, "-c", LOCK, tmp_path / ".lock"], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy):
            export(home, tmp_path)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close() if holder.stdout else None


def test_an_empty_store(tmp_path: Path) -> None:
    """A store without items gives an export without rows."""
    done = export(made_home(tmp_path / "home", []), tmp_path / "out")
    assert done.rows["labels"] == 0
    assert (done.path / "labels").is_dir()


READ = """
import sys, duckdb
path = sys.argv[1]
for _ in range(int(sys.argv[2])):
    with duckdb.connect(path, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM items").fetchone()[0] >= 1
        con.execute("FROM series_weekly").fetchall()
print("fine")
"""


def test_others_open_the_snapshot_while_a_writer_works(tmp_path: Path) -> None:
    """A plain DuckDB connection, as its command line or a notebook has it, opens current.duckdb at any time."""
    made_home(tmp_path, [scan(item(0))])
    path = tmp_path / snapshots.CURRENT
    readers = []
    with duckdb.connect(str(path), read_only=True) as open_window:
        for n in range(1, 4):
            with database.open_live(tmp_path, job="test", now=NOW) as con:
                readers.append(subprocess.Popen([sys.executable, "-c", READ, path, "5"], stdout=subprocess.PIPE))
                fill(con, [scan(item(n))])
            database.publish(tmp_path)
        assert open_window.execute("SELECT count(*) FROM items").fetchone() == (1,)
    assert [reader.communicate(timeout=60)[0] for reader in readers] == [b"fine\n"] * 3
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM items").fetchone() == (4,)
