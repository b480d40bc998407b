"""How often a feed is asked, and the gaps that asking too seldom leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import Channel, ChannelState, FetchResult, Gap, Known
from sources import health, rhythm
from sources.feeds import Question, pull
from sources.fetch import Http
from tests.servers import Server, answer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
QUARTER, DAY = 15 * MINUTE, 24 * HOUR


def _next(previous: timedelta | None, elapsed: timedelta | None, fetched: int, known: int) -> timedelta:
    return rhythm.interval(previous, elapsed=elapsed, fetched=fetched, known=known, least=QUARTER)


@pytest.mark.parametrize(
    ("previous", "elapsed", "fetched", "known", "expected"),
    [
        (None, None, 20, 0, QUARTER),
        (HOUR, HOUR, 20, 20, 1.5 * HOUR),
        (HOUR, HOUR, 0, 0, 1.5 * HOUR),
        (HOUR, MINUTE, 20, 20, HOUR),
        (HOUR, HOUR, 20, 15, HOUR),
        (HOUR, HOUR, 20, 10, HOUR / 2),
        (HOUR, HOUR, 20, 0, HOUR / 4),
        (HOUR, 6 * HOUR, 20, 19, 1.5 * HOUR),
        (QUARTER, QUARTER, 20, 0, QUARTER),
        (20 * HOUR, 20 * HOUR, 20, 20, DAY),
    ],
)
def test_the_interval_follows_the_page(
    previous: timedelta | None, elapsed: timedelta | None, fetched: int, known: int, expected: timedelta
) -> None:
    """It grows while pages repeat, shrinks as they turn over, and learns nothing from being asked early."""
    assert _next(previous, elapsed, fetched, known) == expected


@given(
    st.integers(1, 100).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    st.timedeltas(QUARTER, DAY),
    st.timedeltas(timedelta(0), 30 * DAY),
)
def test_the_interval_stays_within_its_bounds(page: tuple[int, int], previous: timedelta, elapsed: timedelta) -> None:
    """A quarter of an hour to a day, whatever comes; and more news never make it longer."""
    fetched, known = page
    found = _next(previous, elapsed, fetched, known)
    assert QUARTER <= found <= DAY
    if known:
        assert _next(previous, elapsed, fetched, known - 1) <= max(found, previous)


@pytest.mark.parametrize("a_day", [1, 10, 50, 200])
def test_a_steady_feed_is_asked_often_enough_and_no_more(a_day: int) -> None:
    """Polled at its own pace for a month, a page of twenty never loses an entry, and settles in a few days."""
    interval: timedelta | None = None
    elapsed: timedelta | None = None
    waits = []
    clock = timedelta(0)
    while clock < 30 * DAY:
        fresh = 20 if elapsed is None else round(elapsed / DAY * a_day)
        assert elapsed is None or fresh < 20
        interval = _next(interval, elapsed, 20, 20 - min(20, fresh))
        elapsed = interval
        clock += interval
        waits.append(interval)
    ideal = min(max(DAY * 5 / a_day, QUARTER), DAY)
    assert 0.5 * ideal <= sum(waits[-10:], timedelta(0)) / 10 <= 2 * ideal


@pytest.mark.parametrize(
    ("ttl", "period", "frequency", "seconds"),
    [
        ("60", "", "", 3600),
        (" 5 ", "hourly", "1", 300),
        ("", "hourly", "", 3600),
        ("", "hourly", "2", 1800),
        ("", " Daily ", "4", 21_600),
        ("", "weekly", "1", 604_800),
        ("", "fortnightly", "1", None),
        ("", "hourly", "0", 3600),
        ("soon", "", "", None),
        ("-5", "", "", None),
        ("0", "", "", None),
        ("", "", "", None),
    ],
)
def test_a_feeds_own_wish_is_read(ttl: str, period: str, frequency: str, seconds: int | None) -> None:
    """ttl in minutes, else so many times in a period; rubbish says nothing."""
    assert rhythm.pause(ttl, period, frequency) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=1800"}, 1800),
        ({"cache-control": "max-age=1800", "age": "600"}, 1200),
        ({"cache-control": "max-age=1800", "age": "x"}, 1800),
        ({"cache-control": "no-cache, max-age=1800"}, None),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "s-maxage=9999"}, None),
        ({"cache-control": "max-age=0"}, None),
        ({"expires": "Mon, 23 Nov 2026 13:00:00 GMT"}, 3600),
        ({"expires": "Mon, 23 Nov 2026 13:00:00 GMT", "date": "Mon, 23 Nov 2026 12:30:00 GMT"}, 1800),
        ({"expires": "Mon, 23 Nov 2026 13:00:00 GMT", "cache-control": "max-age=60"}, 60),
        ({"expires": "0"}, None),
        ({"expires": "Mon, 01 Jan 2024 00:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_servers_wish_is_read(headers: dict[str, str], seconds: int | None) -> None:
    """How long an answer says that it stays fresh, less the time it has been under way."""
    assert rhythm.freshness(tuple(headers.items()), NOW) == seconds


@pytest.mark.parametrize(
    ("pause_s", "overlap", "expected"),
    [(None, 1.0, HOUR), (600, 1.0, HOUR), (7200, 1.0, 2 * HOUR), (31_536_000, 1.0, DAY), (7200, 0.4, HOUR)],
)
def test_a_wish_counts_unless_entries_are_about_to_be_lost(
    pause_s: int | None, overlap: float, expected: timedelta
) -> None:
    """The longer of the two, a day at most, and the feed's own pace where half of the page has turned over."""
    assert rhythm.wait(HOUR, pause_s, overlap=overlap) == expected


