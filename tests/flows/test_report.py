"""The week's digest, from a store to its pages: the same bytes whenever, and SQL that gives every number."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows import refresh, report
from flows.settings import ROOT, Settings, load
from nlp import verdicts
from records import LABELS, STANCES, Scan
from storage import database, series
from storage.query import fetch
from tests.storage.made import NOW, fill, item, label, post, scan

WEEK = "2026-W47"
FORMATS = ("html", "md", "json")
EVENT = '[[event]]\nname = "{}"\ntitle = "An event of {}"\ndate = {}\nlink = "https://example.org/{}"\n'
CHILD = """
import sys
from pathlib import Path
from flows import report
from flows.settings import load
report.write_pages(load(home=Path(sys.argv[1]), timezone="Asia/Tokyo"), week=sys.argv[2],
                   formats=("html", "md", "json"), out=Path(sys.argv[3]))
"""


def week_of(back: int, skeptics: float) -> list[Scan]:
    """160 items of a week so many weeks back, as many of them skeptics; every third a post."""
    rng = random.Random(back)
    made = []
    for n in range(160):
        stance = "skeptic" if rng.random() < skeptics else LABELS[(0, 1, 3)[n % 3]]
        when = NOW - timedelta(days=2 + n % 6 + 7 * back, minutes=n)
        build = post if n % 3 == 0 else item
        one = build(f"{back}-{n}", published_at=when, author_hash=f"author {n % 97}", title=f"T{back:02}{n:05}.")
        chances = tuple(0.85 if name == stance else 0.05 for name in LABELS)
        sure = label(stance, probabilities=chances, confidence=0.85 + n / 10_000)
        made.append(scan(one, label=sure))
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five weeks of one mixture, and a last one with many more skeptics."""
    folder: Path = tmp_path_factory.mktemp("home")
    days = {"old": "2025-01-02", "within": "2026-10-01", "last": "2026-11-22", "later": "2026-11-23"}
    (folder / "events.toml").write_text("".join(EVENT.format(name, name, day, name) for name, day in days.items()))
    with database.open_live(folder, job="test", now=NOW) as con:
        fill(con, [one for back in range(1, 6) for one in week_of(back, 0.15)] + week_of(0, 0.65))
        refresh.estimate(con)
    database.publish(folder)
    return folder


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    """Settings of that home, in another zone than the default."""
    return load(home=home, timezone="Asia/Tokyo")


def test_a_swing_is_found_and_told(settings: Settings) -> None:
    """The verdict names what moved, the movers name mineral and country, and the counter-voice another stance."""
    digest = report.build(settings, WEEK)
    whole = json.loads(report.FORMATS["json"](digest, names={}))
    assert "Skeptic rose by" in whole["verdict"]
    assert digest.week_total.moves[2].verdict == "up"
    (mover,) = digest.movers
    assert {mover.breakdown.name, *mover.alike} == {"CHL", "lithium"}
    assert [one.stance for one in digest.quotations] == list(STANCES)
    assert digest.counter is not None
    assert digest.counter.stance == "industrial_collaboration"
    assert digest.counter.item_id not in {one.item_id for one in digest.quotations}
    assert [event.name for event in digest.events] == ["within", "last"]
    assert digest.run.split()[0::2] == ["collect", "0.1.0"]
    assert {one.verdict for one in digest.health.drift} <= {"steady", "moved", "moved far"}


def test_the_same_store_gives_the_same_bytes(home: Path, settings: Settings, tmp_path: Path) -> None:
    """Here and in another process with another zone, locale, hash seed, folder and hour."""
    here = report.write_pages(settings, week=WEEK, formats=FORMATS, out=tmp_path / "here")
    env = {**os.environ, "PYTHONHASHSEED": "5", "TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    call = [sys.executable, "-c", CHILD, str(home), WEEK, str(tmp_path / "there")]
    subprocess.run(call, check=True, cwd=tmp_path, env=env)
    hashes = [
        [hashlib.sha256((folder / f"{WEEK}.{form}").read_bytes()).hexdigest() for form in FORMATS]
        for folder in (here[0].parent, tmp_path / "there")
    ]
    assert hashes[0] == hashes[1]


def test_no_page_reads_a_clock() -> None:
    """Nothing that makes a page asks for the time: whenever it is written, it is the same."""
    rooms = [*(ROOT / "digest").glob("*.py"), ROOT / "storage" / "weekly.py", ROOT / "storage" / "drift.py"]
    asking = [p.name for p in rooms if any(ask in p.read_text() for ask in (".now(", "time.time", ".today("))]
    assert rooms
    assert asking == []


def test_times_are_told_in_the_zone_that_is_named(settings: Settings) -> None:
    """12:03 UTC is 21:03 in Tokyo; days of the week stay those of UTC."""
    digest = report.build(settings, WEEK)
    page = report.FORMATS["html"](digest, names={})
    assert isinstance(page, str)
    assert "Figures as of Monday 23 November 2026, 21:03 Asia/Tokyo." in page
    assert "16–22 November 2026" in page


def test_every_query_runs_and_gives_the_numbers(home: Path, settings: Settings) -> None:
    """Each SQL of the page runs as anyone may run it, and has the digest's numbers; none reads behind the views."""
    digest = report.build(settings, WEEK)
    with database.open_snapshot(home) as con:
        found = {query.title: con.execute(query.sql).fetchall() for query in digest.queries}
    stance = {row[1]: row for row in found["Stance of the week"]}
    for at, name in enumerate(STANCES):
        share, move = digest.week_total.shares[at], digest.week_total.moves[at]
        assert stance[name][4:9] == (share.value, share.low, share.high, move.change, move.verdict)
    assert {row[1] for row in found["Movers: bursts and verdicts"]} == {"CHL", "lithium"}
    passages = {row[-1] for row in found["Quotations"]}
    assert passages == {one.text for one in (*digest.quotations, *([digest.counter] if digest.counter else []))}
    indices = {row[0]: row[4] for row in found["Health: drift of the model's inputs"]}
    assert indices == {one.feature: one.psi for one in digest.health.drift}
    assert found["Health: items"][0][:2] == (digest.health.items, digest.health.labelled)
    whole = " UNION ALL BY NAME ".join(f"SELECT * FROM ({query.sql})" for query in digest.queries)
    assert len(fetch(home, whole, max_rows=None).rows) == sum(map(len, found.values()))
    assert not [query.title for query in digest.queries if "base." in query.sql]


def test_the_reading_help_tells_the_rate_of_false_verdicts(settings: Settings) -> None:
    """The share of false verdicts that the page allows for is the one that the tests are made with."""
    page = report.FORMATS["md"](report.build(settings, WEEK), names={})
    assert f"at most {100 * verdicts.RATE:.0f}\xa0% of a week's are false" in str(page).replace("\\", "")


def test_a_week_before_anything_was_collected_is_told(settings: Settings) -> None:
    """An empty week has its page too, in two lines."""
    digest = report.build(settings, "2026-W01")
    page: Any = report.FORMATS["md"](digest, names={})
    assert "A week without labelled items: there is nothing to tell." in page
    assert digest.movers == ()
    assert digest.counter is None
    assert series.queries("2026-W01")
