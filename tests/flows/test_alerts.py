"""Alerts: what is wrong is decided from facts, told once, and once more when it is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as law
from hypothesis import strategies as st

from flows.alerts import ROOM, Disk, Post, World, found, message
from flows.settings import Settings, load
from flows.warn import warn_of
from records import ChannelState, Drift, FetchResult
from storage import alerts, database, items
from storage.alerts import AlertRow, Facts, Heard
from storage.schema import migrate
from tests.flows.command import oresight
from tests.flows.hooks import hook
from tests.storage.made import item

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # a Monday, half past one in Brussels
BRUSSELS = ZoneInfo("Europe/Brussels")
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
FACTS = Facts(NOW - 90 * DAYS, NOW - HOURS / 4, NOW - HOURS, 1000, 200, 8000, 1600)
WELL = World(
    facts=FACTS,
    channels=(Heard("mining-weekly", "ok", "", NOW - HOURS), Heard("old", "soft", "timed out", NOW - 90 * DAYS)),
    listed=frozenset({"mining-weekly", "lately-down"}),
    drifts=(Drift("length", 100, 800, 10, 0.2, 0.1, "moved"),),
    disk=Disk(free=100 * ROOM, store=ROOM),
    post=Post("2026-W47", written=True, states=("sent", "sent"), recipients=True),
    unchecked_at=NOW - 20 * HOURS,
)


def down(since: timedelta, state: str = "soft") -> dict[str, Any]:
    """A listed channel that has not delivered for so long."""
    return {"channels": (Heard("lately-down", state, "timed out", NOW - since),)}


def facts(**changes: Any) -> dict[str, Any]:
    """Other facts."""
    return {"facts": replace(FACTS, **changes)}


def post(**changes: Any) -> dict[str, Any]:
    """Another fate of the digest."""
    return {"post": replace(WELL.post, **changes)}


@pytest.mark.parametrize(
    ("changes", "conditions"),
    [
        ({}, []),
        (down(47 * HOURS), []),
        (down(48 * HOURS), ["dead:lately-down"]),
        (down(90 * DAYS, "gone"), ["dead:lately-down"]),
        (down(90 * DAYS, "not_modified"), []),
        (facts(last_item_at=NOW - 5.9 * HOURS), []),
        (facts(last_item_at=NOW - 6 * HOURS), ["nothing"]),
        (facts(last_item_at=None, first_run_at=NOW - HOURS), []),
        (facts(last_item_at=None, first_run_at=NOW - 7 * HOURS), ["nothing"]),
        (facts(last_item_at=None, first_run_at=None, collected_at=None), []),
        (facts(abstained=349), []),
        (facts(abstained=351), ["abstention"]),
        (facts(abstained=499, labelled_before=99, abstained_before=0), []),
        (facts(abstained=501, labelled_before=99, abstained_before=0), ["abstention"]),
        (facts(labelled=99, abstained=99), []),
        ({"drifts": (Drift("length", 500, 4000, 10, 0.3, 0.1, "moved far"),)}, ["drift:length"]),
        ({"disk": Disk(free=3 * ROOM, store=ROOM)}, []),
        ({"disk": Disk(free=3 * ROOM - 1, store=ROOM)}, ["disk"]),
        (post(written=False), ["digest:2026-W47"]),
        (post(states=("sent", "waiting")), ["digest:2026-W47"]),
        (post(states=()), ["digest:2026-W47"]),
        (post(states=(), recipients=False), []),
        (post(written=False) | facts(first_run_at=NOW - HOURS), []),
        ({"unchecked_at": NOW - 49 * HOURS}, ["unchecked"]),
    ],
)
def test_what_is_wrong(changes: Mapping[str, Any], conditions: list[str]) -> None:
    """Each condition begins at its bound, and nothing else is said."""
    assert list(found(replace(WELL, **changes), NOW, zone=BRUSSELS)) == conditions


@pytest.mark.parametrize(
    ("hour", "conditions"), [(10, []), (10.99, []), (11, ["digest:2026-W47"]), (40, ["digest:2026-W47"])]
)
def test_the_digest_is_awaited_until_noon_where_it_is_sent(hour: float, conditions: list[str]) -> None:
    """Monday noon in Brussels is eleven o'clock UTC in winter; later in the week it is missed all the same."""
    at = NOW.replace(hour=0, minute=0) + hour * HOURS
    fresh = replace(WELL, **post(written=False), **facts(last_item_at=at, collected_at=at))
    assert list(found(replace(fresh, unchecked_at=None), at, zone=BRUSSELS)) == conditions


