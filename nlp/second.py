"""The second, statistical look at what the rules accepted and its form leaves open (RULES.md, "Two passes").

    [Judged] -> doubtful verdicts -> their sentences, of all texts together -> nlp/pipeline.py -> [[Verdict]]

Two questions are asked, and only where they arise. A country's name beside another capitalised word in an ordinary
sentence: is it a person's ("India Fenwick")? "Lead" before a noun of the trade: is it a verb ("they lead production")?
The answer can only reject. Titles (Mr, Ms) and words of government (Minister, Treasury) settle the first by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from nlp.gazetteer import Gazetteer
from nlp.passage import Passage, Verdict, style
from nlp.pipeline import Pipeline, Span
from nlp.words import BREAK

REACH: Final = 30
"""Words to either side that are read with a candidate, where its sentence is longer."""
MOST: Final = 25
"""Sentences of one text that are read; a hostile text could ask for thousands. Beyond them the rules' word stands."""
_VERBS: Final = frozenset({"VB", "VBP", "VBZ"})
_SUBJECTS: Final = frozenset({"NN", "NNS", "NNP", "NNPS", "PRP", "WDT", "WP", "MD", "TO", "RB"})
"""What stands before a verb; 'and lead batteries', 'why lead prices' are none."""

Question = Literal["person", "verb"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One text as the rules left it."""

    text: str
    verdicts: list[Verdict]
    passage: Passage


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A verdict, by its place in those of its text, and the sentence that it stands in."""

    at: int
    kind: Question
    sentence: str
    start: int  # of the candidate, in the sentence
    end: int


_Read = dict[str, tuple[Span, ...]]
"""Sentences and what the pipeline says of each."""


def settle(texts: Sequence[Judged], gazetteer: Gazetteer, english: Callable[[], Pipeline]) -> list[list[Verdict]]:
    """The verdicts of each text, those that the pipeline objects to rejected.

    It is called for where a question arises, not before, and asked about all texts together: ten sentences at once
    cost it as much as five one by one. Raises nlp.pipeline.PipelineError where it cannot be loaded.
    """
    doubts = [_doubts(one, gazetteer) for one in texts]
    asked = [doubt for of_one in doubts for doubt in of_one]
    if not asked:
        return [one.verdicts for one in texts]
    read = english()
    names = _reading((d for d in asked if d.kind == "person"), read.names_of)
    tags = _reading((d for d in asked if d.kind == "verb" or _people(d, names)), read.tags_of)
    return [_settled(one, found, names, tags) for one, found in zip(texts, doubts, strict=True)]


def _doubts(one: Judged, gazetteer: Gazetteer) -> list[_Doubt]:
    """What the rules leave open in the first MOST sentences that hold such a thing."""
    found: list[_Doubt] = []
    sentences: set[int] = set()
    for at, verdict in enumerate(one.verdicts):
        if kind := question(verdict, one.passage, gazetteer):
            low, high = _span_of_sentence(verdict, one.passage)
            sentences.add(low)
            if len(sentences) > MOST:
                break
            start, end = _span(verdict, one.passage, low)
            found.append(_Doubt(at, kind, one.text[low:high], start, end))
    return found


def _reading(doubts: Iterable[_Doubt], read: Callable[[Sequence[str]], Iterable[tuple[Span, ...]]]) -> _Read:
    sentences = list(dict.fromkeys(d.sentence for d in doubts))
    return dict(zip(sentences, read(sentences), strict=True))


def _settled(one: Judged, doubts: list[_Doubt], names: _Read, tags: _Read) -> list[Verdict]:
    settled = list(one.verdicts)
    for doubt in doubts:
        objection = _person(doubt, names, tags) if doubt.kind == "person" else _verb(doubt, tags)
        if objection:
            verdict = one.verdicts[doubt.at]
            settled[doubt.at] = replace(verdict, accepted=False, reason=objection, rule=_RULES[doubt.kind])
    return settled


def question(verdict: Verdict, passage: Passage, gazetteer: Gazetteer) -> Question | None:
    """What the rules leave open about an accepted candidate, if anything."""
    form, first, last = verdict.form, verdict.candidate.first, verdict.candidate.last
    if not verdict.accepted or last - first > 1 or passage.styles[first] != "sentence":
        return None
    if form.type == "country" and form.kind != "demonym" and passage.capitalised(first):
        beside = any(_strange(i, passage, gazetteer) for i in (first - 1, last))
        return "person" if beside and not _titled(first, last, passage) else None
    if form.entity == "lead" and form.trust == "other" and passage.words.raw[first].islower():
        after = passage.word(last)
        return "verb" if after.isalpha() and after not in gazetteer.cues["connectors"] else None
    return None


def _titled(first: int, last: int, passage: Passage) -> bool:
    """Whether the sentence by itself is a headline: there a capital says nothing."""
    low, high = _bounds(first, last, passage)
    return style(passage.words.raw[low:high]) != "sentence"


def _strange(index: int, passage: Passage, gazetteer: Gazetteer) -> bool:
    """Whether a capitalised word there could belong to a person's name."""
    word = passage.word(index)
    known = index in passage.countries or index in passage.minerals or word in gazetteer.cues["gov"]
    known = known or word in gazetteer.cues["no_names"]
    return passage.capitalised(index) and word.isalpha() and not known and not passage.opens(index)


def _span_of_sentence(verdict: Verdict, passage: Passage) -> tuple[int, int]:
    """Where the candidate's sentence, or what lies within reach of it, starts and ends in the text."""
    words = passage.words
    low, high = _bounds(verdict.candidate.first, verdict.candidate.last, passage)
    return words.starts[low], words.ends[high - 1]


def _bounds(first: int, last: int, passage: Passage) -> tuple[int, int]:
    low, high = first, last
    while low > 0 and first - low < REACH and not _ends(passage, low - 1):
        low -= 1
    while high < len(passage.words) and high - last < REACH and not _ends(passage, high - 1):
        high += 1
    return low, high


def _ends(passage: Passage, index: int) -> bool:
    """Whether a word ends a sentence: a full stop or the like with a space behind it, or an empty line."""
    word, words = passage.word(index), passage.words
    if word == BREAK:
        return True
    apart = index + 1 >= len(words) or words.starts[index + 1] > words.ends[index]
    return word in {".", "!", "?"} and apart and len(passage.word(index - 1)) > 2


def _people(doubt: _Doubt, names: _Read) -> list[Span]:
    """The persons that the pipeline finds where the candidate stands."""
    found = names[doubt.sentence]
    return [n for n in found if n.label == "PERSON" and n.start <= doubt.start and doubt.end <= n.end]


def _person(doubt: _Doubt, names: _Read, tags: _Read) -> str | None:
    people = _people(doubt, names)
    held = (n for n in people if _proper(n, tags[doubt.sentence]))
    sure = (n for n in held if n.start < doubt.start or (n.end > doubt.end and _acts(n, tags[doubt.sentence])))
    return "a person's name, says the tagger" if any(sure) else None


def _proper(name: Span, tags: Sequence[Span]) -> bool:
    """Whether all of a name is tagged as a name: 'Beyond Bolivia' is not."""
    return all(t.label in {"NNP", "NNPS"} for t in tags if name.start <= t.start < name.end)


def _acts(name: Span, tags: Sequence[Span]) -> bool:
    """Whether a title or trade stands before a name, or a verb or comma after it: 'Korea Sangdong' is no person."""
    before = next((t.label for t in reversed(tags) if t.end <= name.start), "")
    after = next((t.label for t in tags if t.start >= name.end), "")
    return before in {"NN", "NNP"} or after in {",", "MD", "VBD", "VBZ", "VBP"}


def _verb(doubt: _Doubt, tags: _Read) -> str | None:
    read = tags[doubt.sentence]
    pairs = zip(read, islice(read, 1, None), strict=False)
    tagged = any(t.start == doubt.start and t.label in _VERBS and before.label in _SUBJECTS for before, t in pairs)
    return "a verb, says the tagger" if tagged else None


def _span(verdict: Verdict, passage: Passage, offset: int) -> tuple[int, int]:
    words, candidate = passage.words, verdict.candidate
    return words.starts[candidate.first] - offset, words.ends[candidate.last - 1] - offset


_RULES: Final[dict[Question, str]] = {"person": "C5", "verb": "M5"}
