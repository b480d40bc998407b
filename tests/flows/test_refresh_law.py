"""Refreshed bit by bit or rebuilt at once: the same series, to the byte, whatever happens to the items in between."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from flows.refresh import estimate
from nlp import validation
from records import Channel, ChannelState, FetchResult, Gap, Item, Mention, Scan
from storage import erasure, items, series, stories, tallies, themes
from storage.schema import migrate
from tests.nlp.made_answers import record
from tests.storage.made import KEY, NOW, add_page, add_scans, item, item_id, label, post

TABLES = ("series_daily", "series_tallies", "series_shares", "series_volumes")
STANCES = ("realist", "industrial_collaboration", "skeptic", "none", None)
WEEKS = 5


def exported(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, bytes]:
    """Every table of the series as a Parquet file's bytes."""
    folder.mkdir()
    for name in TABLES:
        con.execute(f"COPY (FROM base.{name} ORDER BY ALL) TO '{folder / name}' (FORMAT parquet)")
    return {name: (folder / name).read_bytes() for name in TABLES}


class World:
    """A store to which things happen by chance, an hour apart."""

    def __init__(self, con: duckdb.DuckDBPyConnection, seed: int) -> None:
        self.con, self.dice, self.made, self.models = con, random.Random(seed), 0, 1
        self.now = NOW
        self.tick()
        self.happenings: list[Callable[[], object]] = [
            self.collect, self.come_late, self.edit, self.relabel, self.read_otherwise, self.erase,
            self.leave, self.merge, self.name_themes, self.learn_address, self.ask, self.lose, self.fill, self.know,
            self.rotate,
        ]  # fmt: skip

    def tick(self) -> None:
        """An hour passes, and another run begins."""
        self.now += timedelta(hours=1)
        self.run = items.start_run(self.con, "test", now=self.now, version="0.1.0")

    def come(self, weeks: list[int], number: int) -> None:
        """New items of these weeks back, read at once."""
        fresh = [self._item(self.dice.choice(weeks)) for _ in range(number)]
        for channel in sorted({one.channel for one in fresh}):
            add_page(self.con, [one for one in fresh if one.channel == channel], now=self.now)
        self._read(fresh)

    def _item(self, back: int) -> Item:
        self.made += 1
        published = NOW - timedelta(days=self.dice.uniform(0.6, 7), weeks=back)
        when = {"published_at": published, "first_seen_at": self.now}
        author = {"author_hash": f"author-{self.dice.randrange(25)}", "guid": f"t1_{self.made}"}
        url = self.dice.choice([None, f"https://news.example/{self.dice.randrange(12)}/{back}"])
        return post(self.made, **when, **author) if self.dice.random() < 0.6 else item(self.made, url=url, **when)

    def _read(self, found: list[Item], gates: str = KEY["gates"]) -> None:
        add_scans(self.con, [self._scan(one) for one in found], model=f"m{self.models}", gates=gates, now=self.now)

    def _scan(self, one: Item) -> Scan:
        stance = self.dice.choice(STANCES)
        entity = self.dice.choice(["lithium", "cobalt"])
        names = (Mention("mineral", entity, "x", 0, 1), Mention("stage", "refining", "x", 0, 1))
        made = Scan(one, relevant=stance is not None, language="en", mentions=names if stance else ())
        return replace(made, label=label(stance, model=f"m{self.models}") if stance else None)

    def _some(self, number: int, kind: str) -> list[Item]:
        found = [one for one, _ in items.unlabelled(self.con, model="nobody", gates="none", again=True)]
        return self.dice.sample(of := [one for one in found if one.source_kind == kind], min(number, len(of)))

    def _posts(self, number: int) -> list[str]:
        sql = "SELECT guid FROM base.items WHERE source_kind = 'social' AND deleted_at IS NULL ORDER BY guid"
        return self.dice.sample([guid for (guid,) in self.con.execute(sql).fetchall()], number)

    def collect(self) -> None:
        """A page of this week."""
        self.come([0], 20)

    def come_late(self) -> None:
        """Items of weeks long told, and of some before the first."""
        self.come([2, 4, WEEKS + 1, WEEKS + 20], 8)

    def edit(self) -> None:
        """Words change; some are read again, the others wait."""
        changed = [replace(one, text=f"{one.text} Edited {self.dice.random()}.") for kind in ("news", "social")
                   for one in self._some(6, kind)]  # fmt: skip
        for channel in sorted({one.channel for one in changed}):
            add_page(self.con, [one for one in changed if one.channel == channel], now=self.now)
        self._read([replace(one, version=one.version + 1) for one in changed[::2]])

    def relabel(self) -> None:
        """A new model labels some of the old items again."""
        self.models += 1
        self._read(self._some(25, "social") + self._some(10, "news"))

    def read_otherwise(self) -> None:
        """Other gazetteers: some items name something else, or are not relevant any more."""
        self._read(self._some(20, "social"), gates=f"gates-{self.dice.random()}")

    def erase(self) -> None:
        """Posts are deleted at their source."""
        gone = dict.fromkeys(self._posts(5), "deleted")
        erasure.record(self.con, self.run, there=(), gone=gone, nameless=(), now=self.now)

    def leave(self) -> None:
        """Accounts are deleted; their posts stay."""
        erasure.record(self.con, self.run, there=(), gone={}, nameless=self._posts(8), now=self.now)

    def merge(self) -> None:
        """News of one week turn out to be one story."""
        marks = [stories.Mark(one.item_id, item_id("headline"), array("Q")) for one in self._some(9, "news")]
        stories.join(self.con, marks, lambda *_, **__: True, now=self.now)

    def name_themes(self) -> None:
        """The list of themes is written anew, and every text is searched."""
        theme = {"theme": "a theme", "kind": "element", "instruments": [], "stages": ["refining"], "phrases": []}
        named = [{"theme": "a theme", "type": "stage", "entity": "refining"}] if self.dice.random() < 0.5 else []
        themes.define(self.con, str(self.dice.random()), themes=[theme], entities=named)
        themes.put(self.con, {one: self.dice.choice([["a theme"], []]) for one in themes.waiting(self.con)})

    def learn_address(self) -> None:
        """An article without an address gets one, which another has."""
        for one in self._some(20, "news"):
            if one.url is None:
                add_page(self.con, [replace(one, url="https://news.example/1/0")], now=self.now)

    def ask(self) -> None:
        """A run of some week asks two channels; one may fail."""
        when = NOW - timedelta(weeks=self.dice.randrange(WEEKS), days=2)
        homes = [Channel(name, "feed", "trade-press", name) for name in ("mining-weekly", "other")]
        items.know_channels(self.con, homes[: self.dice.choice([1, 2])])
        for name in ("mining-weekly", "other"):
            state = self.dice.choice(["ok", "hard"])
            items.add(self.con, self.run, FetchResult(name, state), ChannelState(name, state), now=when)  # type: ignore[arg-type]

    def lose(self) -> None:
        """A channel's page held nothing that was known: days may be lost."""
        end = NOW - timedelta(weeks=self.dice.randrange(WEEKS))
        gap = Gap("mining-weekly", end - timedelta(days=3), end, "a page of news only")
        page = FetchResult("mining-weekly", "ok", gaps=(gap,))
        items.add(self.con, self.run, page, ChannelState("mining-weekly", "ok"), now=self.now)

    def fill(self) -> None:
        """An archive fills what was lost."""
        self.con.execute("UPDATE base.gaps SET filled_at = ?", [self.now])

    def know(self) -> None:
        """What is known of a model's errors is measured anew."""
        known = record(self.dice.choice([1, 2]))
        told = validation.told(known)
        dumped = validation.dump(known)
        tallies.register(self.con, f"m{self.models}", record=dumped, told=told, soft=known.soft, now=self.now)

    def rotate(self) -> None:
        """All authors get other hashes, of which an author has one a week."""
        erasure.unlink_authors(self.con)

    def refresh(self) -> None:
        """What `oresight refresh` does."""
        series.refresh(self.con, now=self.now)
        estimate(self.con)


