"""A channel's state in words that a person understands at a glance.

state, last success, yield -> "fine" | "quiet" | "silent" | "failing since 3 h" | "blocked" | "gone" | ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from flows.show import Cell

WORDS = ("gone", "blocked", "failing", "silent", "quiet", "fine", "never asked", "no keys", "no longer listed")
"""The first word of every state, trouble first: the order in which channels are shown."""

_OF_STATE = {
    "ok": "fine",
    "not_modified": "fine",
    "moved": "fine",
    "empty": "quiet",
    "silent": "silent",
    "soft": "failing",
    "hard": "failing",
    "not_a_feed": "failing",
    "gone": "gone",
    "blocked": "blocked",
    "no_keys": "no keys",
}
_STYLES = {
    "gone": "bold red",
    "blocked": "red",
    "failing": "red",
    "silent": "yellow",
    "quiet": "yellow",
    "fine": "green",
}


def word(state: str | None, *, quiet: bool = False) -> str:
    """One of WORDS for a stored state; a channel that answers well but brings nothing (`quiet`) is quiet."""
    found = _OF_STATE.get(state, state) if state else "never asked"
    return "quiet" if found == "fine" and quiet else found


def cell(state: str | None, found: str, *, success: datetime | None, now: datetime) -> Cell:
    """A state in its words and colour for a person, as it is stored for a program."""
    shown = f"{found}, moved" if state == "moved" else found
    if found in ("failing", "blocked", "gone") and success is not None:
        shown = f"{found} since {span(now - success)}"
    elif found == "failing":
        shown = "failing, never answered"
    return Cell(shown, style(found), state or found)


def rank(found: str) -> int:
    """Where a word stands among WORDS, trouble first."""
    return WORDS.index(found) if found in WORDS else len(WORDS)


def summary(words: Iterable[str]) -> str:
    """How many channels there are of each word: "68 channels: 2 failing, 66 fine"."""
    counts = Counter(words)
    parts = ", ".join(f"{counts[w]} {w}" for w in sorted(counts, key=rank))
    total = sum(counts.values())
    return f"{total} channel{'' if total == 1 else 's'}: {parts}"


def span(length: timedelta) -> str:
    """A length of time in one unit: minutes, hours or days."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit; `never` for None."""
    return "never" if at is None else f"{span(now - at)} ago"


def style(found: str) -> str:
    """The colour of a word."""
    return _STYLES.get(found, "dim")
