"""Addresses that change for good, learned slowly. Pure.

redirects, all permanent -> the same target, run after run -> asked in its place, told as `moved`
one that is not permanent, another target, an answer in place -> forgotten
the learned address is no feed any more -> forgotten, and the configured one is asked again
"""

from __future__ import annotations

from dataclasses import replace

from records import DELIVERED, ChannelState, FetchResult

ENOUGH = 3
"""Runs in a row that must be led to the same address: a site's passing fault is repaired sooner."""
_LOST = ("hard", "gone", "not_a_feed", "blocked")


def before(state: ChannelState, configured: str) -> ChannelState:
    """What is known of a channel under its present address: where a person changed that, nothing about the old one."""
    if state.configured in (None, configured):
        return state
    return replace(
        state, configured=configured, address=None, candidate=None, sightings=0, etag=None, last_modified=None,
        body_hash=None, interval_s=None, pause_s=None, failures=0, state=None, next_due_at=None,
        retry_at=None,
    )  # fmt: skip


def after(previous: ChannelState, result: FetchResult) -> ChannelState:
    """`previous` with what `result` teaches about the channel's address."""
    if result.configured is None:
        return previous
    known = replace(before(previous, result.configured), configured=result.configured)
    if result.state not in DELIVERED:
        lost = known.address is not None and (result.state in _LOST or known.failures + 1 >= ENOUGH)
        return replace(known, address=None, candidate=None, sightings=0) if lost else known
    if result.moved_to is None:
        return replace(known, candidate=None, sightings=0)
    times = known.sightings + 1 if result.moved_to == known.candidate else 1
    if times < ENOUGH:
        return replace(known, candidate=result.moved_to, sightings=times)
    return replace(known, address=result.moved_to, candidate=None, sightings=0)


def told(state: ChannelState, result: FetchResult) -> FetchResult:
    """`result` as `moved` while the channel is read at another address than its configured one.

    `state` is the one before. A learned address that fails for good is told as such, and is not final.
    """
    if result.state in _LOST and result.asked is not None:
        reason = f"{result.reason} at {result.asked}, its learned address; the configured one is asked next"
        return replace(result, state="hard" if result.state == "gone" else result.state, reason=reason)
    address = after(state, result).address
    if result.configured is None or address is None or result.state not in ("ok", "empty", "not_modified"):
        return result
    reason = f"moved for good to {address}, which is read now: put it into channels.toml"
    return replace(result, state="moved", reason="; ".join(filter(None, (result.reason, reason))))
