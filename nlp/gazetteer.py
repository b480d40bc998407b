"""What people wrote into config/gazetteers/, as frozen records.

    minerals.csv, countries.csv -> Form, ...     what a phrase may name, and how far it can be trusted
    senses.csv, cues.csv        -> Sense, ...    which neighbours speak for or against one phrase
    masks.txt, umbrella.txt     -> phrases       what is no mention at all; what makes a text relevant

The rules the columns serve are in RULES.md beside the files.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Literal, get_args

from nlp.words import fold, split

REVISION: Final = 1
"""Raised whenever the rules in nlp/ change what is found: stored mentions of an older revision are stale."""

MINERAL_COLUMNS: Final = (
    "canonical", "symbol", "kind", "on_lists", "parent_group", "aliases", "ambiguous", "lists_via_group",
    "default_sense", "cue_required",
)  # fmt: skip
COUNTRY_COLUMNS: Final = (
    "iso3", "name", "aliases", "demonyms", "metonyms", "ambiguous", "iso2", "capital", "places_weak",
    "lowercase_ok", "tier",
)  # fmt: skip
SENSE_COLUMNS: Final = ("form", "veto", "near", "after", "before", "needs", "lower")
CUE_COLUMNS: Final = ("name", "words")
FILES: Final = ("minerals.csv", "countries.csv", "senses.csv", "cues.csv", "masks.txt", "names.txt", "umbrella.txt")

Trust = Literal["mineral", "check", "other", "cue"]
Lower = Literal["yes", "cue", "no"]
Kind = Literal["name", "alias", "demonym", "metonym", "prefix"]


class GazetteerError(Exception):
    """A gazetteer cannot be used; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class Form:
    """One phrase and one thing it may name."""

    text: str
    type: Literal["mineral", "country"]
    entity: str  # canonical mineral, ISO 3166-1 alpha-3 or "EU"
    kind: Kind
    trust: Trust = "mineral"
    """Accept; accept unless a cue speaks against it; reject unless several (`other`) or one (`cue`) speak for it."""
    lower: Lower = "yes"  # may the lower-case form fire


@dataclass(frozen=True, slots=True)
class Sense:
    """Folded words that decide on one phrase; empty where nothing is known."""

    veto: frozenset[str] = frozenset()  # anywhere near: not meant
    near: frozenset[str] = frozenset()  # near: speaks against
    after: frozenset[str] = frozenset()  # the very next word: not meant
    before: frozenset[str] = frozenset()  # the word before: not meant
    needs: frozenset[str] = frozenset()  # one of them must stand in the passage
    lower: Lower | None = None


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All forms, senses, cues, masks and umbrella terms of one folder."""

    forms: tuple[Form, ...]
    senses: dict[str, Sense]  # "phrase" or "ENTITY:phrase", folded
    cues: dict[str, frozenset[str]]
    masks: tuple[str, ...]
    names: tuple[str, ...]  # masks that need capitals
    umbrella: tuple[str, ...]
    minerals: tuple[str, ...]
    countries: tuple[str, ...]
    version: str

    def sense(self, form: Form) -> Sense | None:
        """What is known of a form: its own entry first, then the phrase's, whatever it names."""
        phrase = key(form.text)
        return self.senses.get(f"{form.entity.casefold()}:{phrase}") or self.senses.get(phrase)


def key(phrase: str) -> str:
    """A phrase as matching sees it: its folded words with single spaces."""
    return " ".join(split(phrase).folded)


