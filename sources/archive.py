"""Reddit's monthly and per-subreddit dumps in, items out, whatever their size.

    file -> unpacked, by another process -> lines -> of a wanted subreddit? -> rows -> sift -> Batch(items, place), ...
                                                           the end of the file -> comments that waited -> Batch, ...

Work can stop at any batch: `Batch.place` says where it goes on, once the batch's items and the join's file are safe.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from records import Item
from sources.archive_join import Join
from sources.archive_lines import LONGEST, Lines, Splitter
from sources.archive_rows import Bad, Kind, Row, Sieve, read
from sources.archive_sift import Answers, Asked, Sift
from sources.archive_unpack import unpacked
from sources.archive_zstd import ArchiveError, Chunk, Damaged, chunks

_HEAD: Final = 1 << 20
_AHEAD: Final = 4
_AT_ONCE: Final = 2000
_KINDS: Final[tuple[Kind, ...]] = ("comments", "submissions")
_MAGIC: Final = (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16)))  # frame, or skippable
_MONTHLY: Final = re.compile(r"R[SC]_(v2_)?\d{4}-\d{2}")
_TIME: Final = re.compile(rb'"created_utc": ?"?(\d{9,10})')
_NAMED: Final = re.compile(r"^R([SC])_|_(submissions|comments)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dump:
    """One file, known again by name, size and a digest of its head."""

    path: Path
    kind: Kind
    size: int
    head: str  # BLAKE2b (RFC 7693), 16 bytes, in hexadecimal, over the first MB

    @property
    def of_all_reddit(self) -> bool:
        """Whether it holds every subreddit of its time, as its name has it."""
        return _MONTHLY.match(self.path.name) is not None


class Place(NamedTuple):
    """How far a file has been read: whole lines, and their bytes, unpacked."""

    lines: int = 0
    position: int = 0


@dataclass(slots=True)
class Batch:
    """What some lines yielded."""

    place: Place
    read: int  # bytes of the file
    items: list[Item] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)  # fullname -> why it is gone at Reddit
    bad: list[tuple[int, str]] = field(default_factory=list)  # number of the line, reason
    seen: dict[str, int] = field(default_factory=dict)  # lines by channel
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # first and last second, by channel


def identify(path: Path, scratch: Path) -> Dump:
    """Look at a file's head: what it is, and what it holds.

    Raises:
        ArchiveError: it is no archive that can be read; the message begins with its name.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.startswith(_MAGIC):
        raise ArchiveError(f"{path.name} is not a zstd file: give a dump as it was downloaded, *.zst")
    kind = _kind_by_name(path.name) or _kind_by_lines(path, scratch)
    if kind is None:
        raise ArchiveError(f"{path.name} holds neither submissions nor comments of Reddit")
    return Dump(path, kind, path.stat().st_size, hashlib.blake2b(head, digest_size=16).hexdigest())


def _kind_by_name(name: str) -> Kind | None:
    found = _NAMED.search(name)
    if found is None:
        return None
    return "submissions" if (found[1] or found[2]).lower() in {"s", "submissions"} else "comments"


def _kind_by_lines(path: Path, scratch: Path) -> Kind | None:
    """The kind of the first line that is one."""
    splitter = Splitter()
    try:
        for number, chunk in enumerate(chunks(path, scratch)):
            for line in splitter.feed(chunk.data).lines:
                for kind in _KINDS:
                    if line and isinstance(read(line, kind), Row):
                        return kind
            if number >= 32:
                break
    except Damaged:
        pass
    return None


