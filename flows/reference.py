"""What names are, from the gazetteers into the store, where queries can join it.

minerals.csv, lists.csv, countries.csv, regions.csv, instruments.csv -> rows -> storage.reference.put
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.settings import GAZETTEERS
from nlp.gazetteer import COUNTRY_COLUMNS, INSTRUMENT_COLUMNS, MINERAL_COLUMNS
from nlp.tables import Place, rows
from storage import reference

LIST_COLUMNS = ("list", "owner", "title", "dated", "checked")
REGION_COLUMNS = ("iso3", "region", "subregion", "groups")
FILES = ("minerals.csv", "lists.csv", "countries.csv", "regions.csv", "instruments.csv")

Rows = list[dict[str, Any]]


def fill(con: Any, folder: Path = GAZETTEERS) -> bool:
    """Bring the store's reference tables up to date; True where they changed.

    Raises:
        nlp.tables.GazetteerError: a row cannot be used; the message names file, line and column.
    """
    return reference.put(con, version(folder), read(folder))


def version(folder: Path) -> str:
    """A short name for what these files say."""
    return hashlib.sha256(b"\0".join((folder / name).read_bytes() for name in FILES)).hexdigest()[:12]


def read(folder: Path = GAZETTEERS) -> Mapping[str, Rows]:
    """The rows of all reference tables.

    Raises:
        nlp.tables.GazetteerError: a row cannot be used.
    """
    lists = {row["list"]: row for _, row in rows(folder / "lists.csv", LIST_COLUMNS)}
    minerals = list(rows(folder / "minerals.csv", MINERAL_COLUMNS))
    return {
        "minerals": [_mineral(place, row) for place, row in minerals],
        "mineral_lists": [one for place, row in minerals for one in _listed(place, row, lists)],
        "countries": _countries(folder),
        "instruments": [
            {"instrument": row["canonical"], "kind": row["kind"], "owners": list(place.list(row, "owner"))}
            for place, row in rows(folder / "instruments.csv", INSTRUMENT_COLUMNS)
        ],
    }


def _mineral(place: Place, row: dict[str, str]) -> dict[str, Any]:
    return {
        "mineral": row["canonical"],
        "symbol": row["symbol"] or None,
        "kind": row["kind"],
        "parent_group": row["parent_group"],
        "family": row["parent_group"].partition(" (")[0],  # light and heavy rare earths are rare earths
        "lists": list(place.list(row, "on_lists")),
    }


def _listed(place: Place, row: dict[str, str], lists: Mapping[str, dict[str, str]]) -> Rows:
    inherited = place.list(row, "lists_via_group")
    found = []
    for name in place.list(row, "on_lists"):
        if name not in lists:
            raise place.error("on_lists", f"{name!r} is not in lists.csv")
        told = {column: lists[name][column] for column in ("list", "owner", "title", "dated")}
        own = {"mineral": row["canonical"], "via_group": name in inherited, "checked": lists[name]["checked"] == "yes"}
        found.append(own | told)
    return found


def _countries(folder: Path) -> Rows:
    regions = {row["iso3"]: (place, row) for place, row in rows(folder / "regions.csv", REGION_COLUMNS)}
    return [_country(place, row, regions) for place, row in rows(folder / "countries.csv", COUNTRY_COLUMNS)]


def _country(place: Place, row: dict[str, str], regions: Mapping[str, tuple[Place, dict[str, str]]]) -> dict[str, Any]:
    if row["iso3"] not in regions:
        raise place.error("iso3", f"{row['iso3']!r} has no row in regions.csv")
    there, region = regions[row["iso3"]]
    own = {"country": row["iso3"], "name": row["name"], "iso2": row["iso2"] or None, "capital": row["capital"] or None}
    groups: Sequence[str] = there.list(region, "groups")
    return own | {"region": region["region"], "subregion": region["subregion"] or None, "groups": list(groups)}
