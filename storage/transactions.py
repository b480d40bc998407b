"""All or nothing.

BEGIN -> the unit's statements -> COMMIT | ROLLBACK
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing; nests nowhere."""
    con.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # after a full disk the handle refuses this too; nothing was committed
            con.rollback()
        raise
    con.commit()
