"""Minerals and countries named in a text.

    text -> words -> PhraseMatcher -> candidates (longest first, masks swallow) -> verdicts -> [Mention]

Everything here is rules over one pass of a matcher. `Reader.judge` returns every candidate with its verdict, so that a
second, statistical pass can look again at those whose form is ambiguous (`Form.trust`, `Form.lower`) and no others.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from nlp.cues import Candidate, Passage, Verdict, mineral, styles
from nlp.gazetteer import Form, Gazetteer, Sense, key
from nlp.places import country
from nlp.words import Words, split
from records import Mention

MOST: Final = 200_000
"""Characters of a text that are read: forty times a long article. Time is linear in them, about 100 microseconds a
candidate, and a hostile megabyte of one ambiguous word would otherwise take a minute."""

_MASK: Final = "mask"
_NAME: Final = "name"
_FORM: Final = "form"
_UNKNOWN: Final = "\u00b7"
"""Stands in the Doc for every word that no phrase holds, so that spaCy's store of strings stays small."""


class Reader:
    """Finds mentions; built once per process, safe to share between threads that only read."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        english: Any = spacy.blank("en")
        self._vocab = english.vocab
        self._forms = _by_phrase(gazetteer.forms)
        self._senses: dict[Form, Sense | None] = {f: gazetteer.sense(f) for fs in self._forms.values() for f in fs}
        self._hashtags = frozenset(p for p in self._forms if p.isalnum())
        self._matcher: Any = PhraseMatcher(self._vocab, attr="ORTH")
        phrases = {_FORM: self._forms, _MASK: _keys(gazetteer.masks), _NAME: _keys(gazetteer.names)}
        for label, wanted in phrases.items():
            self._matcher.add(label, [Doc(self._vocab, words=p.split()) for p in wanted])
        self._known = frozenset(w for wanted in phrases.values() for p in wanted for w in p.split())
        self._umbrella = _pattern((*gazetteer.umbrella, *_of_minerals(gazetteer)))

    def find(self, text: str) -> tuple[Mention, ...]:
        """Mentions in the first MOST characters by start; text[start:end] is the surface. Never raises, linear time."""
        words = self._split(text)
        mentions = {
            Mention(form.type, form.entity, text[start:end], start, end)
            for verdict in self._verdicts(words)
            if verdict.accepted
            for form, start, end in [_span(verdict, words)]
        }
        return tuple(sorted(mentions, key=lambda m: (m.start, m.end, m.entity)))

    def judge(self, text: str) -> tuple[Verdict, ...]:
        """Every candidate in the text with its verdict and reason, in order."""
        return tuple(self._verdicts(self._split(text)))

    def umbrella(self, text: str) -> bool:
        """Whether the text holds an umbrella term such as 'critical minerals'."""
        return self._umbrella.search(text[:MOST].lower()) is not None

    def _split(self, text: str) -> Words:
        return split(text[:MOST], self._hashtags)

    def _verdicts(self, words: Words) -> Iterator[Verdict]:
        candidates = list(self._candidates(words))
        if not candidates:
            return
        passage = _passage(words, candidates, self._senses)
        for candidate in candidates:
            for form in candidate.forms:
                decide = mineral if form.type == "mineral" else country
                yield decide(candidate, form, passage, self.gazetteer, self._senses[form])

    def _candidates(self, words: Words) -> Iterator[Candidate]:
        known = [w if w in self._known else _UNKNOWN for w in words.folded]
        if all(w == _UNKNOWN for w in known):
            return
        reached = 0
        found = self._matcher(Doc(self._vocab, words=known))
        labelled = [(start, -end, self._vocab.strings[label]) for label, start, end in found]
        for start, minus_end, label in sorted(labelled, key=lambda m: (m[0], m[1], m[2] == _FORM)):
            end = -minus_end
            if start < reached or (label == _NAME and not _named(words, start, end)):
                continue
            reached = end
            if label == _FORM:
                forms = self._forms[" ".join(words.folded[start:end])]
                yield Candidate(start, end, _fitting(forms, words, start, end))


def _by_phrase(forms: Iterable[Form]) -> dict[str, tuple[Form, ...]]:
    found: dict[str, dict[str, Form]] = defaultdict(dict)
    for form in forms:
        for phrase in _variants(form):
            kept = found[phrase].setdefault(form.entity, form)
            if kept.text != form.text and key(form.text) == phrase:
                found[phrase][form.entity] = kept if key(kept.text) == phrase else form
    return {phrase: tuple(by.values()) for phrase, by in found.items()}


_SPELLINGS: Final = (
    ("sulf", "sulph"), ("sulph", "sulf"), ("aluminum", "aluminium"), ("aluminium", "aluminum"), ("cesium", "caesium"),
    ("fiber", "fibre"), ("isation", "ization"), ("ised ", "ized "),
)  # fmt: skip


def _variants(form: Form) -> Iterator[str]:
    """The phrase, its other spelling, plural and joined form, and a possessive without its apostrophe."""
    phrase = key(form.text)
    spellings = {phrase, *(phrase.replace(a, b) for a, b in _SPELLINGS if a in phrase)}
    for spelling in sorted(spellings):
        yield spelling
        words = spelling.split()
        if form.type == "mineral" and form.kind == "alias" and words[-1].isalpha() and not spelling.endswith("s"):
            yield spelling + "s"
        if form.type == "country" and form.kind == "name" and form.lower == "yes" and len(words) == 1:
            yield spelling + "s"
        if len(words) > 1 and all(w.isalpha() or w == "-" for w in words) and sum(map(len, words)) > 7:
            yield "".join(w for w in words if w != "-")
        if len(words) == 2 and "-" not in words and form.type == "mineral":
            yield " - ".join(words)
        if words[-1] == "." and len(words) > 3:
            yield " ".join(words[:-1])


def _keys(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(key, phrases)))


def _of_minerals(gazetteer: Gazetteer) -> Iterator[str]:
    """Names of companies that hold a mineral: no mention, but a text with Lithium Americas is about the subject."""
    minerals = _keys(gazetteer.minerals)
    yield from (name for name in gazetteer.names if minerals.intersection(key(name).split()))


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """One expression for all umbrella terms; up to three spaces, hyphens or the like may part their words."""
    spelt = {r"[\W_]{0,3}".join(map(re.escape, re.findall(r"\w+", t.lower()))) for t in terms}
    folded = {unicodedata.normalize("NFKD", t).encode("ascii", "ignore").decode() for t in spelt}
    ordered = "|".join(sorted(spelt | folded, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{ordered})s?(?![^\W_])")


def _named(words: Words, start: int, end: int) -> bool:
    """Whether every word that can be capitalised is."""
    return all(not w[0].isalpha() or w[0].isupper() or w in {"of", "and", "plc"} for w in words.raw[start:end])


def _fitting(forms: tuple[Form, ...], words: Words, start: int, end: int) -> tuple[Form, ...]:
    """A prefix (Sino-, EU-) needs its hyphen."""
    hyphen = end < len(words) and words.folded[end] == "-"
    return tuple(f for f in forms if f.kind != "prefix" or hyphen) or ()


def _passage(words: Words, candidates: list[Candidate], senses: dict[Form, Sense | None]) -> Passage:
    minerals: dict[int, str] = {}
    doubtful: dict[int, str] = {}
    hinted: dict[int, str] = {}
    countries: dict[int, str] = {}
    for candidate in candidates:
        for form in candidate.forms:
            sense = senses[form]
            if form.type == "mineral":
                shelf = hinted if form.trust == "cue" else doubtful if form.trust == "other" else minerals
                shelf.update(dict.fromkeys(range(candidate.first, candidate.last), form.entity))
            elif not (sense and sense.needs) and form.kind != "metonym" and _plain(form, sense, words, candidate):
                countries.update(dict.fromkeys(range(candidate.first, candidate.last), form.entity))
    return Passage(words, styles(words), minerals, doubtful, hinted, countries, frozenset(words.folded))


def _plain(form: Form, sense: Sense | None, words: Words, candidate: Candidate) -> bool:
    """Whether a country's name may count as evidence for its neighbours."""
    small = words.raw[candidate.first].islower()
    return not small or ((sense.lower if sense and sense.lower else form.lower) == "yes" and form.text != "US")


def _span(verdict: Verdict, words: Words) -> tuple[Form, int, int]:
    return verdict.form, words.starts[verdict.candidate.first], words.ends[verdict.candidate.last - 1]
