"""What every kind of feed comes down to, before it is cleaned and named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its feed wrote it: markup uncleaned, dates and links unread, the best of each first."""

    guid: str | None
    links: tuple[str, ...]
    title: str
    bodies: tuple[str, ...]
    dates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A feed's entries in its order. `kind` is empty where the answer is no feed at all."""

    kind: str  # "rss20", "atom10", "json", ...
    entries: tuple[Entry, ...] = ()
    date: str | None = None
    malformed: bool = False
    truncated: bool = False
    web_page: bool = False
    pause_s: int | None = None  # what the feed asks to wait between two polls
