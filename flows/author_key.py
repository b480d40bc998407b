"""A new key for the authors' hash, and nothing left of the old one.

HOME/author.key -> its bytes overwritten -> another file in its place

The key is never in the store: whoever has a copy of the store alone can link no hash to a name. What a file system or
a disk keeps of overwritten blocks is beyond a program's reach.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flows.settings import AUTHOR_KEY, write_author_key


def renew(home: Path) -> bool:
    """Put a new key in the place of the home's own, if it has one; returns whether it had.

    Call it under the writer's lock: a job that writes has read the key. After a kill the file holds the old key or a
    new one, never none and never half of one.
    """
    path = home / AUTHOR_KEY
    for old in [*home.glob(f"{AUTHOR_KEY}.*"), *([path] if path.exists() else [])]:
        _overwrite(old)
        if old != path:
            old.unlink()
    had = path.exists()
    if had:
        write_author_key(path)
    return had


def _overwrite(path: Path) -> None:
    """Another key of the same length over the bytes of this one."""
    length = path.stat().st_size
    handle = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(handle, secrets.token_hex(length)[:length].encode(), 0)
        os.fsync(handle)
    finally:
        os.close(handle)
