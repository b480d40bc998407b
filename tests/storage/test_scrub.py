"""After a scrub no byte of what was erased is in any file; after a kill at any moment the next one finishes."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from records import Item
from storage import database, erasure, items, scrub, snapshots
from storage.errors import NoSnapshot, StoreBusy
from tests.storage.made import NOW, add_page, add_scans, comment, fill, item_id, post, scan

ROOT = Path(__file__).parents[2]
# Random, so that no compression can share them with anything else; a text this long is compressed as one.
WORD, LONG = secrets.token_hex(12), " ".join(secrets.token_hex(9) for _ in range(400))
KEPT = secrets.token_hex(12)
OTHERS = 40
REWRITTEN = "2026-W47"


def doomed(**changes: str) -> Item:
    """What will be deleted."""
    text = f"{WORD} title\n\nEurope and lithium from Chile, {LONG}."
    return post("a1", **({"guid": "t3_a1", "title": f"{WORD} title", "text": text, "url": f"https://x.example/{WORD}",
                          "thread_id": item_id("a1"), "author_hash": WORD} | changes))  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three snapshots in which WORD and LONG were written and edited."""
    tmp_path = tmp_path_factory.mktemp("made")
    others = [scan(post(n, guid=f"t3_{n}", text=f"{n} lithium, Chile")) for n in range(OTHERS)]
    others.append(scan(post("kept", guid="t3_kept", text=f"{KEPT} lithium, Chile")))
    for number in range(3):
        with database.open_live(tmp_path, job="test", now=NOW) as con:
            if number == 0:
                fill(con, [scan(doomed()), *others])
                add_page(con, [comment("b1", "a1", guid="t1_b1", context=f"{WORD} title")])
            if number == 1:
                add_page(con, [doomed(text=f"{WORD} lithium Chile. {LONG}")])
                add_scans(con, [scan(doomed(text=f"{WORD} lithium Chile. {LONG}", version=2))])  # type: ignore[arg-type]
        database.publish(tmp_path)
    return tmp_path


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of that store."""
    return shutil.copytree(made, tmp_path / "home", symlinks=True)


def erase(home: Path) -> None:
    """Erase the item from the tables."""
    with database.open_live(home, job="purge", now=NOW) as con:
        run = items.start_run(con, "purge", now=NOW, version="0")
        assert erasure.record(con, run, there=(), gone={"t3_a1": "vanished"}, nameless=(), now=NOW) == 1


def holding(home: Path, *words: str) -> set[str]:
    """The files in whose bytes one of these words stands, in UTF-8 or UTF-16, whole or in good part."""
    parts = [w[i : i + 16] for w in words for i in range(0, len(w) - 15, 1100)]
    codes = [part.encode(code) for part in parts for code in ("utf-8", "utf-16-le", "utf-16-be")]
    files = [p for p in home.rglob("*") if p.is_file() and not p.is_symlink()]
    return {p.name for p in files if any(code in data for data in [p.read_bytes()] for code in codes)}


def rows(home: Path) -> list[tuple[object, ...]]:
    """Everything that the snapshot's views hold, but for the account of erasures and runs."""
    with database.open_snapshot(home) as con:
        found = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
        views = [view for (view,) in found if view not in {"purges", "runs"}]
        return [(view, *row) for view in views for row in con.execute(f"FROM {view} ORDER BY ALL").fetchall()]


def pending(home: Path) -> int:
    """What the live file says is still to be done."""
    with database.open_live(home, job="test", now=NOW) as con:
        return erasure.pending(con)[0]


def test_no_byte_is_left(home: Path) -> None:
    """Before, the words stand in live file and snapshots, even erased and checkpointed; after, in no file."""
    before = holding(home, WORD, LONG)
    assert before == {"live.duckdb", *(p.name for p in snapshots.snapshots(home))}
    assert len(before) == 4
    erase(home)
    assert "live.duckdb" in holding(home, WORD, LONG), "DuckDB scrubs what it frees: is all this still needed?"
    database.publish(home)
    calm, inode = rows(home), (home / "live.duckdb").stat().st_ino
    with scrub.scrubbed(home, job="purge", now=NOW) as weeks:
        assert weeks == (REWRITTEN,)
    assert holding(home, WORD, LONG) == set()
    assert "live.duckdb" in holding(home, KEPT), "the search finds nothing at all"
    assert (home / "live.duckdb").stat().st_ino != inode
    assert len(snapshots.snapshots(home)) == 1
    assert rows(home) == calm
    assert pending(home) == 0
    assert sorted(p.name for p in home.iterdir()) == ["current.duckdb", "live.duckdb", "snapshots", "writer.lock"]


