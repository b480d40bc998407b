"""What people wrote into config/gazetteers/, as frozen records.

    minerals.csv, countries.csv, stages.csv, instruments.csv -> Form, ...   what a phrase may name, how far trusted
    senses.csv, cues.csv                                     -> Sense, ...  which neighbours speak for or against it
    masks.txt, names.txt, umbrella.txt                       -> phrases     what is no mention; what is relevant
    hints.csv                                                -> Hint, ...   what is relevant but in other trades

The rules the columns serve are in RULES.md beside the files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from nlp.tables import Claims, GazetteerError, Owner, Place, expand, first, phrases, rows
from nlp.words import fold, split

REVISION: Final = 4
"""Raised whenever the rules in nlp/ change what is found: stored mentions of an older revision are stale."""

MINERAL_COLUMNS: Final = (
    "canonical", "symbol", "kind", "on_lists", "parent_group", "aliases", "ambiguous", "lists_via_group",
    "default_sense", "cue_required",
)  # fmt: skip
COUNTRY_COLUMNS: Final = (
    "iso3", "name", "aliases", "demonyms", "metonyms", "ambiguous", "iso2", "capital", "places_weak",
    "lowercase_ok", "tier",
)  # fmt: skip
STAGE_COLUMNS: Final = ("canonical", "aliases", "ambiguous", "cue_required", "companion_required")
INSTRUMENT_COLUMNS: Final = (
    "canonical", "kind", "owner", "aliases", "ambiguous", "cue_required", "companion_required",
)  # fmt: skip
SENSE_COLUMNS: Final = ("form", "veto", "near", "after", "before", "needs", "lower")
CUE_COLUMNS: Final = ("name", "words")
HINT_COLUMNS: Final = ("term", "against", "needs")
FILES: Final = (
    "minerals.csv", "countries.csv", "stages.csv", "instruments.csv", "senses.csv", "cues.csv", "masks.txt",
    "names.txt", "umbrella.txt", "hints.csv",
)  # fmt: skip
TOPICS: Final = ("medical", "media", "jewellery", "sport", "software", "household", "astronomy", "toxic")
KINDS: Final = ("law or strategy", "infrastructure programme")
"""Kinds of programme that are no instrument of their own; every other programme is of an instrument's kind."""
OWNERS: Final = ("G7", "NATO", "multilateral")
"""Owners of a programme that have no country's code."""

Trust = Literal["mineral", "check", "other", "cue"]
Lower = Literal["yes", "cue", "no"]
Kind = Literal["name", "alias", "demonym", "metonym", "prefix"]


