"""New channels go to the end of channels.toml; no byte that people wrote there changes.

Channel -> a TOML table -> the whole text is checked as it would stand -> appended under a lock
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import tomlkit

from flows import channels
from flows.errors import ChannelsError
from records import Channel


def add(path: Path, new: Sequence[Channel]) -> None:
    """Append tables for `new` to the list, which is made where there is none; all of them or nothing.

    Raises:
        ChannelsError: the list cannot be read or written, or one of these is in it already, by name or address.
    """
    try:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            before = file.read()
            addition = _addition(before, new, str(path)).encode()
            try:
                file.write(addition)
                file.flush()
            except OSError:
                file.truncate(len(before))
                raise
    except OSError as error:
        raise ChannelsError(f"{path}: cannot be written ({error.strerror})") from None


def listed(path: Path) -> tuple[Channel, ...]:
    """The channels of a list that may be missing or empty as yet.

    Raises:
        ChannelsError: the list cannot be used.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise ChannelsError(f"{path}: cannot be read ({error.strerror})") from None
    return channels.parse(_decoded(data, str(path)), str(path), may_be_empty=True)


def clash(existing: Iterable[Channel], channel: Channel) -> str | None:
    """Why a channel cannot join these: its name or its address is taken."""
    for other in existing:
        if _place(other) == _place(channel):
            return f"{channel.address} is listed already, as '{other.name}'"
        if other.name.lower() == channel.name.lower():
            return f"the name '{channel.name}' is taken by {other.address}; give another with --name"
    return None


def render(channel: Channel) -> str:
    """One channel as a table of channels.toml, without the settings that are so by default."""
    table = tomlkit.table()
    table.add("name", channel.name)
    if channel.kind != "subreddit":
        table.add(channels.ADDRESS[channel.kind], channel.address)
    if channel.subreddits:
        table.add("subreddits", list(channel.subreddits))
    if channel.window != "week":
        table.add("window", channel.window)
    table.add("community", channel.community)
    if channel.keep != "relevant":
        table.add("keep", channel.keep)
    if channel.fulltext:
        table.add("fulltext", True)
    if channel.kind != "feed" and not channel.comments:
        table.add("comments", False)
    return f"[[{channel.kind}]]\n{table.as_string()}"


def _addition(before: bytes, new: Sequence[Channel], name: str) -> str:
    text = _decoded(before, name)
    known = list(channels.parse(text, name, may_be_empty=True))
    for channel in new:
        if reason := clash(known, channel):
            raise ChannelsError(f"{name}: {reason}")
        known.append(channel)
    space = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    addition = space + "\n".join(map(render, new))
    if "\r\n" in text:
        addition = addition.replace("\n", "\r\n")
    channels.parse(text + addition, name)
    return addition


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ChannelsError(f"{name}: not UTF-8; save it as such") from None


def _place(channel: Channel) -> tuple[str, ...]:
    """What makes two addresses the same place: http or https, the host's case and a last slash do not tell."""
    if channel.kind == "subreddit":
        return ("r", channel.address.lower())
    if channel.kind == "reddit_search":
        return ("search", channel.address, channel.window, *sorted(name.lower() for name in channel.subreddits))
    parts = urlsplit(channel.address)
    return ((parts.hostname or "").lower(), str(parts.port), parts.path.rstrip("/"), parts.query)
