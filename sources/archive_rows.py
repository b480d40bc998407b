"""One line of an archive, whatever year it is from, as the few fields that are read of it.

    bytes -> Sieve.passes (subreddit, by bytes) -> read -> Post | Comment | Bad(reason)

| field                    | as found                                                                           |
| ------------------------ | ---------------------------------------------------------------------------------- |
| created_utc              | int, float, "1420070400", "1420070400.0"                                           |
| id, name                 | either may be missing; ids are base 36                                             |
| link_id, parent_id       | "t3_abc", "abc", or an int that is the id's value; parent null where it is the post |
| author                   | null, "[deleted]"                                                                  |
| permalink                | missing before 2017; with or without https://www.reddit.com                        |
| selftext                 | null, missing; body must be there                                                  |
| removed_by_category      | why a post is gone; later years                                                    |
| _meta.was_deleted_later  | Arctic Shift looked again, and it was gone; removal_type says by whom              |
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple

import msgspec

from sources.reddit_deletion import reason as gone_reason
from sources.reddit_items import SITE, moment

Kind = Literal["submissions", "comments"]
_KEY: Final = b'"subreddit":"'
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST_ID: Final = 12  # in base 36: what 63 bits hold
_BEGAN: Final = 1_117_584_000  # June 2005


class Fields(msgspec.Struct, gc=False):
    """What is decoded of a line; everything else is passed over."""

    id: Any = None
    name: Any = None
    subreddit: Any = None
    created_utc: Any = None
    author: Any = None
    title: Any = None
    selftext: Any = None
    body: Any = None
    link_id: Any = None
    parent_id: Any = None
    permalink: Any = None
    removed_by_category: Any = None
    edited: Any = None
    meta: Any = msgspec.field(name="_meta", default=None)


class Bad(NamedTuple):
    """Why a line cannot be used."""

    reason: str


class Row(msgspec.Struct, gc=False):
    """A submission or a comment; ids by their value, times in seconds since 1970."""

    kind: Kind
    key: str  # the subreddit's name in small letters
    number: int
    thread: int  # a submission's own number
    parent: int | None  # the comment that is answered; None: the submission
    created: int
    gone: str  # why its words must not be kept; empty where they may
    fields: Fields

    @property
    def name(self) -> str:
        """Reddit's fullname."""
        return fullname("t3" if self.kind == "submissions" else "t1", self.number)

    @property
    def parent_name(self) -> str:
        """The fullname of what a comment answers."""
        return fullname("t3", self.thread) if self.parent is None else fullname("t1", self.parent)

    def data(self) -> dict[str, Any]:
        """The row as Reddit's own API would give it."""
        f = self.fields
        return {
            "name": self.name, "id": base36(self.number), "author": f.author, "created_utc": self.created,
            "title": f.title, "selftext": f.selftext, "body": f.body, "permalink": f.permalink, "edited": f.edited,
            "removed_by_category": f.removed_by_category, "parent_id": self.parent_name,
            "link_id": fullname("t3", self.thread),
        }  # fmt: skip

    def thread_url(self) -> str | None:
        """The address of a comment's thread, read off its own; None where the line has none."""
        path = self.fields.permalink
        if not isinstance(path, str):
            return None
        parts = path.removeprefix(SITE).strip("/").split("/")
        if len(parts) == 6 and parts[0] in {"r", "user"} and parts[2:4] == ["comments", base36(self.thread)]:
            return f"{SITE}/{'/'.join(parts[:5])}/"
        return None


class Sieve:
    """Tells by a look at its bytes whether a line may be of a wanted subreddit."""

    def __init__(self, subreddits: Collection[str]) -> None:
        self._wanted = frozenset(name.lower().encode() for name in subreddits)

    def passes(self, line: bytes) -> bool:
        """False only for a line that begins and ends as an object and names other subreddits alone.

        The key cannot stand inside a text, whose quotation marks are escaped; a crosspost names its origin too.
        """
        at = line.find(_KEY)
        if at < 0 or line[:1] != b"{" or line[-1:] not in {b"}", b"\r"}:
            return True
        while at >= 0:
            at += len(_KEY)
            if line[at : line.find(b'"', at)].lower() in self._wanted:
                return True
            at = line.find(_KEY, at)
        return False