@dataclass(frozen=True, slots=True)
class Form:
    """One phrase and one thing it may name."""

    text: str
    type: Literal["mineral", "country", "stage", "instrument"]
    entity: str  # canonical name; for a country ISO 3166-1 alpha-3 or "EU"
    kind: Kind
    trust: Trust = "mineral"
    """Accept; accept unless a cue speaks against it; reject unless several (`other`) or one (`cue`) speak for it.

    Stages and instruments: `check`, `cue` (the subject or a companion must be named), `other` (both)."""
    lower: Lower = "yes"  # may the lower-case form fire


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of instruments.csv: an instrument of policy, or a programme of one kind with its owners."""

    name: str
    kind: str  # an instrument's name, its own where it is no programme, or one of KINDS
    owners: tuple[str, ...]  # ISO 3166-1 alpha-3, EU, or one of OWNERS; empty where it is no programme


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
class Hint:
    """A term of the trade that other trades use as well, and the phrases near it that decide, folded."""

    term: str
    against: frozenset[str]
    needs: frozenset[str]  # empty where it speaks for itself


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All forms, senses, cues, masks and umbrella terms of one folder."""

    forms: tuple[Form, ...]
    senses: dict[str, Sense]  # "phrase" or "ENTITY:phrase", folded
    cues: dict[str, frozenset[str]]
    masks: tuple[str, ...]
    names: tuple[str, ...]  # masks that need capitals
    umbrella: tuple[str, ...]
    hints: tuple[Hint, ...]
    minerals: tuple[str, ...]
    countries: tuple[str, ...]
    stages: tuple[str, ...]
    instruments: tuple[Instrument, ...]
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

    Two rows that claim the same phrase both get it (NdPr is neodymium and praseodymium), if both say so under
    `ambiguous`. Raises GazetteerError, naming file, line and column.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise GazetteerError(f"{folder / name} is missing: restore it from config/gazetteers")
    cues = {row["name"]: _cue(row["words"]) for _, row in rows(folder / "cues.csv", CUE_COLUMNS)}
    cues["market"] = cues["hard"] | cues["soft"]
    cues["topics"] = frozenset().union(*(cues[name] for name in TOPICS))
    minerals = tuple(_minerals(folder / "minerals.csv"))
    countries = tuple(_countries(folder / "countries.csv"))
    stages, (policy, instruments) = tuple(_stages(folder / "stages.csv")), _instruments(folder / "instruments.csv")
    return Gazetteer(
        forms=minerals + countries + stages + policy,
        senses=dict(_senses(folder / "senses.csv", cues)),
        cues=cues,
        masks=tuple(phrases(folder / "masks.txt")),
        names=tuple(phrases(folder / "names.txt")),
        umbrella=tuple(phrases(folder / "umbrella.txt")),
        hints=tuple(_hints(folder / "hints.csv", cues)),
        minerals=tuple(dict.fromkeys(f.entity for f in minerals)),
        countries=tuple(dict.fromkeys(f.entity for f in countries)),
        stages=tuple(dict.fromkeys(f.entity for f in stages)),
        instruments=instruments,
        version=_version(folder),
    )


def _version(folder: Path) -> str:
    digest = hashlib.sha256(str(REVISION).encode())
    for name in FILES:
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _minerals(path: Path) -> Iterator[Form]:
    seen, claims = set[str](), Claims()
    for place, row in rows(path, MINERAL_COLUMNS):
        entity = first(place, row, "canonical", seen)
        owner = _owner(entity, row)
        sense = place.one_of(row, "default_sense", ("mineral", "check", "other"))
        aliases, cued = place.list(row, "aliases"), place.list(row, "cue_required")
        if stray := next((c for c in cued if c not in (entity, *aliases)), None):
            raise place.error("cue_required", f"{stray!r} is not among the row's aliases")
        for text in dict.fromkeys((entity, *aliases)):
            claims.take(place, "aliases", text, key(text), owner)
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
    seen, claims = set[str](), Claims()
    for place, row in rows(path, COUNTRY_COLUMNS):
        entity = first(place, row, "iso3", seen)
        owner = _owner(entity, row)
        if not re.fullmatch(r"[A-Z]{3}|EU", entity):
            raise place.error("iso3", f"{entity!r} is neither three capitals nor EU")
        lower: Lower = place.one_of(row, "lowercase_ok", get_args(Lower))  # type: ignore[assignment]
        if not row["name"]:
            raise place.error("name", "empty")
        claims.take(place, "name", row["name"], key(row["name"]), owner)
        yield Form(row["name"], "country", entity, "name", lower=lower)
        kinds: tuple[tuple[str, Kind], ...] = (("aliases", "alias"), ("demonyms", "demonym"), ("metonyms", "metonym"))
        for column, kind in kinds:
            for text in place.list(row, column):
                prefix = text.endswith("-")
                claims.take(place, column, text, key(text), owner)
                yield Form(text.rstrip("-"), "country", entity, "prefix" if prefix else kind, lower=lower)
        if re.fullmatch(r"[A-Z]{2}", row["iso2"]):
            flag = "".join(chr(0x1F1E6 + ord(c) - ord("A")) for c in row["iso2"])
            yield Form(flag, "country", entity, "alias")


def _stages(path: Path) -> Iterator[Form]:
    seen, claims = set[str](), Claims()
    for place, row in rows(path, STAGE_COLUMNS):
        yield from _chain(place, row, "stage", first(place, row, "canonical", seen), claims)


