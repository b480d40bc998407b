"""`oresight event`: a study of a made store, from the list to the page."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from defusedxml import ElementTree

from flows import events
from flows.errors import EventsError, UsageError
from flows.settings import ROOT, Settings, load
from storage import database
from tests.flows.command import oresight
from tests.storage.made import NOW, fill, item, scan

DAY = date(2026, 9, 15)
MINE = (
    f'[[event]]\nname = "swing"\ntitle = "A <b>swing</b> & more"\ndate = {DAY}\nlink = "https://x.example/a?b=1&c=2"\n'
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A store of 110 days, five articles a day: realist until the event, sceptical for two weeks from then on."""
    home = tmp_path_factory.mktemp("home")
    (home / "events.toml").write_text(MINE)
    scans = []
    for back in range(110):
        at = NOW - timedelta(days=back)
        swung = 0 <= (at.date() - DAY).days < 14
        mood = ["skeptic"] * 5 if swung else ["realist", "realist", "realist", "skeptic", "industrial_collaboration"]
        scans += [scan(item(f"{back}-{n}", published_at=at), mood[n]) for n in range(5)]
    with database.open_live(home, job="test", now=NOW) as con:
        fill(con, scans)
    database.publish(home)
    return load(home=home)


def test_the_list_that_ships() -> None:
    """It holds a dozen events and more of 2023 to 2026, each with a link, in the order of their days."""
    found = events.read(ROOT / "config" / "events.toml")
    assert len(found) >= 12
    assert [one.day for one in found] == sorted(one.day for one in found)
    assert all(2023 <= one.day.year <= 2026 and one.day <= NOW.date() for one in found)
    assert {one.day.year for one in found} == {2023, 2024, 2025, 2026}


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("title", "titel", 3, "titel"),
        ("2026-09-15", '"2026-09-15"', 4, "date"),
        ("2026-09-15", "2026-09-15T10:00:00", 4, "date"),
        ("https:", "javascript:", 5, "link"),
        ('"swing"', '"../swing"', 2, "name"),
    ],
)
def test_mistakes_name_line_and_key(tmp_path: Path, old: str, new: str, line: int, key: str) -> None:
    """What cannot be used is told by line and key."""
    file = tmp_path / "events.toml"
    file.write_text(MINE.replace(old, new))
    with pytest.raises(EventsError, match=f"line {line}, key '{key}'"):
        events.read(file)


def test_a_swing_is_found(settings: Settings) -> None:
    """The change that no other date has is the first in rank, in the community and in all."""
    found = events.study(settings, "swing")
    told = {(one.community, one.stance): one for one in found.changes}
    skeptic = told["all", "skeptic"]
    assert (skeptic.n_before, skeptic.n_after) == (35, 70)
    assert (skeptic.before, skeptic.after) == (pytest.approx(0.2, abs=0.05), pytest.approx(1, abs=0.05))
    assert (skeptic.verdict, skeptic.rank, told["trade-press", "realist"].verdict) == ("up", 1, "down")
    assert found.placebo_dates == 49
    assert found.complete


def test_page_plot_and_json_agree(settings: Settings, tmp_path: Path) -> None:
    """The three files hold the study; the page loads nothing and its title is text, the plot is well-formed SVG."""
    found = events.study(settings, "swing")
    html, svg, told = events.write(found, tmp_path)
    assert json.loads(told.read_text())["changes"][2]["change"] == pytest.approx(0.8, abs=0.05)
    page = html.read_text()
    assert "A &lt;b&gt;swing&lt;/b&gt; &amp; more" in page
    assert 'href="https://x.example/a?b=1&amp;c=2"' in page
    assert "1 of 50" in page
    assert "<script" not in page
    assert "src=" not in page
    root = ElementTree.fromstring(svg.read_text())
    texts = {node.text for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Trade press", "Skeptic", "Realist", "Industrial collaboration"} <= texts


def test_nothing_was_said_then(settings: Settings, tmp_path: Path) -> None:
    """An event before the series has too little data, and no plot."""
    (tmp_path / "events.toml").write_text(MINE.replace(str(DAY), "2023-01-01"))
    (tmp_path / "current.duckdb").symlink_to((settings.home / "current.duckdb").resolve())
    found = events.study(load(home=tmp_path), "swing")
    assert (found.changes, found.complete) == ((), False)
    assert [path.suffix for path in events.write(found, tmp_path / "out")] == [".html", ".json"]


def test_the_command(settings: Settings) -> None:
    """The table goes to stdout, words to stderr; JSON is JSON; an unknown name is wrong use."""
    table = oresight("event", "swing", home=settings.home)
    rows = [line.split("\t") for line in table.stdout.decode().splitlines()]
    assert table.returncode == 0
    assert rows[3][:4] == ["all", "skeptic", "35", "70"]
    assert rows[3][-1] == "up"
    assert b"49 other dates" in table.stderr
    unknown = oresight("event", "nothing", home=settings.home)
    assert (unknown.returncode, b"oresight event --list" in unknown.stderr) == (2, True)
    listed = oresight("event", "--list", home=settings.home)
    assert listed.stdout.decode().splitlines()[1].startswith("swing\t2026-09-15")


def test_no_such_event(settings: Settings) -> None:
    """A name that is not in the list is told."""
    with pytest.raises(UsageError, match="no event 'x'"):
        events.study(settings, "x")
    assert isinstance(events.study(settings, "swing").as_of, datetime)
