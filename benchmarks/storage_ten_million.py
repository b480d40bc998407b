"""What ten million labelled items cost the store: python benchmarks/storage_ten_million.py [ITEMS] [--home DIR]

    real migrations -> items, labels, mentions made in SQL -> rebuild, estimates -> 10,000 more -> refresh -> publish
    -> weekly series from the views on the snapshot, as `oresight sql` asks them

Five years of ten communities; four items in ten come from Reddit, by 400,000 authors; stories are told two and a half
times. Words are put together from 4,000 sentences. Minerals and countries are those of the gazetteers, some named
most (Zipf); an item names 1.5 minerals, 1.2 countries, and a stage or an instrument now and then.

Nothing is left behind; ten million items take 20 GB of disk meanwhile.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows import reference, themes
from flows.refresh import estimate
from flows.settings import Settings
from nlp import validation
from nlp.verdicts import BACK
from storage import database, labels, query, series, tallies

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAYS = 1820
CHUNK = 500_000
MORE = 10_000
WEEKS = 26
T = TypeVar("T")

_WORDS = """
    CREATE TEMP TABLE words AS
    SELECT range AS at, 'What ' || substr(sha256(range::VARCHAR), 1, 24) || ' said of supply in the valley of '
           || substr(md5(range::VARCHAR), 1, 20) || ' is that it will not come before next year, if it comes at all. '
           AS said
    FROM range(4000)
"""
_NAMES = """
    CREATE TEMP TABLE names AS
    SELECT type, list(entity ORDER BY entity NOT IN ('lithium', 'CHL'), md5(entity)) AS entities FROM (
        SELECT 'mineral' AS type, mineral AS entity FROM minerals
        UNION ALL SELECT 'country', country FROM countries
        UNION ALL SELECT 'instrument', instrument FROM instruments
        UNION ALL SELECT DISTINCT 'stage', unnest(stages) FROM themes
    ) GROUP BY type
"""
# {days}: how many days before the end of the five years item n was published.
_MADE = """
    CREATE OR REPLACE TEMP TABLE made AS
    SELECT n, md5(n::VARCHAR)::UUID AS item_id, hash(n, 1) % 10 < 4 AS social,
           TIMESTAMPTZ '2026-11-22 12:00:00+00' - to_days(({days})::INTEGER) AS published_at,
           (hash(n, 2) % 5)::BIGINT AS community, (hash(n, 3) % 100)::DOUBLE / 100 AS sure,
           (hash(n, 4) % 100)::BIGINT AS dice
    FROM range({first}, {last}) AS numbers(n)
