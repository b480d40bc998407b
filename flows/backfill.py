"""Read Reddit's archives into the store; `label` and `refresh` do the rest.

    dumps -> submissions first -> sources.archive.batches -> the join's file, then the store, every so often
    all through -> gaps that they cover are marked -> snapshot

What was read is kept together with how far that was: a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.backfill_store import Nowhere, Pile, Store
from flows.backfill_told import telling
from flows.errors import UsageError
from flows.second_reader import SecondReader
from flows.settings import GAZETTEERS, Settings, author_key
from nlp import gazetteer
from nlp.mentions import Reader
from nlp.vocabulary import Vocabulary
from records import Channel
from sources.archive import Dump, batches, identify
from sources.archive_join import Join, drop, open_join
from sources.archive_sift import Answers, Ask, Asked, Judge
from sources.archive_zstd import Damaged
from storage.lock import writer_lock

LARGE = 8 << 20
"""Bytes of dumps, packed, from which a second process is worth its start."""
WRITE_S = 20.0
"""Seconds of work that a kill may cost."""
MOST_ITEMS, MOST_WORDS = 5_000, 16 << 20
"""Items that may wait for the store, and characters of them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of the dumps; days are UTC, the last one included."""

    subreddits: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    everything: bool = False  # whatever it is about
    dry: bool = False  # only count


@dataclass(slots=True)
class Reaped:
    """What one dump came to."""

    dump: Dump
    lines: int = 0
    seen: Counter[str] = field(default_factory=Counter)  # by channel
    kept: Counter[str] = field(default_factory=Counter)  # by channel, in the store before or not
    new: int = 0
    bad: int = 0
    seconds: float = 0.0
    skipped: str = ""  # why it was not read
    damage: str = ""  # why it was not read to its end


@dataclass(frozen=True, slots=True)
class _Work:
    asked: Asked
    join: Join
    sink: Store | Nowhere
    folder: Path


def backfill(
    settings: Settings, channels: Sequence[Channel], files: Sequence[Path], wish: Wish, *, now: datetime
) -> list[Reaped]:
    """Read dumps into the store, submissions first, each kind by name; with `wish.dry` only count.

    Raises:
        UsageError: a subreddit is not in the list.
        sources.archive_zstd.ArchiveError: a file is no dump; nothing was read.
        storage.errors.StorageError: the store cannot be written, or another backfill is running.
    """
    wanted = chosen(channels, wish.subreddits)
    with _workplace(settings, wish, now) as folder, ExitStack() as stack:
        found = (identify(path, folder) for path in dict.fromkeys(files))
        dumps = sorted(found, key=lambda dump: (dump.kind == "comments", dump.path.name))
        large = sum(dump.size for dump in dumps) >= LARGE
        ask = stack.enter_context(SecondReader()).ask if large else None
        asked, words = asked_for(settings, wanted, wish, ask, now=now)
        join, goes_on = open_join(folder / "join.sqlite", words)
        sink = Nowhere() if wish.dry else Store(settings, asked, words, goes_on=goes_on, dumps=dumps)
        try:
            sink.open(join)
            gc.freeze()  # the gazetteers stay: to look through them again and again costs a tenth of the time
            reaped = [_reap(_Work(asked, join, sink, folder), dump) for dump in dumps]
            sink.close()
        finally:
            join.close()
        drop(folder / "join.sqlite")
    return reaped


def chosen(channels: Sequence[Channel], names: Collection[str]) -> dict[str, Channel]:
    """The subreddits of the list by name in small letters: those named, else all.

    Raises:
        UsageError: one is not in the list, or there is none.
    """
    listed = {c.address.lower(): c for c in channels if c.kind == "subreddit"}
    wanted = {name.lower().removeprefix("/").removeprefix("r/") for name in names}
    if unknown := sorted(wanted - listed.keys()) or ([] if listed else ["NAME"]):
        raise UsageError(
            f"r/{unknown[0]} is not in the list of channels; `oresight channels add r/{unknown[0]}` puts it there"
        )
    return {key: c for key, c in listed.items() if not wanted or key in wanted}


def asked_for(
    settings: Settings, channels: dict[str, Channel], wish: Wish, ask: Ask | None, *, now: datetime
) -> tuple[Asked, str]:
    """What the sources are asked for, and the same in words: work goes on only under the same words.

    `ask`: who judges the comments' own words; without anyone they are judged at once, in this process.

    Raises:
        nlp.gazetteer.GazetteerError: a gazetteer has a bad row.
    """
    names = gazetteer.load(GAZETTEERS)
    reader = Vocabulary(Reader(names))
    begin = _second(wish.first) if wish.first else 0
    end = _second(wish.last + timedelta(days=1)) if wish.last else 1 << 40
    key = b"" if wish.dry else author_key(settings)
    asked = Asked(channels, key, now, reader.about, ask or _at_once(reader.about), begin, end, wish.everything)
    subreddits = ", ".join(sorted(f"r/{name}" + (" (all)" if c.keep == "all" else "") for name, c in channels.items()))
    about = "whatever they are about" if wish.everything else f"by the gazetteers {names.version}"
    return asked, f"{subreddits}; {wish.first or ''} to {wish.last or ''}; {about}"


def _at_once(about: Judge) -> Ask:
    def ask(texts: Sequence[str]) -> Answers:
        answers = list(map(about, texts))
        return lambda: answers

    return ask


def _second(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@contextmanager
def _workplace(settings: Settings, wish: Wish, now: datetime) -> Iterator[Path]:
    """The folder of what is needed only while archives are read; one backfill at a time."""
    if wish.dry:
        with TemporaryDirectory(prefix="oresight-") as scratch:
            yield Path(scratch)
        return
    folder = settings.home / "backfill"
    with writer_lock(folder, job="backfill", now=now, wait_s=0):
        yield folder


def _reap(work: _Work, dump: Dump) -> Reaped:
    """Read one dump, writing what it yields every so often."""
    reaped = Reaped(dump)
    start = work.sink.place(dump)
    if isinstance(start, str):
        reaped.skipped = start
        return reaped
    reaped.lines = start.lines
    began = time.monotonic()
    pile, written = Pile(), began
    with telling(dump) as tell:
        try:
            for batch in batches(dump, work.asked, work.join, start, work.folder):
                pile.add(batch)
                reaped.lines = batch.place.lines
                tell(batch.read, batch.place.lines)
                full = len(pile.items) >= MOST_ITEMS or pile.words >= MOST_WORDS
                if full or time.monotonic() - written >= WRITE_S:
                    pile, written = _write(work, pile, reaped), time.monotonic()
        except Damaged as error:
            reaped.damage = str(error)
    _write(work, pile, reaped)
    work.sink.end(dump, reaped.damage)
    work.join.end_waiting()
    reaped.seconds = time.monotonic() - began
    return reaped


def _write(work: _Work, pile: Pile, reaped: Reaped) -> Pile:
    """The join first: comments of it that come again are put again, those that are missing would be missed."""
    reaped.seen.update(pile.seen)
    reaped.kept.update(item.channel for item in pile.items)
    reaped.bad += len(pile.bad)
    if pile.place is not None:
        work.join.commit()
        reaped.new += work.sink.take(reaped.dump, pile)
    return Pile()
