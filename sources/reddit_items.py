"""Reddit's JSON into items; its shapes end here.

    {"kind": "t3" | "t1", "data": {...}} -> Desk.submission | Desk.comment -> Item, or None where nothing is left of it

Authors leave only a keyed hash. A body that its author or a moderator took away is not an item, and nobody's context.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from records import CONTEXT_SEPARATOR, DELETED, ITEM_SEPARATOR, Channel, DateQuality, Item, Thread
from sources.identity import canonical, item_id
from sources.reddit_calls import odd

Data = Mapping[str, Any]
SITE = "https://www.reddit.com"
FULLNAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
LONGEST_PARENT = 400  # characters of the parent comment in a context
GONE = {"[deleted]", "[removed]", "[deleted by user]", "[removed by moderator]", "[ removed by reddit ]"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_REDDIT_BEGAN = datetime(2005, 6, 1, tzinfo=UTC)


def things(listing: Any) -> list[tuple[str, Data]]:
    """Return kind and data of each child of a listing; Refused where it is none."""
    try:
        children = listing["data"]["children"]
    except (TypeError, LookupError):
        raise odd("no listing") from None
    if not isinstance(children, list):
        raise odd("no list of children")
    return pairs(children)


def pairs(children: list[Any]) -> list[tuple[str, Data]]:
    """Return kind and data of each thing; what is no thing becomes ("", {}), so that it is counted."""
    return [
        (str(c.get("kind")), c["data"]) if isinstance(c, dict) and isinstance(c.get("data"), dict) else ("", {})
        for c in children
    ]


def fullname(kind: str, data: Data) -> str | None:
    """Return Reddit's name for a submission (t3_...) or comment (t1_...), None where it has none."""
    name = data.get("name") or f"{kind}_{data.get('id')}"
    return name if isinstance(name, str) and name.startswith(f"{kind}_") and FULLNAME.fullmatch(name) else None


def author_hash(name: object, key: bytes) -> str | None:
    """HMAC (RFC 2104) with BLAKE2b, 16 bytes, over the lower-cased name; None where the account is gone."""
    if not isinstance(name, str) or not name or name.lower() in GONE:
        return None
    digest = partial(hashlib.blake2b, digest_size=16)
    return hmac.new(key, name.lower().encode("utf-8", "replace"), digest).hexdigest()


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes one channel's items, all first seen at `now`."""

    channel: Channel
    author_key: bytes
    now: datetime

    def submission(self, data: Data) -> Item | None:
        """Return a submission's item, a wordless one where it was taken away; None where it has no name or words."""
        name, title, text = fullname("t3", data), _words(data.get("title")), _words(data.get("selftext"))
        if name is None:
            return None
        thread = item_id("reddit", name)
        if data.get("removed_by_category") or {title.lower(), text.lower()} & GONE:
            return self._deleted(data, name, thread_id=thread)
        whole = ITEM_SEPARATOR.join(part for part in (title, text) if part)
        return self._item(data, name, _permalink(data, name), (title, whole), thread_id=thread)

    def comment(self, data: Data, thread: Thread | Item, parents: Mapping[str, Data]) -> Item | None:
        """Return a comment's item, with the thread's title and the parent's text as its context; see `submission`."""
        name, text = fullname("t1", data), _words(data.get("body"))
        if name is None:
            return None
        parent = data.get("parent_id")
        parent = parent if isinstance(parent, str) and FULLNAME.fullmatch(parent) else thread.guid
        links = {"thread_id": item_id("reddit", thread.guid), "parent_id": item_id("reddit", parent)}
        if text.lower() in GONE:
            return self._deleted(data, name, **links)
        return self._item(
            data,
            name,
            f"{thread.url}{name.removeprefix('t1_')}/",
            ("", text),
            context=_context(thread.title, parents.get(parent, {})),
            **links,
        )

    def _item(self, data: Data, name: str, url: str, words: tuple[str, str], **links: Any) -> Item | None:
        return self._made(data, name, url, words, **links) if words[1] else None

    def _deleted(self, data: Data, name: str, **links: Any) -> Item:
        """What is left of a thing that was deleted before it was seen: its place in the tree, and no words."""
        return self._made({**data, "author": None}, name, None, ("", ""), flags=(DELETED,), **links)

    def _made(self, data: Data, name: str, url: str | None, words: tuple[str, str], **links: Any) -> Item:
        published_at, quality = self._dated(data.get("created_utc"))
        return Item(
            item_id=item_id("reddit", name),
            source_kind="social",
            channel=self.channel.name,
            community=self.channel.community,
            guid=name,
            url=url,
            original_url=url,
            title=words[0],
            text=words[1],
            published_at=published_at,
            published_raw=None if data.get("created_utc") is None else str(data["created_utc"])[:40],
            date_quality=quality,
            first_seen_at=self.now,
            author_hash=author_hash(data.get("author"), self.author_key),
            **links,
        )

    def _dated(self, raw: object) -> tuple[datetime, DateQuality]:
        created = moment(raw)
        if created is None:
            return self.now, "first_seen"
        return (self.now, "clamped") if created > self.now + timedelta(days=1) else (created, "explicit")


def moment(raw: object) -> datetime | None:
    """Read seconds since 1970, which old archives give as text; None where they are none, or before Reddit began."""
    try:
        seconds = float(raw)  # type: ignore[arg-type]  # whatever it is, float says
        created = datetime.fromtimestamp(seconds, UTC) if math.isfinite(seconds) else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return created if created and created >= _REDDIT_BEGAN else None


def _context(title: str, parent: Data) -> str:
    body = _words(parent.get("body"))
    said = "" if body.lower() in GONE else _shortened(body)
    return CONTEXT_SEPARATOR.join(_one_line(part) for part in (title, said) if part)


def _shortened(text: str) -> str:
    text = text[: 4 * LONGEST_PARENT]
    short = textwrap.shorten(text, LONGEST_PARENT, placeholder=" …")
    return short if len(short) > 2 or len(text) <= 2 else f"{text[: LONGEST_PARENT - 2]} …"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(CONTEXT_SEPARATOR, " | ")).strip()


def _words(value: object) -> str:
    """Return text without entities and control characters; Markdown stays."""
    if not isinstance(value, str):
        return ""
    return _CONTROLS.sub("", html.unescape(value).replace("\r\n", "\n")).strip()


def _permalink(data: Data, name: str) -> str:
    path = data.get("permalink")
    path = str(path).removeprefix(SITE) if path else ""
    short = f"{SITE}/comments/{name.removeprefix('t3_')}/"
    if not path.startswith(("/r/", "/user/", "/u/", "/comments/")):
        return short
    return canonical(SITE + quote(path.rstrip("/"), safe="/%:_-") + "/") or short
