"""`oresight status`: a person sees at a glance what is wrong; a program reads plain lines."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from flows import told
from records import State
from tests.flows.command import ORESIGHT, environment, oresight
from tests.flows.test_faults import RSS, listed, with_channel
from tests.servers import Server, answer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAMES = ("fine", "quiet", "failing", "blocked", "gone")

pytestmark = pytest.mark.slow


class World(NamedTuple):
    """A home after one run, and the environment it was made in."""

    home: Path
    env: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Five channels that were asked once, a sixth that never was, and a subreddit without keys."""
    folder = tmp_path_factory.mktemp("status")
    routes = {
        "/fine": answer(RSS % (1, 1)),
        "/quiet": answer(b'<rss version="2.0"><channel><title>t</title></channel></rss>'),
        "/failing": answer(b"", 500),
        "/blocked": answer(b"", 403),
        "/gone": answer(b"", 410),
    }
    with Server(routes) as server:
        env = listed(folder, server.url("").rstrip("/"), *NAMES)
        oresight("collect", home=folder / "var", env=env)
        with_channel(env, '[[feed]]\nname = "fresh"\nurl = "http://[::1]/"\ncommunity = "official"')
        with_channel(env, '[[subreddit]]\nname = "mining"\ncommunity = "investor"')
        yield World(folder / "var", env)


def on_terminal(world: World, width: int) -> str:
    """What `status` shows on a terminal of this width, colours and all."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    env = environment(world.home, **world.env, TERM="xterm-256color")
    del env["COLUMNS"]
    with subprocess.Popen(
        [str(ORESIGHT), "status"], env=env, cwd=world.home.parent, stdout=slave, stderr=slave, stdin=slave
    ) as process:
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
        assert process.wait(60) == 0
    os.close(master)
    return shown.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_a_person_sees_trouble_first(world: World) -> None:
    """On a terminal states are words in colours, those in trouble on top; a line says how many there are of each."""
    shown = on_terminal(world, 140)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    rows = [line.split() for line in plain.splitlines() if line.split()[:1] and line.split()[0] in (*NAMES, "fresh")]
    assert [row[0] for row in rows] == ["gone", "blocked", "failing", "quiet", "fine", "fresh"]
    assert "failing, never answered" in plain
    assert "never asked" in plain
    assert "not again" in plain
    assert "7 channels: 1 gone, 1 blocked, 1 failing, 1 quiet, 1 fine, 1 never asked, 1 no keys" in plain
    assert re.search(r"\x1b\[[0-9;]*31m[^\x1b]*failing", shown)
    assert re.search(r"\x1b\[[0-9;]*32m[^\x1b]*fine", shown)


def test_a_narrow_terminal_is_enough(world: World) -> None:
    """On 80 columns no line is wider and every channel can still be read."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_terminal(world, 80))
    table = plain[: plain.index("7 channels")]
    assert max(map(len, table.splitlines())) <= 80
    assert all(re.search(rf"^\s*{name}\b", table, re.MULTILINE) for name in NAMES)


def test_a_program_reads_states_as_they_are_stored(world: World) -> None:
    """In a pipe: tab-separated lines under a head, states as SQL has them, no colours."""
    done = oresight("status", home=world.home, env=world.env)
    lines = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert lines[0][:5] == ["channel", "community", "state", "last success", "items, 7 days"]
    assert {line[0]: line[2] for line in lines[1:]} == {
        "fine": "ok",
        "quiet": "empty",
        "failing": "soft",
        "blocked": "blocked",
        "gone": "gone",
        "fresh": "never asked",
        "mining": "no keys",
    }
    assert "\x1b" not in done.stdout.decode()


@pytest.mark.parametrize(
    ("state", "quiet", "success", "shown"),
    [
        ("ok", False, NOW, "fine"),
        ("not_modified", True, NOW, "quiet"),
        ("moved", False, NOW, "fine, moved"),
        ("silent", False, NOW, "silent"),
        ("soft", False, NOW - timedelta(hours=3), "failing since 3 h"),
        ("hard", True, NOW - timedelta(days=4), "failing since 4 days"),
        ("not_a_feed", False, None, "failing, never answered"),
        ("blocked", False, NOW - timedelta(minutes=20), "blocked since 20 min"),
        ("gone", False, None, "gone"),
        (None, False, None, "never asked"),
    ],
)
def test_every_state_has_its_words(state: State | None, quiet: bool, success: datetime | None, shown: str) -> None:
    """A stored state, what it yields and since when it fails become a few words."""
    word = told.word(state, quiet=quiet)
    assert told.cell(state, word, success=success, now=NOW).shown == shown
    assert word in told.WORDS
