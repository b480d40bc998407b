"""`oresight sql`: where answers go, and what is kept of the questions."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows import history
from flows.ask import ENDINGS, ask
from flows.cli_data import sql as command
from flows.errors import UsageError
from flows.settings import load
from storage.errors import QueryFailed
from tests.flows.command import ORESIGHT, environment
from tests.storage.made import NOW, item, made_home, scan


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published store of three items."""
    return made_home(tmp_path_factory.mktemp("home"), [scan(item(n)) for n in range(3)])


def asked(home: Path, query: str, output: Path, fmt: str | None = None) -> bytes:
    """What a query leaves in a file."""
    with (home / "stdout").open("wb") as out:
        ask(load(home=home), query, fmt, out, output, now=NOW)
    assert (home / "stdout").read_bytes() == b""
    return output.read_bytes()


def test_files(home: Path, tmp_path: Path) -> None:
    """A file has the format of its ending, or the one that is said, and every row."""
    query = "SELECT version, title FROM items ORDER BY title"
    assert asked(home, query, tmp_path / "a.csv").startswith(b"version,title\r\n1,Title 0.")
    assert [json.loads(line)["version"] for line in asked(home, query, tmp_path / "a.jsonl").splitlines()] == [1, 1, 1]
    asked(home, query, tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 3
    assert asked(home, query, tmp_path / "a.txt", "csv") == (tmp_path / "a.csv").read_bytes()


def test_a_failing_query_leaves_the_file(home: Path, tmp_path: Path) -> None:
    """The old file stays as it was, and no half one lies beside it."""
    file = tmp_path / "a.csv"
    file.write_text("old")
    with pytest.raises(QueryFailed):
        asked(home, "FROM nowhere", file)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "old")]


@pytest.mark.parametrize(("name", "fmt"), [("answer.xlsx", None), ("answer", None), ("answer.csv", "table")])
def test_no_format(home: Path, tmp_path: Path, name: str, fmt: str | None) -> None:
    """A file whose format cannot be told, or a table for a file, is wrong use."""
    with pytest.raises(UsageError, match="format"):
        asked(home, "SELECT 1", tmp_path / name, fmt)
    assert list(tmp_path.iterdir()) == []


def test_history(home: Path, tmp_path: Path) -> None:
    """The questions are kept, for their owner's eyes, the refused ones too; no answer is."""
    before = len(history.queries(home))
    asked(home, "SELECT 'ans' || 'wer' AS x,\n  'ü'", tmp_path / "a.csv")
    with pytest.raises(QueryFailed):
        asked(home, "FROM nowhere", tmp_path / "b.csv")
    told = history.queries(home)[before:]
    assert told == [(NOW.isoformat(), "SELECT 'ans' || 'wer' AS x,\n  'ü'"), (NOW.isoformat(), "FROM nowhere")]
    file = home / history.NAME
    assert "answer" not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_history_is_bounded(tmp_path: Path) -> None:
    """The newest thousand are kept; a broken line and a missing home do no harm."""
    (tmp_path / history.NAME).write_text('{"at": 1}\nnonsense\n')
    for n in range(history.ROOM + 5):
        history.note(tmp_path, f"SELECT {n}", now=NOW)
    told = [query for _, query in history.queries(tmp_path)]
    assert len((tmp_path / history.NAME).read_bytes().splitlines()) <= history.ROOM
    assert told[-1] == f"SELECT {history.ROOM + 4}"
    assert len(told) == history.KEPT
    history.note(tmp_path / "nowhere", "SELECT 1", now=NOW)
    assert history.queries(tmp_path / "nowhere") == []


def test_a_terminal_shows_two_hundred_rows(home: Path) -> None:
    """On a terminal a long answer ends, and one line says so and how to get the rest; a pipe gets all."""
    above, below = pty.openpty()
    call = [str(ORESIGHT), "sql", "SELECT 'row' || range AS x FROM range(1000)"]
    try:
        shown = subprocess.Popen(call, env=environment(home), stdout=below, stderr=subprocess.PIPE)
        os.close(below)
        text = b""
        while chunk := _read(above):
            text += chunk
        told = shown.communicate(timeout=60)[1]
    finally:
        os.close(above)
    assert text.count(b"row") == 200
    assert told.decode().splitlines() == ["only the first 200 rows; `--format csv` or `--output FILE` gives them all"]
    piped = subprocess.run(call, env=environment(home), capture_output=True, check=True)
    assert (piped.stdout.count(b"row"), piped.stderr) == (1000, b"")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # the other end is closed
        return b""


def test_formats_are_known() -> None:
    """Every ending has a format that the command knows."""
    choices = next(option for option in command.params if option.name == "fmt").type.to_info_dict()["choices"]
    assert set(ENDINGS.values()) <= set(choices)
