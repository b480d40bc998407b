"""Made items, pages, scans and stores for the storage tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import duckdb

from records import ChannelState, FetchResult, Item, Label, Mention, Scan
from storage import database, items, labels, series

NOW = datetime(2026, 11, 23, 12, 3, tzinfo=UTC)
KEY = {"model": "minilm-1", "gates": "gates-1"}
PASSAGE = "Europe cannot refine lithium without its partners in Chile"


def item_id(name: object) -> UUID:
    """The id of the made item of that name."""
    return uuid5(NAMESPACE_OID, str(name))


def item(name: object, **changes: Any) -> Item:
    """An article published on Tuesday of 2026-W47; its text holds PASSAGE at 10."""
    title = f"Title {name}"[:8].ljust(8, ".")
    values: dict[str, Any] = {
        "item_id": item_id(name),
        "source_kind": "news",
        "channel": "mining-weekly",
        "community": "trade-press",
        "guid": f"guid-{name}",
        "url": f"https://news.example/{name}",
        "original_url": f"https://news.example/{name}?utm_source=rss",
        "title": title,
        "text": f"{title}\n\n{PASSAGE}.",
        "published_at": NOW - timedelta(days=6),
        "published_raw": None,
        "date_quality": "explicit",
        "first_seen_at": NOW,
    }
    return Item(**(values | changes))


def post(name: object, **changes: Any) -> Item:
    """A Reddit submission of the same day."""
    values: dict[str, Any] = {"source_kind": "social", "channel": "mining", "community": "investor", "url": None}
    return item(name, **(values | changes))


def comment(name: object, thread: object, **changes: Any) -> Item:
    """A comment in that thread: it has no title of its own."""
    values: dict[str, Any] = {
        "title": "",
        "text": f"{'.' * 10}{PASSAGE}.",
        "thread_id": item_id(thread),
        "parent_id": item_id(thread),
        "context": f"Title of {thread} || An answer",
    }
    return post(name, **(values | changes))


def label(stance: str = "realist", *, abstained: bool = False, **changes: Any) -> Label:
    """A rather sure label whose evidence is PASSAGE."""
    values: dict[str, Any] = {
        "model": KEY["model"],
        "stance": stance,
        "probabilities": (0.7, 0.1, 0.1, 0.1),
        "confidence": 0.7,
        "abstained": abstained,
        "evidence": (10, 10 + len(PASSAGE)),
    }
    return Label(**(values | changes))


def scan(of: Item, stance: str | None = "realist", **changes: Any) -> Scan:
    """A scan that finds lithium and Chile; without a stance the item is not relevant."""
    if stance is None:
        return Scan(of, relevant=False, language="en", skipped="not relevant", **changes)
    start, end = of.text.index("lithium"), of.text.index("Chile")
    mentions = (
        Mention("mineral", "lithium", "lithium", start, start + 7),
        Mention("country", "CHL", "Chile", end, end + 5),
    )
    values: dict[str, Any] = {"mentions": mentions, "label": label(stance)}
    return Scan(of, relevant=True, language="en", **(values | changes))


def add_page(
    con: duckdb.DuckDBPyConnection, page: Sequence[Item], *, run: UUID | None = None, now: datetime = NOW
) -> items.Added:
    """Add items as one page of their channel, in a run of its own unless told."""
    run = run or items.start_run(con, "collect", now=now, version="0.1.0")
    channel = page[0].channel if page else "mining-weekly"
    result = FetchResult(channel, "ok", items=tuple(page), fetched=len(page))
    return items.add(con, run, result, ChannelState(channel, "ok", last_attempt_at=now), now=now)


def add_scans(con: duckdb.DuckDBPyConnection, scans: Sequence[Scan], *, now: datetime = NOW, **changes: Any) -> None:
    """Register the model and add the scans."""
    values: dict[str, Any] = {**KEY, "forget": ()} | changes
    labels.register_model(con, values["model"], quality="Macro-F1 0.71.", card="# Card", now=now)
    labels.add(con, scans, now=now, **values)


def fill(con: duckdb.DuckDBPyConnection, scans: Iterable[Scan]) -> None:
    """Items, scans and series at once."""
    scans = tuple(scans)
    for channel in sorted({s.item.channel for s in scans}):
        add_page(con, [s.item for s in scans if s.item.channel == channel])
    add_scans(con, scans)
    series.refresh(con, now=NOW)


def made_home(home: Path, scans: Iterable[Scan]) -> Path:
    """A published store that holds these scans."""
    with database.open_live(home, job="test", now=NOW) as con:
        fill(con, scans)
    database.publish(home)
    return home


def emptied(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same connection without rows: cheaper than a new store for every example of a law."""
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'base'").fetchall()
    for (name,) in tables:
        if name != "schema_migrations":
            con.execute(f"DELETE FROM base.{name}")
    return con