def test_a_disk_at_its_bound_does_not_flutter() -> None:
    """What was nearly full is well again only with a quarter more room."""
    world = replace(WELL, disk=Disk(free=3 * ROOM + 1, store=ROOM))
    assert "disk" not in found(world, NOW, zone=BRUSSELS)
    assert "disk" in found(world, NOW, zone=BRUSSELS, still={"disk"})


def test_a_message_says_what_broke_and_what_is_well() -> None:
    """One message holds all that is new, a line each."""
    broken, mended = (AlertRow(name, f"{name} text", NOW - 3 * HOURS, None) for name in ("disk", "nothing"))
    assert message((broken,), (mended,), NOW) == (
        "Oresight: 1 thing is wrong, 1 is well again",
        "wrong: disk text\nwell again after 3 h: nothing text",
    )
    assert message((), (), NOW) is None


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    """A migrated store in memory."""
    with duckdb.connect() as con:
        migrate(con, now=NOW)
        yield con


@given(st.lists(st.sets(st.sampled_from(["disk", "nothing", "dead:a", "dead:b"])), max_size=8))
@law(max_examples=25)
def test_nothing_is_told_twice(store: Any, seen: list[set[str]]) -> None:
    """Whatever comes and goes, each time that it is wrong is told once, and that it is well once after that."""
    store.execute("DELETE FROM base.alerts")
    wrong: set[str] = set()
    for hour, conditions in enumerate(seen):
        at = NOW + hour * HOURS
        alerts.put(store, dict.fromkeys(conditions, "text"), now=at)
        opened, cleared = alerts.waiting(store)
        assert {row.condition for row in opened} == conditions - wrong
        assert {row.condition for row in cleared} == wrong - conditions
        alerts.told(store, opened, cleared, now=at)
        assert alerts.waiting(store) == ((), ())
        wrong = conditions


def home_with(home: Path, urls: str) -> Settings:
    """A home with one listed channel that was last heard of ten days ago, and addresses to tell."""
    home.mkdir()
    (home / "channels.toml").write_text(
        '[[feed]]\nname = "mining-weekly"\nurl = "https://example.org/feed"\ncommunity = "trade-press"\nkeep = "all"\n'
    )
    settings = load(home=home, channels_file=home / "channels.toml", notify_urls=urls)
    with database.open_live(home, job="test", now=NOW) as con:
        deliver(con, NOW - 10 * DAYS, "ok")
        deliver(con, NOW - HOURS, "soft")
    return settings


def deliver(con: Any, at: datetime, state: Any) -> None:
    """One run in which the channel brought an item, or failed."""
    run_id = items.start_run(con, "collect", now=at, version="test")
    good = state == "ok"
    brought = (item(at, first_seen_at=at),) if good else ()
    page = FetchResult("mining-weekly", state, "timed out", items=brought, fetched=1)
    after = ChannelState("mining-weekly", state=state, reason=page.reason, last_attempt_at=at)
    before = items.channel_states(con).get("mining-weekly")
    success = at if good else before and before.last_success_at
    items.add_all(con, run_id, [(page, replace(after, last_success_at=success))], now=at)
    items.finish_run(con, run_id, "done", now=at)


def test_one_message_until_it_is_well(tmp_path: Path) -> None:
    """A dead channel is told once, hour after hour; when it is back that is told once; `oresight alerts` lists it."""
    with hook() as phone:
        settings = home_with(tmp_path / "var", phone.address())
        for hour in range(3):
            wrong = {row.condition for row in warn_of(settings, now=NOW + hour * HOURS)}
            assert {"dead:mining-weekly", "nothing"} <= wrong
        listed = oresight("alerts", home=settings.home)
        with database.open_live(settings.home, job="test", now=NOW) as con:
            deliver(con, NOW + 3 * HOURS, "ok")
        for hour in (4, 5):
            warn_of(settings, now=NOW + hour * HOURS)
        bodies = [sent["message"] for _, sent in phone.taken]
    assert len(bodies) == 2
    assert "mining-weekly has not delivered for 10 days: timed out" in bodies[0]
    assert bodies[1].count("well again") == 2
    assert listed.returncode == 1
    assert b"dead:mining-weekly" in listed.stdout


def test_what_nobody_took_is_told_again(tmp_path: Path) -> None:
    """An alert that no address took waits for the next hour, and is then told once."""
    with hook() as phone:
        phone.status = 500
        settings = home_with(tmp_path / "var", phone.address())
        warn_of(settings, now=NOW)
        phone.status, tried = 200, len(phone.taken)
        for hour in (1, 2):
            warn_of(settings, now=NOW + hour * HOURS)
    assert (tried, len(phone.taken)) == (1, 2)
