"""What became of each message, on disk before the next one leaves.

    Result of one message -> a line of HOME/deliveries.jsonl, flushed to the disk -> (later) base.deliveries -> cleared

Between a server's yes and the store lie other jobs that write and may keep the store for minutes; the journal needs no
lock but its own. It holds hashes of addresses, no address and nobody's words.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

from storage.deliveries import Delivery
from storage.errors import StoreBusy

NAME: Final = "deliveries.jsonl"
LOCK: Final = "delivery.lock"


@contextmanager
def sending(home: Path) -> Iterator[None]:
    """One sender at a time; released also by kill -9.

    Raises:
        StoreBusy: another job is sending.
    """
    with (home / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusy("another job is sending a digest; try again when it is done") from None
        yield


def append(home: Path, one: Delivery) -> None:
    """Note one result; it is on the disk when this returns."""
    line = json.dumps(asdict(one) | {"at": one.at.isoformat()}) + "\n"
    handle = os.open(home / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read(home: Path) -> tuple[Delivery, ...]:
    """Everything noted and not cleared. A last line that a kill cut is as if it had not been written."""
    try:
        lines = (home / NAME).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return ()
    return tuple(_delivery(line) for line in lines if line.endswith(b"\n"))


def clear(home: Path) -> None:
    """Forget what the store holds by now."""
    (home / NAME).unlink(missing_ok=True)


def _delivery(line: bytes) -> Delivery:
    told = json.loads(line)
    return Delivery(**(told | {"at": datetime.fromisoformat(told["at"])}))
