"""Deliveries: begun, noted, never sent twice, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.deliveries import Delivery, DeliveryState, begin, note, of_week, unsent_weeks
from storage.schema import migrations
from tests.storage.made import NOW

WEEK = "2026-W47"
LATER = NOW + timedelta(hours=1)


def wanted(recipient: str = "ab12", week: str = WEEK) -> Delivery:
    """A delivery before anything was done about it."""
    return Delivery(week, recipient, "email", "sending", 0, NOW, message_id=f"<{week}.{recipient}@example.org>")


def test_what_was_sent_is_not_begun_again(con: duckdb.DuckDBPyConnection) -> None:
    """Begun, sent, and from then on left out; another week and another recipient are others."""
    (first,) = begin(con, [wanted()])
    assert (first.state, first.tries) == ("sending", 1)
    note(con, [replace(first, state="sent", at=LATER)])
    begun = begin(con, [wanted(), wanted("cd34"), wanted(week="2026-W48")])
    assert [(d.week, d.recipient) for d in begun] == [(WEEK, "cd34"), ("2026-W48", "ab12")]
    assert [(d.recipient, d.state, d.at) for d in of_week(con, WEEK)] == [
        ("ab12", "sent", LATER), ("cd34", "sending", NOW),
    ]  # fmt: skip


def test_what_waits_failed_or_was_cut_off_is_begun_again(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing but a success ends the tries; how often it was begun is counted, under the same Message-ID."""
    states: tuple[DeliveryState, ...] = ("waiting", "failed", "sending")
    for tries, state in enumerate(states, 1):
        (begun,) = begin(con, [wanted()])
        assert (begun.tries, begun.message_id) == (tries, wanted().message_id)
        note(con, [replace(begun, state=state, reason="why")])
    assert [(d.state, d.reason, d.tries) for d in of_week(con, WEEK)] == [("sending", "why", 3)]


def test_sent_is_the_last_word(con: duckdb.DuckDBPyConnection) -> None:
    """A later note of a failure does not make a sent digest unsent."""
    (begun,) = begin(con, [wanted()])
    note(con, [replace(begun, state="sent"), replace(begun, state="waiting", reason="late")])
    assert [(d.state, d.reason) for d in of_week(con, WEEK)] == [("sent", "")]


def test_who_is_not_wanted_any_more(con: duckdb.DuckDBPyConnection) -> None:
    """A recipient who is taken off the list is not waited for; that somebody got it is kept; other weeks stay."""
    first, second = begin(con, [wanted("ab12"), wanted("cd34")])
    begin(con, [wanted(week="2026-W46")])
    note(con, [replace(first, state="sent"), replace(second, state="waiting")])
    begin(con, [wanted("ef56")])
    assert [(d.recipient, d.state) for d in of_week(con, WEEK)] == [("ab12", "sent"), ("ef56", "sending")]
    assert unsent_weeks(con) == ("2026-W46", WEEK)


def test_unsent_weeks(con: duckdb.DuckDBPyConnection) -> None:
    """Weeks that wait or were cut off are told, the oldest first; what failed for good or was sent is not."""
    states: dict[str, DeliveryState] = {
        "2026-W48": "waiting",
        "2026-W45": "sending",
        "2026-W46": "failed",
        WEEK: "sent",
    }
    for week, state in states.items():
        note(con, [replace(wanted(week=week), state=state)])
    assert unsent_weeks(con) == ("2026-W45", "2026-W48")


outcomes = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(get_args(DeliveryState))), max_size=8)


@pytest.fixture(scope="module")
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    """A store with this table alone."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA base")
        con.execute(next(m.sql for m in migrations() if m.number == 14))
        yield con


@settings(max_examples=10)
@given(outcomes=outcomes)
def test_never_twice_and_never_lost(
    table: duckdb.DuckDBPyConnection, outcomes: list[tuple[str, DeliveryState]]
) -> None:
    """Whatever happens, what is begun next is exactly what was never noted as sent; noting again changes nothing."""
    table.execute("DELETE FROM base.deliveries")
    for recipient, state in outcomes:
        noted = [replace(d, state=state) for d in begin(table, list(map(wanted, "abc"))) if d.recipient == recipient]
        note(table, noted)
        note(table, noted)
    sent = {recipient for recipient, state in outcomes if state == "sent"}
    assert [d.recipient for d in begin(table, list(map(wanted, "abc")))] == [r for r in "abc" if r not in sent]
    assert len(of_week(table, WEEK)) == 3
