"""The second, statistical look at what the rules accepted and its form leaves open (RULES.md, "Two passes").

    [Verdict], Passage -> doubtful ones -> their sentences -> nlp/pipeline.py -> [Verdict]

Two questions are asked, and only where they arise. A country's name beside another capitalised word in an ordinary
sentence: is it a person's ("India Fenwick")? "Lead" before a noun of the trade: is it a verb ("they lead production")?
The answer can only reject. Titles (Mr, Ms) and words of government (Minister, Treasury) settle the first by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
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


@dataclass(frozen=True)
class _Sentence:
    """A sentence at `offset` of its text, read as far as somebody asks."""

    text: str
    offset: int
    english: Pipeline

    @cached_property
    def names(self) -> tuple[Span, ...]:
        return self.english.names(self.text)

    @cached_property
    def tags(self) -> tuple[Span, ...]:
        return self.english.tags(self.text)


def settle(
    text: str, verdicts: list[Verdict], passage: Passage, gazetteer: Gazetteer, english: Callable[[], Pipeline]
) -> list[Verdict]:
    """The verdicts, those that the pipeline objects to rejected; it is called for where a question arises, not before.

    Raises nlp.pipeline.PipelineError where it cannot be loaded.
    """
    asked = {at: q for at, v in enumerate(verdicts) if (q := question(v, passage, gazetteer))}
    readings: dict[tuple[int, int], _Sentence] = {}
    settled = list(verdicts)
    for at, kind in asked.items():
        start, end = _span_of_sentence(verdicts[at], passage)
        if (start, end) not in readings:
            if len(readings) >= MOST:
                break
            readings[start, end] = _Sentence(text[start:end], start, english())
        if reason := _ANSWERS[kind](verdicts[at], passage, readings[start, end]):
            settled[at] = replace(verdicts[at], accepted=False, reason=reason, rule=_RULES[kind])
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


def _person(verdict: Verdict, passage: Passage, sentence: _Sentence) -> str | None:
    start, end = _span(verdict, passage, sentence.offset)
    people = [n for n in sentence.names if n.label == "PERSON" and n.start <= start and end <= n.end]
    held = (n for n in people if _proper(n, sentence))
    sure = (n for n in held if n.start < start or (n.end > end and _acts(n, sentence)))
    return "a person's name, says the tagger" if any(sure) else None


def _proper(name: Span, sentence: _Sentence) -> bool:
    """Whether all of a name is tagged as a name: 'Beyond Bolivia' is not."""
    return all(t.label in {"NNP", "NNPS"} for t in sentence.tags if name.start <= t.start < name.end)


def _acts(name: Span, sentence: _Sentence) -> bool:
    """Whether a title or trade stands before a name, or a verb or comma after it: 'Korea Sangdong' is no person."""
    before = next((t.label for t in reversed(sentence.tags) if t.end <= name.start), "")
    after = next((t.label for t in sentence.tags if t.start >= name.end), "")
    return before in {"NN", "NNP"} or after in {",", "MD", "VBD", "VBZ", "VBP"}


def _verb(verdict: Verdict, passage: Passage, sentence: _Sentence) -> str | None:
    start, _ = _span(verdict, passage, sentence.offset)
    pairs = zip(sentence.tags, sentence.tags[1:], strict=False)
    tagged = any(t.start == start and t.label in _VERBS and before.label in _SUBJECTS for before, t in pairs)
    return "a verb, says the tagger" if tagged else None


def _span(verdict: Verdict, passage: Passage, offset: int) -> tuple[int, int]:
    words, candidate = passage.words, verdict.candidate
    return words.starts[candidate.first] - offset, words.ends[candidate.last - 1] - offset


_RULES: Final[dict[Question, str]] = {"person": "C5", "verb": "M5"}
_ANSWERS: Final[dict[Question, Callable[[Verdict, Passage, _Sentence], str | None]]] = {
    "person": _person,
    "verb": _verb,
}
