"""Zstandard (RFC 8878) as Reddit's archives have it: long frames whose window is up to 2 GiB, in bounded memory.

    path -> chunks -> Chunk(data, how much of the file has been read), ...   | Damaged, after what could be read

A window is the past that a frame may still point into, and a decoder keeps all of it. Here that memory is a file that
is mapped: what was not touched lately is handed back to the kernel, which keeps it on the disk. No Python library lets
its caller place the window, so libzstd is called itself: `ZSTD_initStaticDStream` works in memory that it is given.
"""

from __future__ import annotations

import ctypes
import importlib.util
import mmap
import os
import tempfile
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from sources.errors import SourceError

WINDOW_LOG: Final = 31
_WINDOW_LOG_MAX: Final = 100  # ZSTD_d_windowLogMax
_LONGEST_HEADER: Final = 18
_READ = 1 << 16
_BLOCK: Final = 1 << 17
"""What libzstd unpacks at once, at most; each match in it may bring 64 kB of the window into memory."""
_CHUNK: Final = 1 << 20
_SMALL: Final = 48 << 20
"""A decoder that needs less than this works in plain memory."""
_RESIDENT: Final = 32 << 20
"""Bytes of the mapped window that may stay in memory."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class ArchiveError(SourceError):
    """An archive cannot be read; the message says what to do."""


class Damaged(ArchiveError):
    """The file ends early or does not unpack; whatever stood before was handed over."""


class Chunk(NamedTuple):
    """Unpacked bytes, and how many bytes of the file they and all before them took."""

    data: bytes
    read: int


class _Piece(NamedTuple):
    """What libzstd gave at once, and whether a frame ends there."""

    data: bytes
    read: int
    ends: bool


class _Buffer(ctypes.Structure):
    _fields_ = (("at", c_void_p), ("size", c_size_t), ("pos", c_size_t))


def chunks(path: Path, scratch: Path) -> Iterator[Chunk]:
    """Unpack a file of one or more frames, some MB at a time.

    A frame with a large window takes as much room in the folder `scratch` while it is read (up to 2.1 GB); the file
    there has no name and goes with the process. Raises Damaged, ArchiveError, OSError.
    """
    decoder = _Decoder(scratch)
    with path.open("rb") as file:
        try:
            yield from _gathered(decoder.unpack(file))
        finally:
            decoder.close()


def _gathered(pieces: Iterator[_Piece]) -> Iterator[Chunk]:
    """The same bytes a MB at a time, and less where a frame ends; where the pieces end early, what there was."""
    held: list[bytes] = []
    size, read = 0, 0
    try:
        for data, read, ends in pieces:
            held.append(data)
            size += len(data)
            if size >= _CHUNK or (ends and size):
                yield Chunk(b"".join(held), read)
                held, size = [], 0
    except Damaged:
        if held:
            yield Chunk(b"".join(held), read)
        raise
    if held:
        yield Chunk(b"".join(held), read)


@dataclass(slots=True)
class _Work:
    """The memory that libzstd works in."""

    memory: mmap.mmap
    size: int
    mapped: bool

    @property
    def address(self) -> int:
        return ctypes.addressof(ctypes.c_char.from_buffer(self.memory))


class _Decoder:
    def __init__(self, scratch: Path) -> None:
        self._zstd, self._scratch = _library(), scratch
        self._work: _Work | None = None
        self._stream: int | None = None
        self._out = ctypes.create_string_buffer(_BLOCK)
        self._resident = 0

    def unpack(self, file: BinaryIO) -> Iterator[_Piece]:
        within, read = False, 0
        held = b""
        while data := file.read(_READ):
            read += len(data)
            held += data
            while held and (within or len(held) >= _LONGEST_HEADER):
                if not within:
                    self._begin(held)
                piece, taken, within = self._step(held)
                held = held[taken:] if taken < len(held) else b""
                if piece or not within:
                    yield _Piece(piece, read, not within)
                if within and not taken and not piece:
                    break
        yield from self._rest(held, within, read)

    def _rest(self, held: bytes, within: bool, read: int) -> Iterator[_Piece]:
        """What is still inside the decoder, or a frame shorter than the longest header."""
        if held and not within:
            self._begin(held)
            within = True
        while within:
            piece, taken, within = self._step(held)
            held = held[taken:]
            if piece or not within:
                yield _Piece(piece, read, not within)
            elif not taken:
                raise Damaged("it ends in the middle")
        if held:
            yield from self._rest(held, within=False, read=read)

    def _begin(self, head: bytes) -> None:
        """Make ready for the frame that begins with `head`."""
        need = self._zstd.ZSTD_estimateDStreamSize_fromFrame(head, len(head))
        if self._zstd.ZSTD_isError(need):
            raise Damaged(self._reason(need))
        if self._work is None or self._work.size < need:
            self._stream = None
            self._work = self._room(need)
            self._resident = _shared_bytes()
        self._stream = self._zstd.ZSTD_initStaticDStream(self._work.address, self._work.size)
        if not self._stream:
            raise ArchiveError("libzstd refuses its memory: install the pinned zstandard again")
        self._zstd.ZSTD_DCtx_setParameter(self._stream, _WINDOW_LOG_MAX, WINDOW_LOG)

    def _step(self, data: bytes) -> tuple[bytes, int, bool]:
        """Unpack some of `data`: what came out, how much went in, and whether the frame goes on."""
        source = _Buffer(ctypes.cast(c_char_p(data), c_void_p), len(data), 0)
        target = _Buffer(ctypes.cast(self._out, c_void_p), _BLOCK, 0)
        left = self._zstd.ZSTD_decompressStream(self._stream, byref(target), byref(source))
        if self._zstd.ZSTD_isError(left):
            raise Damaged(self._reason(left))
        self._forget()
        return ctypes.string_at(self._out, target.pos), source.pos, left != 0

    def _forget(self) -> None:
        """Hand back what of the window lies in memory; the pages come again when they are asked for."""
        if self._work and self._work.mapped and _shared_bytes() > self._resident + _RESIDENT:
            # Python's own madvise would keep all other threads waiting meanwhile.
            _libc.madvise(self._work.address, self._work.size, mmap.MADV_DONTNEED)
            self._resident = _shared_bytes()

    def _room(self, need: int) -> _Work:
        size = -(-need // _PAGE) * _PAGE
        if size <= _SMALL:
            return _Work(mmap.mmap(-1, size), size, mapped=False)
        try:
            with tempfile.TemporaryFile(dir=self._scratch) as file:
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is told here, and not by a signal later
                return _Work(mmap.mmap(file.fileno(), size), size, mapped=True)
        except OSError as error:
            raise ArchiveError(
                f"it needs {size / 1e9:.1f} GB of room in {self._scratch} while it is read ({error.strerror})"
            ) from None

    def _reason(self, code: int) -> str:
        return str(self._zstd.ZSTD_getErrorName(code).decode("ascii", "replace")).lower()

    def close(self) -> None:
        self._stream = self._work = None


_libc: Final = ctypes.CDLL(None)
_libc.madvise.argtypes = (c_void_p, c_size_t, c_int)


@cache
def _library() -> ctypes.CDLL:
    """The libzstd inside the pinned wheel of zstandard, else the system's.

    Raises:
        ArchiveError: neither has what is needed.
    """
    spec = importlib.util.find_spec("zstandard._cffi")
    for name in (spec.origin if spec else None, "libzstd.so.1"):
        try:
            if name:
                return _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise ArchiveError("no libzstd can be used: install the pinned zstandard, or the system's libzstd1")


def _declared(zstd: ctypes.CDLL) -> ctypes.CDLL:
    zstd.ZSTD_estimateDStreamSize_fromFrame.argtypes = (c_char_p, c_size_t)
    zstd.ZSTD_initStaticDStream.argtypes = (c_void_p, c_size_t)
    zstd.ZSTD_initStaticDStream.restype = c_void_p
    zstd.ZSTD_DCtx_setParameter.argtypes = (c_void_p, c_int, c_int)
    zstd.ZSTD_decompressStream.argtypes = (c_void_p, POINTER(_Buffer), POINTER(_Buffer))
    zstd.ZSTD_isError.argtypes = (c_size_t,)
    zstd.ZSTD_getErrorName.argtypes = (c_size_t,)
    zstd.ZSTD_getErrorName.restype = c_char_p
    for name in ("ZSTD_estimateDStreamSize_fromFrame", "ZSTD_DCtx_setParameter", "ZSTD_decompressStream"):
        getattr(zstd, name).restype = c_size_t
    return zstd


def _shared_bytes() -> int:
    """Memory of this process that files stand behind."""
    with Path("/proc/self/statm").open("rb") as file:
        return int(file.read().split()[2]) * _PAGE
