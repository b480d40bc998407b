"""A body as it comes off the wire, unpacked within bounds.

    chunk, chunk, ... -> gzip | deflate | as it is -> bytes, whole or not

Unpacking stops at the limit, so a small body that unpacks to a huge one costs the limit and no more.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from sources.errors import BadBody

_STEP = 65_536
_GZIP = b"\x1f\x8b"
_KNOWN = {"", "identity", "gzip", "x-gzip", "deflate"}


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class Inflater:
    """Collects one body of at most `limit` bytes, packed and unpacked; `coding` is its Content-Encoding.

    What the bytes look like is trusted over what the header says: servers mislabel both ways.
    Raises BadBody on too many bytes, an unknown coding, or when nothing can be unpacked.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding.strip().lower()
        if self._coding not in _KNOWN:
            raise BadBody("the body is packed in a way that was not asked for")
        self._limit = limit
        self._received = 0
        self._body = bytearray()
        self._pending = b""
        self._decoder: _Decoder | None = None
        self._begun = self._broken = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes off the wire."""
        self._received += len(chunk)
        if self._received > self._limit:
            raise BadBody(f"the body is larger than {self._limit:,} bytes")
        data, self._pending = self._pending + chunk, b""
        if not self._begun and len(data) < len(_GZIP):
            self._pending = data
            return
        self._take(data)

    def finish(self) -> tuple[bytes, bool]:
        """The body, and whether all of it came."""
        if not self._begun:
            self._take(self._pending)
        if self._broken and not self._body:
            raise BadBody("the body cannot be unpacked")
        return bytes(self._body), not self._broken and (self._decoder is None or self._decoder.eof)

    def _take(self, data: bytes) -> None:
        if not self._begun:
            self._begun, self._decoder = True, _decoder(self._coding, data)
        if self._decoder is None:
            self._keep(data)
        elif not self._broken:
            self._unpack(self._decoder, data)

    def _unpack(self, decoder: _Decoder, data: bytes) -> None:
        out = b""
        while data or len(out) == _STEP:
            if decoder.eof:
                if len(data) < len(_GZIP) or not data.startswith(_GZIP):  # what follows the end is no member
                    self._pending = data if len(data) < len(_GZIP) else b""
                    return
                decoder = self._decoder = zlib.decompressobj(31)
            try:
                out = decoder.decompress(data, _STEP)
            except zlib.error:
                self._broken = True
                return
            self._keep(out)
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail

    def _keep(self, data: bytes) -> None:
        if len(self._body) + len(data) > self._limit:
            raise BadBody(f"the body unpacks to more than {self._limit:,} bytes")
        self._body += data


def _decoder(coding: str, head: bytes) -> _Decoder | None:
    if head.startswith(_GZIP):
        return zlib.decompressobj(31)
    if coding == "deflate" and head:
        wrapped = len(head) > 1 and head[0] & 15 == 8 and (head[0] << 8 | head[1]) % 31 == 0
        return zlib.decompressobj(15 if wrapped else -15)  # servers disagree on RFC 9110, 8.4.1.2
    return None
