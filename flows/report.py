"""The week's digest, from the published snapshot to files.

snapshot -> storage.series reads -> Digest -> digest.render -> HOME/digests/2026-W47.html, .md, .json, .eml
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow

from digest import mail, render
from digest.movers import choose as choose_movers
from digest.voices import choose as choose_voices
from flows import archive, events, show, weeks, whole
from flows.errors import UsageError
from flows.settings import GAZETTEERS, Settings, load
from records import Digest, Mover, Query, Quotation
from storage import database, drift, health, movers, quotations, series, weekly

FORMATS: dict[str, Callable[..., str | bytes]] = {
    "html": render.html,
    "md": render.markdown,
    "json": render.as_json,
    "eml": mail.eml,
}
HISTORY = 26


def write_digest(
    settings: Settings, *, week: str, formats: Sequence[str] = ("html", "md"), out: Path | None = None
) -> tuple[Path, ...]:
    """Write the week's pages, bring the archive up to date, and return the pages' paths, in the order of `formats`.

    Raises:
        UsageError, storage.errors.StorageError: as `write_pages`.
    """
    pages = write_pages(settings, week=week, formats=formats, out=out)
    show.say(f"all weeks, minerals, countries and communities, with a search: {write_archive(settings)}")
    return pages


def write_archive(settings: Settings) -> Path:
    """Bring HOME/site up to date and return its first page.

    Raises:
        storage.errors.StorageError: nothing is published yet, or the snapshot cannot be read.
    """
    return archive.refresh(settings, read, country_names(GAZETTEERS / "countries.csv"))


def write_pages(
    settings: Settings, *, week: str, formats: Sequence[str] = ("html", "md"), out: Path | None = None
) -> tuple[Path, ...]:
    """Write the week's pages and return their paths, in the order of `formats`.

    Raises:
        UsageError: no such week or format.
        storage.errors.StorageError: nothing is published yet, or the snapshot cannot be read.
    """
    _check(formats)
    return put(settings, build(settings, week), formats=formats, out=out)


def put(
    settings: Settings, digest: Digest, *, formats: Sequence[str], out: Path | None = None, name: str | None = None
) -> tuple[Path, ...]:
    """Write a digest's pages, under its week's name unless told, and return their paths.

    Raises:
        UsageError: no such format.
    """
    _check(formats)
    names = country_names(GAZETTEERS / "countries.csv")
    folder = out or settings.home / "digests"
    folder.mkdir(parents=True, exist_ok=True)
    stem = name or digest.week
    return tuple(whole.put(folder / f"{stem}.{fmt}", FORMATS[fmt](digest, names=names)) for fmt in formats)


def _check(formats: Sequence[str]) -> None:
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise UsageError(f"no format '{sorted(unknown)[0]}'; known are {', '.join(FORMATS)}")


def build(settings: Settings, week: str) -> Digest:
    """Everything that the week's page says, read from the snapshot; the same store and week give the same Digest."""
    weeks.monday(week)  # a wrong week is told before a missing snapshot
    with database.open_snapshot(settings.home) as con:
        return read(con, settings, week)


def read(con: Any, settings: Settings, week: str) -> Digest:
    """The Digest of a week, as a store tells it.

    Raises:
        UsageError: no such week.
        EventsError: a line of the list of events cannot be used.
        storage.errors.NotRefreshed: the series were never computed.
    """
    first = weeks.monday(week)
    last = first + timedelta(days=6)
    history = series.history(con, week, HISTORY)
    model, quality = series.model_in_use(con)
    voices, counter = choose_voices(series.quotations(con, week, per_stance=2), history[-1])
    moved = choose_movers(movers.movers(con, week))
    return Digest(
        week=week,
        first_day=first,
        last_day=last,
        sample=settings.is_sample,
        week_total=history[-1],
        week_before=history[-2],
        history=history,
        communities=series.community_counts(con, week),
        minerals=series.counts(con, week, "mineral"),
        countries=series.counts(con, week, "country"),
        quotations=voices,
        health=replace(series.health(con, week), drift=drift.drift(con, week, model)),
        model=model,
        model_quality=quality,
        as_of=series.freshness(con),
        queries=_queries(week, model, (*voices, *([counter] if counter else [])), moved),
        correction=series.correction(con, model),
        themes=weekly.themes(con, week),
        movers=moved,
        events=tuple(e for e in events.load(settings) if weeks.monday(history[0].name) <= e.day <= last),
        counter=counter,
        run=series.last_run(con),
        zone=settings.timezone,
    )


def _queries(week: str, model: str, quoted: Sequence[Quotation], moved: Sequence[Mover]) -> tuple[Query, ...]:
    """The SQL of every figure on the page, section by section."""
    return (
        *series.queries(week),
        *movers.queries(week, moved),
        *quotations.query(quoted),
        *health.queries(week),
        drift.query(week, model),
    )


def country_names(path: Path) -> Mapping[str, str]:
    """ISO code -> name, from the gazetteer."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["iso3"]: row["name"] for row in csv.DictReader(file)}


@flow(name="report")
def report(week: str | None = None) -> list[str]:
    """`oresight digest` as a scheduled run; returns the paths written."""
    chosen = week or weeks.last_complete(datetime.now(UTC))
    return [str(path) for path in write_digest(load(), week=chosen)]
