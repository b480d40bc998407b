"""Stores for the tests: a real DuckDB, in memory where no file is needed."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from storage.schema import migrate
from tests.storage.made import NOW, emptied


@pytest.fixture(scope="session")
def _shared() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        migrate(con, now=NOW)
        yield con


@pytest.fixture
def con(_shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """An empty, migrated store in memory."""
    return emptied(_shared)
