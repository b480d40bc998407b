"""Whether a folder of feeds goes through: no exception, and no entry fewer than feedparser finds on the same bytes.

    pip download --no-deps --no-binary :all: feedparser==6.0.14 && tar xzf feedparser-6.0.14.tar.gz
    python benchmarks/feeds_corpus.py feedparser-6.0.14/tests

Entries without title, text and link are counted as dropped, and so as found.
"""

from __future__ import annotations

import io
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import feedparser  # noqa: E402

from records import Channel  # noqa: E402
from sources import charset, plainfeed  # noqa: E402
from sources.feeds import parse  # noqa: E402
from sources.page import Page  # noqa: E402

CHANNEL = Channel("corpus", "feed", "trade-press", "http://example.com/feed")


def main(folder: Path) -> int:
    """Go through all XML files below the folder; the exit code is 1 when one was read worse than by feedparser."""
    found: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.xml")):
        body = path.read_bytes()
        expected = len(feedparser.parse(io.BytesIO(body)).entries)
        page = Page(CHANNEL.address, CHANNEL.address, 200, (), body, "", None, None)
        result = parse(page, CHANNEL, now=datetime(2026, 11, 23, tzinfo=UTC))
        found["files"] += 1
        found["read by the C parser"] += plainfeed.read(charset.decode(body, "").text) is not None
        found["entries of feedparser"] += expected
        found["entries of ours"] += result.fetched
        if result.fetched < expected:
            found["files with fewer"] += 1
            print(f"{path}: {result.fetched} of {expected} entries: {result.state}, {result.reason}")  # noqa: T201
    for what, number in found.items():
        print(f"{number:7,} {what}")  # noqa: T201
    return 1 if found["files with fewer"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