def test_the_copy_is_whole(home: Path) -> None:
    """Tables, defaults, views, comments and migrations come over, and the store can be written to as before."""
    own = "database_name, database_oid, schema_oid, table_oid"
    queries = (f"SELECT * EXCLUDE ({own}) FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
               "FROM base.schema_migrations ORDER BY ALL")  # fmt: skip
    with database.open_live(home, job="test", now=NOW) as con:
        before = [con.execute(sql).fetchall() for sql in queries]
    with scrub.scrubbed(home, job="purge", now=NOW):
        pass
    with database.open_live(home, job="test", now=NOW) as con:
        assert [con.execute(sql).fetchall() for sql in queries] == before
        assert add_page(con, [post("new", guid="t3_new")]).new == 1


def test_spilled_and_half_made_files_go(home: Path) -> None:
    """What killed jobs and killed readers left lying about goes too."""
    left = [home / "live.duckdb.tmp" / "spill.block", home / "snapshots" / "store-1.duckdb.tmp" / "spill.block",
            home / scrub.FRESH, home / "snapshots" / "store-2.duckdb.wal"]  # fmt: skip
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text(WORD)
    erase(home)
    with scrub.scrubbed(home, job="purge", now=NOW):
        pass
    assert holding(home, WORD) == set()


def test_a_reader_keeps_reading(home: Path) -> None:
    """A reader of an old snapshot goes on with it; only the name is gone."""
    with database.open_snapshot(home) as con:
        erase(home)
        with scrub.scrubbed(home, job="purge", now=NOW):
            assert con.execute("SELECT count(*) FROM items").fetchall() == [(OTHERS + 3,)]


def test_what_fails_inside_is_left_pending(home: Path) -> None:
    """When the pages cannot be written, the erasure stays pending and the next scrub finishes it."""
    erase(home)
    with pytest.raises(ZeroDivisionError), scrub.scrubbed(home, job="purge", now=NOW):
        raise ZeroDivisionError
    assert pending(home) == 1
    with scrub.scrubbed(home, job="purge", now=NOW) as weeks:
        assert weeks == (REWRITTEN,)
    assert (pending(home), holding(home, WORD, LONG)) == (0, set())


@pytest.mark.parametrize("step", ["copied", "put", "replaced"])
def test_a_kill_at_every_step(home: Path, step: str) -> None:
    """Killed at any step, the store is whole, old or new, for readers and writers; the next scrub finishes."""
    erase(home)
    code = (
        "import os, sys; from pathlib import Path; from storage import scrub\n"
        "from tests.storage.made import NOW\n"
        "step, home = sys.argv[1], Path(sys.argv[2])\n"
        "def die(event, args):\n"
        "    told = ' '.join(map(str, args))\n"
        "    at = {'copied': event == 'subprocess.Popen',\n"
        "          'put': event == 'os.rename' and 'current' in told,\n"
        "          'replaced': event == 'os.rename' and told.endswith(('live.duckdb -1 -1',))}\n"
        "    if at.get(step): os.kill(os.getpid(), 9)\n"
        "sys.addaudithook(die)\n"
        "with scrub.scrubbed(home, job='purge', now=NOW):\n"
        "    pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code, step, str(home)], cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    with database.open_snapshot(home) as con:
        assert con.execute("SELECT count(*) FROM items").fetchall() == [(OTHERS + 3,)]
    assert pending(home) == 1
    with scrub.scrubbed(home, job="purge", now=NOW):
        pass
    assert (pending(home), holding(home, WORD, LONG)) == (0, set())


def test_nothing_to_scrub_and_another_writer(home: Path, tmp_path: Path) -> None:
    """Without a store it says so and makes none; while another job writes it waits, then says who."""
    with pytest.raises(NoSnapshot), scrub.scrubbed(tmp_path / "none", job="purge", now=NOW):
        pass
    busy, mine = pytest.raises(StoreBusy, match="collect"), scrub.scrubbed(home, job="purge", now=NOW, wait_s=0.1)
    with database.open_live(home, job="collect", now=NOW), busy, mine:
        pass


def test_an_odd_name_is_no_sql(home: Path) -> None:
    """A home with a quote in its name is scrubbed like any other."""
    odd = home.rename(home.with_name("o'clock; DROP"))
    with scrub.scrubbed(odd, job="purge", now=NOW):
        pass
    assert len(rows(odd)) > OTHERS
