"""Other programs at the published snapshot: docs/storage.md."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from storage import database
from tests.storage.made import NOW, add_page, item, made_home, scan


def test_plain_duckdb_reads_while_a_job_writes(tmp_path: Path) -> None:
    """Other programs connect, also beside their own data, while a job has the live file; they see what is published."""
    home = made_home(tmp_path, [scan(item(1))])
    path = str(home / "current.duckdb")
    with database.open_live(home, job="collect", now=NOW) as live:
        add_page(live, [item(2)])
        with duckdb.connect(path, read_only=True) as con, duckdb.connect() as own:
            assert con.execute("SELECT count(*) FROM items").fetchall() == [(1,)]
            own.execute(f"ATTACH '{path}' AS oresight (READ_ONLY)")
            assert own.execute("SELECT sum(items) FROM oresight.series_weekly WHERE dimension = 'all'").fetchall() == [
                (2,)
            ]
    with duckdb.connect(path, read_only=True) as reader:
        for _ in range(5):
            database.publish(home)
        assert reader.execute("SELECT count(*) FROM items").fetchall() == [(1,)]
        with duckdb.connect(path, read_only=True) as again:
            assert again.execute("SELECT count(*) FROM items").fetchall() == [(2,)]
        with pytest.raises(duckdb.Error):
            reader.execute("DELETE FROM base.items")
