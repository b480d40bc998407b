"""Dates as feeds write them."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import DateQuality
from sources.dates import read

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TWO = datetime(2025, 6, 10, 14, tzinfo=UTC)
NOON = datetime(2025, 6, 10, 12, tzinfo=UTC)
DAY = datetime(2025, 6, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Tue, 10 Jun 2025 14:00:00 GMT", TWO),
        ("Tue, 10 Jun 2025 14:00:00 +0000", TWO),
        ("Tue, 10 Jun 25 14:00 UT", TWO),
        ("Mon, 10 Jun 2025 14:00:00 GMT", TWO),  # the 10th was a Tuesday
        ("10 Jun 2025 09:00:00 EST", TWO),
        ("10 Jun 2025 10:00:00 EDT", TWO),
        ("10 Jun 2025 07:00:00 PDT", TWO),
        ("Tue, 10 Jun 2025 16:00:00 CEST", TWO),
        ("Tue, 10 Jun 2025 15:00:00 CET", TWO),
        ("Tue, 10 Jun 2025 15:00:00 BST", TWO),
        ("Tue, 10 Jun 2025 23:00:00 JST", TWO),
        ("Wed, 11 Jun 2025 00:00:00 AEST", TWO),
        ("Wed, 11 Jun 2025 02:00:00 NZST", TWO),
        ("2025-06-10T14:00:00Z", TWO),
        ("2025-06-10t14:00:00z", TWO),
        ("2025-06-10T14:00:00.000+00:00", TWO),
        ("2025-06-10T19:30:00+05:30", TWO),
        ("2025-06-10 14:00:00 UTC", TWO),
        ("2025-06-10 14:00:00 +0000", TWO),
        ("2025-06-10 10:00:00 -0400", TWO),
        ("2025-06-10T14:00:00 GMT", TWO),
        ("Tue Jun 10 14:00:00 UTC 2025", TWO),
        ("Tue Jun 10 2025 16:00:00 GMT+0200 (Central European Summer Time)", TWO),
        ("June 10, 2025 2:00 PM UTC", TWO),
        ("June 10th, 2025 at 2 p.m. UTC", TWO),
        ("Jun 10, 2025 10:00 AM EDT", TWO),
        ("06/10/2025 02:00:00 PM GMT", datetime(2025, 10, 6, 14, tzinfo=UTC)),  # the day stands first
        ("12/31/2025 14:00 GMT", datetime(2025, 12, 31, 14, tzinfo=UTC)),
        ("11/12/2026 14:00 GMT", datetime(2026, 11, 12, 14, tzinfo=UTC)),  # 11 December would lie ahead
        ("10.06.2025, 14.00 Uhr GMT", TWO),
        ("mardi 10 juin 2025 à 16h00 CEST", TWO),
        ("mar., 10 juin 2025 14:00:00 +0000", TWO),
        ("Mi, 10 août 2025 14:00 GMT", TWO.replace(month=8)),
        ("Dienstag, 10. März 2026, 15:00 Uhr MEZ", datetime(2026, 3, 10, 14, tzinfo=UTC)),
        ("10. Dez. 2025 14:00 GMT", TWO.replace(month=12)),
        ("martes, 10 de junio de 2025 2:00 p. m. GMT", TWO),
        ("10 Ene 2025 14:00:00 GMT", TWO.replace(month=1)),
        ("terça-feira, 10 de fevereiro de 2026 14h GMT", datetime(2026, 2, 10, 14, tzinfo=UTC)),
        ("10 set 2025 14:00:00 GMT", TWO.replace(month=9)),
        ("Tue, 10 Jun 2025 24:00:00 GMT", datetime(2025, 6, 11, tzinfo=UTC)),
        ("1749564000", TWO),
        ("1749564000.5", TWO + timedelta(seconds=0.5)),
        ("1749564000000", TWO),
        ("1749564000000000", TWO),
    ],
)
def test_written_dates_are_read(raw: str, moment: datetime) -> None:
    """Every form seen in feeds gives the moment it names, in UTC."""
    assert read(raw, now=NOW) == (moment, "explicit")


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Tue, 10 Jun 2025 14:00:00", TWO),
        ("2025-06-10T14:00:00", TWO),
        ("2025-06-10 2:00 PM", TWO),
        ("20250610140000", TWO),
        ("June 10, 2025 @ 2:00 pm", TWO),
        ("Tue, 10 Jun 2025 14:00:00 XYZ", TWO),
        ("Tue, 10 Jun 2025 19:30:00 IST", TWO),  # India's, but Ireland and Israel use the letters too
        ("Tue, 10 Jun 2025 14:00:00 +9999", TWO),
        ("2025-06-10", DAY),
        ("20250610", DAY),
        ("10 Jun 2025", DAY),
        ("10/06/2025", DAY),
        ("10-6-2025", DAY),
    ],
)
def test_a_missing_zone_is_guessed(raw: str, moment: datetime) -> None:
    """Without a zone, or with one that several places share, the date is kept and marked."""
    assert read(raw, now=NOW) == (moment, "zone_guessed")


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "  ", "0000-00-00", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT",
        "0", "yesterday", "5 minutes ago", "Tue, 14:00", "June 2025", "31 Jun 2025 14:00:00 GMT", "2025-13-45", "10",
        "99999999999999999999", "x" * 10_000, "\x00",
    ],
)  # fmt: skip
def test_no_date_is_no_date(raw: str | None) -> None:
    """Rubbish never becomes a date: the feed's own date stands in, else the time of first sight."""
    assert read(raw, now=NOW) == (NOW, "first_seen")
    assert read(raw, parsed_feed_default=TWO, now=NOW) == (TWO, "feed_default")


@pytest.mark.parametrize(
    ("raw", "moment", "quality"),
    [
        ("2026-11-24T11:00:00Z", NOW + timedelta(hours=23), "explicit"),
        ("2026-11-24T13:00:00Z", NOW, "clamped"),
        ("9999-12-31T23:59:59-05:00", NOW, "clamped"),
        ("Fri, 31 Dec 2099 00:00:00 GMT", NOW, "clamped"),
    ],
)
def test_the_future_is_clamped(raw: str, moment: datetime, quality: DateQuality) -> None:
    """Within a day clocks may differ; beyond it the date becomes now, and says so."""
    assert read(raw, now=NOW) == (moment, quality)


def test_a_feed_from_the_future_is_clamped_too() -> None:
    """A feed's own date never dates its entries ahead of now."""
    assert read(None, parsed_feed_default=NOW + timedelta(days=400), now=NOW) == (NOW, "feed_default")


MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2026, 11, 20),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
).map(lambda d: d.replace(microsecond=0))


@given(MOMENTS)
def test_standard_dates_survive_the_round_trip(moment: datetime) -> None:
    """What RFC 5322 and RFC 3339 writers write is read as meant, in any zone."""
    assert read(email.utils.format_datetime(moment), now=NOW) == (moment, "explicit")
    assert read(moment.isoformat(), now=NOW) == (moment, "explicit")


@given(st.one_of(st.text(), st.text(alphabet="0123456789:-/. TZ+JunUTCPM", max_size=40)))
def test_no_text_whatever_raises(raw: str) -> None:
    """Any text gives an aware UTC moment that is not beyond tomorrow."""
    moment, _ = read(raw, now=NOW)
    assert moment.tzinfo is UTC
    assert moment <= NOW + timedelta(days=1)
