"""Feeds: one channel is asked, its page read, its entries named.

    Channel, ChannelState -> where it is now -> fetch -> Page -> workshop: parse.draft -> naming -> FetchResult
                                                      -> NotModified                   -> FetchResult
                                                      -> Failure                       -> FetchResult

`parse` is pure; `pull` adds the fetch in front of it. Neither raises for anything a server does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from records import Channel, ChannelState, FetchResult, Gap, Known
from sources import articles, moves, rhythm, workshop
from sources.fetch import Answer, Failure, Http, NotModified, Page
from sources.naming import Question, Recall, question, settle
from sources.parse import parse

__all__ = ["Question", "Recall", "is_forced", "parse", "pull"]

DAY = timedelta(days=1)


def _nothing(_asked: Question) -> Sequence[Known]:
    return ()


def pull(channel: Channel, state: ChannelState, http: Http, *, recall: Recall = _nothing, now: datetime) -> FetchResult:
    """Fetch and parse one feed, at the address that it has moved to if that was learned.

    Conditional by what `state` remembers, except once a day: some servers say "not modified" whatever happens.
    `recall` tells what the store holds of the entries, so that they keep their names and a gap is seen; it is called
    from this thread, at most once, and not before the channel's first success.
    """
    state = moves.before(state, channel.address)
    known = state if not is_forced(state, now) else replace(state, etag=None, last_modified=None)
    address = state.address or channel.address
    answer = http.get(address, etag=known.etag, last_modified=known.last_modified, now=now)
    found = _read(answer, channel, state, http, recall, now)
    asked = None if address == channel.address else address
    return moves.told(state, replace(found, configured=channel.address, asked=asked, moved_to=_moved_to(answer)))


def is_forced(state: ChannelState, now: datetime) -> bool:
    """Whether the page is to be fetched whole: nothing fetched yet on this day of the channel's.

    Each channel's day begins at a time of its own, taken from its name, so that not all fall due at midnight.
    """
    if state.last_success_at is None:
        return True
    spread = int.from_bytes(hashlib.blake2b(state.channel.encode(), digest_size=4).digest()) / 2**32 * DAY
    return (now - spread).date() != (state.last_success_at - spread).date()


def _read(
    answer: Answer, channel: Channel, state: ChannelState, http: Http, recall: Recall, now: datetime
) -> FetchResult:
    if isinstance(answer, Failure):
        return FetchResult(channel.name, answer.state, answer.reason, retry_at=answer.retry_at)
    pause_s = rhythm.freshness(answer.headers, now)
    if isinstance(answer, NotModified):
        found = _unchanged(state, answer.etag or state.etag, answer.last_modified or state.last_modified)
    elif not answer.truncated and answer.body_hash == state.body_hash:
        found = _unchanged(state, answer.etag, answer.last_modified)
    else:
        drafts = workshop.shared().draft(answer, channel, now=now)
        held = recall(question(drafts)) if drafts.items and state.last_success_at is not None else ()
        found = settle(drafts, held)
        found = replace(found, gaps=_gaps(found, state, now))
        if channel.fulltext:
            found = replace(found, items=articles.complete(found.items, held, http, now=now))
    return replace(found, pause_s=max(filter(None, (pause_s, found.pause_s)), default=None))


def _unchanged(state: ChannelState, etag: str | None, last_modified: str | None) -> FetchResult:
    return FetchResult(
        state.channel, "not_modified", etag=etag, last_modified=last_modified, body_hash=state.body_hash,
        known=0, pause_s=state.pause_s,
    )  # fmt: skip


def _moved_to(answer: Answer) -> str | None:
    if isinstance(answer, Page):
        return answer.final_url if answer.moved else None
    return answer.moved_to if isinstance(answer, NotModified) else None


def _gaps(found: FetchResult, state: ChannelState, now: datetime) -> tuple[Gap, ...]:
    """A page that holds nothing known may have been preceded by others that nobody saw."""
    since = state.watermark or (state.last_success_at if state.state == "ok" else None)
    if since is None or not found.items or found.known or found.body_hash is None:
        return ()
    oldest = min((i.published_at for i in found.items if i.date_quality == "explicit"), default=now)
    until = oldest if oldest > since else now
    return (Gap(found.channel, since, until, f"none of the {len(found.items)} entries on the page was known"),)
