"""How often a feed is asked: by its own pace, by what it asks for, within bounds. Pure.

page, what was known of it -> share that is new -> interval         grows while pages repeat, shrinks as they turn over
ttl, sy:updatePeriod, Cache-Control, Expires -> pause               the feed's and its server's own wish
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(hours=24)
NEW_SHARE = 0.25
"""The share of a page that may be new at a poll: the rest overlaps what is known, so that nothing falls out unseen."""
GROWTH, SHRINKAGE = 1.5, 0.25
"""How far one poll may change the interval: a burst or a quiet hour is not yet a new pace."""

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})")
_UNSURE = re.compile(r"\b(no-cache|no-store|must-revalidate)\b")


def interval(
    previous: timedelta | None, *, elapsed: timedelta | None, fetched: int, known: int, least: timedelta
) -> timedelta:
    """How long to wait for the next poll, by the share of the page that was known.

    `previous` is the interval that held before, `elapsed` the time since the page was last seen (None: never), in which
    `fetched - known` of its entries are new. A page that was asked for early and holds nothing new says nothing.
    """
    if previous is None or elapsed is None:
        return least
    longest = previous * GROWTH if elapsed >= 0.9 * previous else previous
    fresh = fetched - known
    if fresh <= 0:
        return _within(longest, least)
    wanted = elapsed * (NEW_SHARE * fetched / fresh)
    return _within(min(max(wanted, previous * SHRINKAGE), longest), least)


def wait(interval: timedelta, pause_s: int | None, *, overlap: float) -> timedelta:
    """The interval, or what the feed asks for where that is longer, a day at most.

    A page of which less than half was known (`overlap`) is about to lose entries: then its wish does not count.
    """
    if pause_s is None or overlap < 0.5:
        return interval
    return max(interval, min(timedelta(seconds=pause_s), LONGEST))


def pause(ttl: str = "", period: str = "", frequency: str = "") -> int | None:
    """Seconds that a feed asks to wait: `ttl` in minutes (RSS 2.0), or so often in a period (RSS 1.0, syndication)."""
    if found := re.fullmatch(r"\s*(\d{1,7})\s*", ttl):
        return int(found[1]) * 60 or None
    length = _PERIODS.get(period.strip().lower())
    if length is None:
        return None
    times = re.fullmatch(r"\s*0*([1-9]\d{0,4})\s*", frequency)
    return length // (int(times[1]) if times else 1)


def freshness(headers: Iterable[tuple[str, str]], now: datetime) -> int | None:
    """Seconds for which an answer says it stays fresh (RFC 9111, 4.2.1); None where it says nothing of use."""
    given = dict(headers)
    control = given.get("cache-control", "").lower()
    if _UNSURE.search(control):
        return None
    if found := _MAX_AGE.search(control):
        age = given.get("age", "").strip()
        return max(0, int(found[1]) - (int(age) if re.fullmatch(r"\d{1,9}", age) else 0)) or None
    until = _http_date(given.get("expires", ""))
    seconds = (until - (_http_date(given.get("date", "")) or now)).total_seconds() if until else 0
    return int(seconds) if seconds > 0 else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _within(length: timedelta, least: timedelta) -> timedelta:
    return min(max(length, least), max(LONGEST, least))
