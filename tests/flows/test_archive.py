"""The archive on disk: what it is made from, what is written again, and what vanishes."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.archive import FOLDER
from flows.cleaning import clean
from flows.reading import address
from flows.refresh import estimate
from flows.report import write_archive
from flows.settings import ROOT, load
from records import Scan
from storage import database, erasure, items, series
from tests.storage.made import NOW, add_page, add_scans, comment, item_id, label, post, scan

STANCES = ("realist", "industrial_collaboration", "skeptic")
WORD = secrets.token_hex(12)
LATER = NOW + timedelta(days=7)


def talk(week: int, number: int = 21) -> list[Scan]:
    """A week's posts on lithium and Chile, of as many authors, so many weeks back from 2026-W47; one says WORD."""
    told = []
    for n in range(number):
        said = WORD if (week, n) == (1, 0) else f"{week:02} {n:02}"
        text = f"Title {said}\n\nEurope cannot refine lithium without its partners in Chile, says number {said}."
        start = text.index("Europe")
        made = post(
            f"{week}-{n}", guid=f"t3_{abs(week)}w{n}", title=f"Title {said}", text=text, author_hash=f"{n:032}",
            url=f"https://reddit.example/{said}".replace(" ", ""), published_at=NOW - timedelta(days=6 + 7 * week),
            thread_id=item_id(f"{week}-{n}"),
        )  # fmt: skip
        told.append(scan(made, STANCES[n % 3], label=sure(STANCES[n % 3], start, len(text) - 1, n)))
    return told


def sure(stance: str, start: int, end: int, n: int) -> Any:
    """A label that is the surer the lower its number."""
    return label(stance, evidence=(start, end), confidence=0.9 - n / 100)


def store(home: Path, scans: Iterable[Scan], now: Any = NOW) -> None:
    """Add, count, estimate and publish."""
    told = tuple(scans)
    with database.open_live(home, job="test", now=now) as con:
        add_page(con, [one.item for one in told])
        add_scans(con, told, now=now)
        series.refresh(con, now=now)
        estimate(con)
    database.publish(home)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three weeks of talk, and its archive; a comment under the post with WORD is quoted too."""
    home = tmp_path_factory.mktemp("archive") / "var"
    answer = comment("c", "1-0", guid="t1_c", context=f"Title {WORD} || No", published_at=NOW - timedelta(days=13))
    store(home, [*talk(2), *talk(1), *talk(0), scan(answer, "skeptic", label=sure("skeptic", 10, 68, -5))])
    write_archive(load(home=home))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return shutil.copytree(made, tmp_path / "var", symlinks=True)


def pages(home: Path) -> dict[str, bytes]:
    """Every file of the archive."""
    folder = home / FOLDER
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def afresh(home: Path) -> dict[str, bytes]:
    """The archive of a home, made from nothing."""
    shutil.rmtree(home / FOLDER)
    write_archive(load(home=home))
    return pages(home)


def test_an_archive_tells_weeks_and_entities(home: Path) -> None:
    """A page for each week that is over, for lithium, Chile and the investors; shares, passages and links in it."""
    told = pages(home)
    assert {"weeks/2026-W45.html", "weeks/2026-W46.html", "weeks/2026-W47.html"} <= told.keys()
    assert {"minerals/lithium.html", "countries/chl.html", "communities/investor.html", "feed.xml"} <= told.keys()
    lithium = told["minerals/lithium.html"].decode()
    assert "In week 47, 21 of 21 items take a stance: Realist" in lithium
    assert lithium.count("<blockquote") == 9
    assert "Europe cannot refine lithium without its partners in Chile, says number 00 00</blockquote>" in lithium
    assert "https://reddit.example/0000" in lithium
    assert WORD in told["search.html"].decode()


def test_nothing_new_touches_nothing(home: Path) -> None:
    """Told again from the same store, no file is written; later, from a store refreshed meanwhile, none either."""
    before = {path: path.stat().st_ino for path in (home / FOLDER).rglob("*.*")}
    write_archive(load(home=home))
    with database.open_live(home, job="test", now=NOW) as con:
        items.start_run(con, "collect", now=NOW + timedelta(hours=8), version="later")
        series.refresh(con, now=NOW + timedelta(hours=9))
    database.publish(home)
    write_archive(load(home=home))
    assert {path: path.stat().st_ino for path in (home / FOLDER).rglob("*.*")} == before


def test_what_was_there_before_makes_no_difference(home: Path) -> None:
    """After a week more, a late item and pages that somebody emptied, the archive is what it would be from nothing."""
    (late, *_) = talk(2, 22)[21:]
    store(home, [*talk(-1), late], now=LATER)
    (home / FOLDER / "countries" / "chl.html").write_bytes(b"")
    write_archive(load(home=home))
    told = pages(home)
    assert "weeks/2026-W48.html" in told
    assert told == afresh(home)


def test_pages_of_what_is_gone_are_removed(home: Path) -> None:
    """A page of an entity that is no longer told goes, and half a page of a killed run; a file of the owner's stays."""
    folder = home / FOLDER / "minerals"
    shutil.copy(folder / "lithium.html", folder / "unobtainium.html")
    (folder / ".lithium.html.4711").write_text(WORD)
    (folder / "notes.html").write_text("mine")
    write_archive(load(home=home))
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "lithium.html", "notes.html"]


