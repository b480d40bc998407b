"""One writer, published snapshots, many readers, and what may befall their files."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from storage import database, snapshots
from storage.errors import DiskFull, NoSnapshot, StorageError, StoreBusy, StoreMismatch, StoreUnreadable
from tests.storage.children import PAGE
from tests.storage.made import NOW, add_page, fill, item, made_home, scan

ROOT = Path(__file__).parents[2]


def child(command: str, home: Path, value: object = 0) -> subprocess.Popen[str]:
    """One of `children` as a process."""
    line = [sys.executable, "-m", "tests.storage.children", command, str(home), str(value)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pages(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The pages that are in the store, whole."""
    sql = "SELECT regexp_replace(guid[6:], '-[0-9]+$', ''), count(*) FROM base.items GROUP BY 1"
    rows = con.execute(sql).fetchall()
    assert {number for _, number in rows} <= {PAGE}
    return {page for page, _ in rows}


def open_both(home: Path) -> list[tuple[object, ...]]:
    """The items that the live file and the snapshot hold: the same."""
    with database.open_live(home, job="test", now=NOW) as con:
        live = con.execute("SELECT title FROM items ORDER BY 1").fetchall()
    with database.open_snapshot(home) as con:
        assert con.execute("SELECT title FROM items ORDER BY 1").fetchall() == live
    return live


def test_layout(tmp_path: Path) -> None:
    """A published home holds the live file, the lock, and one read-only snapshot behind a relative link."""
    home = made_home(tmp_path / "made" / "home", [scan(item(1))])
    [snapshot] = (home / "snapshots").iterdir()
    assert sorted(p.name for p in home.iterdir()) == ["current.duckdb", "live.duckdb", "snapshots", "writer.lock"]
    assert (home / "current.duckdb").readlink() == Path("snapshots") / snapshot.name
    assert snapshot.stat().st_mode & 0o777 == 0o444
    assert open_both(home) == [(item(1).title,)]


def test_reader_outlives_publishing(tmp_path: Path) -> None:
    """A reader keeps its snapshot while newer ones are published and old ones removed; three are kept."""
    home = made_home(tmp_path, [scan(item(1))])
    with database.open_snapshot(home) as reader:
        names = {database.publish(home).name for _ in range(5)}
        assert reader.execute("SELECT count(*) FROM items").fetchall() == [(1,)]
    assert len(names) == 5
    assert [p.name for p in snapshots.snapshots(home)] == sorted(names)[-3:]


def test_clock_set_back(tmp_path: Path) -> None:
    """A snapshot's name is never used again and the newest stays the last, even if the clock was ahead before."""
    home = made_home(tmp_path, [])
    future = home / "snapshots" / "store-99999999999999999999.duckdb"
    future.write_bytes(b"")
    assert database.publish(home).name == "store-100000000000000000000.duckdb"


def test_stale_copies_are_cleaned(tmp_path: Path) -> None:
    """What a kill left half-copied goes with the next publication."""
    home = made_home(tmp_path, [])
    stale = [home / "snapshots" / "store-1.duckdb.tmp", home / "current.duckdb.7.tmp"]
    for path in stale:
        path.write_bytes(b"half")
    database.publish(home)
    assert [path for path in stale if path.exists()] == []