def assert_recounted(con: duckdb.DuckDBPyConnection) -> None:
    """What was counted of touched days is what all days give; estimates, and which are due, stay as they are."""
    counts = ("series_daily", "series_tallies", "series_gaps")
    kept = ("series_shares", "series_volumes", "touched_weeks")
    before = [con.execute(f"FROM base.{name} ORDER BY ALL").fetchall() for name in counts]
    for name in kept:
        con.execute(f"CREATE OR REPLACE TEMP TABLE kept_{name} AS FROM base.{name}")
    series.rebuild(con, now=NOW)
    assert [con.execute(f"FROM base.{name} ORDER BY ALL").fetchall() for name in counts] == before
    for name in kept:
        con.execute(f"DELETE FROM base.{name}")
        con.execute(f"INSERT INTO base.{name} FROM kept_{name}")


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 8))])
def test_refreshed_is_rebuilt(tmp_path: Path, seed: int) -> None:
    """After every happening the refreshed counts, and in the end the shares, are those of a rebuild, byte by byte."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'; SET threads = 1")
        migrate(con, now=NOW)
        world = World(con, seed)
        world.know()
        world.come(list(range(WEEKS)), 150)
        world.refresh()
        for at, happen in enumerate(world.dice.sample(world.happenings, len(world.happenings))):
            world.tick()
            happen()
            series.refresh(con, now=NOW)
            assert_recounted(con)
            if at == 7:
                estimate(con)
        estimate(con)
        refreshed = exported(con, tmp_path / "refreshed")
        assert con.execute("SELECT count(*) > 20 FROM base.series_shares WHERE share IS NOT NULL").fetchone() == (True,)
        series.rebuild(con, now=NOW)
        estimate(con)
        rebuilt = exported(con, tmp_path / "rebuilt")
        assert [name for name in TABLES if refreshed[name] != rebuilt[name]] == []
