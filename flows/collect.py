"""Pull every channel that is due and commit what it yields, page by page.

    channels.toml -> due? -> flows.pull.gather -> storage.items.add -> snapshot

A channel's failure is a row with its reason. Failures are committed last: when nothing at all could be reached
it is the network's fault, and no feed is blamed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, wait
from prefect.runtime import task_run
from prefect.tasks import exponential_backoff

from flows import show
from flows.channels import load as load_channels
from flows.client import client
from flows.errors import NothingReached, UsageError
from flows.pull import Passing, Start, Work, gather, puller
from flows.settings import Settings, load
from flows.store import failing_channels, writing
from flows.stories import tell_stories
from flows.version import VERSION
from records import DELIVERED, Channel, ChannelState, FetchResult
from sources import health
from sources.fetch import Http
from storage import items, recall

AT_ONCE, PATIENCE_S = 32, 1.0
"""Pages of feeds in one transaction, and how long the first of them waits for others to come."""
INTERVALS = {"feed": timedelta(minutes=15), "subreddit": timedelta(hours=1), "reddit_search": timedelta(hours=1)}
RETRIES = 3
"""Within a flow a channel that was well is asked so often again, seconds apart; one that fails waits for its turn."""
SHARE_DUE = 0.8
"""A run in which a smaller share of the channels due delivered is degraded."""


@dataclass(slots=True)
class Collected:
    """What one run yielded; `states` holds each channel's telling page: its failure, else its last one."""

    states: dict[str, FetchResult] = field(default_factory=dict)
    fetched: Counter[str] = field(default_factory=Counter)  # entries seen, by channel
    new: int = 0
    updated: int = 0

    @property
    def delivered(self) -> int:
        """Channels that answered as they should."""
        return sum(result.state in DELIVERED for result in self.states.values())

    @property
    def outcome(self) -> str:
        """One word for the run: idle, unreached, degraded or done."""
        if not self.states:
            return "idle"
        if not self.delivered:
            return "unreached"
        return "done" if self.delivered >= SHARE_DUE * len(self.states) else "degraded"


def collect_channels(  # noqa: PLR0913 - all but two by name, and each is the caller's own choice
    settings: Settings,
    configured: Sequence[Channel],
    *,
    now: datetime,
    names: Collection[str] = (),
    everything: bool = False,
    start: Start | None = None,
    http: Http | None = None,
) -> Collected:
    """Pull the channels of these names (all, when none is named) that are due, commit, publish the snapshot.

    `everything`: due or not; politeness holds all the same. `start`: see `flows.pull.gather`. `http`: another client
    than the settings' own, as for a tape; it is closed at the end.

    Raises:
        UsageError: a name is not in the list.
        NothingReached: channels were due and none delivered; their rows are committed.
        storage.errors.StorageError: the store cannot be written.
    """
    asked = with_keys(settings, only(configured, names))
    with writing(settings, "collect", now) as con:
        items.know_channels(con, configured)
        states = items.channel_states(con)
        due = [c for c in asked if _is_asked(c, states.get(c.name), now, everything=everything)]
        book = Book(con, {c.name: states.get(c.name) or ChannelState(c.name) for c in due}, now)
        with (
            http or client(settings, Http) as fetcher,
            show.progress("collect", len(due)) as advance,
        ):
            book.write(gather(puller(settings, states, fetcher, con, now), due, start), advance)
        tell_stories(con, now=now)
    if book.collected.outcome == "unreached":
        raise Unreached(book.collected)
    return book.collected


class Unreached(NothingReached):
    """None of the channels due delivered; `collected` holds the reason of each."""

    def __init__(self, collected: Collected) -> None:
        super().__init__(_unreached(collected))
        self.collected = collected


def _is_asked(channel: Channel, state: ChannelState | None, now: datetime, *, everything: bool) -> bool:
    if everything:
        return not health.is_held(state, now, channel.address)
    return health.is_due(state, now, channel.address)


def with_keys(settings: Settings, channels: Sequence[Channel]) -> list[Channel]:
    """The channels that can be asked: without keys Reddit is left out, and one line says so."""
    if settings.has_reddit_keys or all(c.kind == "feed" for c in channels):
        return list(channels)
    show.say("Reddit is left out: set REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET in .env to let it join in")
    return [c for c in channels if c.kind == "feed"]


def only(channels: Sequence[Channel], names: Collection[str]) -> list[Channel]:
    """The channels of these names, all of them when none is named.

    Raises:
        UsageError: a name is not in the list.
    """
    unknown = set(names) - {c.name for c in channels}
    if unknown:
        raise UsageError(f"no channel is named {', '.join(sorted(unknown))}; `oresight status` lists them")
    return [c for c in channels if not names or c.name in names]


