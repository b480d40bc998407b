"""How long the archive takes: python benchmarks/site_speed.py [ITEMS]   (default 104,000; made texts, 52 weeks)

made store -> HOME/site: from nothing, again with nothing new, after one deletion, after a week more
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows import archive
from flows.refresh import estimate
from flows.report import write_archive
from flows.settings import GAZETTEERS, Settings, load
from storage import database, erasure, items, labels, series

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
WEEKS = 52
MINERALS, COUNTRIES = 40, 60
COMMUNITIES = (
    "trade-press",
    "general-press",
    "official",
    "think-tank",
    "investor",
    "economics",
    "geopolitics",
    "regional",
)
_MADE = """
    CREATE TEMP TABLE made AS
    SELECT i, md5('item' || i)::UUID AS item_id, (hash('a' || i) % 8)::INTEGER AS c, c >= 4 AS social,
           ($first::TIMESTAMP + to_seconds((i * $step)::BIGINT)) AT TIME ZONE 'UTC' AS published_at,
           -- The third power of a number between 0 and 1 makes a few names frequent and many rare.
           (((hash('b' || i) % 1000) / 1000) ** 2 * len($minerals))::INTEGER % len($minerals) + 1 AS mineral,
           (((hash('c' || i) % 1000) / 1000) ** 2 * len($countries))::INTEGER % len($countries) + 1 AS country,
           ['realist', 'industrial_collaboration', 'skeptic', 'none', 'none', 'none'][1 + (hash('d' || i) % 6)::INTEGER]
               AS stance,
           'Story ' || i || ' of a mine' AS title,
           title || chr(10) || chr(10) || 'Supply of ' || $minerals[mineral] || ' from ' || $countries[country]
               || ' stays in few hands, and number ' || i || ' says that this will not change before somebody signs for'
               || ' ten years. ' || repeat('It was said before. ', 20) AS text
    FROM range($begin, $end) AS r(i)
