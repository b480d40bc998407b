"""Minerals, countries, stages of the chain and instruments of policy named in a text.

    text -> words -> PhraseMatcher -> candidates (longest first, masks swallow) -> verdicts -> [Mention]

Minerals and countries are one layer, stages and instruments another: phrases of different layers may overlap, as in
"rare earth magnet plant". The second layer is judged after the first, whose minerals are its evidence.

Everything here is rules over one pass of a matcher. `Reader.judge` returns every candidate with its verdict, so that a
second, statistical pass can look again at those whose form is ambiguous (`Form.trust`, `Form.lower`) and no others.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from nlp.chain import chain, supports
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
_CHAIN: Final = "chain"
_TOPIC: Final = "topic"
_RANK: Final = {_MASK: 0, _NAME: 0, _TOPIC: 1, _FORM: 2, _CHAIN: 2}
"""Of phrases over the same words, what swallows goes first."""
_UNKNOWN: Final = "\u00b7"
"""Stands in the Doc for every word that no phrase holds, so that spaCy's store of strings stays small."""


class Reader:
    """Finds mentions; built once per process, safe to share between threads that only read."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        english: Any = spacy.blank("en")
        self._vocab = english.vocab
        self._forms = {
            _FORM: _by_phrase(f for f in gazetteer.forms if f.type in ("mineral", "country")),
            _CHAIN: _by_phrase(f for f in gazetteer.forms if f.type in ("stage", "instrument")),
        }
        held = [f for layer in self._forms.values() for forms in layer.values() for f in forms]
        self._senses: dict[Form, Sense | None] = {f: gazetteer.sense(f) for f in held}
        self._hashtags = frozenset(p for layer in self._forms.values() for p in layer if p.isalnum())
        self._matcher: Any = PhraseMatcher(self._vocab, attr="ORTH")
        phrases = {_MASK: _keys(gazetteer.masks), _NAME: _keys(gazetteer.names), _TOPIC: _topics(gazetteer)}
        for label, wanted in {**self._forms, **phrases}.items():
            self._matcher.add(label, [Doc(self._vocab, words=p.split()) for p in wanted])
        self._known = frozenset(
            w for wanted in (*self._forms.values(), *phrases.values()) for p in wanted for w in p.split()
        )
        self._umbrella = _pattern((*gazetteer.umbrella, *_of_minerals(gazetteer)))

    def find(self, text: str, *, given: bool = False) -> tuple[Mention, ...]:
        """Mentions in the first MOST characters by start; text[start:end] is the surface. Never raises, linear time.

        `given` says that what the text answers is about minerals: its "permits" need no mineral of their own.
        """
        words = self._split(text)
        mentions = {
            Mention(form.type, form.entity, text[start:end], start, end)
            for verdict in self._verdicts(words, given)
            if verdict.accepted
            for form, start, end in [_span(verdict, words)]
        }
        return tuple(sorted(mentions, key=lambda m: (m.start, m.end, m.entity)))

    def judge(self, text: str, *, given: bool = False) -> tuple[Verdict, ...]:
        """Every candidate in the text with its verdict and reason, in order; `given` as in `find`."""
        return tuple(self._verdicts(self._split(text), given))

    def umbrella(self, text: str) -> bool:
        """Whether the text holds an umbrella term such as 'critical minerals'."""
        return self._umbrella.search(text[:MOST].lower()) is not None

    def _split(self, text: str) -> Words:
        return split(text[:MOST], self._hashtags)

    def _verdicts(self, words: Words, given: bool = False) -> list[Verdict]:
        found = self._candidates(words)
        if not found.named and not found.chain:
            return []
        passage = _passage(words, found.named, self._senses)
        verdicts = self._judged(found.named, passage)
        if found.chain:
            subject = _subject(verdicts, found.topics, words, self.gazetteer.cues["subject"])
            passage = self._staged(replace(passage, subject=subject, given=given), found.chain)
            verdicts = sorted(verdicts + self._judged(found.chain, passage), key=lambda v: v.candidate.first)
        return verdicts

    def _staged(self, passage: Passage, candidates: list[Candidate]) -> Passage:
        """Where nothing else shows the subject, two words of different stages show it to each other."""
        if passage.subject or passage.given or len(candidates) < 2:
            return passage
        sure = [c for c in candidates if supports(c, passage, self.gazetteer, self._senses)]
        return replace(passage, stages={c.forms[0].entity: passage.word(c.first) for c in reversed(sure)})

    def _judged(self, candidates: list[Candidate], passage: Passage) -> list[Verdict]:
        return [
            _DECIDE[form.type](candidate, form, passage, self.gazetteer, self._senses[form])
            for candidate in candidates
            for form in candidate.forms
        ]

    def _candidates(self, words: Words) -> _Found:
        """What stands in the text: the longest phrase first, in each layer by itself; masks swallow in both."""
        found = _Found([], [], [])
        known = [w if w in self._known else _UNKNOWN for w in words.folded]
        if all(w == _UNKNOWN for w in known):
            return found
        reached = {_FORM: 0, _CHAIN: 0}
        matched = self._matcher(Doc(self._vocab, words=known))
        labelled = [(start, -end, self._vocab.strings[label]) for label, start, end in matched]
        for start, minus_end, label in sorted(labelled, key=lambda m: (m[0], m[1], _RANK[m[2]])):
            end = -minus_end
            if label == _TOPIC:
                found.topics.append(range(start, end))
            elif label in reached and start >= reached[label]:
                reached[label] = end
                forms = self._forms[label][" ".join(words.folded[start:end])]
                shelf = found.named if label == _FORM else found.chain
                shelf.append(Candidate(start, end, _fitting(forms, words, start, end)))
            elif label == _MASK or (label == _NAME and _named(words, start, end)):
                reached = {layer: max(at, end) if start >= at else at for layer, at in reached.items()}
        return found


@dataclass(frozen=True, slots=True)
class _Found:
    named: list[Candidate]  # minerals and countries
    chain: list[Candidate]  # stages and instruments
    topics: list[range]  # words of umbrella terms


_DECIDE: Final = {"mineral": mineral, "country": country, "stage": chain, "instrument": chain}


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
    ("fiber", "fibre"), ("isation", "ization"), ("ised ", "ized "), ("licence", "license"), ("license", "licence"),
    ("labour", "labor"), ("labor", "labour"), ("defence", "defense"), ("defense", "defence"),
)  # fmt: skip


def _variants(form: Form) -> Iterator[str]:
    """The phrase, its other spelling, plural and joined form, and a possessive without its apostrophe."""
    phrase = key(form.text)
    spellings = {phrase, *(phrase.replace(a, b) for a, b in _SPELLINGS if a in phrase)}
    for spelling in sorted(spellings):
        yield spelling
        words = spelling.split()
        plural = form.type != "country" and (form.kind == "alias" or form.type != "mineral")
        if plural and words[-1].isalpha() and not spelling.endswith("s"):
            yield spelling + "s"
        if form.type == "country" and form.kind == "name" and form.lower == "yes" and len(words) == 1:
            yield spelling + "s"
        if len(words) > 1 and all(w.isalpha() or w == "-" for w in words) and sum(map(len, words)) > 7:
            yield "".join(w for w in words if w != "-")
        if len(words) == 2 and "-" not in words and form.type != "country":
            yield " - ".join(words)
        if words[-1] == "." and len(words) > 3:
            yield " ".join(words[:-1])


def _keys(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(key, phrases)))


def _of_minerals(gazetteer: Gazetteer) -> Iterator[str]:
    """Names of companies that hold a mineral: no mention, but a text with Lithium Americas is about the subject."""
    minerals = _keys(gazetteer.minerals)
    yield from (name for name in gazetteer.names if minerals.intersection(key(name).split()))


def _topics(gazetteer: Gazetteer) -> frozenset[str]:
    """Umbrella terms that show what a text is about: no single words that may mean anything."""
    doubtful = {key(f.text) for f in gazetteer.forms if f.type in ("stage", "instrument") and f.trust != "check"}
    umbrella = (t for t in gazetteer.umbrella if " " in t or "-" in t or not t.islower())
    sure = {key(t) for t in (*umbrella, *_of_minerals(gazetteer))}
    return frozenset(p + s for p in sure - doubtful for s in ("", "s"))


def _subject(verdicts: list[Verdict], topics: list[range], words: Words, subject: frozenset[str]) -> dict[int, str]:
    """Words of accepted minerals and of umbrella terms, and single words of the subject, in their order."""
    spans = [range(v.candidate.first, v.candidate.last) for v in verdicts if v.accepted and v.form.type == "mineral"]
    held = {i for span in (*spans, *topics) for i in span}
    return {i: w for i, w in enumerate(words.folded) if w in subject or i in held}


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
