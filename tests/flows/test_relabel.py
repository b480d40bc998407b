"""A new model takes over: what older ones have labelled is labelled again, and the series mend."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows import jobs
from flows.label import label_items
from flows.settings import load
from storage import database, erasure, items, series
from tests.storage.made import KEY, NOW, add_page, add_scans, item, post, scan

LABELS = "SELECT guid, model FROM labels JOIN base.items USING (item_id) ORDER BY guid"


def test_relabelling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an older model labelled is labelled again, a part at a time if need be; erased items keep their labels."""
    old = [item(n, published_at=NOW - timedelta(days=3 + 7 * (n % 2))) for n in range(5)]
    gone = post("gone", guid="t3_gone")
    with database.open_live(tmp_path, job="test", now=NOW) as con:
        for page in (old, [gone]):
            add_page(con, page)
            add_scans(con, [scan(one) for one in page])
        run = items.start_run(con, "purge", now=NOW, version="0.1.0")
        erasure.record(con, run, there=(), gone={"t3_gone": "[deleted]"}, nameless=(), now=NOW)
        add_page(con, [item("unread")])
        series.refresh(con, now=NOW)
    settings, later = load(home=tmp_path), NOW + timedelta(hours=1)
    assert label_items(settings, (), now=later, limit=2, again=True) == 2
    with database.open_snapshot(tmp_path) as con:
        assert [model for _, model in con.execute(LABELS).fetchall()].count(KEY["model"]) == 4
    jobs.relabel(settings, now=later)
    jobs.refresh(settings, now=later)
    said = capsys.readouterr().err.splitlines()
    assert said == ["labelled 3 items again", "refreshed 3 days of the series"]
    with database.open_snapshot(tmp_path) as con:
        models = dict(con.execute(LABELS).fetchall())
        assert models.pop("t3_gone") == KEY["model"]
        assert set(models) == {one.guid for one in old}
        assert KEY["model"] not in models.values()
        former = con.execute("SELECT DISTINCT model, replaced_at FROM former_labels").fetchall()
        assert former == [(KEY["model"], later)]
        broken = "SELECT DISTINCT model_break FROM series_weekly WHERE community = 'trade-press'"
        assert con.execute(broken).fetchall() == [(False,)]
