"""Minerals, countries, stages of the chain and instruments of policy named in a text.

    text -> words -> phrases -> candidates (longest first, masks swallow) -> verdicts -> [Mention]

Minerals and countries are one layer, stages and instruments another: phrases of different layers may overlap, as in
"rare earth magnet plant". The second layer is judged after the first, whose minerals are its evidence.

Rules over one pass of a matcher decide; a second, statistical pass looks again at the few candidates that they leave
open (nlp/second.py). `Reader.judge` and `explain` return every candidate with its verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nlp.chain import chain, supports
from nlp.cues import mineral
from nlp.forms import by_phrase, keys
from nlp.gazetteer import Form, Gazetteer, Sense, key
from nlp.passage import Candidate, Passage, Verdict, styles
from nlp.phrases import Phrases
from nlp.pipeline import Pipeline, pipeline
from nlp.places import country
from nlp.second import Judged, settle
from nlp.umbrella import Umbrella, companies
from nlp.words import Words, split
from records import Mention

MOST: Final = 200_000
"""Characters of a text that are read: forty times a long article. Time is linear in them, about 100 microseconds a
candidate, and a hostile megabyte of one ambiguous word would otherwise take a minute."""
TOGETHER: Final = 256
"""Texts that are held at once while the pipeline reads what any of them asks."""

_MASK: Final = "mask"
_NAME: Final = "name"
_FORM: Final = "form"
_CHAIN: Final = "chain"
_TOPIC: Final = "topic"
_RANK: Final = {_MASK: 0, _NAME: 0, _TOPIC: 1, _FORM: 2, _CHAIN: 2}
"""Of phrases over the same words, what swallows goes first."""


@dataclass(frozen=True, slots=True)
class Told:
    """One candidate and one entity it might name: text[start:end] is `surface`; why it counts or does not."""

    start: int
    end: int
    surface: str
    type: str
    entity: str
    accepted: bool
    rule: str  # of RULES.md
    reason: str


class Reader:
    """Finds mentions; built once per process, safe to share between threads that only read.

    `english` gives the statistical pipeline; it is called when a text first asks for it (nlp/second.py).
    """

    def __init__(self, gazetteer: Gazetteer, english: Callable[[], Pipeline] = pipeline) -> None:
        self.gazetteer = gazetteer
        self._english = english
        self._forms = {
            _FORM: by_phrase(f for f in gazetteer.forms if f.type in ("mineral", "country")),
            _CHAIN: by_phrase(f for f in gazetteer.forms if f.type in ("stage", "instrument")),
        }
        held = [f for layer in self._forms.values() for forms in layer.values() for f in forms]
        self._senses: dict[Form, Sense | None] = {f: gazetteer.sense(f) for f in held}
        self._hashtags = frozenset(p for layer in self._forms.values() for p in layer if p.isalnum())
        phrases = {_MASK: keys(gazetteer.masks), _NAME: keys(gazetteer.names), _TOPIC: _topics(gazetteer)}
        self._phrases = Phrases({**self._forms, **phrases})
        self._umbrella = Umbrella(gazetteer)

    def find(self, text: str, *, given: bool = False) -> tuple[Mention, ...]:
        """Mentions in the first MOST characters by start; text[start:end] is the surface. Linear time.

        `given` says that what the text answers is about minerals: its "permits" need no mineral of their own.
        Raises nlp.pipeline.PipelineError where a text asks for the pipeline and it is missing; no text raises.
        """
        return self.find_all((text,), (given,))[0]

    def find_all(self, texts: Sequence[str], given: Sequence[bool]) -> list[tuple[Mention, ...]]:
        """What `find` says of each of the texts; faster where several of them ask the pipeline."""
        starts = range(0, len(texts), TOGETHER)
        batches = ((texts[at : at + TOGETHER], given[at : at + TOGETHER]) for at in starts)
        return [found for some, known in batches for found in self._some(some, known)]

    def _some(self, texts: Sequence[str], given: Sequence[bool]) -> Iterator[tuple[Mention, ...]]:
        begun = [self._begun(text) for text in texts]
        settled = settle([one.judged for one in begun], self.gazetteer, self._english)
        for one, known, verdicts in zip(begun, given, settled, strict=True):
            yield _mentions(one, self._finished(one, known, verdicts))

    def judge(self, text: str, *, given: bool = False) -> tuple[Verdict, ...]:
        """Every candidate in the text with its verdict and reason, in order; `given` as in `find`."""
        return self._all(text, given)[1]

    def explain(self, text: str, *, given: bool = False) -> tuple[Told, ...]:
        """What `judge` says, with the offsets in the text, in order; `given` as in `find`."""
        begun, verdicts = self._all(text, given)
        return tuple(
            Told(start, end, text[start:end], form.type, form.entity, v.accepted, v.rule, v.reason)
            for v in verdicts
            for form, start, end in [_span(v, begun.words)]
        )

    def _all(self, text: str, given: bool) -> tuple[_Begun, tuple[Verdict, ...]]:
        """Every verdict, and what masks and names swallow."""
        begun = self._begun(text)
        swallowed = [verdict for hidden in begun.found.hidden for verdict in hidden.verdicts(begun.words)]
        verdicts = self._finished(begun, given, settle([begun.judged], self.gazetteer, self._english)[0])
        return begun, tuple(sorted(verdicts + swallowed, key=lambda v: (v.candidate.first, v.candidate.last)))

    def umbrella(self, text: str) -> bool:
        """Whether the text holds an umbrella term ('critical minerals'), or a hint that its neighbours bear out."""
        return self._umbrella.holds(text[:MOST])

    def _begun(self, text: str) -> _Begun:
        """Minerals and countries, as the rules by themselves judge them."""
        words = split(text[:MOST], self._hashtags)
        found = self._candidates(words)
        passage = _passage(words, found.named, self._senses)
        return _Begun(words, found, Judged(text, self._judged(found.named, passage), passage))

    def _finished(self, begun: _Begun, given: bool, verdicts: list[Verdict]) -> list[Verdict]:
        """The settled verdicts and, on their evidence, those on stages and instruments."""
        if not begun.found.chain:
            return verdicts
        subject = _subject(verdicts, begun.found.topics, begun.words, self.gazetteer.cues["subject"])
        passage = self._staged(replace(begun.judged.passage, subject=subject, given=given), begun.found.chain)
        return sorted(verdicts + self._judged(begun.found.chain, passage), key=lambda v: v.candidate.first)

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
        found = _Found([], [], [], [])
        reached, shown = {_FORM: 0, _CHAIN: 0}, {_FORM: 0, _CHAIN: 0}
        masked, named = range(0), False
        matched = self._phrases.find(words.folded)
        for start, end, label in sorted(matched, key=lambda m: (m[0], -m[1], _RANK[m[2]])):
            if label == _TOPIC:
                found.topics.append(range(start, end))
            elif label in reached and start >= reached[label]:
                reached[label] = end
                forms = self._forms[label][" ".join(words.folded[start:end])]
                shelf = found.named if label == _FORM else found.chain
                shelf.append(Candidate(start, end, _fitting(forms, words, start, end)))
            elif label in reached and end <= masked.stop and start >= shown[label]:
                shown[label] = end
                forms = self._forms[label][" ".join(words.folded[start:end])]
                found.hidden.append(_Hidden(Candidate(start, end, forms), masked, named))
            elif label == _MASK or (label == _NAME and _named(words, start, end)):
                masked, named = range(start, end), label == _NAME
                reached = {layer: max(at, end) if start >= at else at for layer, at in reached.items()}
        return found


@dataclass(frozen=True, slots=True)
class _Begun:
    """One text up to the pipeline."""

    words: Words
    found: _Found
    judged: Judged


@dataclass(frozen=True, slots=True)
class _Found:
    named: list[Candidate]  # minerals and countries
    chain: list[Candidate]  # stages and instruments
    topics: list[range]  # words of umbrella terms
    hidden: list[_Hidden]  # what masks and names swallow


@dataclass(frozen=True, slots=True)
class _Hidden:
    candidate: Candidate
    inside: range  # words of the phrase that swallows it
    name: bool  # a company's, fund's or brand's

    def verdicts(self, words: Words) -> Iterator[Verdict]:
        phrase, what = (
            " ".join(words.raw[i] for i in self.inside),
            "a name" if self.name else "a phrase of another sense",
        )
        for form in self.candidate.forms:
            yield Verdict(self.candidate, form, False, f"in {phrase!r}, {what}", _HIDES[form.type][self.name])


_HIDES: Final = {"mineral": ("M4", "M6"), "country": ("C6", "C5"), "stage": ("S3", "S3"), "instrument": ("I1", "I1")}
_DECIDE: Final = {"mineral": mineral, "country": country, "stage": chain, "instrument": chain}


def _mentions(begun: _Begun, verdicts: list[Verdict]) -> tuple[Mention, ...]:
    text = begun.judged.text
    found = {
        Mention(form.type, form.entity, text[start:end], start, end, f"{verdict.rule} {verdict.reason}")
        for verdict in verdicts
        if verdict.accepted
        for form, start, end in [_span(verdict, begun.words)]
    }
    return tuple(sorted(found, key=lambda m: (m.start, m.end, m.entity)))


def _topics(gazetteer: Gazetteer) -> frozenset[str]:
    """Umbrella terms that show what a text is about: no single words that may mean anything."""
    doubtful = {key(f.text) for f in gazetteer.forms if f.type in ("stage", "instrument") and f.trust != "check"}
    terms = (*gazetteer.umbrella, *(hint.term for hint in gazetteer.hints))
    umbrella = (t for t in terms if " " in t or "-" in t or not t.islower())
    sure = {key(t) for t in (*umbrella, *companies(gazetteer))}
    return frozenset(p + s for p in sure - doubtful for s in ("", "s"))


def _subject(verdicts: list[Verdict], topics: list[range], words: Words, subject: frozenset[str]) -> dict[int, str]:
    """Words of accepted minerals and of umbrella terms, and single words of the subject, in their order."""
    spans = [range(v.candidate.first, v.candidate.last) for v in verdicts if v.accepted and v.form.type == "mineral"]
    held = {i for span in (*spans, *topics) for i in span}
    return {i: w for i, w in enumerate(words.folded) if w in subject or i in held}


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
