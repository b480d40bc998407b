"""Where a backfill's batches go: into the store, locked only while they are written; or nowhere.

Another job may take its turn between two writes, so an archive of hours holds nobody up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flows.settings import Settings
from flows.version import VERSION
from records import Item
from sources.archive import Batch, Dump, Place
from sources.archive_join import Join, kept_of
from sources.archive_rows import number_of
from sources.archive_sift import Asked
from storage import archives, database, erasure, items

PATIENCE_S = 3600.0
_THRIFT = (
    "SET memory_limit = '128MB'",
    "SET threads = 1",
    "SET preserve_insertion_order = false",
    "SET enable_progress_bar = false",
)
"""DuckDB beside the reading; what is larger goes to its own temporary folder."""


@dataclass(slots=True)
class Pile:
    """Batches that wait to be written."""

    place: Place | None = None
    items: list[Item] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    bad: list[tuple[int, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    words: int = 0

    def add(self, batch: Batch) -> None:
        """Put a batch on top."""
        self.place = batch.place
        self.items += batch.items
        self.gone |= batch.gone
        self.bad += batch.bad
        self.seen.update(batch.seen)
        self.words += sum(len(item.text) for item in batch.items)
        for channel, (first, last) in batch.spans.items():
            before = self.spans.get(channel, (first, last))
            self.spans[channel] = min(first, before[0]), max(last, before[1])


class Nowhere:
    """Counts only: every dump is read whole, nothing is kept."""

    def open(self, join: Join) -> None:
        """Begin with nothing."""

    def place(self, dump: Dump) -> Place | str:
        """Begin at the beginning."""
        return Place()

    def take(self, dump: Dump, pile: Pile) -> int:
        """Keep nothing."""
        return 0

    def end(self, dump: Dump, damage: str) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing to do."""


class Store:
    """The store of one home, for one backfill."""

    def __init__(self, settings: Settings, asked: Asked, words: str, *, goes_on: bool, dumps: Sequence[Dump]) -> None:
        self._settings, self._asked, self._words, self._goes_on = settings, asked, words, goes_on
        self._dumps = dumps
        self._run: UUID | None = None
        self._comments_to_read = False

    def open(self, join: Join) -> None:
        """Begin a run; a new join learns what the store holds of these subreddits."""
        with self._writing() as con:
            self._run = items.start_run(con, "backfill", now=self._asked.now, version=VERSION)
            self._comments_to_read = any(d.kind == "comments" and not self._done(con, d) for d in self._dumps)
            if not self._goes_on:
                _surround(join, archives.kept(con, [c.name for c in self._asked.channels.values()]), self._asked)
        join.commit()

    def place(self, dump: Dump) -> Place | str:
        """Where to begin; in words, why there is nothing to do."""
        with self._writing() as con:
            found = archives.standing(con, self._id(dump))
            again = dump.kind == "submissions" and not self._goes_on and self._comments_to_read  # for their titles
            if found and found.outcome == "done" and not again:
                return f"read before, on {found.updated_at:%Y-%m-%d}, for the same"
            if found and self._goes_on:
                return Place(found.lines, found.position)
            what = {"file": dump.path.name, "size": dump.size, "kind": dump.kind, "asked": self._words}
            archives.begin(con, self._current, self._id(dump), **what, now=self._asked.now)  # type: ignore[arg-type]
        return Place()

    def take(self, dump: Dump, pile: Pile) -> int:
        """Keep what was read; how many items are new."""
        place = pile.place or Place()
        spans = {channel: self._within(span) for channel, span in pile.spans.items()}
        taken = archives.Taken(
            place.lines, place.position, pile.items, pile.gone, pile.bad, pile.seen.total(),
            {channel: span for channel, span in spans.items() if span[0] <= span[1]},
        )  # fmt: skip
        with self._writing() as con:
            return archives.take(con, self._current, self._id(dump), taken, now=self._asked.now)

    def end(self, dump: Dump, damage: str) -> None:
        """Say that a dump is through."""
        with self._writing() as con:
            archives.end(con, self._id(dump), "damaged" if damage else "done", reason=damage, now=datetime.now(UTC))

    def close(self) -> None:
        """Mark the gaps that are filled, and publish; words that were erased leave every file."""
        with self._writing() as con:
            archives.fill_gaps(con, self._asked.channels.values(), now=self._asked.now)
            items.finish_run(con, self._current, "done", now=datetime.now(UTC))
            erased, _ = erasure.pending(con)
        if erased:
            from flows.cleaning import clean  # noqa: PLC0415 - it brings Prefect and the charts: 100 MB, seldom needed

            clean(self._settings, job="backfill", now=self._asked.now)
        else:
            database.publish(self._settings.home, wait_s=PATIENCE_S)

    @property
    def _current(self) -> UUID:
        if self._run is None:
            raise RuntimeError("the store was not opened")
        return self._run

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        now = self._asked.now
        with database.open_live(self._settings.home, job="backfill", now=now, wait_s=PATIENCE_S) as con:
            for setting in _THRIFT:
                con.execute(setting)
            yield con

    def _id(self, dump: Dump) -> UUID:
        return archives.archive_id(dump.path.name, dump.size, dump.head, self._words)

    def _done(self, con: Any, dump: Dump) -> bool:
        found = archives.standing(con, self._id(dump))
        return found is not None and found.outcome == "done"

    def _within(self, span: tuple[int, int]) -> tuple[datetime, datetime]:
        first, last = max(span[0], self._asked.begin), min(span[1], self._asked.end)
        return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)


def _surround(join: Join, rows: Iterator[archives.Kept], asked: Asked) -> None:
    """Threads and comments of the store, for those of the archives that belong to them."""
    for row in rows:
        number = number_of(row.guid)
        if number is None:
            continue
        about = row.relevant is not False and asked.about(row.text)
        if row.opens:
            join.put_threads([(number, row.title, row.url, about)])
        else:
            join.put_comments([(number, row.published, about, kept_of(row.text))])
