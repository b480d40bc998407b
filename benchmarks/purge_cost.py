"""What cleaning the files costs: a store of made Reddit items, a few of them erased. ITEMS may be given.

made items -> record (erase 100) -> scrubbed (copy, publish, swap): seconds, MB, peak memory
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from storage import database, erasure
from storage.scrub import scrubbed

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ITEMS = """
    INSERT INTO base.items BY NAME
    SELECT uuid() AS item_id, 'social' AS source_kind, 'mining' AS channel, 'investor' AS community,
           't1_' || i AS guid, 'https://www.reddit.com/r/mining/comments/' || i // 40 || '/a_title/' || i || '/' AS url,
           url AS original_url, '' AS title,
           array_to_string(list_transform(range(40), lambda n: md5((i * 100 + n)::VARCHAR)[:6]), ' ') AS text,
           uuid() AS text_hash, 'A title || ' || md5(i::VARCHAR) AS context, $now::TIMESTAMPTZ AS published_at,
           'explicit' AS date_quality, $now::DATE AS day, $now::TIMESTAMPTZ AS first_seen_at,
           md5((i // 40)::VARCHAR)::UUID AS thread_id, uuid() AS parent_id, md5((i % 5000)::VARCHAR) AS author_hash,
           []::VARCHAR[] AS flags, 1 AS version, true AS relevant, 'en' AS language, uuid() AS run_id
    FROM range($items) AS made(i)
"""
READ = (
    """
    INSERT INTO base.labels BY NAME
    SELECT item_id, 1 AS version, 'm' AS model, 'g' AS gates, source_kind, community, channel, day,
           'realist' AS stance, false AS abstained, 0.7 AS confidence, 0.7 AS p_realist,
           0.1 AS p_industrial_collaboration, 0.1 AS p_skeptic, 0.1 AS p_none, 10 AS evidence_start,
           50 AS evidence_end, first_seen_at AS labelled_at FROM base.items
    """,
    """
    INSERT INTO base.mentions BY NAME
    SELECT item_id, day, 'mineral' AS type, 'lithium' AS entity, 'lithium' AS surface, 1 AS span_start, 8 AS span_end
    FROM base.items, range(2)
    """,
)


def main(number: int) -> None:
    """Print what each part took."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with database.open_live(home, job="benchmark", now=NOW) as con:
            con.execute(ITEMS, {"items": number, "now": NOW})
            for sql in READ:
                con.execute(sql)
        print(f"{number} items: {(home / 'live.duckdb').stat().st_size >> 20} MB")  # noqa: T201
        began = clocks()
        with database.open_live(home, job="benchmark", now=NOW) as con:
            names = [name for name, _ in erasure.kept(con, 60_000)]
            told("choose 60,000 to ask for", began)
            began = clocks()
            gone = dict.fromkeys(names[:100], "vanished")
            erasure.record(con, uuid4(), there=names[100:2000], gone=gone, nameless=(), now=NOW)
            told("record 20 calls, 100 items erased", began)
        began = clocks()
        with scrubbed(home, job="benchmark", now=NOW):
            told("copy and publish", began)
        told("clean the files, in all", began)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")  # noqa: T201


def clocks() -> tuple[float, float]:
    """Wall and CPU seconds, the children's included."""
    spent = os.times()
    return time.perf_counter(), sum(spent[:4])


def told(what: str, began: tuple[float, float]) -> None:
    """Print one line."""
    wall, spent = (now - then for now, then in zip(clocks(), began, strict=True))
    print(f"{what}: {wall:.2f} s, of CPU {spent:.2f} s")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 200_000)
