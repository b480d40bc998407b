"""`oresight status`: what each channel did last, and how fresh everything is.

channels.toml + snapshot -> one row a channel -> table; a few lines about the whole
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flows import channels, show
from flows.settings import Settings
from records import Channel
from storage import database, status
from storage.errors import NoSnapshot

COLUMNS = ("channel", "community", "state", "last success", "items, 7 days", "gaps", "next due", "reason")


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
    except NoSnapshot:
        known, whole = {}, None
    show.table(COLUMNS, rows(settings, configured, known, now))
    for line in totals(whole, now):
        show.say(line)
    if settings.is_sample:
        show.say("This store holds the bundled sample, not the world.")


def rows(
    settings: Settings, configured: Sequence[Channel], known: Mapping[str, status.ChannelRow], now: datetime
) -> list[tuple[object, ...]]:
    """One row for every channel that is configured, then for every one that once was."""
    listed = [_row(c.name, c.community, known.get(c.name), _idle(settings, c), now) for c in configured]
    names = {c.name for c in configured}
    return listed + [_row(name, "", row, "no longer listed", now) for name, row in known.items() if name not in names]


def _idle(settings: Settings, channel: Channel) -> str:
    return "no keys" if channel.kind == "subreddit" and not settings.has_reddit_keys else "never asked"


def _row(name: str, community: str, row: status.ChannelRow | None, idle: str, now: datetime) -> tuple[object, ...]:
    if row is None:
        return (name, community, idle, "", 0, 0, "", "")
    state = row.state if idle in ("never asked", "no keys") else idle
    due = "" if idle != "never asked" else _due(row.next_due_at, now)
    return (name, community, state, ago(row.last_success_at, now), row.items, row.gaps, due, row.reason)


def _due(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "not again"
    return "now" if at <= now else f"in {_span(at - now)}"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit; `never` for None."""
    return "never" if at is None else f"{_span(now - at)} ago"


def _span(length: timedelta) -> str:
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def totals(whole: status.Totals | None, now: datetime) -> list[str]:
    """The whole store in a few lines."""
    if whole is None:
        return ["Nothing has been collected yet: run `oresight run`."]
    return [
        f"{whole.items} items, {whole.relevant} about critical minerals, {whole.labelled} labelled, "
        f"{whole.waiting} waiting for a label, {whole.gaps} gaps",
        f"series refreshed {ago(whole.refreshed_at, now)}; model {whole.model or 'none yet'}",
    ]
