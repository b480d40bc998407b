"""Numbers, days and codes in plain words, the same for every renderer.

0.478 -> "48 %"      Share -> "42–54 %"      2026-W47 -> "Week 47"      not_a_feed -> "not a feed"
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from digest.texts import plain
from records import Genre, Share

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Written out rather than left to strftime, whose words follow the machine's locale.

STANCE_NAMES: Final = {
    "realist": "Realist",
    "industrial_collaboration": "Industrial collaboration",
    "skeptic": "Skeptic",
    "none": "No stance",
}
STANCE_MEANINGS: Final = {
    "realist": "it can work, on terms: the item dwells on what is missing or must come first",
    "industrial_collaboration": "it is worth building, and building jointly",
    "skeptic": "it will not change the outcome",
}
STANCE_MARKS: Final = {"realist": "●", "industrial_collaboration": "■", "skeptic": "▲"}
"""The marks of the charts, so that no stance is told by colour alone."""

VERDICTS: Final = {
    "up": "up",
    "down": "down",
    "no detectable change": "not detectable",
    "too little data": "too little data",
    None: "another model",
}
GENRES: Final[dict[Genre, str]] = {
    "report": "",
    "op-ed": "Op-ed",
    "think-tank": "Think tank",
    "company": "Company",
    "post": "",
}
"""What a quotation is marked as; a post's source says what it is."""

STATES: Final = {
    "ok": "delivered",
    "empty": "answered, with nothing on the page",
    "not_modified": "nothing new",
    "soft": "failed, will be tried again",
    "hard": "failed",
    "gone": "gone for good",
    "blocked": "refuses us",
    "not_a_feed": "not a feed",
    "moved": "moved to another address",
    "silent": "answers, but has been silent for long",
    "no_keys": "no keys for it",
}

NAME: Final = 80
"""Code points of a name, at most."""
NBSP: Final = "\N{NO-BREAK SPACE}"
DASH: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
PLUS_MINUS: Final = "\N{PLUS-MINUS SIGN}"
INTERVAL: Final = f"90{NBSP}% interval"


def percent(value: float | None) -> str:
    """A share between 0 and 1 as a whole percentage; a dash where it is not known."""
    return DASH if value is None else f"{100 * value:.0f}{NBSP}%"


def interval(share: Share) -> str:
    """The ends of a share's interval, in whole percentages."""
    if share.low is None or share.high is None:
        return DASH
    return f"{100 * share.low:.0f}{DASH}{100 * share.high:.0f}{NBSP}%"


def bounds(share: Share) -> str:
    """The ends of a share's interval as bare numbers, where a table's head names their unit."""
    return interval(share).removesuffix(f"{NBSP}%")


def counted(number: int, noun: str) -> str:
    """A number and its noun: 1 item, 2 items."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def in_words(code: str) -> str:
    """An identifier as plain words: trade-press to Trade press."""
    words = plain(code.replace("-", " ").replace("_", " "), NAME)
    return words[:1].upper() + words[1:]


def week_name(week: str) -> str:
    """An ISO week in words: 2026-W47 to Week 47."""
    return f"Week {int(week.split('-W')[1])}"


def day(when: date) -> str:
    """A day in words."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def span(first: date, last: date) -> str:
    """Two days in words, naming the month and the year once where they are shared."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{DASH}{day(last)}"
    if first.year == last.year:
        return f"{first.day} {MONTHS[first.month - 1]} {DASH} {day(last)}"
    return f"{day(first)} {DASH} {day(last)}"


def moment(when: datetime, zone: str = "UTC") -> str:
    """A time in words, in a zone that it names: Monday 23 November 2026, 08:00 Europe/Brussels."""
    here = when.astimezone(ZoneInfo(zone))
    return f"{DAYS[here.weekday()]} {day(here)}, {here:%H:%M} {zone}"


def points(change: float | None) -> str:
    """A change of a share in whole percentage points, signed: +6; a dash where it is not known."""
    if change is None:
        return DASH
    whole = round(100 * change)
    return f"{MINUS if whole < 0 else '+' if whole else PLUS_MINUS}{abs(whole)}"


def listed(parts: Sequence[str]) -> str:
    """Words in a row: a; a and b; a, b and c."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""