def test_log_of_a_killed_writer(tmp_path: Path) -> None:
    """What a killed writer had committed is in the next snapshot, though it was never checkpointed."""
    made_home(tmp_path, [])
    code = (
        "import os, sys; from pathlib import Path; from storage import database; from tests.storage.made import *\n"
        "with database.open_live(Path(sys.argv[1]), job='collect', now=NOW) as con:\n"
        "    add_page(con, [item(1)]); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "live.duckdb.wal").stat().st_size
    database.publish(tmp_path)
    assert open_both(tmp_path) == [(item(1).title,)]


def test_second_writer(tmp_path: Path) -> None:
    """A second writer is told who writes and since when; readers go on; a killed holder blocks nobody."""
    home = made_home(tmp_path, [scan(item(1))])
    holder = child("hold", home, 60)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    told = (
        rf"another job \(collect, pid {holder.pid}, since 12:03 UTC\) is writing to {home}; try again when it is done"
    )
    with pytest.raises(StoreBusy, match=told), database.open_live(home, job="label", now=NOW, wait_s=0.1):
        pass
    with pytest.raises(StoreBusy, match=told):
        database.publish(home, wait_s=0.1)
    with database.open_snapshot(home) as con:
        assert con.execute("SELECT count(*) FROM items").fetchall() == [(1,)]
    holder.kill()
    holder.communicate()
    assert open_both(home) == [(item(1).title,)]


def test_waiting_for_the_lock(tmp_path: Path) -> None:
    """A writer that waits long enough gets its turn."""
    holder = child("hold", tmp_path, 0.3)
    assert holder.stdout is not None
    holder.stdout.readline()
    with database.open_live(tmp_path, job="label", now=NOW, wait_s=20) as con:
        assert con.execute("SELECT count(*) FROM items").fetchall() == [(0,)]
    assert holder.communicate() == ("", "")


def test_foreign_program(tmp_path: Path) -> None:
    """A program that opened the live file itself is named as what stands in the way."""
    made_home(tmp_path, [])
    code = f"import duckdb; con = duckdb.connect({str(tmp_path / 'live.duckdb')!r}); print('open', flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(StoreBusy, match="close it"), database.open_live(tmp_path, job="label", now=NOW):
        pass
    other.communicate("\n")


def test_snapshot_of_another_version(tmp_path: Path) -> None:
    """A column that another version did not publish is told as such; one that nobody ever had is the asker's."""
    path = snapshots.current(made_home(tmp_path, ()))
    ask = "SELECT no_such_column FROM items"
    with pytest.raises(duckdb.BinderException), database.open_snapshot(tmp_path) as con:
        con.execute(ask)
    with duckdb.connect(str(path)) as con:
        con.execute("DELETE FROM base.schema_migrations WHERE number > 9")
    with pytest.raises(StoreMismatch, match="oresight refresh"), database.open_snapshot(tmp_path) as con:
        con.execute(ask)
    with database.open_snapshot(tmp_path) as con:
        assert con.execute("SELECT count(*) FROM items").fetchone() == (0,)


def test_nothing_published(tmp_path: Path) -> None:
    """Without a snapshot, or without a store, the way to one is told."""
    with pytest.raises(NoSnapshot, match="oresight run"), database.open_snapshot(tmp_path):
        pass
    with pytest.raises(NoSnapshot, match="oresight run"):
        database.publish(tmp_path)


@pytest.mark.parametrize("home", ["file/below", "/proc/oresight"])
def test_home_that_cannot_be(tmp_path: Path, home: str) -> None:
    """A home that cannot be made is one clear line."""
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(StoreUnreadable, match="set ORESIGHT_HOME"),
        database.open_live(tmp_path / home, job="x", now=NOW),
    ):
        pass


def test_failure_keeps_what_was_committed(tmp_path: Path) -> None:
    """A job that fails keeps its committed pages, and its error comes through as it is."""

    def job(con: duckdb.DuckDBPyConnection) -> None:
        add_page(con, [item(1)])
        con.begin()
        con.execute("DELETE FROM base.items")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.open_live(tmp_path, job="collect", now=NOW) as con:
        job(con)
    database.publish(tmp_path)
    assert open_both(tmp_path) == [(item(1).title,)]


