"""When a thread's comments are read again. Pure.

    published, read, now -> next_visit -> due           at once, then 1, 6, 24 and 48 hours after it appeared

Visits that an outage held up fall together into one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from records import Stub, Thread

VISITS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 48))
GIVE_UP = timedelta(hours=96)
"""How long after it appeared a thread that cannot be read is asked for."""


def next_visit(published_at: datetime, read_at: datetime) -> datetime | None:
    """The first of the visits that a reading at `read_at` has not already served; None after the last."""
    return next((at for visit in VISITS if (at := published_at + visit) > read_at), None)


def is_due(thread: Thread, now: datetime) -> bool:
    """Whether its comments are to be read now."""
    return thread.due_at is not None and thread.due_at <= now


def read(thread: Thread, now: datetime, stubs: Sequence[Stub] = ()) -> Thread:
    """The thread as it stands once it was read, with what was left out."""
    return replace(thread, read_at=now, due_at=next_visit(thread.published_at, now), stubs=tuple(stubs))


def ended(thread: Thread, now: datetime) -> Thread:
    """The thread as it stands once its submission is gone: without its title a thread gives no context."""
    return replace(thread, read_at=now, due_at=None, stubs=())


def missed(thread: Thread, now: datetime) -> Thread:
    """The thread as it stands once it could not be read: due still, but not for ever."""
    return replace(thread, due_at=None) if now - thread.published_at > GIVE_UP else thread


def in_order(threads: Collection[Thread], now: datetime) -> list[Thread]:
    """What to read first: threads never read, the newest first; then those longest overdue; then mere stubs."""
    unread = [t for t in threads if t.read_at is None and is_due(t, now)]
    again = [t for t in threads if t.read_at is not None and is_due(t, now)]
    stubs = [t for t in threads if not is_due(t, now) and t.stubs]
    return [
        *sorted(unread, key=lambda t: (t.published_at, t.guid), reverse=True),
        *sorted(again, key=lambda t: (t.due_at or now, t.guid)),
        *sorted(stubs, key=lambda t: (t.published_at, t.guid)),
    ]
