"""Made dumps of Reddit in the archives' format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from nlp.scan import about as is_about
from records import Channel
from sources.archive_sift import Answers, Asked

BEGAN = 1_735_689_600
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
INVESTING = Channel("investing", "subreddit", "investor", "investing")


def submission(name: str = "abc", **changes: Any) -> dict[str, Any]:
    """A submission without a mineral in it, as Arctic Shift writes one."""
    row = {
        "id": name, "name": f"t3_{name}", "subreddit": "investing", "title": "Daily discussion", "selftext": "",
        "author": "somebody", "created_utc": BEGAN, "permalink": f"/r/investing/comments/{name}/daily/",
        "removed_by_category": None, "edited": False,
    }  # fmt: skip
    return row | changes


def comment(name: str, thread: str = "abc", **changes: Any) -> dict[str, Any]:
    """A comment that answers the thread, without a mineral in it."""
    row = {
        "id": name, "name": f"t1_{name}", "subreddit": "investing", "body": "I went to the cinema.",
        "author": "somebody", "link_id": f"t3_{thread}", "parent_id": f"t3_{thread}", "edited": False, "score": None,
        "created_utc": BEGAN + int(name, 36) % 86_400, "retrieved_on": BEGAN + 9,
        "permalink": f"/r/investing/comments/{thread}/daily/{name}/",
    }  # fmt: skip
    return row | changes


def line(row: Mapping[str, Any] | bytes) -> bytes:
    """A row as it stands in a dump; bytes are taken as they are."""
    return row if isinstance(row, bytes) else json.dumps(row, separators=(",", ":")).encode()


def pack(data: bytes, *, window_log: int = 21) -> bytes:
    """One frame that does not tell its size, as the dumps have it."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=window_log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(data) + packer.flush()


def dump(path: Path, rows: Iterable[Mapping[str, Any] | bytes], *, frame: int = 1000) -> Path:
    """A dump of these rows, so many in a frame: each frame is unpacked by itself."""
    lines = [line(row) + b"\n" for row in rows]
    path.write_bytes(b"".join(pack(b"".join(lines[n : n + frame])) for n in range(0, len(lines), frame)))
    return path


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The row without these fields."""
    return {name: value for name, value in row.items() if name not in names}


def asked(reader: Any, *channels: Channel, **changes: Any) -> Asked:
    """What is asked of a dump, with a reader in this process."""

    def judge(text: str) -> bool:
        return is_about(text, reader)

    def ask(texts: Iterable[str]) -> Answers:
        answers = [judge(text) for text in texts]
        return lambda: answers

    listed = {channel.address.lower(): channel for channel in channels or (INVESTING,)}
    return Asked(listed, b"key", NOW, judge, ask, **changes)
