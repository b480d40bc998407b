"""What was known then: a page of the past has all that stood then, and nothing that came later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import as_of, cleaning, report
from flows.errors import UsageError
from flows.settings import Settings, load
from records import Digest, Scan
from storage import database, erasure, items, series
from storage.errors import NoSnapshot
from tests.flows.test_refresh_law import WEEKS, World
from tests.storage.made import KEY, NOW, PASSAGE, add_page, add_scans, item, label, post, scan

WEEK = "2026-W47"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of its own."""
    return load(home=tmp_path)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which one article is told, for tests that leave its store as it is."""
    made = load(home=tmp_path_factory.mktemp("told"))
    labelled(made, [scan(item(1))], NOW)
    return made


def known(settings: Settings, at: datetime) -> Digest:
    """The week's digest as of that moment; nothing of the way there stays in the home."""
    with as_of.store(settings, at, WEEK) as con:
        found = report.read(con, settings, WEEK)
    assert list(settings.home.glob("as-of-*")) == []
    return found


def test_the_past_is_what_it_was(settings: Settings) -> None:
    """As of any moment the digest is the one that was read then: through edits, new models, merged stories, gaps."""
    read: dict[datetime, Digest] = {}
    with database.open_live(settings.home, job="test", now=NOW) as con:
        world = World(con, seed=5)
        world.know()
        world.come(list(range(WEEKS)), 120)
        for happen in (world.edit, world.merge, world.relabel, world.learn_address, world.lose, world.read_otherwise):
            world.tick()
            happen()
            if happen in (world.relabel, world.read_otherwise):
                world.refresh()
                read[world.now] = report.read(con, settings, WEEK)
        for happen in (
            world.know, world.come_late, world.fill, world.edit, world.relabel, world.merge, world.collect, world.rotate
        ):  # fmt: skip
            world.tick()
            happen()
    database.publish(settings.home)
    first, last = read.values()
    assert first != last
    for at, digest in read.items():
        assert known(settings, at + timedelta(minutes=59)) == digest


def labelled(settings: Settings, scans: list[Scan], now: datetime, model: str = KEY["model"]) -> None:
    """One run: these items come, are labelled, and the series are refreshed."""
    with database.open_live(settings.home, job="test", now=now) as con:
        for channel in sorted({one.item.channel for one in scans}):
            add_page(con, [one.item for one in scans if one.item.channel == channel], now=now)
        add_scans(con, scans, model=model, now=now)
        series.refresh(con, now=now)
    database.publish(settings.home)


def test_what_was_deleted_since_stays_deleted(settings: Settings) -> None:
    """Words that were erased after the moment are quoted in no page of the past; what they counted for counts."""
    later = NOW + timedelta(days=1)
    one = post(1, guid="t3_one")
    labelled(settings, [scan(one)], NOW)
    assert [voice.text for voice in known(settings, NOW).quotations] == [PASSAGE]
    with database.open_live(settings.home, job="test", now=later) as con:
        run = items.start_run(con, "purge", now=later, version="0.1.0")
        erasure.record(con, run, there=(), gone={"t3_one": "[deleted]"}, nameless=(), now=later)
    database.publish(settings.home)
    found = known(settings, NOW)
    assert (found.quotations, found.week_total.counts) == ((), (1, 0, 0, 0))


def test_an_erasure_removes_the_pages_of_the_past(told: Settings) -> None:
    """They may quote what was erased; the week's own pages are written again, other weeks' stay."""
    (page,) = as_of.write_as_of(told, NOW, week=WEEK, formats=["md"], out=None)
    (own,) = report.write_pages(told, week=WEEK, formats=["md"])
    assert cleaning.rewrite(told, ["2026-W46"]) == ()
    assert page.exists()
    assert cleaning.rewrite(told, [WEEK]) == (own,)
    assert not page.exists()


def test_an_earlier_version_is_quoted_as_it_stood(settings: Settings) -> None:
    """An article that was corrected, and labelled by another model, is quoted and counted as it was."""
    later = NOW + timedelta(days=1)
    labelled(settings, [scan(item(1))], NOW)
    before = known(settings, NOW)
    changed = item(1, text=item(1).text.replace("cannot", "can now"))
    second = scan(changed, "skeptic", label=label("skeptic", model="new", evidence=(10, 20)))
    with database.open_live(settings.home, job="test", now=later) as con:
        add_page(con, [changed], now=later)
    labelled(settings, [Scan(item(1, text=changed.text, version=2), relevant=True, language="en", label=second.label)],
             later, model="new")  # fmt: skip
    assert known(settings, NOW) == before
    assert (before.model, known(settings, later).model) == (KEY["model"], "new")
    assert [voice.text for voice in before.quotations] == [PASSAGE]


def test_before_the_first_series(told: Settings, tmp_path: Path) -> None:
    """Before anything was known that is said, with when it began; so is that nothing is published."""
    with pytest.raises(NoSnapshot), as_of.store(load(home=tmp_path), NOW, WEEK):
        pass
    with (
        pytest.raises(UsageError, match=r"nothing was known by 2026-11-23 12:02.*first series are of 2026-11-23 12:03"),
        as_of.store(told, NOW - timedelta(minutes=1), WEEK),
    ):
        pass


def test_pages(told: Settings) -> None:
    """Pages bear the moment in their name and are the same bytes whenever they are written; the week's own stay."""
    (own,) = report.write_pages(told, week=WEEK, formats=["json"])
    first, again = (as_of.write_as_of(told, NOW, week=None, formats=["json"], out=None) for _ in range(2))
    assert first == again == (told.home / "digests" / f"{WEEK}.as-of-20261123T120300Z.json",)
    assert first[0].read_bytes() == own.read_bytes()


def test_a_killed_ones_store_is_swept_away(told: Settings) -> None:
    """What a kill leaves of it is removed by the next; one that is at work is left alone."""
    left, mine = (told.home / f"as-of-{process}-x" for process in (2**22 + 1, 1))
    for folder in (left, mine):
        folder.mkdir()
    with as_of.store(told, NOW, WEEK):
        assert (left.exists(), mine.exists()) == (False, True)
    mine.rmdir()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-16", datetime(2026, 11, 16, 23, 59, 59, 999999, UTC)),
        ("2026-11-16T12:00Z", datetime(2026, 11, 16, 12, tzinfo=UTC)),
        ("2026-11-16T12:00", datetime(2026, 11, 16, 12, tzinfo=UTC)),
        ("2026-11-16T12:00+01:00", datetime(2026, 11, 16, 11, tzinfo=UTC)),
    ],
)
def test_moments(text: str, at: datetime) -> None:
    """A day is its end, a time is that time; all in UTC where no zone is named."""
    assert as_of.moment(text, now=NOW) == at


@pytest.mark.parametrize(
    ("text", "told"), [("yesterday", "is no day"), ("2026-11-23", "not come"), ("2026-13-01", "no day")]
)
def test_no_moments(text: str, told: str) -> None:
    """What is no time, or is still to come, is refused: a page of the past must not change any more."""
    with pytest.raises(UsageError, match=told):
        as_of.moment(text, now=NOW)
