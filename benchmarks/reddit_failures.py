"""Each failure of Reddit's listing and the state it becomes, against a server on loopback: the table of the documents.

python benchmarks/reddit_failures.py          as docs/reddit-failures.md shows it
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.reddit_failures import rows, run_all

if __name__ == "__main__":
    print(*rows(results[-1] for results in run_all()), sep="\n")  # noqa: T201 - it is what this prints
