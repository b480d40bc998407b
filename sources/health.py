"""When a channel is due, and what is remembered of its last answer. Pure.

ChannelState, now -> is_due?
FetchResult, items a day -> silent?
ChannelState, FetchResult, now -> ChannelState
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import dropwhile

from records import DELIVERED, ChannelState, FetchResult
from sources import moves, rhythm
from sources.errors import UNREACHED

LONGEST_BACK_OFF = timedelta(hours=24)
OUTAGE = timedelta(minutes=10)
"""How soon to try again when it was the network."""
JITTER = 0.1
SILENT = 0.1
"""A stretch with at most this share of the entries that are usual for it is silence."""
_STRETCHES = ((5, 10), (7, 6), (28, 4))
"""Days, and the least median at which so many days can be told from chance. Five outlast weekend and holiday."""
_HISTORY = 4


def is_due(state: ChannelState | None, now: datetime, address: str | None = None) -> bool:
    """Whether a channel is to be asked. One that is gone (410) never is, until a person acts.

    Giving the channel another `address` in channels.toml is such an act: then it is asked at once.
    """
    if state is None or (address is not None and state.configured not in (None, address)):
        return True
    if state.state == "gone":
        return False
    return state.next_due_at is None or state.next_due_at <= now


def is_held(state: ChannelState | None, now: datetime, address: str | None = None) -> bool:
    """Whether a channel's server asked for peace (Retry-After), which holds even where a person asks for all channels.

    A server that was asked under another `address` has said nothing about this one.
    """
    if state is None or state.retry_at is None or (address is not None and state.configured not in (None, address)):
        return False
    return state.retry_at > now


def blames_the_network(results: Iterable[FetchResult], states: Mapping[str, ChannelState] | None = None) -> bool:
    """Whether everything asked failed at once without any server answering: then no channel is to blame.

    With `states`, by channel, as they were before: those that failed before already are no witnesses, so that a
    dead channel that falls due alone is not taken for a dead network.
    """
    found = list(results)
    if not all(r.state == "soft" and r.reason.startswith(UNREACHED) for r in found):
        return False
    return any(states is None or r.channel not in states or states[r.channel].failures == 0 for r in found)


def is_silent(counts: Sequence[int], fresh: int = 0) -> bool:
    """Whether a feed brings far fewer entries than its own median.

    `counts` are its entries a day, oldest first, the last day not over yet; `fresh` more have come just now. The last
    whole days are held against the median of four or more equally long stretches before them. A feed that has just
    begun, or that never brought much, is never silent.
    """
    return any(_fell_silent(counts, fresh, days, least) for days, least in _STRETCHES)


def heard(result: FetchResult, counts: Sequence[int]) -> FetchResult:
    """`result` as `silent` where the channel answers as it should but hardly brings anything any more."""
    fresh = len(result.items) - (result.known or 0)
    if result.known is None or result.state not in ("ok", "empty", "not_modified", "moved"):
        return result
    if not is_silent(counts, fresh):
        return result
    told = "far fewer entries than usual: see whether the feed has been given up or moved"
    return replace(result, state="silent", reason="; ".join(filter(None, (told, result.reason))))


def _fell_silent(counts: Sequence[int], fresh: int, days: int, least: int) -> bool:
    whole = list(counts[:-1])
    earlier = list(dropwhile(lambda n: n == 0, whole[:-days]))
    stretches = [sum(earlier[end - days : end]) for end in range(len(earlier), days - 1, -days)]
    usual = statistics.median(stretches) if len(stretches) >= _HISTORY else 0
    return usual >= least and sum(whole[-days:]) + sum(counts[-1:]) + fresh <= SILENT * usual


def after(
    previous: ChannelState, result: FetchResult, *, now: datetime, interval: timedelta, network: bool = False
) -> ChannelState:
    """What to remember after `result`.

    Success resets the failures, takes over validators and watermark, and finds the channel's own pace where the result
    says what was known of the page; without that the next poll is after `interval`, which is the shortest. Failure
    keeps all those and backs off linearly: `interval` times the failures in a row, a day at most, and never before the
    server's `retry_at`. `network`: it was nobody's fault; the failures stay as they were and the next try is soon.
    """
    previous = moves.after(previous, result)
    state = replace(previous, state=result.state, reason=result.reason, last_attempt_at=now, retry_at=result.retry_at)
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
    own = _own_interval(state, result, now, interval)
    overlap = result.known / len(result.items) if result.known is not None and result.items else 1.0
    pause = rhythm.wait(own, result.pause_s, overlap=1.0 if state.last_success_at is None else overlap)
    return replace(
        state,
        etag=result.etag,
        last_modified=result.last_modified,
        body_hash=result.body_hash,
        watermark=max(filter(None, (state.watermark, result.watermark)), default=None),
        last_success_at=now,
        next_due_at=max(now + _spread(state, pause), result.retry_at or now),
        failures=0,
        interval_s=None if result.known is None else int(own.total_seconds()),
        pause_s=result.pause_s,
    )


def _own_interval(state: ChannelState, result: FetchResult, now: datetime, least: timedelta) -> timedelta:
    if result.known is None:
        return least
    return rhythm.interval(
        None if state.interval_s is None else timedelta(seconds=state.interval_s),
        elapsed=None if state.last_success_at is None else now - state.last_success_at,
        fetched=len(result.items),
        known=result.known,
        least=least,
    )


def _spread(state: ChannelState, pause: timedelta) -> timedelta:
    """A pause a little longer for some channels than for others, by name, so that they do not all come at once."""
    share = int.from_bytes(hashlib.blake2b(state.channel.encode(), digest_size=4).digest()) / 2**32
    return pause * (1 + JITTER * share)
