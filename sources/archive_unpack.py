"""A large file is unpacked by a process of its own: threads of one process wait for each other.

    path -> unpacked -> (the child: sources.archive_zstd.chunks -> its standard output) -> Chunk, ... | Damaged

The child ends with its reader, however that ends: nobody reads what it writes then.
"""

from __future__ import annotations

import fcntl
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sources.archive_zstd import ArchiveError, Chunk, Damaged, chunks

SMALL: Final = 8 << 20
"""Bytes of a file for which no process is worth its start."""
_HEAD: Final = struct.Struct(">BIQ")  # what follows, how many bytes of it, how much of the file has been read
_DATA, _DAMAGED, _FAILED, _END = range(4)
_PIPE: Final = 1 << 20


def unpacked(path: Path, scratch: Path) -> Iterator[Chunk]:
    """The chunks of `sources.archive_zstd.chunks`, with the same exceptions."""
    if path.stat().st_size < SMALL:
        yield from chunks(path, scratch)
        return
    command = [sys.executable, "-m", "sources.archive_unpack", str(path.absolute()), str(scratch.absolute())]
    room = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=room, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:  # noqa: S603
        try:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, _PIPE)
            yield from _read(child.stdout)  # type: ignore[arg-type]
        finally:
            child.kill()


def _read(pipe: BinaryIO) -> Iterator[Chunk]:
    while len(head := pipe.read(_HEAD.size)) == _HEAD.size:
        kind, size, read = _HEAD.unpack(head)
        data = pipe.read(size)
        if kind == _END:
            return
        if kind != _DATA:
            raise (Damaged if kind == _DAMAGED else ArchiveError)(data.decode())
        if len(data) < size:
            break
        yield Chunk(data, read)
    raise ArchiveError("the process that unpacks ended unexpectedly; run the same command again, it goes on")


def _write(kind: int, data: bytes, read: int = 0) -> None:
    sys.stdout.buffer.write(_HEAD.pack(kind, len(data), read) + data)


def main() -> None:
    """Write the chunks of a file to standard output, then why they end."""
    try:
        for data, read in chunks(Path(sys.argv[1]), Path(sys.argv[2])):
            _write(_DATA, data, read)
        _write(_END, b"")
    except Damaged as error:
        _write(_DAMAGED, str(error).encode())
    except BrokenPipeError:
        sys.stderr.close()
        return
    except (ArchiveError, OSError) as error:
        _write(_FAILED, str(error).encode())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