def _instruments(path: Path) -> tuple[tuple[Form, ...], tuple[Instrument, ...]]:
    forms: list[Form] = []
    found: list[Instrument] = []
    seen, claims = set[str](), Claims()
    for place, row in rows(path, INSTRUMENT_COLUMNS):
        name = first(place, row, "canonical", seen)
        kinds = (name, *(i.name for i in found if i.kind == i.name), *KINDS)
        kind, owners = place.one_of(row, "kind", kinds), place.list(row, "owner")
        if odd := next((o for o in owners if not re.fullmatch(r"[A-Z]{3}|EU", o) and o not in OWNERS), None):
            raise place.error("owner", f"{odd!r} is neither three capitals nor one of EU, {', '.join(OWNERS)}")
        if bool(owners) == (kind == name):
            raise place.error("owner", "a programme needs an owner; an instrument that is its own kind has none")
        found.append(Instrument(name, kind, owners))
        forms += _chain(place, row, "instrument", name, claims)
    return tuple(forms), tuple(found)


def _chain(
    place: Place, row: dict[str, str], kind: Literal["stage", "instrument"], entity: str, claims: Claims
) -> Iterator[Form]:
    cued, paired = place.list(row, "cue_required"), place.list(row, "companion_required")
    texts = tuple(dict.fromkeys((entity, *place.list(row, "aliases"))))
    for column, listed in (("cue_required", cued), ("companion_required", paired)):
        if stray := next((c for c in listed if c not in texts), None):
            raise place.error(column, f"{stray!r} is not among the row's aliases")
    owner = _owner(entity, row)
    for text in texts:
        claims.take(place, "aliases", text, key(text), owner)
        trust: Trust = "other" if text in paired else "cue" if text in cued else "check"
        yield Form(text, kind, entity, "name" if text == entity else "alias", trust)


def _owner(entity: str, row: dict[str, str]) -> Owner:
    return Owner(entity, frozenset(key(e.partition("=")[0]) for e in row["ambiguous"].split(";")))


def _senses(path: Path, cues: dict[str, frozenset[str]]) -> Iterator[tuple[str, Sense]]:
    for place, row in rows(path, SENSE_COLUMNS):
        lower = place.one_of(row, "lower", ("", *get_args(Lower)))
        words: dict[str, frozenset[str]] = {}
        for column in SENSE_COLUMNS[1:-1]:
            words[column] = frozenset().union(*(_words(place, column, e, cues) for e in place.list(row, column)))
        entity, colon, phrase = row["form"].rpartition(":")
        for one in expand(phrase):
            name = (entity.casefold() + colon) + key(one)
            yield name, Sense(**words, lower=lower or None)  # type: ignore[arg-type]


def _hints(path: Path, cues: dict[str, frozenset[str]]) -> Iterator[Hint]:
    """`@hints` among what a term needs is any other term of the file."""
    table = list(rows(path, HINT_COLUMNS))
    seen: set[str] = set()
    terms = [tuple(expand(first(place, row, "term", seen))) for place, row in table]
    cues = cues | {"hints": frozenset(term for group in terms for term in group)}
    for (place, row), group in zip(table, terms, strict=True):
        parts = {c: [_words(place, c, e, cues) for e in place.list(row, c)] for c in HINT_COLUMNS[1:]}
        against, needs = (frozenset().union(*parts[c]) for c in HINT_COLUMNS[1:])
        yield from (Hint(term, against, needs - set(group)) for term in group)


def _words(place: Place, column: str, entry: str, cues: dict[str, frozenset[str]]) -> frozenset[str]:
    if not entry.startswith("@"):
        return _cue(entry)
    if entry[1:] not in cues:
        raise place.error(column, f"{entry!r} is no list of cues.csv")
    return cues[entry[1:]]


def _cue(words: str) -> frozenset[str]:
    """Cue words with their plain plurals."""
    single = {fold(w.strip()) for w in words.split(";") if w.strip()}
    return frozenset(single | {w + "s" for w in single if w.isalpha() and len(w) > 3 and not w.endswith("s")})