def _state(minutes: float, state: ChannelState) -> float:
    assert state.next_due_at is not None
    return (state.next_due_at - NOW) / MINUTE / minutes


def test_what_is_remembered_of_a_pace() -> None:
    """A page that was all known lengthens the pause, an unchanged one too, one that asks for an hour gets it."""
    known = ChannelState("c", "ok", last_success_at=NOW - HOUR, interval_s=3600)
    repeated = health.after(known, FetchResult("c", "not_modified", known=0), now=NOW, interval=QUARTER)
    assert repeated.interval_s == 5400
    assert 1 <= _state(90, repeated) <= 1.1
    asks = health.after(ChannelState("c"), FetchResult("c", "ok", known=0, pause_s=3600), now=NOW, interval=QUARTER)
    assert (asks.interval_s, asks.pause_s) == (900, 3600)
    assert 1 <= _state(60, asks) <= 1.1


def _feed(*numbers: int, ttl: str = "") -> bytes:
    items = "".join(
        f"<item><title>Story {n}</title><guid>{n}</guid><pubDate>Mon, 23 Nov 2026 {n:02}:00:00 GMT</pubDate></item>"
        for n in numbers
    )
    return f'<rss version="2.0"><channel><title>t</title>{ttl}{items}</channel></rss>'.encode()


def _pulled(body: bytes, state: ChannelState, stored: Sequence[int] = (), **headers: str) -> FetchResult:
    at = NOW - DAY

    def recall(asked: Question) -> list[Known]:
        return [Known(str(n), None, f"Story {n}", at, None, at, False) for n in stored if str(n) in asked.guids]

    with Server({"/feed": answer(body, **headers)}) as server:
        channel = Channel("served", "feed", "official", server.url("/feed"))
        with Http("Oresight tests", allow_hosts=server.allow, host_delay=0, total_s=5) as http:
            return pull(channel, state, http, recall=recall, now=NOW)


SEEN = ChannelState("served", "ok", watermark=NOW - 12 * HOUR, last_success_at=NOW - 10 * HOUR)


def test_a_page_that_holds_nothing_known_leaves_a_gap() -> None:
    """Between the newest entry seen before and the oldest of the page others may have come and gone."""
    found = _pulled(_feed(9, 8, 7), SEEN, stored=[1, 2])
    told = "none of the 3 entries on the page was known"
    assert found.gaps == (Gap("served", NOW - 12 * HOUR, datetime(2026, 11, 23, 7, tzinfo=UTC), told),)
    assert found.known == 0


@pytest.mark.parametrize(
    ("body", "state", "stored"),
    [
        (_feed(9, 8, 7), SEEN, [7]),
        (_feed(9, 8, 7), ChannelState("served"), []),
        (_feed(9, 8, 7), ChannelState("served", "empty", last_success_at=NOW - HOUR), []),
        (_feed(), SEEN, [1]),
    ],
    ids=["overlap", "first run", "was empty before", "nothing on the page"],
)
def test_other_pages_leave_none(body: bytes, state: ChannelState, stored: list[int]) -> None:
    """Where a page meets what is known, or nothing was known, nothing can have been lost unseen."""
    assert _pulled(body, state, stored).gaps == ()


def test_both_wishes_reach_whoever_plans() -> None:
    """Of the feed's wish and its server's the longer one."""
    hour = "<ttl>60</ttl>"
    assert _pulled(_feed(9, ttl=hour), SEEN).pause_s == 3600
    assert _pulled(_feed(9, ttl=hour), SEEN, Cache_Control="max-age=7200").pause_s == 7200
    assert _pulled(_feed(9, ttl="<ttl>x</ttl>"), SEEN).pause_s is None
    syndicated = b'<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
    period = b"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    for odd in (b"", b"<!DOCTYPE rss>"):
        assert (
            _pulled(odd + syndicated + period + b"<item><title>x</title></item></channel></rss>", SEEN).pause_s == 1800
        )
