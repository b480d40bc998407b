"""A home that collects a Reddit on loopback with the product's own flow, also in processes that may be killed."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from flows.collect import Collected, collect_channels
from flows.settings import Settings, load
from records import Channel
from storage.database import open_snapshot

CHANNEL = Channel("mining", "subreddit", "investor", "mining", "all")


@dataclass(frozen=True)
class Home:
    """A folder and the server that it reads."""

    folder: Path
    base_url: str
    channels: tuple[Channel, ...] = (CHANNEL,)

    @property
    def settings(self) -> Settings:
        """This home's, with keys for the server."""
        return load(
            home=self.folder,
            reddit_client_id="id",
            reddit_client_secret="secret",
            reddit_url=self.base_url,
            author_key="k",
        )

    def collect(self, now: datetime) -> Collected:
        """`oresight collect --all`, in this process."""
        return collect_channels(self.settings, self.channels, now=now, everything=True)

    def start(self, now: datetime) -> ForkServerProcess:
        """The same in a process of its own, begun."""
        process = forked().Process(target=_collect, args=(self, now), daemon=True)
        process.start()
        return process

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What readers see; nothing before the first snapshot."""
        if not (self.folder / "current.duckdb").exists():
            return []
        with open_snapshot(self.folder) as con:
            return list(con.execute(sql).fetchall())

    def names(self) -> Counter[str]:
        """How often each item stands in the store, by Reddit's fullname."""
        return Counter(str(guid) for (guid,) in self.rows("SELECT guid FROM base.items"))


def forked() -> ForkServerContext:
    """Processes that have the product loaded already: the fork server loads it once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flows.collect", __name__])
    return context


def _collect(home: Home, now: datetime) -> None:
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        home.collect(now)


def fullnames(things: Sequence[object]) -> set[str]:
    """The fullnames of posts and notes."""
    return {str(getattr(thing, "fullname", "")) for thing in things}
