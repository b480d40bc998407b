"""Honour Reddit's deletions: ask for what is kept, erase what is gone, leave no trace in any file of the home.

    storage.erasure.kept -> due -> sources.reddit_deletion.ask -> storage.erasure.record, a few calls at a time
    anything erased? -> flows.cleaning: snapshot, pages, live file, all new

The store is locked only while a few answers are written: a run over many items does not keep others from theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact

from flows import show, told
from flows.cleaning import clean
from flows.errors import NothingReached
from flows.forget import rotate
from flows.pull import reddit_session
from flows.runs import run_name
from flows.settings import Settings, load
from flows.status import UNCHECKED
from flows.version import VERSION
from sources.reddit_deletion import AT_ONCE, Answered, ask
from storage import database, erasure, items

CALLS = 600
"""First questions of one run: 60,000 items, six minutes at Reddit's pace."""
AGAIN = timedelta(hours=20)
"""An item is asked for again after this: a run a day, even a late one, keeps within UNCHECKED."""
WRITE_EVERY = 20
PATIENCE_S = 60.0

DONE, DEGRADED = 0, 4


@dataclass(slots=True)
class Purged:
    """What one run came to."""

    due: int
    checked: int = 0
    erased: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    oldest: datetime | None = None

    def late(self, now: datetime) -> bool:
        """Whether an item was left unchecked for too long."""
        return self.oldest is not None and now - self.oldest > UNCHECKED

    @property
    def outcome(self) -> str:
        """One word for the run: idle, unreached, degraded or done."""
        if not self.due:
            return "idle"
        if self.refused:
            return "degraded" if self.checked else "unreached"
        return "done"


def due(kept: Sequence[tuple[str, datetime]], now: datetime, calls: int) -> tuple[tuple[str, ...], ...]:
    """Which fullnames to ask for now, a tuple a call: the longest unchecked first, none checked within AGAIN."""
    waiting = [name for name, at in sorted(kept, key=lambda k: (k[1], k[0])) if now - at >= AGAIN]
    return tuple(tuple(waiting[n : n + AT_ONCE]) for n in range(0, min(len(waiting), calls * AT_ONCE), AT_ONCE))


def purge_deleted(settings: Settings, *, now: datetime, calls: int = CALLS, trusting: bool = False) -> Purged:
    """Check what is due, erase what is gone, and finish what an earlier run left half done.

    `trusting`: see `sources.reddit_deletion.ask`.

    Raises:
        NothingReached: Reddit cannot be asked, for want of keys or of an answer; nothing new was erased.
        storage.errors.StorageError: the store cannot be written.
    """
    with database.open_live(settings.home, job="purge", now=now, wait_s=max(PATIENCE_S, settings.wait)) as con:
        batches = due(erasure.kept(con, calls * AT_ONCE), now, calls)
        purged = Purged(due=sum(map(len, batches)))
    session = reddit_session(settings)
    if session is not None and batches:
        with show.progress("purge", purged.due) as advance:
            answers = ask(session, batches, calls=calls, now=now, trusting=trusting)
            _write(settings, answers, purged, advance, now)
    _finish(settings, purged, now)
    if (session is None and purged.kept) or purged.outcome == "unreached":
        raise NothingReached(_unreached(purged, now, keys=session is not None))
    return purged


def _write(
    settings: Settings, answers: Iterator[Answered], purged: Purged, advance: show.Advance, now: datetime
) -> None:
    """Commit the answers, a few at a time; a kill costs no more than these."""
    run_id: UUID | None = None
    while batch := tuple(islice(answers, WRITE_EVERY)):
        with database.open_live(settings.home, job="purge", now=now, wait_s=max(PATIENCE_S, settings.wait)) as con:
            run_id = run_id or items.start_run(con, "purge", now=now, version=VERSION)
            for answered in batch:
                _record(con, run_id, answered, purged, now)
                advance(len(answered.there) + len(answered.gone))
            items.finish_run(con, run_id, purged.outcome, now=datetime.now(UTC))


def _record(con: Any, run_id: UUID, answered: Answered, purged: Purged, now: datetime) -> None:
    if answered.refused:
        purged.refused[answered.refused] += 1
        return
    there, gone, nameless = answered.there, answered.gone, answered.nameless
    purged.erased += erasure.record(con, run_id, there=there, gone=gone, nameless=nameless, now=now)
    purged.checked += len(there) + len(gone)
    purged.reasons.update(gone.values())


def _finish(settings: Settings, purged: Purged, now: datetime) -> None:
    """Bring to its end whatever is pending, whoever began it."""
    with database.open_live(settings.home, job="purge", now=now, wait_s=max(PATIENCE_S, settings.wait)) as con:
        purged.kept, purged.oldest = erasure.standing(con)
        waiting, hashes = erasure.pending(con)
    if hashes:
        rotate(settings, now=now)
    if waiting:
        clean(settings, job="purge", now=now)
    else:
        database.publish(settings.home, wait_s=max(PATIENCE_S, settings.wait))


def _unreached(purged: Purged, now: datetime, *, keys: bool) -> str:
    why = "; ".join(purged.refused) or "no answer"
    asked = f"Reddit did not answer ({why})" if keys else (
        "cannot check what Reddit deleted: set REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET in .env"
    )  # fmt: skip
    return f"{asked}; {_standing(purged, now)}; nothing was erased on suspicion"


def _standing(purged: Purged, now: datetime) -> str:
    if purged.oldest is None:
        return "nothing is kept from Reddit"
    late = f", longer than the {UNCHECKED // timedelta(hours=1)} hours allowed" if purged.late(now) else ""
    return f"of {purged.kept} items kept the longest unchecked was there {told.ago(purged.oldest, now)}{late}"


def summary(purged: Purged, now: datetime) -> Iterator[str]:
    """What a run came to, in lines for a person."""
    why = ", ".join(f"{reason} ({n})" for reason, n in purged.reasons.most_common(6))
    yield f"checked {purged.checked} of {purged.due} items due; erased {purged.erased}" + (f": {why}" if why else "")
    if purged.refused:
        yield f"not answered: {'; '.join(f'{reason} ({n})' for reason, n in purged.refused.most_common(3))}"
    more = purged.oldest is not None and now - purged.oldest >= AGAIN and not purged.refused
    yield _standing(purged, now) + ("; more are due: run again, or allow more --calls" if more else "")


def purge_and_tell(settings: Settings, *, now: datetime, calls: int = CALLS, trusting: bool = False) -> int:
    """`purge_deleted`, told in lines; returns the exit code: degraded where calls failed or an item is overdue."""
    purged = purge_deleted(settings, now=now, calls=calls, trusting=trusting)
    for line in summary(purged, now):
        show.say(line)
    return DEGRADED if purged.refused or purged.late(now) else DONE


@flow(name="purge", flow_run_name=run_name)
def purge(calls: int = CALLS) -> int:
    """`oresight purge` as a scheduled run, with a table of why things went. Returns how many items were erased."""
    settings = load()
    try:
        purged = purge_deleted(settings, now=datetime.now(UTC), calls=calls)
    except NothingReached as error:
        if settings.has_reddit_keys:
            raise
        get_run_logger().warning("%s", error)  # without keys there is nobody to ask: `oresight status` says so too
        return 0
    rows = [{"reason": reason, "items": n} for reason, n in purged.reasons.most_common()]
    create_table_artifact(key="purged", table=rows, description=f"{purged.checked} of {purged.due} items due checked")
    return purged.erased
