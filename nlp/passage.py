"""What is judged and where it stands: a candidate, its passage, the verdict on it.

Words, gazetteer -> Candidate, Passage -> (nlp/cues.py, places.py, chain.py) -> Verdict
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nlp.gazetteer import Form, Sense
from nlp.words import BREAK, Words

NEAR: Final = 8
"""Words to either side in which a cue counts."""
FAR: Final = 12
NONE: Final = Sense()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase of the gazetteer at words[first:last], and everything it may name."""

    first: int
    last: int
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate names this form's entity here, and what decided."""

    candidate: Candidate
    form: Form
    accepted: bool
    reason: str
    rule: str = ""  # of RULES.md


@dataclass(frozen=True, slots=True)
class Passage:
    """One text, its words, its candidates, and how each of its lines is capitalised."""

    words: Words
    styles: tuple[str, ...]  # per word: "sentence", "title" or "capitals"
    minerals: dict[int, str]  # word -> canonical mineral of the candidate standing there, where its form is trusted
    doubtful: dict[int, str]  # the same where the bare word more often means something else (lead, tin)
    hinted: dict[int, str]  # the same for acronyms and the like that need a cue (APT, brine)
    countries: dict[int, str]  # the same for countries whose name needs no cue
    vocabulary: frozenset[str]
    subject: Mapping[int, str] = field(default_factory=dict)  # words that show it to be about minerals, in their order
    stages: Mapping[str, str] = field(default_factory=dict)  # stages that a likely word of the chain names -> that word
    given: bool = False  # what the text answers is about minerals

    def around(self, candidate: Candidate, reach: int) -> list[int]:
        """Indices of the words within `reach` of a candidate, without its own."""
        low, high = max(0, candidate.first - reach), min(len(self.words.folded), candidate.last + reach)
        return [*range(low, candidate.first), *range(candidate.last, high)]

    def word(self, index: int) -> str:
        """The folded word at an index, empty beyond the text."""
        folded = self.words.folded
        return folded[index] if 0 <= index < len(folded) else ""

    def after(self, candidate: Candidate) -> str:
        """The next word, looking through one hyphen."""
        at = candidate.last
        return self.word(at + 1) if self.word(at) == "-" else self.word(at)

    def before(self, candidate: Candidate) -> str:
        """The word before, looking through one hyphen."""
        at = candidate.first - 1
        return self.word(at - 1) if self.word(at) == "-" else self.word(at)

    def starts_sentence(self, index: int) -> bool:
        """Whether a word opens a sentence, a quotation, a line or a list entry."""
        return index == 0 or (not self.words.folded[index - 1][-1:].isalnum() and self.word(index - 1) not in "-,&/'")

    def tagged(self, index: int) -> bool:
        """Whether a word opens a hashtag or follows another word of it without a space."""
        before, words = self.word(index - 1), self.words
        return before == "#" or (before[-1:].isalnum() and words.ends[index - 1] == words.starts[index])

    def opens(self, index: int) -> bool:
        """Whether a small word stands capitalised only because it opens a sentence (In, The, And)."""
        return self.starts_sentence(index) and len(self.word(index)) < 4

    def capitalised(self, index: int) -> bool:
        """Whether a word stands with a capital and small letters."""
        raw = self.words.raw[index] if 0 <= index < len(self.words) else ""
        return raw[:1].isupper() and raw[1:].islower()


_LOUD: Final = 0.8
_TITLED: Final = 0.65


def styles(words: Words) -> tuple[str, ...]:
    """How every line of a text is capitalised, one answer per word."""
    found: list[str] = []
    start = 0
    for index in [*(i for i, w in enumerate(words.folded) if w == BREAK), len(words)]:
        found += [style(words.raw[start:index])] * (index - start)
        found += ["sentence"] * (index < len(words))
        start = index + 1
    return tuple(found)


def style(raws: tuple[str, ...]) -> str:
    """How these words are capitalised: "sentence", "title" or "capitals"."""
    long = [r for r in raws if len(r) > 3 and r.isalpha()]
    if len(long) < 2:
        return "sentence"
    if sum(map(str.isupper, long)) > _LOUD * len(long):
        return "capitals"
    capitals = sum([r[0].isupper() for r in long])
    return "title" if capitals > _TITLED * len(long) and capitals > 2 else "sentence"
