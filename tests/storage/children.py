"""What the tests run in processes of their own: python -m tests.storage.children COMMAND HOME ..."""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from storage import database
from tests.storage.made import NOW, add_page, item

PAGE = 20


def hold(home: Path, seconds: str) -> None:
    """Hold the store, tell so, and wait."""
    with database.open_live(home, job="collect", now=NOW):
        os.write(1, b"holding\n")
        time.sleep(float(seconds))


def write(home: Path, name: str) -> None:
    """Add pages and publish for ever; each line on stdout acknowledges a committed page."""
    number = 0
    while True:
        with database.open_live(home, job="collect", now=datetime.now(UTC), wait_s=20) as con:
            for _ in range(3):
                add_page(con, [item(f"{name}-{number}-{n}") for n in range(PAGE)])
                os.write(1, f"{name}-{number}\n".encode())
                number += 1
        database.publish(home)


def fill(home: Path, limit: str) -> None:
    """Add pages of noise until the disk is full (or a file would pass `limit` bytes); acknowledge each."""
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    noise = random.Random(1)
    with database.open_live(home, job="collect", now=NOW) as con:
        for number in range(2000):
            add_page(con, [item(f"{number}-{n}", text=noise.randbytes(4000).hex()) for n in range(PAGE)])
            os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    commands = {"hold": hold, "write": write, "fill": fill}
    commands[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
