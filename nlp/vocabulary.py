"""Is a text about critical minerals? A cheap question is asked before the dear one.

    text -> its words -> are all the words of some phrase among them? -> what the reader says of the few that pass

A text that holds all the words of no phrase that makes texts relevant cannot be relevant; of a hundred comments on
Reddit some two hold them, and asking costs a fiftieth of reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from typing import Final

from nlp.forms import variants
from nlp.gazetteer import Gazetteer, key
from nlp.mentions import Reader
from nlp.umbrella import companies
from nlp.words import split

_SPACES: Final = bytes(c if bytes([c]).isalnum() else 32 for c in range(256))
"""What is neither an ASCII letter nor a digit parts words."""
_PUNCTUATION: Final = re.compile(r"[\u00a0-\u00a9\u00ab-\u00ac\u00ae-\u00b1\u2010-\u205e\U0001f000-\U0001faff]+")
"""Common signs that no word of the gazetteers holds, and that join nothing."""
_EVERYDAY: Final = """
active and critical energy grade white heavy light project plant chain supply power green clean transition deep sea of
right rights company companies capacity security deal new drill results export control price floor strategic he off up
material materials chemical domestic western life site plan high red take base less common round strange the top
"""
_COMMON: Final = frozenset(_EVERYDAY.split())
"""Of a phrase, rather another word than these is looked for first."""


Needs = Mapping[bytes, tuple[frozenset[bytes], ...]]


class Vocabulary:
    """Knows the words of one reader's gazetteers; made once, safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._minerals = _needs(_mineral_phrases(reader.gazetteer))
        self._terms = _needs(_umbrella_phrases(reader.gazetteer))
        self._firsts = self._minerals.keys() | self._terms.keys()

    def about(self, text: str) -> bool:
        """Whether the text by itself is about critical minerals: the answer of `nlp.scan.about`, mostly sooner."""
        term, mineral = self._found(text)
        if term and self._reader.umbrella(text):
            return True
        return mineral and any(m.type == "mineral" for m in self._reader.find(text))

    def _found(self, text: str) -> tuple[bool, bool]:
        """Whether the words of an umbrella term stand in the text, and those of a mineral's name."""
        plain = text if text.isascii() else _PUNCTUATION.sub(" ", text)
        words = _words(plain)
        if not plain.isascii() or "#" in plain or "&" in plain:
            words += _words(" ".join(split(unescape(text)).folded))
        firsts = self._firsts.intersection(words)
        if not firsts:
            return False, False
        held = frozenset(words)
        return _holds(self._terms, firsts, held), _holds(self._minerals, firsts, held)


def _words(text: str) -> list[bytes]:
    return text.lower().encode("utf-8", "replace").translate(_SPACES).split()


def _holds(needs: Needs, firsts: Iterable[bytes], words: frozenset[bytes]) -> bool:
    return any(need <= words for first in firsts for need in needs.get(first, ()))


def _needs(phrases: Iterable[Sequence[str]]) -> Needs:
    """By the least common word of each phrase: all the words that it needs."""
    found: dict[bytes, tuple[frozenset[bytes], ...]] = {}
    for words in sorted({frozenset(p) for p in phrases} - {frozenset()}, key=lambda p: (len(p), sorted(p))):
        first = max(words, key=lambda w: (w not in _COMMON, len(w), w)).encode()
        needed = frozenset(w.encode() for w in words)
        if not any(need <= needed for need in found.get(first, ())):
            found[first] = (*found.get(first, ()), needed)
    return found


def _mineral_phrases(gazetteer: Gazetteer) -> Iterator[Sequence[str]]:
    for form in gazetteer.forms:
        if form.type == "mineral":
            yield from (_ascii(phrase.split()) for phrase in variants(form))


def _umbrella_phrases(gazetteer: Gazetteer) -> Iterator[Sequence[str]]:
    for term in (*gazetteer.umbrella, *(hint.term for hint in gazetteer.hints), *companies(gazetteer)):
        yield from _joined(re.findall(r"\w+", term.lower()))
        yield from _joined(re.findall(r"\w+", key(term)))


def _ascii(words: Iterable[str]) -> list[str]:
    return [word for word in words if word.isascii() and word.isalnum()]


def _joined(words: Sequence[str]) -> Iterator[list[str]]:
    """The words of a term in every way in which they may be run together, each also as a plural."""
    for cuts in range(1 << (len(words) - 1)):
        groups, last = [], 0
        for end in range(1, len(words) + 1):
            if end == len(words) or cuts >> (end - 1) & 1:
                groups.append("".join(words[last:end]))
                last = end
        yield _ascii(groups)
        yield _ascii([*groups[:-1], f"{groups[-1]}s"])
