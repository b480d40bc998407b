"""What passes between a workshop and its benches: JSON and bytes, each after its length.

{task} body -> bench -> {answer}
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Any, cast, get_args
from uuid import UUID

from records import Channel, DateQuality, FetchResult, Item, State
from sources.page import Page

LARGEST = 100_000_000
"""Bytes of one part: several times what a page of the largest size becomes."""
_LENGTHS = struct.Struct(">II")
_UNNAMED = UUID(int=0)


def send(pipe: IO[bytes], head: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one message; raises OSError when nobody reads."""
    data = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    pipe.write(_LENGTHS.pack(len(data), len(body)))
    pipe.write(data)
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one message; raises EOFError when there is no other, ValueError when it is none."""
    lengths = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if max(lengths) > LARGEST:
        raise ValueError("a message too large")
    head = json.loads(_exactly(pipe, lengths[0]))
    if not isinstance(head, dict):
        raise ValueError("not a message")
    return head, _exactly(pipe, lengths[1])


def from_page(page: Page) -> dict[str, Any]:
    """A page without its body."""
    names = ("url", "final_url", "status", "headers", "body_hash", "etag", "last_modified", "truncated", "moved")
    return {name: getattr(page, name) for name in names}


def to_page(told: Mapping[str, Any], body: bytes) -> Page:
    """The page again."""
    headers = tuple((name, value) for name, value in told["headers"])
    return Page(**{**told, "headers": headers, "body": body})


def from_result(result: FetchResult) -> dict[str, Any]:
    """A page of drafts, as `sources.parse.draft` makes them."""
    return {
        **{name: getattr(result, name) for name in _RESULT},
        "watermark": result.watermark and result.watermark.isoformat(),
        "items": [[getattr(i, n) for n in _ITEM] + [i.published_at.isoformat(), i.flags] for i in result.items],
    }


def to_result(told: Mapping[str, Any], channel: Channel, now: datetime) -> FetchResult:
    """The page of drafts again; raises ValueError when the answer is none."""
    try:
        values = {name: _checked(told[name]) for name in _RESULT}
        values["state"] = _one_of(values["state"], State)
        watermark = datetime.fromisoformat(told["watermark"]) if told["watermark"] else None
        items = tuple(_to_item(row, channel, now) for row in told["items"])
        return FetchResult(channel.name, items=items, watermark=watermark, **values)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError("not an answer") from error


_RESULT = ("state", "reason", "fetched", "dropped", "etag", "last_modified", "body_hash", "pause_s")
_ITEM = ("guid", "url", "original_url", "title", "text", "published_raw", "date_quality")


def _to_item(row: list[Any], channel: Channel, now: datetime) -> Item:
    guid, url, original, title, text, raw, quality, at, flags = row
    return Item(
        _UNNAMED, "news", channel.name, channel.community, str(guid), _checked(url), _checked(original), str(title),
        str(text), datetime.fromisoformat(at).astimezone(UTC), _checked(raw),
        cast(DateQuality, _one_of(quality, DateQuality)), now, flags=tuple(map(str, flags)),
    )  # fmt: skip


def _checked(value: Any) -> Any:
    if value is not None and not isinstance(value, str | int):
        raise ValueError("not an answer")
    return value


def _one_of(value: object, kind: Any) -> Any:
    if value not in get_args(kind):
        raise ValueError("not an answer")
    return value


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
