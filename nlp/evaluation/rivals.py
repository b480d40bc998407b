"""Who is measured on sentences with known entities: the rules, and what stands beside them.

text -> Finder -> {"mineral": {"lithium"}, "country": {"CHL"}, ...}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from nlp import pipeline
from nlp.gazetteer import Form, Gazetteer, key
from nlp.mentions import Reader

TYPES: Final = ("mineral", "country", "stage", "instrument")
Found = dict[str, frozenset[str]]
"""Entities by type; a type that somebody cannot name at all is not there."""
Finder = Callable[[str], Found]


def rules(reader: Reader) -> Finder:
    """The product's own reader."""
    return lambda text: _by_type((m.type, m.entity) for m in reader.find(text))


def matcher(gazetteer: Gazetteer) -> Finder:
    """Every form of the gazetteers as a whole word, in any case, longest first; nothing is weighed."""
    forms: dict[str, set[tuple[str, str]]] = {}
    for form in gazetteer.forms:
        forms.setdefault(form.text.casefold(), set()).add((form.type, form.entity))
    longest = sorted(forms, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)", re.IGNORECASE)
    return lambda text: _by_type(
        pair for match in pattern.finditer(text) for pair in forms.get(match.group().casefold(), ())
    )


def named_entities(gazetteer: Gazetteer, english: pipeline.Pipeline) -> Finder:
    """spaCy's names alone: what it calls a GPE and the gazetteer has as a country. It knows no minerals."""
    codes = _codes(form for form in gazetteer.forms if form.type == "country")

    def find(text: str) -> Found:
        names = (text[s.start : s.end] for s in english.names(text) if s.label == "GPE")
        return {"country": frozenset(codes[k] for k in map(_bare, names) if k in codes)}

    return find


def _codes(forms: Iterable[Form]) -> dict[str, str]:
    found: dict[str, str] = {}
    for form in forms:
        found.setdefault(_bare(form.text), form.entity)
    return found


def _bare(name: str) -> str:
    return key(name).removeprefix("the ").removesuffix(" ' s")


def _by_type(pairs: Iterable[tuple[str, str]]) -> Found:
    found: dict[str, set[str]] = {type_: set() for type_ in TYPES}
    for type_, entity in pairs:
        found[type_].add(entity)
    return {type_: frozenset(entities) for type_, entities in found.items()}
