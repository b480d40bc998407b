"""The sample's rows and their dates.

    items.jsonl -> (Row, ...) -> moment(row, now)

A row carries no date, only its distance from the end of the last complete ISO week (UTC), so that the sample is always
eight weeks old at most, and the same for the same `now`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

ITEMS = Path(__file__).with_name("items.jsonl")
WEEKS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One article, submission or comment; `days_before` 1 is the last day of the last complete ISO week."""

    id: str  # unique; for Reddit also the base-36 part of the fullname
    channel: str
    kind: Literal["article", "submission", "comment"]
    days_before: int  # 1 .. 56
    at: str  # HH:MM, UTC
    title: str  # empty for a comment
    text: str  # may be empty for an article or submission
    thread: str | None  # a comment's submission
    parent: str | None  # what a comment answers: a comment's or the submission's id
    author: str
    url: str
    source: str  # where the text was written: an id of authored.jsonl, or "sample"

    @property
    def week(self) -> int:
        """Return 1 for the oldest week .. 8 for the last complete one."""
        return WEEKS - (self.days_before - 1) // 7


@cache
def load(path: Path = ITEMS) -> tuple[Row, ...]:
    """Read every row of the sample, in the file's order."""
    with path.open(encoding="utf-8") as lines:
        return tuple(Row(**json.loads(line)) for line in lines)


def week_end(now: datetime) -> datetime:
    """Return the Monday, 00:00 UTC, that ends the last complete ISO week before `now`.

    >>> week_end(datetime(2026, 11, 23, 9, tzinfo=UTC)).isoformat()
    '2026-11-23T00:00:00+00:00'
    """
    today = now.astimezone(UTC).date()
    return datetime.combine(today - timedelta(days=today.weekday()), time(), UTC)


def moment(row: Row, now: datetime) -> datetime:
    """Return when the row was published, seen from `now`; always before `now`."""
    return week_end(now) - timedelta(days=row.days_before) + _since_midnight(row.at)


def _since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
