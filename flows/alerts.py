"""What is wrong: decided from facts alone, with `now` passed in.

    Facts -> found -> {condition: text}      one condition for each thing that is wrong, the same until it is well
    opened, cleared -> message -> (title, body)

A condition that comes and goes at its bound is no news: the disk is well again only with a quarter more room.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flows import told, weeks
from records import DELIVERED, Drift
from storage.alerts import AlertRow, Facts, Heard

DEAD: Final = timedelta(days=2)
"""A channel that has not delivered for so long is dead for its third day."""
NOTHING: Final = timedelta(hours=6)
UNCHECKED: Final = timedelta(hours=48)
ABSTAINED_MORE: Final = 0.15
ABSTAINED_ANYWAY: Final = 0.5
ENOUGH: Final = 100
"""Abstention is beyond bounds at so much more than in the eight weeks before; where there were less than ENOUGH, at
one half; below ENOUGH items now, never."""
ROOM: Final = 1 << 30
"""Bytes that must be free beside room for two more copies of the store."""
NOON: Final = time(12)


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes: free where the home lies, and of the live file."""

    free: int
    store: int


@dataclass(frozen=True, slots=True)
class Post:
    """The last complete week's digest: whether its page lies there, what became of each delivery, who is to get it."""

    week: str
    written: bool
    states: tuple[str, ...]
    recipients: bool


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is judged."""

    facts: Facts
    channels: Sequence[Heard]
    listed: Collection[str]
    drifts: Sequence[Drift]
    disk: Disk
    post: Post
    unchecked_at: datetime | None


def found(world: World, now: datetime, *, zone: ZoneInfo, still: Collection[str] = ()) -> Mapping[str, str]:
    """What is wrong `now`, condition -> one line; `still` is what was wrong before. `zone`: whose Monday noon."""
    wrong: dict[str, str] = {}
    wrong.update(_dead(world, now))
    wrong.update(_nothing(world.facts, now))
    wrong.update(_model(world.facts, world.drifts))
    wrong.update(_disk(world.disk, roomy="disk" in still))
    wrong.update(_post(world.post, world.facts, now, zone))
    wrong.update(_unchecked(world.unchecked_at, now))
    return wrong


def _dead(world: World, now: datetime) -> Iterator[tuple[str, str]]:
    for one in world.channels:
        if one.channel in world.listed and one.state not in DELIVERED and now - one.heard_at >= DEAD:
            yield (
                f"dead:{one.channel}",
                f"{one.channel} has not delivered for {told.span(now - one.heard_at)}: {one.reason}",
            )


def _nothing(facts: Facts, now: datetime) -> Iterator[tuple[str, str]]:
    last = max((at for at in (facts.last_item_at, facts.first_run_at) if at), default=None)
    if last is None or now - last < NOTHING:
        return
    if facts.collected_at is None or now - facts.collected_at >= NOTHING:
        yield "nothing", f"nothing was collected since {_at(facts.collected_at or last)}: does `oresight serve` run?"
    else:
        yield "nothing", f"no item came in from any channel since {_at(last)}; `oresight status` tells of each"


def _model(facts: Facts, drifts: Sequence[Drift]) -> Iterator[tuple[str, str]]:
    if facts.labelled >= ENOUGH:
        share, bound = facts.abstained / facts.labelled, ABSTAINED_ANYWAY
        if facts.labelled_before >= ENOUGH:
            bound = facts.abstained_before / facts.labelled_before + ABSTAINED_MORE
        if share > bound:
            yield "abstention", f"the model abstained on {share:.0%} of seven days' items; the bound is {bound:.0%}"
    for drift in drifts:
        if drift.verdict == "moved far":
            yield (
                f"drift:{drift.feature}",
                f"{drift.feature} of what the model reads moved far from the eight weeks before (PSI {drift.psi:.2f})",
            )


def _disk(disk: Disk, *, roomy: bool) -> Iterator[tuple[str, str]]:
    needed = ROOM + 2 * disk.store
    if disk.free < needed * (1.25 if roomy else 1):
        yield "disk", f"{disk.free >> 20} MiB free where the home lies; {needed >> 20} are needed to work safely"


def _post(post: Post, facts: Facts, now: datetime, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    here = now.astimezone(zone)
    due = datetime.combine(here.date() - timedelta(days=here.weekday()), NOON, zone)
    ended = datetime.combine(weeks.monday(post.week) + timedelta(days=7), time(), zone)
    if here < due or due < ended or facts.first_run_at is None or facts.first_run_at >= ended:
        return
    condition = f"digest:{post.week}"
    if not post.written:
        yield condition, f"the digest of {post.week} was not written by Monday noon: `oresight digest` tells why"
    elif post.recipients and not (post.states and all(state == "sent" for state in post.states)):
        stand = ", ".join(sorted(set(post.states))) or "never tried"
        yield condition, f"the digest of {post.week} was not sent to all by Monday noon ({stand})"


def _unchecked(at: datetime | None, now: datetime) -> Iterator[tuple[str, str]]:
    if at is not None and now - at > UNCHECKED:
        yield (
            "unchecked",
            f"of what is kept from Reddit some was last checked {told.ago(at, now)}: run `oresight purge`",
        )


def message(opened: Sequence[AlertRow], cleared: Sequence[AlertRow], now: datetime) -> tuple[str, str] | None:
    """Title and body for what nobody was told of yet; None where that is nothing."""
    if not opened and not cleared:
        return None
    wrong, well = len(opened), len(cleared)
    parts = [f"{wrong} thing{'s are' if wrong > 1 else ' is'} wrong"] if wrong else []
    parts += [f"{well} {'are' if well > 1 else 'is'} well again"] if well else []
    lines = [f"wrong: {row.text}" for row in opened]
    lines += [f"well again after {told.span(now - row.opened_at)}: {row.text}" for row in cleared]
    return f"Oresight: {', '.join(parts)}", "\n".join(lines)


def _at(at: datetime) -> str:
    return f"{at:%a %d %b %H:%M} UTC"
