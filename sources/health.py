"""When a channel is due, and what is remembered of its last answer. Pure.

ChannelState, now -> is_due?
ChannelState, FetchResult, now -> ChannelState
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from records import DELIVERED, ChannelState, FetchResult
from sources.errors import UNREACHED

LONGEST_BACK_OFF = timedelta(hours=24)
OUTAGE = timedelta(minutes=10)
"""How soon to try again when it was the network."""
JITTER = 0.1


def is_due(state: ChannelState | None, now: datetime) -> bool:
    """Whether a channel is to be asked. One that is gone (410) never is, until a person acts."""
    if state is None:
        return True
    if state.state == "gone":
        return False
    return state.next_due_at is None or state.next_due_at <= now


def blames_the_network(results: Iterable[FetchResult], states: Mapping[str, ChannelState] | None = None) -> bool:
    """Whether everything asked failed at once without any server answering: then no channel is to blame.

    With `states`, by channel, as they were before: those that failed before already are no witnesses, so that a
    dead channel that falls due alone is not taken for a dead network.
    """
    found = list(results)
    if not all(r.state == "soft" and r.reason.startswith(UNREACHED) for r in found):
        return False
    return any(states is None or r.channel not in states or states[r.channel].failures == 0 for r in found)


def after(
    previous: ChannelState, result: FetchResult, *, now: datetime, interval: timedelta, network: bool = False
) -> ChannelState:
    """What to remember after `result`.

    Success resets the failures and takes over validators and watermark. Failure keeps those and backs off
    linearly: `interval` times the failures in a row, a day at most, and never before the server's `retry_at`.
    `network`: it was nobody's fault; the failures stay as they were and the next try is soon.
    """
    state = replace(previous, state=result.state, reason=result.reason, last_attempt_at=now)
    if result.state in DELIVERED:
        return _delivered(state, result, now, interval)
    if result.state == "gone":
        return replace(state, failures=previous.failures + 1, next_due_at=None)
    if network or result.state == "no_keys":
        pause = min(OUTAGE, interval) if network else interval
        return replace(state, next_due_at=max(now + pause, result.retry_at or now))
    failures = previous.failures + 1
    pause = min(interval * failures, LONGEST_BACK_OFF)
    return replace(state, failures=failures, next_due_at=max(now + _spread(state, pause), result.retry_at or now))


def _delivered(state: ChannelState, result: FetchResult, now: datetime, interval: timedelta) -> ChannelState:
    return replace(
        state,
        etag=result.etag,
        last_modified=result.last_modified,
        body_hash=result.body_hash,
        watermark=max(filter(None, (state.watermark, result.watermark)), default=None),
        last_success_at=now,
        next_due_at=max(now + _spread(state, interval), result.retry_at or now),
        failures=0,
    )


def _spread(state: ChannelState, pause: timedelta) -> timedelta:
    """A pause a little longer for some channels than for others, by name, so that they do not all come at once."""
    share = int.from_bytes(hashlib.blake2b(state.channel.encode(), digest_size=4).digest()) / 2**32
    return pause * (1 + JITTER * share)
