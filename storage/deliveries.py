"""Who got a week's digest: begun before a message leaves, noted after.

    (recipient, kind, message id) -> begin -> those that are to be sent, as `sending`      in one transaction
    Delivery(sent | waiting | failed) -> note -> base.deliveries                           in one transaction

What stays `sending` was cut off: whether that message arrived is not known, and `begin` gives it out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from storage.rows import in_utc, utc
from storage.transactions import transaction

DeliveryState = Literal["sending", "sent", "waiting", "failed"]
_SELECT = "SELECT week, recipient, kind, state, tries, changed_at, reason, message_id FROM base.deliveries"
_LEAVE = "DELETE FROM base.deliveries WHERE week = ? AND state <> 'sent' AND NOT list_contains(?::VARCHAR[], recipient)"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a week's digest fares with one recipient, who is known here by a keyed hash."""

    week: str
    recipient: str
    kind: str
    state: DeliveryState
    tries: int
    at: datetime
    reason: str = ""
    message_id: str | None = None


def begin(con: duckdb.DuckDBPyConnection, wanted: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """Mark as `sending` what is wanted and was not sent yet; returns those, in order, with their number of tries.

    Who is not wanted any more is not waited for. The transaction is over when this returns: send then, not before.
    """
    begun: list[Delivery] = []
    with transaction(con):
        for week in {one.week for one in wanted}:
            con.execute(_LEAVE, [week, [one.recipient for one in wanted if one.week == week]])
        for one in wanted:
            before = _known(con, one)
            if before is None or before.state != "sent":
                begun.append(_again(one, before))
                _put(con, begun[-1])
    return tuple(begun)


def note(con: duckdb.DuckDBPyConnection, results: Sequence[Delivery]) -> None:
    """Keep how each went; what was sent stays sent, whatever is told of it later. Noting twice is noting once."""
    with transaction(con):
        for result in results:
            before = _known(con, result)
            if before is None or before.state != "sent":
                _put(con, result)


def of_week(con: duckdb.DuckDBPyConnection, week: str) -> tuple[Delivery, ...]:
    """Everything that is known of a week's deliveries."""
    rows = con.execute(f"{_SELECT} WHERE week = ? ORDER BY ALL", [week]).fetchall()
    return tuple(map(_delivery, rows))


def unsent_weeks(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Weeks of which a delivery waits for another try or was cut off, the oldest first."""
    rows = con.execute(
        "SELECT DISTINCT week FROM base.deliveries WHERE state IN ('waiting', 'sending') ORDER BY week"
    ).fetchall()
    return tuple(week for (week,) in rows)


def _known(con: duckdb.DuckDBPyConnection, of: Delivery) -> Delivery | None:
    row = con.execute(f"{_SELECT} WHERE week = ? AND recipient = ?", [of.week, of.recipient]).fetchone()
    return _delivery(row) if row else None


def _again(wanted: Delivery, before: Delivery | None) -> Delivery:
    tries = before.tries + 1 if before else 1
    return Delivery(wanted.week, wanted.recipient, wanted.kind, "sending", tries, wanted.at, "", wanted.message_id)


def _put(con: duckdb.DuckDBPyConnection, one: Delivery) -> None:
    con.execute("DELETE FROM base.deliveries WHERE week = ? AND recipient = ?", [one.week, one.recipient])
    row = [one.week, one.recipient, one.kind, one.state, one.tries, utc(one.at), one.reason, one.message_id]
    con.execute("INSERT INTO base.deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _delivery(row: tuple[object, ...]) -> Delivery:
    return Delivery(*in_utc(row))
