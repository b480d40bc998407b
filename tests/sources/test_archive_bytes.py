"""Archives as bytes: zstd with long windows, lines on any edge, files that end early."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sources.archive_lines import Splitter
from sources.archive_zstd import ArchiveError, Damaged, chunks
from tests.sources.dumps import pack

TEXTS = st.text(alphabet="aé漢😀\n", max_size=60).map(str.encode)
CUTS = st.lists(st.integers(0, 300), max_size=8)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data in pieces."""
    edges = [0, *sorted(c for c in cuts if c <= len(data)), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def split(pieces: list[bytes], **start: int) -> list[bytes | None]:
    """All the lines of a stream."""
    splitter = Splitter(longest=20, **start)
    return [line for piece in pieces for line in splitter.feed(piece).lines] + splitter.finish().lines


@given(TEXTS, CUTS)
@example("漢\n字".encode(), [1, 2, 3, 4])
def test_lines_do_not_depend_on_where_chunks_end(data: bytes, cuts: list[int]) -> None:
    """However a stream is cut, its lines are those of the whole; only a line too long is None."""
    whole = data.split(b"\n")
    whole = whole[:-1] if not whole[-1] else whole
    assert split(cut(data, cuts)) == [line if len(line) <= 20 else None for line in whole]


@given(TEXTS, CUTS, st.integers(0, 8))
def test_a_stream_goes_on_at_any_place(data: bytes, cuts: list[int], stop: int) -> None:
    """Begun again at any place that a splitter named, it gives the rest of the lines, under their numbers."""
    pieces = cut(data, cuts)
    first = Splitter(longest=20)
    given_before: list[bytes | None] = []
    number, place = 1, (0, 0)
    for piece in pieces[:stop]:
        lines = first.feed(piece)
        given_before += lines.lines
        number, place = lines.next_number, (lines.end, lines.next_number - 1)
    rest = split(pieces, start=place[0], lines=place[1])
    assert given_before + rest == split(pieces)
    assert number == len(given_before) + 1


def test_a_long_line_is_not_held() -> None:
    """Of a line past the bound nothing is kept, and the next line is whole."""
    splitter = Splitter(longest=1000)
    for _ in range(100):
        assert splitter.feed(b"x" * 1000).lines == []
        assert splitter._held <= 1000 or splitter._parts == []
    assert splitter.feed(b"\nnext\n").lines == [None, b"next"]


@pytest.mark.parametrize("window_log", [17, 27, 31])
def test_frames_unpack(tmp_path: Path, window_log: int) -> None:
    """What was packed comes out again, with windows up to 2 GiB and with several frames in one file."""
    data = random.Random(1).randbytes(3_000_000) * 2
    path = tmp_path / "a.zst"
    path.write_bytes(pack(data, window_log=window_log) + pack(b"tail", window_log=window_log) + pack(b""))
    found = list(chunks(path, tmp_path))
    assert b"".join(chunk.data for chunk in found) == data + b"tail"
    assert found[-1].read == path.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["a.zst"]  # the window's file has no name


@pytest.mark.parametrize("cut_off", [1, 1000, 400_000])
def test_what_stands_before_an_early_end_is_read(tmp_path: Path, cut_off: int) -> None:
    """A file that ends early gives all that can be unpacked, then says so."""
    data = random.Random(1).randbytes(500_000)
    path = tmp_path / "a.zst"
    path.write_bytes(pack(data)[:-cut_off])
    pieces: list[bytes] = []
    with pytest.raises(Damaged, match="ends in the middle"):
        pieces.extend(chunk.data for chunk in chunks(path, tmp_path))
    found = b"".join(pieces)
    assert data.startswith(found)
    assert len(found) >= len(data) - cut_off - (1 << 17)


def test_noise_after_a_frame_is_damage(tmp_path: Path) -> None:
    """Bytes that are no frame end the reading, after what was good."""
    path = tmp_path / "a.zst"
    path.write_bytes(pack(b"good") + b"this is no frame at all, whatever it is")
    found: list[bytes] = []
    with pytest.raises(Damaged):
        found.extend(chunk.data for chunk in chunks(path, tmp_path))
    assert found == [b"good"]


def test_a_bomb_is_read_in_pieces(tmp_path: Path) -> None:
    """A few kB that unpack to 400 MB come out a MB at a time, and make one line that is too long."""
    packed = pack(b"a" * (100 << 20))
    path = tmp_path / "a.zst"
    path.write_bytes(packed * 4)
    splitter, most, total = Splitter(), 0, 0
    for chunk in chunks(path, tmp_path):
        most, total = max(most, len(chunk.data)), total + len(chunk.data)
        assert splitter.feed(chunk.data).lines == []
    assert (most, total) == (1 << 20, 400 << 20)
    assert splitter.finish().lines == [None]


def test_a_window_that_finds_no_room_is_told(tmp_path: Path) -> None:
    """Without room for the window's file the message names the room and the folder."""
    path = tmp_path / "a.zst"
    path.write_bytes(pack(b"x" * 1000, window_log=31))
    with pytest.raises(ArchiveError, match=r"2\.1 GB of room in .*nowhere"):
        list(chunks(path, tmp_path / "nowhere"))