def cut(data: bytes) -> bytes:
    """The first quarter of the file, so that blocks in use are missing whatever their order."""
    return data[: len(data) // 4]


def scribble(data: bytes) -> bytes:
    """Bits turned over all along the file, past its headers."""
    dice, turned = random.Random(7), bytearray(data)
    for _ in range(200):
        turned[dice.randrange(12288, len(turned))] ^= 0xFF
    return bytes(turned)


DAMAGES = {
    "cut": cut,
    "scribbled": scribble,
    "no database": lambda _: b"<html>",
    "empty pages": lambda d: bytes(len(d)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_live_file(tmp_path: Path, damage: str) -> None:
    """A damaged live file is named, with the snapshot to put in its place; that mends the store."""
    home = made_home(tmp_path, [scan(item(1))])
    live = home / "live.duckdb"
    live.write_bytes(DAMAGES[damage](live.read_bytes()))
    with pytest.raises(StoreUnreadable) as told, database.open_live(home, job="collect", now=NOW) as con:
        con.execute("SELECT sum(length(text)) FROM items").fetchall()
    [snapshot] = snapshots.snapshots(home)
    assert str(live) in str(told.value)
    assert f"copy {snapshot} in its place" in str(told.value)
    assert "\n" not in str(told.value)
    live.unlink()
    shutil.copyfile(snapshot, live)
    assert open_both(home) == [(item(1).title,)]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_snapshot(tmp_path: Path, damage: str) -> None:
    """A damaged snapshot is named, with the way to a new one; that mends it."""
    home = made_home(tmp_path, [scan(item(1))])
    [snapshot] = snapshots.snapshots(home)
    data = DAMAGES[damage](snapshot.read_bytes())
    snapshot.unlink()
    snapshot.write_bytes(data)
    with pytest.raises(StoreUnreadable, match="oresight refresh") as told, database.open_snapshot(home) as con:
        con.execute("SELECT sum(length(text)) FROM items").fetchall()
    assert str(snapshot) in str(told.value)
    database.publish(home)
    assert open_both(home) == [(item(1).title,)]


def test_snapshot_is_sealed(tmp_path: Path) -> None:
    """A snapshot connection writes nothing, reads no file and no variable, and keeps its settings."""
    home = made_home(tmp_path, [scan(item(1))])
    for sql in (
        "DELETE FROM base.items",
        "FROM read_text('/etc/passwd')",
        "SET threads = 1",
        "FROM home",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error), database.open_snapshot(home) as con:
            con.execute(sql)
    with database.open_snapshot(home) as one, database.open_snapshot(home) as two:
        zones = [c.execute("SELECT current_setting('TimeZone')").fetchall() for c in (one, two)]
    assert zones == [[("UTC",)]] * 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB; skipped where this machine lets nobody mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(line, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a file system here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def assert_full(home: Path, limit: int) -> None:
    """A child that fills the disk ends with DiskFull, and all it acknowledged is there."""
    out, err = child("fill", home, limit).communicate(timeout=60)
    assert "storage.errors.DiskFull: no room left for" in err
    with duckdb.connect(str(home / "live.duckdb"), read_only=True) as con:
        assert pages(con) >= set(out.split())
    assert len(out.split()) > 2


def test_full_disk(small_disk: Path) -> None:
    """On a full disk every acknowledged page is kept, publishing says what is missing, and room mends it all."""
    home = small_disk / "home"
    assert_full(home, 0)
    with pytest.raises(DiskFull, match="free some space"):
        database.publish(home)
    assert list(home.glob("snapshots/*")) == []
    subprocess.run(["mount", "-o", "remount,size=96m", str(small_disk)], check=True)
    with database.open_live(home, job="collect", now=NOW) as con:
        found = pages(con)
    database.publish(home)
    with database.open_snapshot(home) as con:
        assert pages(con) == found


@pytest.mark.long
def test_full_file(tmp_path: Path) -> None:
    """A file that may grow no further is told like a full disk."""
    assert_full(tmp_path, 12 << 20)
    database.publish(tmp_path)


def read_on(home: Path, stop: threading.Event, seen: list[int], failures: list[StorageError | duckdb.Error]) -> None:
    """Read the snapshot until told to stop, and note how many items each read saw."""
    while not stop.is_set():
        try:
            with database.open_snapshot(home) as con:
                seen.append(con.execute("SELECT count(*) FROM items").fetchall()[0][0])
        except (StorageError, duckdb.Error) as error:
            failures.append(error)


@pytest.mark.slow
def test_kills(tmp_path: Path) -> None:
    """Over eight kills at random moments no acknowledged page is lost or halved and no reader fails."""
    made_home(tmp_path, [])
    dice, stop = random.Random(2026), threading.Event()
    seen: list[int] = []
    failures: list[StorageError | duckdb.Error] = []
    reader = threading.Thread(target=read_on, args=(tmp_path, stop, seen, failures))
    reader.start()
    acknowledged: set[str] = set()
    for round_ in range(8):
        writer = child("write", tmp_path, f"w{round_}")
        assert writer.stdout is not None
        acknowledged.add(writer.stdout.readline().strip())
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(dice.uniform(0, 2.0))
        writer.kill()
        acknowledged |= set(writer.communicate()[0].split())
    stop.set()
    reader.join()
    assert (failures, seen == sorted(seen), seen[-1] > seen[0]) == ([], True, True)
    with database.open_live(tmp_path, job="test", now=NOW) as con:
        assert pages(con) >= acknowledged
        fill(con, [])
    database.publish(tmp_path)
    assert len(open_both(tmp_path)) >= PAGE * len(acknowledged)
    assert list(tmp_path.rglob("*.tmp")) == []
