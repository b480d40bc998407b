"""Fetch many channels at once; only the caller's thread sees the pages, so only it needs to write.

[Channel] -> threads: sources.feeds.pull | sources.reddit.pages -> queue -> (Channel, page), ..., (Channel, None)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from queue import SimpleQueue
from threading import Event, Semaphore
from typing import Any

from flows.settings import Settings, author_key
from records import Channel, ChannelState, FetchResult, Known, Thread
from sources import feeds, reddit
from sources.fetch import Http
from storage import items, recall, threads

WORKERS = 16
PAGES_WAITING = 64

Emit = Callable[[FetchResult], None]
Pull = Callable[[Channel, Emit], None]
Work = Callable[[Channel, bool], None]
"""Pulls a channel; True: what may pass within seconds counts, False: it is raised, as Passing, and nothing is told."""
Start = Callable[[Work, Channel], object]

log = logging.getLogger(__name__)


class Passing(Exception):
    """A fault of the line or the server, which may be over in seconds."""


def puller(settings: Settings, states: Mapping[str, ChannelState], http: Http, con: Any, now: datetime) -> Pull:
    """How one channel is pulled: in a thread, handing over each page as it comes."""
    session = reddit_session(settings)
    key = author_key(settings)

    def pull(channel: Channel, emit: Emit) -> None:
        state = states.get(channel.name) or ChannelState(channel.name)
        if channel.kind == "feed":
            return emit(feeds.pull(channel, state, http, recall=recall_with(con.cursor()), now=now))
        cursor = con.cursor()

        def known(guids: Collection[str]) -> set[str]:
            return items.known(cursor, guids)

        def waiting() -> Sequence[Thread]:
            return threads.waiting_threads(cursor, channel.name, now=now)

        for page in reddit.pages(session, channel, state, known=known, waiting=waiting, author_key=key, now=now):
            emit(page)

    return pull


def recall_with(cursor: Any) -> feeds.Recall:
    """How a feed asks what the store holds of its entries, on a cursor of its own thread."""

    def ask(asked: feeds.Question) -> tuple[Known, ...]:
        return recall.recall(cursor, asked.channel, guids=asked.guids, urls=asked.urls, dated_titles=asked.dated_titles)

    return ask


def reddit_session(settings: Settings) -> Any:
    """A praw session, or None without keys."""
    if not settings.has_reddit_keys:
        return None
    fields = ("client_id", "client_secret", "username", "password")
    values = {name: getattr(settings, f"reddit_{name}") for name in fields}
    keys = reddit.Keys(**{name: value and value.get_secret_value() for name, value in values.items()})
    return reddit.connect(keys, user_agent=settings.user_agent, base_url=settings.reddit_url)


def gather(
    pull: Pull, channels: Sequence[Channel], start: Start | None = None
) -> Iterator[tuple[Channel, FetchResult | None]]:
    """Pull all channels at once; yields (channel, page), and (channel, None) when a channel is through.

    `start` runs a piece of work in a thread of its own: this module's pool, unless the caller has another. A pull
    waits while many pages wait to be written, so that the pages of a thousand feeds are never all in memory.
    """
    queue: SimpleQueue[tuple[Channel, FetchResult | None]] = SimpleQueue()
    room, ended = Semaphore(PAGES_WAITING), Event()

    def emit(channel: Channel, page: FetchResult) -> None:
        while not room.acquire(timeout=0.5):
            if ended.is_set():
                return
        queue.put((channel, page))

    work = _working(pull, emit, lambda channel: queue.put((channel, None)))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="pull") as pool:
        try:
            for channel in channels:
                start(work, channel) if start else pool.submit(work, channel, True)
            unfinished = len(channels)
            while unfinished:
                channel, page = queue.get()
                unfinished -= page is None
                yield channel, page
                if page is not None:
                    room.release()
        finally:
            ended.set()


def _working(pull: Pull, emit: Callable[[Channel, FetchResult], None], over: Callable[[Channel], None]) -> Work:
    """How one channel is worked through: `emit` takes its pages, `over` is told once, when no more will come."""

    def tell(channel: Channel, page: FetchResult, last: bool) -> None:
        if not last and may_pass(page):
            raise Passing(page.reason)
        emit(channel, page)

    def work(channel: Channel, last: bool) -> None:
        try:
            pull(channel, lambda page: tell(channel, page, last))
        except Passing:
            raise
        except Exception as error:  # a bug met by one channel must not cost the others their items
            log.exception("channel %s", channel.name)
            reason = f"unexpected {type(error).__name__}; run again with --debug and report it"
            emit(channel, FetchResult(channel.name, "soft", reason))
            over(channel)
        except BaseException:
            over(channel)
            raise
        else:
            over(channel)

    return work


def may_pass(page: FetchResult) -> bool:
    """Whether asking again within seconds may help: a fault of the line, 429 or 5xx, and no wish for peace."""
    return page.state == "soft" and page.retry_at is None and not page.items