"""
_ITEMS = """
    INSERT INTO base.items BY NAME
    SELECT item_id, CASE WHEN social THEN 'social' ELSE 'news' END AS source_kind,
           CASE WHEN social THEN 'r/' ELSE 'feed-' END || (community + 5 * (n % 20)) AS channel,
           CASE WHEN social THEN ['investor', 'economics', 'geopolitics', 'energy-tech', 'regional']
                ELSE ['trade-press', 'official', 'think-tank', 'general-press', 'company'] END[community + 1]
               AS community,
           'guid-' || n AS guid, 'https://made.example/' || n AS url,
           a.said AS title, a.said || chr(10) || chr(10) || b.said || c.said AS text, item_id AS text_hash,
           published_at,
           'explicit' AS date_quality, published_at::DATE AS day, published_at AS first_seen_at,
           CASE WHEN NOT social THEN md5('story' || (n // 5 * 2 + n % 2))::UUID END AS story_id,
           CASE WHEN social THEN substr(sha256((hash(n, 5) % 400000)::VARCHAR), 1, 32) END AS author_hash,
           []::VARCHAR[] AS flags, 1 AS version, true AS relevant, 'en' AS language,
           '00000000-0000-0000-0000-000000000001'::UUID AS run_id
    FROM made JOIN words AS a ON a.at = hash(n, 6) % 4000 JOIN words AS b ON b.at = hash(n, 7) % 4000
    JOIN words AS c ON c.at = hash(n, 8) % 4000
    ORDER BY n
"""
_SCANS = """
    INSERT INTO base.scans BY NAME
    SELECT item_id, 1 AS version, 'made' AS model, 'made' AS gates, true AS relevant, 'en' AS language,
           published_at AS scanned_at FROM made ORDER BY n
"""
_LABELS = """
    INSERT INTO base.labels BY NAME
    SELECT made.item_id, 1 AS version, 'made' AS model, 'made' AS gates, source_kind, items.community, channel, day,
           CASE WHEN dice < 15 THEN 'realist' WHEN dice < 35 THEN 'industrial_collaboration'
                WHEN dice < 43 THEN 'skeptic' ELSE 'none' END AS stance,
           sure < 0.3 AS abstained, 0.4 + 0.6 * sure AS confidence,
           CASE stance WHEN 'realist' THEN confidence ELSE (1 - confidence) / 3 END AS p_realist,
           CASE stance WHEN 'industrial_collaboration' THEN confidence ELSE (1 - confidence) / 3 END
               AS p_industrial_collaboration,
           CASE stance WHEN 'skeptic' THEN confidence ELSE (1 - confidence) / 3 END AS p_skeptic,
           CASE stance WHEN 'none' THEN confidence ELSE (1 - confidence) / 3 END AS p_none,
           10 AS evidence_start, 60 AS evidence_end, made.published_at AS labelled_at,
           CASE WHEN dice % 10 = 0 THEN [(SELECT min(theme) FROM themes)] ELSE [] END AS themes
    FROM made JOIN base.items AS items ON items.item_id = made.item_id ORDER BY n
"""
_MENTIONS = """
    INSERT INTO base.mentions
    SELECT item_id, published_at::DATE, type,
           entities[least(len(entities), floor((len(entities) + 1) ** ((hash(n, k, type) % 10000) / 10000))::INTEGER)],
           'Supply', 5 * k, 5 * k + 5
    FROM made CROSS JOIN names CROSS JOIN range(3) AS times(k)
    WHERE hash(n, 9, k, type) % 100 < CASE type WHEN 'mineral' THEN 60 WHEN 'country' THEN 45 ELSE 15 END
    ORDER BY n
"""
_TOUCH = """
    INSERT INTO base.touched_days
    SELECT DISTINCT published_at::DATE FROM made WHERE published_at::DATE NOT IN (SELECT day FROM base.touched_days)
"""

PAIR = """
    SELECT week, stance, items FROM pairs_weekly
    WHERE mineral = 'lithium' AND country = 'CHL' AND community = 'all' ORDER BY week, stance
"""
BY_JOIN = """
    SELECT strftime(published_at AT TIME ZONE 'UTC', '%G-W%V') AS week, stance, count(*) AS items
    FROM labels JOIN items USING (item_id)
    WHERE item_id IN (SELECT item_id FROM mentions WHERE type = 'mineral' AND entity = 'lithium')
      AND item_id IN (SELECT item_id FROM mentions WHERE type = 'country' AND entity = 'CHL')
    GROUP BY ALL ORDER BY ALL
"""
QUESTIONS = {
    "one mineral in one country, by week": PAIR,
    "the same by a join of all items": BY_JOIN,
    "one mineral by week, with shares": "SELECT * FROM series_weekly WHERE dimension = 'mineral' "
    "AND entity = 'lithium' AND community = 'all' ORDER BY week, stance",
    "all minerals of one week": "SELECT * FROM series_weekly WHERE dimension = 'mineral' AND community = 'all' "
    "AND week = '2026-W46' ORDER BY entity, stance",
    "volumes of one mineral": "SELECT * FROM volumes_weekly WHERE dimension = 'mineral' AND entity = 'lithium' "
    "AND community = 'all' ORDER BY week",
}


def say(line: str) -> None:
    """Print it at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def peak_mb() -> float:
    """Highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(what: str, act: Callable[[], T]) -> T:
    """Run, print the seconds, those that cores were busy, and the memory peak so far; return the result."""
    started, busy = time.perf_counter(), time.process_time()
    result = act()
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    say(f"{what:<44} {seconds:9.2f} s   of a core {busy:8.2f} s   peak so far {peak_mb():6.0f} MB")
    return result


def prepare(con: Any) -> None:
    """What the store holds before any item: names, themes, a model with its record."""
    reference.fill(con)
    themes.apply(con, Settings())
    labels.register_model(con, "made", quality="made", card="", now=NOW)
    text = validation.read(Settings().stance_model)
    record = validation.parse(text or "")
    tallies.register(con, "made", record=text or "", told=validation.told(record), soft=record.soft)
    con.execute(_WORDS)
    con.execute(_NAMES)


def make(con: Any, first: int, last: int, days: str) -> None:
    """Items `first` to `last`, labelled, with what they name."""
    for start in range(first, last, CHUNK):
        con.execute(_MADE.format(first=start, last=min(start + CHUNK, last), days=days))
        for step in (_ITEMS, _SCANS, _LABELS, _MENTIONS, _TOUCH):
            con.execute(step)


def fill(home: Path, number: int) -> None:
    """The store with so many items, in the order in which they were published."""
    with database.open_live(home, job="bench", now=NOW) as con:
        prepare(con)
        make(con, 0, number, f"{DAYS} - 1 - n * {DAYS} // {number}")


def recompute(home: Path) -> None:
    """All series anew; shares of the last weeks only, for a week costs what a week costs."""
    with database.open_live(home, job="bench", now=NOW) as con:
        timed("rebuild: counts and tallies, 260 weeks", lambda: series.rebuild(con, now=NOW))
        for what in ("shares", "volumes"):
            for monday in tallies.waiting(con, what)[:-WEEKS]:
                con.execute("DELETE FROM base.touched_weeks WHERE week_start = ? AND what = ?", [monday, what])
        timed(f"rebuild: shares and verdicts, {WEEKS + BACK} and {WEEKS} weeks", lambda: estimate(con))


def add_more(home: Path, number: int) -> None:
    """As many more, nine in ten of the last two days, the others of the last two weeks."""
    with database.open_live(home, job="bench", now=NOW + timedelta(hours=1)) as con:
        con.execute(_WORDS)
        con.execute(_NAMES)
        make(con, number, number + MORE, "CASE WHEN n % 10 = 0 THEN n % 14 ELSE n % 2 END")
    with database.open_live(home, job="bench", now=NOW + timedelta(hours=2)) as con:
        timed("refresh after 10,000: counts and tallies", lambda: series.refresh(con, now=NOW))
        timed("refresh after 10,000: shares and verdicts", lambda: estimate(con))


def ask(home: Path) -> None:
    """The questions: medians of five on an open snapshot, and once as `oresight sql` runs it."""
    with database.open_snapshot(home, threads=2) as con:
        for name, sql in QUESTIONS.items():
            seconds, busy = [], []
            for _ in range(5):
                started, begun = time.perf_counter(), time.process_time()
                rows = len(con.execute(sql).fetchall())
                seconds.append(time.perf_counter() - started)
                busy.append(time.process_time() - begun)
            say(f"{name:<44} {median(seconds):9.3f} s   of a core {median(busy):8.3f} s   {rows:,} rows")
    timed("the first of these by `oresight sql`", lambda: query.fetch(home, PAIR))


def sizes(home: Path) -> None:
    """Rows and bytes."""
    with database.open_snapshot(home) as con:
        for table in ("items", "labels", "mentions", "series_daily", "series_pairs", "series_tallies", "series_shares"):
            say(f"{table:<44} {con.execute(f'SELECT count(*) FROM base.{table}').fetchone()[0]:11,} rows")  # noqa: S608
    say(f"{'live.duckdb':<44} {(home / 'live.duckdb').stat().st_size / 1e6:9.0f} MB")


def run(home: Path, number: int) -> None:
    """All of it, in one home."""
    timed(f"make {number:,} items", lambda: fill(home, number))
    recompute(home)
    add_more(home, number)
    timed("publish", lambda: database.publish(home, keep=1))
    sizes(home)
    ask(home)
    say(f"{'highest memory':<44} {peak_mb():9.0f} MB")


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("items", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--home", type=Path, help="make the store here, and leave it")
    given = parser.parse_args()
    if given.home:
        given.home.mkdir(parents=True, exist_ok=True)
        return run(given.home, given.items)
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), given.items)


if __name__ == "__main__":
    main()
