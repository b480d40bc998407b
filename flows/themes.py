"""themes.toml -> themes of the labelled items.

themes.toml, gazetteers -> [Theme] -> storage.themes.define -> the texts that wait -> nlp.themes.Phrases -> put
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from flows.errors import ThemesError
from flows.listed import Place, tables
from flows.settings import GAZETTEERS, ROOT, Settings
from nlp.gazetteer import INSTRUMENT_COLUMNS, STAGE_COLUMNS
from nlp.tables import rows
from nlp.themes import REVISION, Kind, Phrases, Theme
from storage import themes as store

KEYS = {"name": str, "kind": str, "instruments": list, "stages": list, "phrases": list}
BATCH = 20_000
"""Texts read and searched at once, a transaction each."""


def path(settings: Settings) -> Path:
    """The list of themes: the home's own, else the one that ships."""
    own = settings.home / "themes.toml"
    return own if own.exists() else ROOT / "config" / "themes.toml"


def load(file: Path, folder: Path = GAZETTEERS) -> tuple[Theme, ...]:
    """Read the themes.

    Raises:
        ThemesError: an unknown key, or an instrument or stage that the gazetteers do not have.
        nlp.tables.GazetteerError: a gazetteer has a bad row.
    """
    known = {
        "instruments": set(kinds(folder)),
        "stages": {r["canonical"] for _, r in rows(folder / "stages.csv", STAGE_COLUMNS)},
    }
    found = tables(file, "theme", KEYS, ("name", "kind"), ThemesError)
    return tuple(_theme(place, table, known) for place, table in found)


def kinds(folder: Path = GAZETTEERS) -> dict[str, str]:
    """Every instrument's and programme's kind, by name."""
    return {row["canonical"]: row["kind"] for _, row in rows(folder / "instruments.csv", INSTRUMENT_COLUMNS)}


def _theme(place: Place, table: dict[str, Any], known: Mapping[str, set[str]]) -> Theme:
    if table["kind"] not in get_args(Kind):
        raise place.error("kind", f"'{table['kind']}' is none of {', '.join(get_args(Kind))}")
    for key, names in known.items():
        if stray := next((name for name in table.get(key, ()) if name not in names), None):
            raise place.error(key, f"'{stray}' is not in config/gazetteers/{key}.csv", stray)
    lists = {key: tuple(table.get(key, ())) for key in ("instruments", "stages", "phrases")}
    theme = Theme(table["name"], table["kind"], **lists)
    try:
        Phrases([theme])
    except ValueError as error:
        raise place.error("phrases", str(error)) from None
    return theme


def apply(con: Any, settings: Settings) -> int:
    """Give every labelled item its themes; returns how many texts were read.

    Raises:
        ThemesError: as `load`.
    """
    themes, kind_of = load(path(settings)), kinds()
    given = [_row(theme) for theme in themes]
    mapped = [
        {"theme": theme.name, "type": kind, "entity": name}
        for theme in themes
        for kind, name in theme.entities(kind_of)
    ]
    store.define(con, version(given, mapped), themes=given, entities=mapped)
    return _search(con, Phrases(themes))


def search(con: Any) -> int:
    """Give the labelled items that wait for it the themes that the store knows; returns how many texts were read."""
    return _search(con, Phrases([Theme(name, kind, *lists) for name, kind, *lists in store.known(con)]))


def version(given: Sequence[Mapping[str, object]], mapped: Sequence[Mapping[str, str]]) -> str:
    """A short name for what these themes are."""
    return hashlib.sha256(json.dumps([REVISION, given, mapped]).encode()).hexdigest()[:12]


def _row(theme: Theme) -> dict[str, object]:
    lists = {key: list(getattr(theme, key)) for key in ("instruments", "stages", "phrases")}
    return {"theme": theme.name, "kind": theme.kind, **lists}


def _search(con: Any, phrases: Phrases) -> int:
    waiting = store.waiting(con)
    for start in range(0, len(waiting), BATCH):
        batch = store.texts(con, waiting[start : start + BATCH])
        store.put(con, {item_id: phrases.find(text) for item_id, text in batch})
    return len(waiting)
