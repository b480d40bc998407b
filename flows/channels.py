"""channels.toml -> [Channel], or one line that names the line and the key at fault.

text -> tomllib -> checked table by table -> Channel
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flows.errors import ChannelsError
from records import COMMUNITIES, Channel, ChannelKind, Window

KINDS: tuple[ChannelKind, ...] = ("feed", "subreddit", "reddit_search")
KEYS: dict[str, dict[str, type]] = {
    "feed": {"name": str, "url": str, "community": str, "keep": str, "fulltext": bool},
    "subreddit": {"name": str, "community": str, "keep": str, "comments": bool},
    "reddit_search": {
        "name": str, "query": str, "community": str, "subreddits": list, "window": str, "keep": str, "comments": bool
    },
}  # fmt: skip
REQUIRED = {
    "feed": ("name", "url", "community"),
    "subreddit": ("name", "community"),
    "reddit_search": ("name", "query", "community"),
}
ADDRESS = {"feed": "url", "subreddit": "name", "reddit_search": "query"}
"""The key that says what is read."""
KEEP = ("relevant", "all")
WINDOWS: tuple[Window, ...] = ("hour", "day", "week", "month", "year", "all")
LONGEST_QUERY = 512
"""Characters that Reddit takes."""
_SLUG, _SUBREDDIT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"), re.compile(r"[A-Za-z0-9_]{2,21}")
NAME = {"feed": _SLUG, "subreddit": _SUBREDDIT, "reddit_search": _SLUG}
TYPES = {str: "a string", bool: "true or false", list: "a list"}


def load(path: Path) -> tuple[Channel, ...]:
    """Read the list of channels.

    Raises:
        ChannelsError: the file is missing, is not TOML, or holds a key or value that is not known.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChannelsError(f"{path}: cannot be read ({error}); set ORESIGHT_CHANNELS to your list") from None
    return parse(text, str(path))


def parse(text: str, name: str = "channels.toml", *, may_be_empty: bool = False) -> tuple[Channel, ...]:
    """Read the list of channels from its text; see `load`. `may_be_empty`: a list that is only being begun."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ChannelsError(f"{name}: not valid TOML: {error}") from None
    _no_other_tables(document, text, name)
    channels = tuple(_channel(kind, table, _Place(name, text, kind, index)) for kind, index, table in _tables(document))
    if not channels and not may_be_empty:
        raise ChannelsError(f"{name}: no channel in it; add a [[feed]], a [[subreddit]] or a [[reddit_search]]")
    _unique(channels, name)
    return channels


class _Place:
    """Where a table stands in the text, so that an error can name the line."""

    def __init__(self, name: str, text: str, kind: str, index: int) -> None:
        self.name, self.kind = name, kind
        self.lines = text.splitlines()
        heads = [n for n, line in enumerate(self.lines) if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", line)]
        self.start = heads[index] if index < len(heads) else 0

    def line_of(self, key: str) -> int:
        for number in range(self.start + 1, len(self.lines)):
            if self.lines[number].lstrip().startswith("["):
                break
            if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", self.lines[number]):
                return number + 1
        return self.start + 1

    def error(self, key: str, message: str) -> ChannelsError:
        return ChannelsError(f"{self.name}, line {self.line_of(key)}: {message}")


def _no_other_tables(document: dict[str, Any], text: str, name: str) -> None:
    for key, value in document.items():
        if key not in KINDS:
            line = next(
                (n for n, row in enumerate(text.splitlines(), 1) if re.match(rf"\W*{re.escape(key)}\b", row)), 1
            )
            known = " and ".join((", ".join(f"[[{kind}]]" for kind in KINDS[:-1]), f"[[{KINDS[-1]}]]"))
            raise ChannelsError(f"{name}, line {line}: unknown key '{key}'; known are {known}")
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            raise ChannelsError(f"{name}: '{key}' must be written as [[{key}]]")


def _tables(document: dict[str, Any]) -> Iterator[tuple[ChannelKind, int, dict[str, Any]]]:
    for kind in KINDS:
        for index, table in enumerate(document.get(kind, ())):
            yield kind, index, table


def _channel(kind: ChannelKind, table: dict[str, Any], place: _Place) -> Channel:
    _check_keys(kind, table, place)
    _check_values(kind, table, place)
    return Channel(
        name=table["name"],
        kind=kind,
        community=table["community"],
        address=table[ADDRESS[kind]],
        keep=table.get("keep", "relevant"),
        comments=table.get("comments", True),
        fulltext=table.get("fulltext", False),
        subreddits=tuple(table.get("subreddits", ())),
        window=table.get("window", "week"),
    )


def _check_keys(kind: str, table: dict[str, Any], place: _Place) -> None:
    for key, value in table.items():
        wanted = KEYS[kind].get(key)
        if wanted is None:
            raise place.error(key, f"unknown key '{key}' in [[{kind}]]; known are {', '.join(KEYS[kind])}")
        if not isinstance(value, wanted):
            raise place.error(key, f"key '{key}' must be {TYPES[wanted]}")
    for key in REQUIRED[kind]:
        if key not in table:
            raise place.error(key, f"key '{key}' is missing in this [[{kind}]]")


def _check_values(kind: ChannelKind, table: dict[str, Any], place: _Place) -> None:
    if found := fault(kind, table):
        key, message = found
        raise place.error(key, f"key '{key}': {message}")


def fault(kind: ChannelKind, table: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first key whose value cannot stand in a table of this kind, and why; None where all can. Pure."""
    name, community, keep = table["name"], table["community"], table.get("keep", "all")
    if not NAME[kind].fullmatch(name):
        shape = "a subreddit's name without r/" if kind == "subreddit" else "lower-case words joined by hyphens"
        return "name", f"'{name}' is not {shape}"
    if community not in COMMUNITIES[kind]:
        return "community", f"'{community}' is none of {', '.join(COMMUNITIES[kind])}"
    if keep not in KEEP:
        return "keep", f"'{keep}' is none of {', '.join(KEEP)}"
    if kind == "feed" and not is_web_address(table["url"]):
        return "url", "it must be an http or https address"
    return _search_fault(table) if kind == "reddit_search" else None


def _search_fault(table: Mapping[str, Any]) -> tuple[str, str] | None:
    query, window = table["query"], table.get("window", "week")
    if not query.strip() or not query.isprintable() or len(query) > LONGEST_QUERY:
        return "query", f"it must be words on one line, {LONGEST_QUERY} characters at most"
    for name in (names := table.get("subreddits", ())):
        if not isinstance(name, str) or not _SUBREDDIT.fullmatch(name):
            return "subreddits", f"'{name}' is not a subreddit's name without r/"
    if len({name.lower() for name in names}) < len(names):
        return "subreddits", "one stands there twice"
    return None if window in WINDOWS else ("window", f"'{window}' is none of {', '.join(WINDOWS)}")


def is_web_address(url: str) -> bool:
    """Whether a text is a whole http or https address, without spaces or control characters."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def _unique(channels: tuple[Channel, ...], name: str) -> None:
    twice = [n for n, count in Counter(c.name.lower() for c in channels).items() if count > 1]
    if twice:
        raise ChannelsError(
            f"{name}: two channels are named '{twice[0]}'; names are a channel's identity and must be unique"
        )
