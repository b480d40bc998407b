"""A backup made while jobs write is whole: docs/operations.md's own commands, typed into a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.settings import ROOT
from tests.flows.command import ORESIGHT, environment, oresight
from tests.flows.serving import FEED, until

GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MINE = FEED.format("mine", "https://example.org/feed")
WRITER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from storage import database
from tests.storage.made import add_page, item
home = Path(sys.argv[1])
for n in itertools.count():
    with database.open_live(home, job="test", now=datetime.now(UTC), wait_s=60) as con:
        add_page(con, [item((n, k)) for k in range(200)])
    database.publish(home, wait_s=60)
    print(n + 1, flush=True)
"""


def block(name: str) -> str:
    """The commands that follow a mark in the guide."""
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def shell(script: str, home: Path, backup: Path) -> subprocess.CompletedProcess[bytes]:
    """The script, as a person types it."""
    env = environment(home, BACKUP=str(backup), PATH=f"{ORESIGHT.parent}:{os.environ['PATH']}")
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, env=env, cwd=home.parent, capture_output=True, timeout=100, check=False)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Path]:
    """A home into which another process writes 200 items at a time and publishes, without a pause; its log."""
    home, log = tmp_path / "var", tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(home)], cwd=ROOT, stdout=out)
    try:
        until(lambda: True if written(log) else None, 100)
        yield log
    finally:
        process.kill()
        process.wait()


def written(log: Path) -> int:
    """How many batches the writer has published."""
    return len(log.read_text().split())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_backup_during_writing_restores_whole(writer: Path, tmp_path: Path) -> None:
    """Of three backups made while another process writes, each holds whole batches, no fewer than were published
    before; the last, restored into an empty home, is a store that works, with the key and the lists of the old one.
    """
    home = tmp_path / "var"
    (home / "author.key").write_text("made")
    (home / "channels.toml").write_text(MINE)
    before = []
    for n in range(3):
        before.append(written(writer))
        done = shell(block("backup"), home, tmp_path / f"backup{n}")
        assert done.returncode == 0, done.stderr.decode()
        time.sleep(0.5)
    counts = []
    for n in range(3):
        restored = tmp_path / f"restored{n}"
        script = block("restore") if n == 2 else block("restore").replace("oresight refresh\noresight status\n", "")
        done = shell(script, restored, tmp_path / f"backup{n}")
        assert done.returncode == 0, done.stderr.decode()
        counts.append(count(restored / "live.duckdb"))
    assert all(number % 200 == 0 and number >= 200 * least for number, least in zip(counts, before, strict=True))
    asked = oresight("sql", "select count(*) as n from items", "--format", "csv", home=tmp_path / "restored2")
    assert asked.stdout.split()[-1] == str(counts[2]).encode()
    assert (tmp_path / "restored2" / "author.key").read_text() == "made"
    assert (tmp_path / "restored2" / "channels.toml").read_text() == MINE


def count(store: Path) -> int:
    """How many items a store's file holds."""
    with duckdb.connect(str(store), read_only=True) as con:
        return int(con.execute("SELECT count(*) FROM items").fetchall()[0][0])