def test_erased_words_leave_the_archive(home: Path) -> None:
    """A deleted post's title, words and address, quoted on five pages, are in no byte of the archive afterwards."""
    holding = {path for path, page in pages(home).items() if WORD.encode() in page}
    assert holding >= {"weeks/2026-W46.html", "minerals/lithium.html", "countries/chl.html", "search.html"}
    with database.open_live(home, job="test", now=LATER) as con:
        run = items.start_run(con, "purge", now=LATER, version="test")
        assert erasure.record(con, run, there=(), gone={"t3_1w0": "[deleted]"}, nameless=(), now=LATER) == 1
    clean(load(home=home), job="purge", now=LATER)
    assert {path for path, page in pages(home).items() if WORD.encode() in page} == set()
    assert b"says number 01 03" in pages(home)["minerals/lithium.html"]


def test_a_store_without_a_whole_week_has_an_archive_too(tmp_path: Path) -> None:
    """Before the first week is over the lists say so."""
    store(tmp_path, talk(0), now=NOW - timedelta(days=4))
    assert b"No week is over yet" in write_archive(load(home=tmp_path)).read_bytes()


def opened(tmp_path: Path, page: str | None, **env: str) -> subprocess.CompletedProcess[str]:
    """`flows.reading.open_page` in a process of its own, with these variables."""
    code = f"from flows import reading; print(reading.open_page({page!r}))"
    told = {"PATH": str(tmp_path), "HOME": str(tmp_path), **env}
    done = subprocess.run([sys.executable, "-c", code], env=told, cwd=ROOT, capture_output=True, text=True, check=True)
    return done


def test_the_readers_browser_opens_the_page(tmp_path: Path) -> None:
    """BROWSER is given the page's address; without a browser, or a page, one line says what to do."""
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    browser.chmod(0o755)
    assert opened(tmp_path, "file:///a.html", BROWSER=f"{browser} %s").stdout == "True\n"
    assert seen.read_text() == "file:///a.html\n"
    alone = opened(tmp_path / "empty", "file:///a.html")
    assert (alone.stdout, alone.stderr.count("\n")) == ("False\n", 1)
    assert "open file:///a.html in one" in alone.stderr
    assert "write one with --format html" in opened(tmp_path, None).stderr


@pytest.mark.parametrize(("there", "expected"), [
    (("site/weeks/2026-W47.html", "digests/2026-W47.html", "site/index.html"), "site/weeks/2026-W47.html"),
    (("digests/2026-W47.html", "site/index.html"), "digests/2026-W47.html"),
    (("site/index.html",), "site/index.html"),
    ((), None),
])  # fmt: skip
def test_what_is_opened(tmp_path: Path, there: tuple[str, ...], expected: str | None) -> None:
    """The week's page in the archive, else the page that was written, else the archive, else nothing."""
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    written = [tmp_path / "digests" / f"2026-W47.{fmt}" for fmt in ("md", "html")]
    told = address("2026-W47", written, tmp_path / "site")
    assert told == (None if expected is None else (tmp_path / expected).resolve().as_uri())
