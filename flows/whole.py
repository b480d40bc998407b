"""Files that are there whole or not at all: a reader never meets half of one.

text or bytes -> a fresh file beside -> fsync -> renamed into place
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def put(path: Path, content: str | bytes) -> Path:
    """Write a text, in UTF-8, or bytes in the place of a file; returns its path."""
    with fresh(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


@contextmanager
def fresh(path: Path) -> Iterator[BinaryIO]:
    """A file to be written in the place of `path`; when the inside fails the old one stays.

    Raises:
        OSError: the folder cannot be written to.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
