"""ISO weeks by UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import weeks
from flows.errors import UsageError


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "2026-W47"),
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), "2026-W46"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2026-W53"),
        (datetime(2027, 1, 11, tzinfo=UTC), "2027-W01"),
        (datetime(2026, 11, 23, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-W46"),
    ],
)
def test_last_complete_week(now: datetime, week: str) -> None:
    """The last complete week is the one before now's, in UTC, whatever zone now is told in."""
    assert weeks.last_complete(now) == week


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_a_week_begins_on_its_monday(day: date) -> None:
    """A day lies in the seven days from its week's Monday."""
    monday = weeks.monday(weeks.name(day))
    assert monday.weekday() == 0
    assert 0 <= (day - monday).days < 7


@pytest.mark.parametrize("week", ["2026-47", "2026-W54", "2025-W53", "W47", "", "2026-W00", "٢٠٢٦-W47"])
def test_what_is_no_week_is_refused(week: str) -> None:
    """A week that the calendar does not have is wrong use."""
    with pytest.raises(UsageError, match="is no ISO week"):
        weeks.monday(week)