_decoder = msgspec.json.Decoder(Fields)


def read(line: bytes, kind: Kind) -> Row | Bad:
    """Read one line."""
    fields = _fields(line)
    if isinstance(fields, Bad):
        return fields
    if not isinstance(fields.subreddit, str):
        return Bad("no subreddit")
    prefix = "t3_" if kind == "submissions" else "t1_"
    number = _number(fields.name if fields.id is None else fields.id, prefix)
    if number is None:
        return Bad("no id")
    created = _created(fields.created_utc)
    if created is None:
        return Bad("no time of creation")
    return _submission(fields, number, created) if kind == "submissions" else _comment(fields, number, created)


def _submission(fields: Fields, number: int, created: int) -> Row | Bad:
    if not isinstance(fields.title, str):
        return Bad("no title")
    return Row("submissions", fields.subreddit.lower(), number, number, None, created, _gone("t3_", fields), fields)


def _comment(fields: Fields, number: int, created: int) -> Row | Bad:
    thread = _number(fields.link_id, "t3_")
    if thread is None:
        return Bad("no link_id")
    gone = _gone("t1_", fields)
    if not (gone or isinstance(fields.body, str)):
        return Bad("no body")
    parent = _number(fields.parent_id, "t1_")
    parent = None if parent == thread and not str(fields.parent_id).startswith("t1_") else parent
    return Row("comments", fields.subreddit.lower(), number, thread, parent, created, gone, fields)


def _fields(line: bytes) -> Fields | Bad:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _tolerant(line)


def _tolerant(line: bytes) -> Fields | Bad:
    """The standard library takes what a strict decoder refuses: halves of surrogate pairs, NaN."""
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        return Bad("not UTF-8")
    except (ValueError, RecursionError):
        return Bad("not JSON")
    if not isinstance(found, dict):
        return Bad("not an object")
    values = {name: found.get("_meta" if name == "meta" else name) for name in Fields.__struct_fields__}
    return Fields(**{k: v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for k, v in values.items()})


def _number(raw: object, prefix: str = "") -> int | None:
    """The value of an id in base 36, with or without its prefix, or given as a number already."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw if 0 < raw < 1 << 62 else None
    if not isinstance(raw, str):
        return None
    digits = raw.removeprefix(prefix)
    if not (digits.isascii() and digits.isalnum() and len(digits) <= _LONGEST_ID):
        return None
    return int(digits, 36)


def _created(raw: object) -> int | None:
    if type(raw) is int and _BEGAN <= raw < 1 << 33:
        return raw
    at = moment(raw)
    return None if at is None else int(at.timestamp())


def _gone(kind: str, fields: Fields) -> str:
    """Why a row's words must not be kept, in a word or two; all that stands for words taken away begins with "["."""
    meta, body = fields.meta, fields.body
    if meta is None and not fields.removed_by_category and kind == "t1_" and type(body) is str and body[:1].isalnum():
        return ""
    if isinstance(meta, dict):
        if meta.get("was_deleted_later"):
            return "deleted later"
        if kind_of_removal := meta.get("removal_type"):
            return f"removed: {kind_of_removal}"[:60]
    if not fields.removed_by_category and not any(map(_bracketed, (fields.title, fields.selftext, fields.body))):
        return ""
    texts = {"title": fields.title, "selftext": fields.selftext, "body": fields.body}
    return gone_reason(kind, {**texts, "removed_by_category": fields.removed_by_category})


def _bracketed(text: object) -> bool:
    return isinstance(text, str) and text.lstrip()[:1] == "["


def number_of(name: str) -> int | None:
    """The value of a fullname's id; None where it is no fullname."""
    return _number(name[3:]) if name[:3] in {"t1_", "t3_"} else None


def base36(number: int) -> str:
    """An id as Reddit writes it."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def fullname(kind: str, number: int) -> str:
    """`t3_...` or `t1_...`."""
    return f"{kind}_{base36(number)}"
