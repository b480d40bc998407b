"""ISO weeks, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from flows.errors import UsageError


def last_complete(now: datetime) -> str:
    """The ISO week that ended most recently, as in `2026-W47`."""
    return name(now.astimezone(UTC).date() - timedelta(days=7))


def name(day: date) -> str:
    """The ISO week of a day."""
    return f"{day:%G-W%V}"


def monday(week: str) -> date:
    """The first day of a week.

    Raises:
        UsageError: there is no such week.
    """
    try:
        if not re.fullmatch(r"[0-9]{4}-W[0-9]{2}", week):
            raise ValueError
        return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:
        raise UsageError(f"'{week}' is no ISO week; write it as in 2026-W47") from None