def load(folder: Path) -> Gazetteer:
    """Read a folder of gazetteers.

    Two rows that claim the same phrase both get it (NdPr is neodymium and praseodymium).
    Raises GazetteerError naming file, line and column.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise GazetteerError(f"{folder / name} is missing: restore it from config/gazetteers")
    cues = {row["name"]: _cue(row["words"]) for _, row in _rows(folder / "cues.csv", CUE_COLUMNS)}
    minerals = tuple(_minerals(folder / "minerals.csv"))
    countries = tuple(_countries(folder / "countries.csv"))
    return Gazetteer(
        forms=minerals + countries,
        senses=dict(_senses(folder / "senses.csv", cues)),
        cues=cues,
        masks=tuple(_phrases(folder / "masks.txt")),
        names=tuple(_phrases(folder / "names.txt")),
        umbrella=tuple(_phrases(folder / "umbrella.txt")),
        minerals=tuple(dict.fromkeys(f.entity for f in minerals)),
        countries=tuple(dict.fromkeys(f.entity for f in countries)),
        version=_version(folder),
    )


def _version(folder: Path) -> str:
    digest = hashlib.sha256(str(REVISION).encode())
    for name in FILES:
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    line: int

    def error(self, column: str, problem: str) -> GazetteerError:
        return GazetteerError(f"{self.path}, line {self.line}, column {column!r}: {problem}")

    def one_of(self, row: dict[str, str], column: str, allowed: tuple[str, ...]) -> str:
        if row[column] not in allowed:
            raise self.error(column, f"{row[column]!r} is none of {', '.join(filter(None, allowed))}")
        return row[column]

    def list(self, row: dict[str, str], column: str) -> tuple[str, ...]:
        entries = tuple(part.strip() for part in row[column].split(";")) if row[column].strip() else ()
        if not all(entries):
            raise self.error(column, "an empty entry between two semicolons")
        if unusable := next((e for e in entries if not any(c.isalnum() for c in e)), None):
            raise self.error(column, f"{unusable!r} holds no letter or digit")
        return entries


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[_Place, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = tuple(next(reader, ()))
            if header != columns:
                wrong = next((c for c in columns if c not in header), "order of columns")
                raise _Place(path, 1).error(wrong, f"expected the columns {','.join(columns)}")
            for cells in reader:
                place = _Place(path, reader.line_num)
                if len(cells) != len(columns):
                    near = columns[min(len(cells), len(columns) - 1)]
                    raise place.error(near, f"{len(cells)} cells where {len(columns)} are due")
                yield place, {c: cell.strip() for c, cell in zip(columns, cells, strict=True)}
    except UnicodeDecodeError as error:
        raise GazetteerError(f"{path}, byte {error.start}: not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise _Place(path, reader.line_num).error(columns[0], f"not a CSV row: {error}") from error


def _minerals(path: Path) -> Iterator[Form]:
    seen: set[str] = set()
    for place, row in _rows(path, MINERAL_COLUMNS):
        entity = _first(place, row, "canonical", seen)
        sense = place.one_of(row, "default_sense", ("mineral", "check", "other"))
        aliases, cued = place.list(row, "aliases"), place.list(row, "cue_required")
        if stray := next((c for c in cued if c not in (entity, *aliases)), None):
            raise place.error("cue_required", f"{stray!r} is not among the row's aliases")
        for text in dict.fromkeys((entity, *aliases)):
            yield Form(
                text, "mineral", entity, "name" if text == entity else "alias", _trust(text, entity, sense, cued)
            )


def _trust(text: str, entity: str, sense: str, cued: tuple[str, ...]) -> Trust:
    if text in cued:
        return "other" if sense == "other" else "cue"
    if text != entity:
        # A longer phrase than the bare word (tin ore, copper cathode) says by itself which sense is meant.
        return "mineral" if sense == "mineral" or len(split(text)) > 1 or sense == "other" else "check"
    return "mineral" if sense == "mineral" or " " in text else "check" if sense == "check" else "other"


def _countries(path: Path) -> Iterator[Form]:
    seen: set[str] = set()
    for place, row in _rows(path, COUNTRY_COLUMNS):
        entity = _first(place, row, "iso3", seen)
        if not re.fullmatch(r"[A-Z]{3}|EU", entity):
            raise place.error("iso3", f"{entity!r} is neither three capitals nor EU")
        lower: Lower = place.one_of(row, "lowercase_ok", get_args(Lower))  # type: ignore[assignment]
        if not row["name"]:
            raise place.error("name", "empty")
        yield Form(row["name"], "country", entity, "name", lower=lower)
        kinds: tuple[tuple[str, Kind], ...] = (("aliases", "alias"), ("demonyms", "demonym"), ("metonyms", "metonym"))
        for column, kind in kinds:
            for text in place.list(row, column):
                prefix = text.endswith("-")
                yield Form(text.rstrip("-"), "country", entity, "prefix" if prefix else kind, lower=lower)
        if re.fullmatch(r"[A-Z]{2}", row["iso2"]):
            flag = "".join(chr(0x1F1E6 + ord(c) - ord("A")) for c in row["iso2"])
            yield Form(flag, "country", entity, "alias")


def _first(place: _Place, row: dict[str, str], column: str, seen: set[str]) -> str:
    if not row[column]:
        raise place.error(column, "empty")
    if row[column] in seen:
        raise place.error(column, f"{row[column]!r} has a row already")
    seen.add(row[column])
    return row[column]


def _senses(path: Path, cues: dict[str, frozenset[str]]) -> Iterator[tuple[str, Sense]]:
    for place, row in _rows(path, SENSE_COLUMNS):
        lower = place.one_of(row, "lower", ("", *get_args(Lower)))
        words: dict[str, frozenset[str]] = {}
        for column in SENSE_COLUMNS[1:-1]:
            words[column] = frozenset().union(*(_words(place, column, e, cues) for e in place.list(row, column)))
        entity, colon, phrase = row["form"].rpartition(":")
        for one in _expand(phrase):
            name = (entity.casefold() + colon) + key(one)
            yield name, Sense(**words, lower=lower or None)  # type: ignore[arg-type]


def _words(place: _Place, column: str, entry: str, cues: dict[str, frozenset[str]]) -> frozenset[str]:
    if not entry.startswith("@"):
        return _cue(entry)
    if entry[1:] not in cues:
        raise place.error(column, f"{entry!r} is no list of cues.csv")
    return cues[entry[1:]]


def _cue(words: str) -> frozenset[str]:
    """Cue words with their plain plurals."""
    single = {fold(w.strip()) for w in words.split(";") if w.strip()}
    return frozenset(single | {w + "s" for w in single if w.isalpha() and len(w) > 3 and not w.endswith("s")})


def _phrases(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        phrase = line.partition("#")[0].strip()
        if phrase.count("(") != phrase.count(")"):
            raise _Place(path, number).error("phrase", "a bracket is open")
        yield from _expand(phrase) if phrase else ()


def _expand(phrase: str) -> Iterator[str]:
    """'swiss (cheese|roll)' -> 'swiss cheese', 'swiss roll'."""
    parts = [part.split("|") for part in re.split(r"[()]", phrase)]
    for choice in product(*parts):
        yield " ".join("".join(choice).split())
