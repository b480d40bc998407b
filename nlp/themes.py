"""What a text is about, beyond the names in it: themes by phrase.

    Theme, ... -> Phrases -> find(text) -> ("price support", "recycling")

Stages and instruments map to themes by name, which needs no text; only phrases are looked for here. Words are compared
in lower case, without plain plurals, and hyphens part words. The same text always has the same themes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from nlp.tables import expand

REVISION: Final = 1
"""Raised whenever the rules here change what is found."""

_ADDRESS: Final = re.compile(r"https?://\S++|www\.\S++")
_WORD: Final = re.compile(r"[^\W_]+")

Kind = Literal["element", "watch point"]


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme: the instruments and stages that map to it, by name, and its phrases."""

    name: str
    kind: Kind
    instruments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    def entities(self, kinds: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Types and names of the mentions that map to it; an instrument stands for the programmes of its kind.

        `kinds` gives every instrument's kind: its own name where it is no programme.
        """
        programmes = {name for name, kind in kinds.items() if kind in self.instruments}
        named = sorted(programmes | set(self.instruments))
        return (*(("instrument", name) for name in named), *(("stage", name) for name in self.stages))


class Phrases:
    """Finds the themes whose phrases a text holds; made once, safe to share between threads."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        """Raises ValueError for a phrase without a word."""
        found: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for theme in themes:
            for phrase in (one for written in theme.phrases for one in expand(written)):
                words = _words(phrase)
                if not words:
                    raise ValueError(f"'{phrase}' holds no word")
                found[words[0]].append((words, theme.name))
        self._by_first = {first: tuple(some) for first, some in found.items()}

    def find(self, text: str) -> tuple[str, ...]:
        """The themes of a text, in the order of their names."""
        words = _words(text)
        found: set[str] = set()
        for at, word in enumerate(words):
            for phrase, theme in self._by_first.get(word, ()):
                if theme not in found and words[at : at + len(phrase)] == phrase:
                    found.add(theme)
        return tuple(sorted(found))


def _words(text: str) -> tuple[str, ...]:
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'")
    return tuple(map(_singular, _WORD.findall(_ADDRESS.sub(" ", plain).casefold())))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