class Book:
    """Writes one run into the store: pages as they come, a few at once; the failures last."""

    def __init__(self, con: Any, states: dict[str, ChannelState], now: datetime) -> None:
        self.con, self.states, self.now = con, states, now
        self.counts = recall.daily_counts(con, now=now)
        self.collected = Collected()
        self.run_id: UUID = items.start_run(con, "collect", now=now, version=VERSION)
        self._waiting: dict[str, tuple[Channel, FetchResult]] = {}
        self._written = time.monotonic()

    def write(self, pages: Iterator[tuple[Channel, FetchResult | None]], advance: show.Advance) -> None:
        """Commit all pages and close the run."""
        failures: list[tuple[Channel, FetchResult]] = []
        for channel, page in pages:
            if page is None:
                advance(1)
            elif page.state in DELIVERED:
                self._take(channel, page)
            else:
                failures.append((channel, page))
        self._flush()
        pages_failed = [page for _, page in failures]
        outage = not self.collected.delivered and health.blames_the_network(pages_failed, self.states)
        for channel, page in failures:
            self._take(channel, page, outage=outage)
        self._flush(outage=outage)
        items.finish_run(self.con, self.run_id, self.collected.outcome, now=datetime.now(UTC))

    def _take(self, channel: Channel, page: FetchResult, *, outage: bool = False) -> None:
        """Feeds wait for one another a moment; a subreddit's page does not, for its next asks what is stored."""
        if channel.name in self._waiting:
            self._flush(outage=outage)
        self._waiting[channel.name] = (channel, page)
        full = len(self._waiting) >= AT_ONCE or time.monotonic() - self._written >= PATIENCE_S
        if full or channel.kind != "feed":
            self._flush(outage=outage)

    def _flush(self, *, outage: bool = False) -> None:
        """Commit what waits, in one transaction."""
        pages = [self._after(channel, page, outage) for channel, page in self._waiting.values()]
        self._waiting.clear()
        for (page, after), added in zip(pages, items.add_all(self.con, self.run_id, pages, now=self.now), strict=True):
            self.states[page.channel] = after
            self.collected.states[page.channel] = replace(page, items=())  # they are in the store
            self.collected.fetched[page.channel] += page.fetched
            self.collected.new += added.new
            self.collected.updated += added.updated
        self._written = time.monotonic()

    def _after(self, channel: Channel, page: FetchResult, outage: bool) -> tuple[FetchResult, ChannelState]:
        before, heard = self.states[channel.name], health.heard(page, self.counts.get(channel.name, ()))
        return heard, health.after(before, heard, now=self.now, interval=INTERVALS[channel.kind], network=outage)


def _unreached(collected: Collected) -> str:
    reasons = sorted({result.reason for result in collected.states.values()})
    return (
        f"none of the {len(collected.states)} channels due could be reached ({'; '.join(reasons[:3])}); "
        "check the network, or see each channel's reason with `oresight status`"
    )


def _passes(_task: object, _run: object, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), Passing)


@task(
    name="pull",
    task_run_name="pull {channel.name}",
    cache_policy=NO_CACHE,
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(backoff_factor=2),
    retry_jitter_factor=0.5,
    retry_condition_fn=_passes,
)
def pull_task(channel: Channel, work: Work, steady: bool) -> None:
    """One channel, seen in Prefect as a task of its own; a `steady` one is asked again when a fault may pass."""
    work(channel, not steady or task_run.run_count > RETRIES)


@flow(name="collect")
def collect(names: list[str] | None = None, everything: bool = False) -> int:
    """`oresight collect` as a run of Prefect's, with a table of what each channel yielded. Returns the new items."""
    settings = load()
    listed = load_channels(settings.channels)
    collected = collect_as_tasks(settings, listed, now=datetime.now(UTC), names=names or (), everything=everything)
    create_table_artifact(key="channels", table=rows(collected), description="What each channel yielded, or why not")
    return collected.new


def collect_as_tasks(
    settings: Settings, listed: Sequence[Channel], *, now: datetime, names: Collection[str] = (), everything: bool
) -> Collected:
    """`collect_channels` within a flow, each channel a task of its own."""
    futures: list[PrefectFuture[None]] = []
    failing = failing_channels(settings)

    def start(work: Work, channel: Channel) -> None:
        steady = channel.kind == "feed" and channel.name not in failing
        futures.append(pull_task.submit(channel, work, steady))

    collected = collect_channels(settings, listed, now=now, names=names, everything=everything, start=start)
    wait(futures)
    return collected


def rows(collected: Collected) -> list[dict[str, object]]:
    """One row a channel: state, entries on the page, reason."""
    return [
        {"channel": name, "state": page.state, "fetched": collected.fetched[name], "reason": page.reason}
        for name, page in sorted(collected.states.items())
    ]