def batches(dump: Dump, asked: Asked, join: Join, start: Place, scratch: Path) -> Iterator[Batch]:
    """Read a dump from `start`; then, unless it is damaged, the comments whose parent had not come when they were read.

    Raises:
        Damaged: the file ends early or does not unpack, after all that could be read.
        ArchiveError, OSError: it cannot be read at all.
    """
    reading = _Reading(dump, asked, join, Sift(asked, join), start)
    splitter = Splitter(start=start.position, lines=start.lines)
    damage: Damaged | None = None
    chunk = Chunk(b"", 0)
    try:
        for chunk in unpacked(dump.path, scratch):
            yield from reading.batch(splitter.feed(chunk.data), chunk.read)
    except Damaged as error:
        damage = error
    if damage is None:
        yield from reading.batch(splitter.finish(), chunk.read)
    yield from reading.rest()
    yield from reading.late(chunk.read)
    if damage:
        raise damage


class _Looked(NamedTuple):
    """Lines that were read, while it is being found out which are about minerals."""

    batch: Batch
    rows: list[tuple[Row, bytes]]
    answers: Answers | None  # of comments


@dataclass(slots=True)
class _Reading:
    dump: Dump
    asked: Asked
    join: Join
    sift: Sift
    place: Place
    sieve: Sieve = field(init=False)
    looked: deque[_Looked] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.sieve = Sieve(self.asked.channels)

    def batch(self, lines: Lines, read_bytes: int) -> Iterator[Batch]:
        """Look at these lines, and yield what earlier ones came to."""
        if not lines.lines:
            return
        batch = Batch(Place(lines.next_number - 1, lines.end), read_bytes)
        rows = self._rows(lines, batch)
        if self.dump.of_all_reddit:
            self._span(lines, batch)
        self.looked.append(_Looked(batch, rows, self.sift.ask(rows) if self.dump.kind == "comments" else None))
        if len(self.looked) > _AHEAD:
            yield self._sifted()

    def rest(self) -> Iterator[Batch]:
        """What the last lines came to."""
        while self.looked:
            yield self._sifted()

    def _sifted(self) -> Batch:
        batch, rows, answers = self.looked.popleft()
        found = self.sift.comments(rows, answers()) if answers else self.sift.submissions(rows)
        batch.items, batch.gone = found.items, found.gone
        self.place = batch.place
        return batch

    def late(self, read_bytes: int) -> Iterator[Batch]:
        """What became of the comments that waited for their parents."""
        for waiting in self.join.waiting(_AT_ONCE):
            rows = [(row, line) for line in waiting if isinstance(row := read(line, "comments"), Row)]
            found = self.sift.comments(rows, self.sift.ask(rows)(), last=True)
            yield Batch(self.place, read_bytes, found.items, found.gone)

    def _rows(self, lines: Lines, batch: Batch) -> list[tuple[Row, bytes]]:
        rows: list[tuple[Row, bytes]] = []
        passes, kind, wanted, end = self.sieve.passes, self.dump.kind, self.asked.channels, self.asked.end
        for number, line in enumerate(lines.lines, lines.number):
            if line is None:
                batch.bad.append((number, f"longer than {LONGEST >> 20} MB"))
            elif passes(line) and line.strip():
                row = read(line, kind)
                if isinstance(row, Bad):
                    batch.bad.append((number, row.reason))
                elif row.key in wanted and row.created < end:
                    rows.append((row, line))
        self._count(rows, batch)
        return rows

    def _count(self, rows: list[tuple[Row, bytes]], batch: Batch) -> None:
        times: dict[str, list[int]] = {}
        for row, _ in rows:
            times.setdefault(row.key, []).append(row.created)
        for key, created in times.items():
            channel = self.asked.channels[key].name
            batch.seen[channel], batch.spans[channel] = len(created), (min(created), max(created))

    def _span(self, lines: Lines, batch: Batch) -> None:
        """A month of all Reddit covers a subreddit also where that had nothing to say."""
        ends = (_TIME.search(line) for line in (lines.lines[0], lines.lines[-1]) if line)
        times = [int(found[1]) for found in ends if found]
        for channel in self.asked.channels.values() if times else ():
            first, last = batch.spans.get(channel.name, (times[0], times[0]))
            batch.spans[channel.name] = min(first, *times), max(last, *times)
