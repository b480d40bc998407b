"""`oresight status`: what each channel did last, and how fresh everything is.

channels.toml + snapshot -> one row a channel, trouble first -> table; a few lines about the whole
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows import channels, show, told
from flows.settings import Settings
from records import Channel
from storage import database, erasure, status
from storage.errors import NoSnapshot

COLUMNS = ("channel", "community", "state", "last success", "items, 7 days", "gaps", "next due", "reason")
UNCHECKED = timedelta(hours=48)
"""For so long, and no longer, may something from Reddit be kept without asking whether it is still there."""


def show_status(settings: Settings, *, now: datetime) -> None:
    """Print the table to stdout and the lines about the whole to stderr.

    Raises:
        flows.errors.ChannelsError: the list of channels cannot be read.
        storage.errors.StoreUnreadable: the snapshot is damaged.
    """
    configured = channels.load(settings.channels)
    try:
        with database.open_snapshot(settings.home) as con:
            known = {row.channel: row for row in status.channel_rows(con, now=now)}
            whole: status.Totals | None = status.totals(con)
            deletions = told_deletions(*erasure.standing(con), erasure.pending(con)[0], now)
    except NoSnapshot:
        known, whole, deletions = {}, None, []
    standing = stand(settings, configured, known)
    show.table(COLUMNS, [_row(s, now) for s in standing], spare=("community",))
    show.say(told.summary(s.word for s in standing))
    for line in [*totals(whole, now), *([] if settings.is_sample else deletions)]:
        show.say(line)
    if settings.is_sample:
        show.say("This store holds the bundled sample, not the world.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel, what the store knows of it, and the word for it; `idle`: why it is not asked."""

    name: str
    community: str
    row: status.ChannelRow | None
    word: str
    idle: str = ""


def stand(settings: Settings, configured: Sequence[Channel], known: Mapping[str, status.ChannelRow]) -> list[Standing]:
    """Every channel that is configured and every one that once was, trouble first, else in the list's order."""
    names = {c.name for c in configured}
    found = [_standing(c.name, c.community, known.get(c.name), _idle(settings, c)) for c in configured]
    found += [_standing(name, "", row, "no longer listed") for name, row in known.items() if name not in names]
    return sorted(found, key=lambda s: told.rank(s.word))


def _idle(settings: Settings, channel: Channel) -> str:
    return "no keys" if channel.kind != "feed" and not settings.has_reddit_keys else ""


def _standing(name: str, community: str, row: status.ChannelRow | None, idle: str) -> Standing:
    unseen = row is None or row.state is None
    word = idle or told.word(None if row is None else row.state, quiet=row is not None and not row.items)
    return Standing(name, community, None if unseen else row, word, idle)


def _row(standing: Standing, now: datetime) -> tuple[object, ...]:
    row, known = standing.row, standing.word
    if row is None:
        return (standing.name, standing.community, told.cell(None, known, success=None, now=now), "", 0, 0, "", "")
    state = standing.idle if standing.idle == "no longer listed" else row.state
    cell = told.cell(state, known, success=row.last_success_at, now=now)
    due = "" if standing.idle else _due(row.next_due_at, now)
    ago = told.ago(row.last_success_at, now)
    return (standing.name, standing.community, cell, ago, row.items, row.gaps, due, row.reason)


def _due(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "not again"
    return "now" if at <= now else f"in {told.span(at - now)}"


def told_deletions(kept: int, oldest: datetime | None, waiting: int, now: datetime) -> list[str]:
    """What is kept from Reddit, and whether deletions there have been looked for and dealt with; one line or none."""
    if oldest is None and not waiting:
        return []
    line = f"{kept} items kept from Reddit" + (f", the longest unchecked {told.ago(oldest, now)}" if oldest else "")
    undone = f"; {waiting} erasures are not finished" if waiting else ""
    late = waiting or (oldest is not None and now - oldest > UNCHECKED)
    return [f"{line}{undone}" + (": run `oresight purge`" if late else "")]


def totals(whole: status.Totals | None, now: datetime) -> list[str]:
    """The whole store in a few lines."""
    if whole is None:
        return ["Nothing has been collected yet: run `oresight run`."]
    return [
        f"{whole.items} items, {whole.relevant} about critical minerals, {whole.labelled} labelled, "
        f"{whole.waiting} waiting for a label, {whole.gaps} gaps",
        f"series refreshed {told.ago(whole.refreshed_at, now)}; model {whole.model or 'none yet'}",
    ]
