"""`oresight event NAME`: what changed at an event, held against what changes at other dates.

events.toml -> Event -> storage.windows of the snapshot -> nlp.placebo -> EventStudy -> table, JSON, digest.event's page
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from digest import event as page
from flows import show, whole
from flows.errors import EventsError, UsageError
from flows.listed import Place, tables
from flows.settings import ROOT, Settings
from nlp import placebo, prevalence, validation
from records import Event, EventChange, EventStudy
from storage import database, series, windows

KEYS = {"name": str, "title": str, "date": date, "link": str}
FORMAT = "oresight-event/1"
COLUMNS = (
    "community",
    "stance",
    "n before",
    "n after",
    "before",
    "after",
    "change",
    "90 % band",
    "rank",
    "p",
    "verdict",
)


def load(settings: Settings) -> tuple[Event, ...]:
    """The events, oldest first: of the home's own events.toml, else of the one that ships.

    Raises:
        EventsError: a line of it cannot be used.
    """
    own = settings.home / "events.toml"
    return read(own if own.exists() else ROOT / "config" / "events.toml")


def read(path: Path) -> tuple[Event, ...]:
    """The events of a file, oldest first; see `load`."""
    found = [_event(place, table) for place, table in tables(path, "event", KEYS, tuple(KEYS), EventsError)]
    return tuple(sorted(found, key=lambda event: (event.day, event.name)))


def _event(place: Place, table: dict[str, Any]) -> Event:
    if not page.link(table["link"]):
        raise place.error("link", "it must be a plain http or https address")
    if not set(table["name"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise place.error("name", "lower-case letters, digits and hyphens only: it becomes a file's name")
    return Event(table["name"], table["title"], table["date"], table["link"])


def study(settings: Settings, name: str) -> EventStudy:
    """Compare the talk before and after an event of the list.

    Raises:
        UsageError: no such event.
        storage.errors.StorageError: nothing is published yet, or the snapshot cannot be read.
    """
    event = next((one for one in load(settings) if one.name == name), None)
    if event is None:
        raise UsageError(f"no event '{name}'; `oresight event --list` names them, events.toml takes more")
    with database.open_snapshot(settings.home) as con:
        first, end = windows.days(con) or (event.day, event.day)
        others = placebo.dates(event.day, first, end)
        asked = [window for day in (event.day, *others) for window in placebo.windows(day)]
        tallies = windows.tallies(con, list(dict.fromkeys(asked)))
        corrections = _corrections(windows.validations(con))
        as_of = series.freshness(con)
    changes = placebo.changes(event.day, others, tallies, corrections)
    complete = first <= event.day - placebo.BEFORE and event.day + placebo.AFTER <= end
    return EventStudy(event.name, event.title, event.day, event.link, len(others), complete, as_of, changes)


def _corrections(told: Mapping[str, str | None]) -> dict[str, prevalence.Correction]:
    """By model: what its answers have to be read by."""
    return {model: prevalence.correction(None if rec is None else validation.parse(rec)) for model, rec in told.items()}


def tell(settings: Settings, name: str, fmt: str, folder: Path | None) -> None:
    """Study an event, print it as a table or JSON, and write its page, plot and JSON to `folder`.

    Raises:
        UsageError, storage.errors.StorageError: as `study`.
    """
    found = study(settings, name)
    if fmt == "json":
        print(as_json(found))  # noqa: T201  the data asked for
    else:
        _tell(found)
    for path in write(found, folder) if folder else ():
        show.say(str(path))


def _tell(found: EventStudy) -> None:
    show.say(f"{found.title} ({found.day}), {found.link}")
    show.say(f"7 days before against 14 days from that day on, beside {found.placebo_dates} other dates")
    if not found.complete:
        show.say("not all of these days lie within the series: what is told may still change")
    if not found.changes:
        show.say("too little data: nothing was said in these days")
    elif found.placebo_dates < placebo.LEAST:
        show.say(f"too few other dates for a verdict: {placebo.LEAST} are needed")
    show.table(COLUMNS, [_row(one) for one in found.changes])


def _row(one: EventChange) -> tuple[object, ...]:
    band = None if one.low is None or one.high is None else f"{100 * one.low:+.0f} to {100 * one.high:+.0f}"
    rank = None if one.rank is None else f"{one.rank} of {len(one.placebos) + 1}"
    shares = (_points(one.before), _points(one.after), _points(one.change, "+"))
    return (
        one.community,
        one.stance,
        f"{one.n_before:.0f}",
        f"{one.n_after:.0f}",
        *shares,
        band,
        rank,
        one.p,
        one.verdict,
    )


def _points(share: float | None, sign: str = "") -> str | None:
    return None if share is None else f"{100 * share:{sign}.0f} %"


def as_json(found: EventStudy) -> str:
    """Every field of a study; dates in ISO 8601, shares between 0 and 1."""
    whole = {"format": FORMAT} | asdict(found) | {"day": found.day.isoformat(), "as_of": found.as_of.isoformat()}
    return json.dumps(whole, indent=2, allow_nan=False)


def write(found: EventStudy, folder: Path) -> tuple[Path, ...]:
    """NAME.html, NAME.svg (where there is anything to draw) and NAME.json in a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"html": page.html(found), "svg": page.svg(found), "json": as_json(found) + "\n"}
    return tuple(whole.put(folder / f"{found.name}.{ending}", text) for ending, text in texts.items() if text)


def listed(settings: Settings) -> None:
    """Print the events of the list.

    Raises:
        EventsError: a line of it cannot be used.
    """
    show.table(
        ("name", "date", "title", "link"), [(e.name, e.day.isoformat(), e.title, e.link) for e in load(settings)]
    )
