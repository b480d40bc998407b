"""`oresight demo`: the whole pipe over the bundled sample."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
from pathlib import Path

import pytest

from tests.conftest import Demo
from tests.flows.command import oresight

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def ask(home: Path, sql: str) -> list[dict[str, str]]:
    """Rows of one query."""
    done = oresight("sql", sql, "--format", "csv", home=home)
    assert done.returncode == 0, done.stderr.decode()
    return list(csv.DictReader(io.StringIO(done.stdout.decode())))


def test_the_demo_names_its_pages(demo: Demo) -> None:
    """It ends well; stdout holds the paths of the pages and nothing else."""
    assert demo.code == 0, demo.err
    pages = [Path(line) for line in demo.out.splitlines()]
    assert [p.suffix for p in pages] == [".html", ".md"]
    assert all((demo.home.parent.parent / p).stat().st_size > 1000 for p in pages)


def test_every_page_says_that_it_is_a_sample(demo: Demo) -> None:
    """Nobody can take the sample for the world."""
    pages = list((demo.home / "digests").iterdir())
    assert len(pages) == 2
    assert all("sample data" in p.read_text().lower() for p in pages)


def test_the_sample_is_as_large_as_promised(demo: Demo) -> None:
    """At least 600 items from 12 feeds and 4 subreddits, over eight weeks."""
    (found,) = ask(
        demo.home,
        "select count(*) items, count(distinct channel) filter (source_kind = 'news') feeds,"
        " count(distinct channel) filter (source_kind = 'social') subreddits,"
        " count(distinct strftime(published_at at time zone 'UTC', '%G-W%V')) as weeks from items",
    )
    assert int(found["items"]) >= 600
    assert int(found["feeds"]) >= 12
    assert int(found["subreddits"]) >= 4
    assert int(found["weeks"]) >= 8


def test_every_item_is_read_once(demo: Demo) -> None:
    """Every relevant English item has one label, ids are unique, and nothing waits."""
    (found,) = ask(
        demo.home,
        "select count(*) - count(distinct item_id) as twice, count(*) filter (relevant is null) as waiting,"
        " count(*) filter (relevant and language = 'en') - (select count(*) from labels) as spare from items",
    )
    assert found["twice"] == "0"
    assert found["waiting"] == "0"
    assert int(found["spare"]) <= 0


def test_spans_lie_in_the_stored_text(demo: Demo) -> None:
    """Mentions and evidence are found in the stored text at their offsets."""
    (found,) = ask(
        demo.home,
        "select count(*) n, count(*) filter (substring(text, span_start + 1, span_end - span_start) <> surface) wrong"
        " from mentions join items using (item_id)",
    )
    assert int(found["n"]) > 300
    assert found["wrong"] == "0"
    (found,) = ask(
        demo.home,
        "select count(*) n, count(*) filter (evidence_start < 0 or evidence_end > length(text)"
        " or evidence_start >= evidence_end) wrong from labels join items using (item_id)"
        " where evidence_start is not null",
    )
    assert int(found["n"]) > 50
    assert found["wrong"] == "0"


def test_a_failed_channel_has_a_row_with_its_reason(demo: Demo) -> None:
    """The feed that answers 503 stands in coverage; the others delivered."""
    rows = ask(demo.home, "select channel, state, reason from coverage where state not in ('ok', 'empty')")
    assert [(r["channel"], r["state"]) for r in rows] == [("basin-bulletin", "soft")]
    assert "503" in rows[0]["reason"]


def test_page_and_sql_agree(demo: Demo) -> None:
    """The page's numbers are the numbers that its own SQL gives."""
    done = oresight("digest", "--format", "json", "--out", str(demo.home / "again"), home=demo.home)
    assert done.returncode == 0, done.stderr.decode()
    page = json.loads((demo.home.parent.parent / done.stdout.decode().strip()).read_text())
    week = page["week"]
    rows = ask(
        demo.home,
        f"select stance, items from series_weekly where week = '{week}' and dimension = 'all' and community = 'all'",
    )
    counted = {r["stance"]: int(r["items"]) for r in rows}
    assert re.fullmatch(r"\d{4}-W\d{2}", week)
    assert sum(counted.values()) > 30
    assert page["health"]["abstained"] == counted.get("abstained", 0)


def test_the_same_store_gives_the_same_page(demo: Demo) -> None:
    """Written again, the page is the same to the byte."""
    done = oresight("digest", "--out", str(demo.home / "twice"), home=demo.home)
    assert done.returncode == 0
    for page in (demo.home / "twice").iterdir():
        assert page.read_bytes() == (demo.home / "digests" / page.name).read_bytes()


def test_status_shows_every_channel(demo: Demo) -> None:
    """`status` in the demo's home lists all its channels with their states."""
    done = oresight("status", home=demo.home)
    lines = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert done.returncode == 0
    assert len(lines) == 20
    assert [line[2] for line in lines if line[0] == "basin-bulletin"] == ["soft"]
    assert b"bundled sample" in done.stderr


def test_a_second_writer_is_told_who_is_first(demo: Demo) -> None:
    """While another job holds the store, a second one ends with one line and exit 1; readers go on."""
    with (demo.home / "writer.lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"collect\n{os.getpid()}\n2026-11-23T12:03:00+00:00\n")
        file.flush()
        done = oresight("refresh", home=demo.home)
        assert ask(demo.home, "select count(*) n from items")
        file.truncate(0)
    assert done.returncode == 1
    assert f"another job (collect, pid {os.getpid()}, since 12:03 UTC)" in done.stderr.decode()


def test_a_home_that_is_no_sample_is_left_alone(tmp_path: Path) -> None:
    """The demo never clears a folder that it did not make."""
    (tmp_path / "var" / "demo").mkdir(parents=True)
    (tmp_path / "var" / "demo" / "mine.txt").write_text("keep")
    done = oresight("demo", home=tmp_path / "var")
    assert done.returncode == 2
    assert (tmp_path / "var" / "demo" / "mine.txt").read_text() == "keep"
