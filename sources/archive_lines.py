"""Lines out of chunks, wherever the chunks were cut.

    bytes, bytes, ... -> Splitter.feed -> Lines(lines, number of the first, where the last one ends)

A line ends at a newline byte, which no multi-byte character of UTF-8 holds; so characters on a chunk's edge stay whole.
A line longer than the bound is counted and left out, and never held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 16 << 20
"""Bytes of the longest line that is read; Reddit's longest posts take under 1 MB."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines in order, without their newlines; None stands for one that was too long."""

    lines: list[bytes | None]
    number: int  # of the first of them, from 1
    end: int  # bytes of the stream up to here, newlines and all

    @property
    def next_number(self) -> int:
        """The number of the line that comes next."""
        return self.number + len(self.lines)


class Splitter:
    """Cuts one stream into lines. To go on where an earlier one stopped, give its `end` and how many lines it gave."""

    def __init__(self, *, start: int = 0, lines: int = 0, longest: int = LONGEST) -> None:
        self._skip, self._number, self._end, self._longest = start, lines + 1, 0, longest
        self._parts: list[bytes] = []
        self._held = 0  # bytes since the last newline; more than `longest`: they were let go

    def feed(self, data: bytes) -> Lines:
        """Take the next bytes; return the lines that they complete."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._end += skipped
        head, newline, rest = data[skipped:].partition(b"\n")
        self._hold(head)
        if not newline:
            return self._given([])
        lines: list[bytes | None] = [self._close()]
        *whole, tail = rest.split(b"\n")
        long = len(rest) > self._longest
        lines += [None if len(line) > self._longest else line for line in whole] if long else whole
        self._end += 1 + len(rest) - len(tail)
        self._hold(tail)
        return self._given(lines)

    def finish(self) -> Lines:
        """Return what stands after the last newline, if anything."""
        return self._given([self._close()] if self._held else [])

    def _hold(self, part: bytes) -> None:
        self._held += len(part)
        if self._held <= self._longest:
            self._parts.append(part)
        else:
            self._parts.clear()

    def _close(self) -> bytes | None:
        line = b"".join(self._parts) if self._held <= self._longest else None
        self._end += self._held
        self._parts.clear()
        self._held = 0
        return line

    def _given(self, lines: list[bytes | None]) -> Lines:
        given = Lines(lines, self._number, self._end)
        self._number += len(lines)
        return given