"""
_ITEMS = """
    INSERT INTO base.items BY NAME
    SELECT item_id, if(social, 'social', 'news') AS source_kind, $communities[1 + c] AS community,
           community || '-' || i % 5 AS channel, CASE WHEN social THEN 't3_' ELSE 'g' END || i AS guid,
           'https://news.example/' || i AS url, url AS original_url, title, text, item_id AS text_hash, published_at,
           'explicit' AS date_quality, (published_at AT TIME ZONE 'UTC')::DATE AS day, published_at AS first_seen_at,
           CASE WHEN social THEN item_id END AS thread_id,
           CASE WHEN NOT social THEN md5('story' || i // 2)::UUID END AS story_id,
           CASE WHEN social THEN md5((hash('e' || i) % 900)::VARCHAR) END AS author_hash, []::VARCHAR[] AS flags,
           1 AS version, true AS relevant, 'en' AS language, $run AS run_id
    FROM made
"""
_READ = (
    """
    INSERT INTO base.labels BY NAME
    SELECT item_id, version, 'made' AS model, 'made' AS gates, source_kind, community, channel, items.day, made.stance,
           hash('f' || i) % 12 = 0 AS abstained, 0.5 + (hash('g' || i) % 400) / 1000 AS confidence,
           if(made.stance = 'realist', 0.7, 0.1) AS p_realist,
           if(made.stance = 'industrial_collaboration', 0.7, 0.1) AS p_industrial_collaboration,
           if(made.stance = 'skeptic', 0.7, 0.1) AS p_skeptic, if(made.stance = 'none', 0.7, 0.1) AS p_none,
           length(items.title) + 2 AS evidence_start, length(items.title) + 150 AS evidence_end,
           items.published_at AS labelled_at
    FROM base.items AS items JOIN made USING (item_id)
    """,
    """
    INSERT INTO base.scans BY NAME
    SELECT item_id, 1 AS version, 'made' AS model, 'made' AS gates, true AS relevant, 'en' AS language,
           published_at AS scanned_at
    FROM made
    """,
    """
    INSERT INTO base.mentions BY NAME
    SELECT item_id, (published_at AT TIME ZONE 'UTC')::DATE AS day, 'mineral' AS type, $minerals[mineral] AS entity,
           entity AS surface, length(title) + 12 AS span_start, span_start + length(entity) AS span_end FROM made
    """,
    """
    INSERT INTO base.mentions BY NAME
    SELECT item_id, (published_at AT TIME ZONE 'UTC')::DATE AS day, 'country' AS type, $countries[country] AS entity,
           entity AS surface, 0 AS span_start, 0 AS span_end FROM made
    """,
    """
    INSERT INTO base.coverage BY NAME
    SELECT $run AS run_id, community || '-' || n AS channel, asked AS due_at, asked AS recorded_at, 'ok' AS state,
           '' AS reason, 40 AS fetched, 8 AS new, 0 AS updated, 0 AS dropped
    FROM (SELECT unnest($communities) AS community), range(5) AS channels(n),
         (SELECT DISTINCT date_trunc('day', published_at) + INTERVAL 6 HOURS AS asked FROM made)
    """,
    "INSERT INTO base.touched_days SELECT DISTINCT (published_at AT TIME ZONE 'UTC')::DATE FROM made",
)  # fmt: skip


def names(kind: str, number: int) -> list[str]:
    """The first names of a gazetteer."""
    with (GAZETTEERS / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return [row[0] for row in islice(csv.reader(file), 1, number + 1)]


def fill(con: Any, begin: int, end: int, step: float, now: datetime) -> None:
    """Items of these numbers, `step` seconds apart from the first week's Monday on, labelled, counted and estimated."""
    run = items.start_run(con, "collect", now=now, version="bench")
    given = {
        "first": NOW.date() - timedelta(weeks=WEEKS), "step": step, "begin": begin, "end": end, "run": run,
        "minerals": names("minerals", MINERALS), "countries": names("countries", COUNTRIES),
        "communities": list(COMMUNITIES),
    }  # fmt: skip
    for sql in (_MADE, _ITEMS, *_READ, "DROP TABLE made"):
        con.execute(sql, {name: value for name, value in given.items() if f"${name}" in sql})
    labels.register_model(con, "made", quality="Made.", card="", now=now)
    series.refresh(con, now=now)
    estimate(con)


def store(home: Path, begin: int, end: int, step: float, now: datetime) -> None:
    """Items of these numbers in a published store."""
    with database.open_live(home, job="bench", now=now) as con:
        fill(con, begin, end, step, now)
    database.publish(home)


def erased(home: Path) -> None:
    """One post gone, as Reddit tells it, and the store published."""
    with database.open_live(home, job="bench", now=NOW) as con:
        run = items.start_run(con, "purge", now=NOW, version="bench")
        (guid,) = con.execute("SELECT max(guid) FROM base.items WHERE source_kind = 'social'").fetchall()[0]
        erasure.record(con, run, there=(), gone={guid: "[deleted]"}, nameless=(), now=NOW)
    database.publish(home)


def timed(what: str, settings: Settings) -> None:
    """Bring the archive up to date; print seconds by the clock and by the processor, and the pages written."""
    folder = settings.home / archive.FOLDER
    before = {path: path.stat().st_ino for path in folder.rglob("*.*")}
    wall, cpu = time.perf_counter(), time.process_time()
    write_archive(settings)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    after = [path for path in folder.rglob("*.*")]
    written = sum(before.get(path) != path.stat().st_ino for path in after)
    size = sum(path.stat().st_size for path in after) / 1e6
    sys.stdout.write(
        f"{what:<34} {wall:7.1f} s, {cpu:6.1f} s of a core; {written} of {len(after)} pages, {size:.1f} MB\n"
    )
    sys.stdout.flush()


def main(number: int) -> None:
    """Print what each step took."""
    with tempfile.TemporaryDirectory() as folder:
        settings, step = load(home=Path(folder)), WEEKS * 7 * 86400 / number
        store(settings.home, 0, number, step, NOW)
        timed(f"{WEEKS} weeks of {number:,} items", settings)
        timed("again, nothing new", settings)
        erased(settings.home)
        timed("after one deletion", settings)
        store(settings.home, number, number + number // WEEKS, step, NOW + timedelta(weeks=1))
        timed("after a week more", settings)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"peak memory {memory / 1024:.0f} MB\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 104_000)
