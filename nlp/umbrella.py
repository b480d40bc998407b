"""Terms that make a text relevant without naming a mineral.

    text -> readable (no entities, accents, unseen signs) -> an umbrella term, or a hint that its neighbours bear out

"Critical minerals" speaks for itself; "magnet", "stockpile" or "raw material" belong to other trades too, and count
unless a word of another trade stands near them, some only with a word that they need (config/gazetteers/hints.csv).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import unescape
from itertools import groupby, islice
from typing import Final

from nlp.gazetteer import Gazetteer, Hint, key
from nlp.words import UNSEEN

REACH: Final = 90
"""Characters to either side of a hint in which other words decide on it: about fifteen words."""
MOST: Final = 500
"""Hints of one text that are looked at, so that time stays linear with a small factor."""

Decided = tuple[re.Pattern[str] | None, re.Pattern[str] | None]
"""What speaks against a hint, and what it needs."""


class Umbrella:
    """Knows the umbrella terms and hints of one folder of gazetteers."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._terms = pattern(gazetteer.umbrella)
        names = tuple(companies(gazetteer))
        self._companies = pattern((*names, *map(str.upper, names)), cased=True)
        self._hints = pattern(hint.term for hint in gazetteer.hints)
        self._decided = {_letters(hint.term): _decided(hint) for hint in gazetteer.hints}

    def holds(self, text: str) -> bool:
        """Whether the text holds an umbrella term, or a hint that nothing speaks against."""
        cased = readable(text)
        plain = cased.lower()
        return bool(self._terms.search(plain) or self._companies.search(cased)) or self._hinted(plain)

    def _hinted(self, plain: str) -> bool:
        found = islice(self._hints.finditer(plain), MOST)
        return any(self._borne_out(plain, match) for match in found)

    def _borne_out(self, plain: str, match: re.Match[str]) -> bool:
        term = _letters(match.group())
        against, needs = self._decided.get(term) or self._decided[term.removesuffix("s")]
        near = plain[max(0, match.start() - REACH) : match.end() + REACH]
        if against and against.search(near):
            return False
        return needs is None or needs.search(near) is not None


def readable(text: str) -> str:
    """The text as a reader sees it: no entities, no accents, nothing unseen."""
    if text.isascii() and "&" not in text:
        return text
    plain = unicodedata.normalize("NFKD", UNSEEN.sub("", unescape(text)))
    return "".join(c for c in plain if not unicodedata.combining(c))


def companies(gazetteer: Gazetteer) -> Iterable[str]:
    """Names of companies that hold a mineral: no mention, but a text with Lithium Americas is about the subject."""
    minerals = {key(mineral) for mineral in gazetteer.minerals}
    return (name for name in gazetteer.names if minerals.intersection(key(name).split()))


def pattern(terms: Iterable[str], *, cased: bool = False) -> re.Pattern[str]:
    """One expression for all terms, in small letters unless `cased`.

    Up to three spaces, hyphens or the like may part their words.
    """
    plain = (readable(t) if cased else readable(t).lower() for t in terms)
    spelt = {r"[\W_]{0,3}".join(map(re.escape, re.findall(r"\w+", t))) for t in plain}
    return re.compile(rf"(?<![^\W_])(?:{_branches(sorted(spelt, reverse=True))})s?(?![^\W_])")


def _branches(terms: Sequence[str], depth: int = 3) -> str:
    """Alternatives that share their first letters tried together: most places of a text fail at the first."""
    heads = [term[:1] for term in terms]
    if depth == 0 or len(terms) == 1 or not all(map(str.isalnum, filter(None, heads))):
        return "|".join(terms)
    groups = [(head, [t[1:] for t in group]) for head, group in groupby(terms, key=lambda t: t[:1])]
    return "|".join(head and f"{head}(?:{_branches(tails, depth - 1)})" for head, tails in groups)


def _decided(hint: Hint) -> Decided:
    against, needs = (pattern(words) if words else None for words in (hint.against, hint.needs))
    return against, needs


def _letters(term: str) -> str:
    return re.sub(r"[\W_]+", "", readable(term).lower())
