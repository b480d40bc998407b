"""Whether a word of the supply chain or of policy is meant as such here (RULES.md, S1-S7 and I1-I7).

    Candidate + Passage -> Verdict(accepted, reason)

The first objection decides: neighbours of another sense, letters, somebody else's object, a name. Then a form has to
show what its trust asks for: nothing (`check`), the subject in the text or a companion near (`cue`), or the subject
beside it, else both (`other`). The subject is a mineral that counts, an umbrella term, a company of the trade, a word
such as ore, or another stage or instrument that speaks for itself: `Passage.subject`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Final

from nlp.gazetteer import Form, Gazetteer, Sense
from nlp.passage import FAR, NEAR, NONE, Candidate, Passage, Verdict

BESIDE: Final = 3
"""Words to either side in which the subject makes a companion unnecessary."""
ACRONYM: Final = 6
"""Letters up to which a form in capitals must stand in capitals."""

Check = Callable[[Candidate, Form, Passage, Gazetteer, Sense], str | None]
"""Returns the objection, None where there is none."""
Senses = Mapping[Form, Sense | None]


def chain(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense | None) -> Verdict:
    """Run the checks in order; the first objection is the reason, else what the form's trust rests on."""
    known = sense or NONE
    for check in CHECKS:
        if reason := check(candidate, form, passage, gazetteer, known):
            return Verdict(candidate, form, False, reason, "S3")
    accepted, reason = _shown(candidate, form, passage, gazetteer, known)
    return Verdict(candidate, form, accepted, f"{form.trust}: {reason}", "S1" if form.type == "stage" else "I1")


def supports(candidate: Candidate, passage: Passage, gazetteer: Gazetteer, senses: Senses) -> bool:
    """Whether a word of the chain, to which nothing objects may speak for others: 'refining and separation'."""
    return any(
        form.type == "stage" and form.trust == "cue"
        and not any(check(candidate, form, passage, gazetteer, senses[form] or NONE) for check in CHECKS)
        for form in candidate.forms
    )  # fmt: skip


def _neighbour(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    after, before = passage.after(candidate), passage.before(candidate)
    if (after in sense.after and not _marked(candidate, form, passage, gazetteer)) or before in sense.before:
        return f"goes with {after if after in sense.after else before!r}"
    if sense.veto and (veto := sense.veto.intersection(_words(candidate, passage, FAR))):
        return f"{min(veto)!r} stands near"
    if sense.near and not _subject(candidate, passage, BESIDE):
        near = sense.near.intersection(_words(candidate, passage, NEAR))
        return f"{min(near)!r} stands near" if near else None
    return None


def _letters(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """A short name in capitals is a name only in capitals; others say in `lower` whether small letters will do."""
    raw = "".join(passage.words.raw[candidate.first : candidate.last])
    if form.text.isupper() and len(form.text) <= ACRONYM and sense.lower != "yes":
        return None if raw.isupper() else "not in capitals"
    return "never in small letters" if sense.lower == "no" and raw.islower() else None


_NOUN: Final = re.compile(r"(?:[eo]rs?|ry|ries)$")
"""How refiner, processor and refinery end, which do nothing to an object."""
_OF: Final = frozenset({"of", "on", "for", "in", "at", "with", "to", "from", "about", "by"})
"""Where an object's own noun has been passed: 'the proposal on nickel'."""


def _object(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """'Refining the proposal', 'permits its members': what the verb is done to is nothing of the chain."""
    if form.type != "stage" or form.trust == "check" or candidate.last - candidate.first > 1:
        return None
    if passage.word(candidate.last) not in gazetteer.cues["determiners"] or _NOUN.search(passage.word(candidate.first)):
        return None
    ahead = takewhile(lambda i: passage.word(i) not in _OF, range(candidate.last + 1, candidate.last + 5))
    if any(i in passage.subject or passage.word(i) in gazetteer.cues["market"] for i in ahead):
        return None
    return f"its object is {passage.word(candidate.last + 1)!r}"


def _name(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """In ordinary sentences: 'Hugh Grant', 'Standard Chartered', 'Mine Hunters'."""
    first, after = candidate.first, candidate.last
    if form.trust == "check" or passage.styles[first] != "sentence" or not passage.capitalised(first):
        return None
    if passage.capitalised(first - 1) and passage.word(first - 1) in gazetteer.cues["given_names"]:
        return "a person's name"
    if form.trust == "other" and form.kind == "alias" and after - first == 1 and passage.capitalised(after):
        known = after in passage.subject or passage.word(after) in gazetteer.cues["hard"]
        return None if known else "part of a name"
    return None


CHECKS: Final[tuple[Check, ...]] = (_neighbour, _letters, _object, _name)


def _words(candidate: Candidate, passage: Passage, reach: int) -> tuple[str, ...]:
    folded, first, last = passage.words.folded, candidate.first, candidate.last
    return folded[max(0, first - reach) : first] + folded[last : last + reach]


def _subject(candidate: Candidate, passage: Passage, reach: int | None = None) -> str | None:
    """A word of the subject, anywhere or within reach, outside the candidate itself."""
    if reach is not None:
        return next((passage.word(i) for i in passage.around(candidate, reach) if i in passage.subject), None)
    if passage.given:
        return "the thread"
    own, stages = range(candidate.first, candidate.last), {f.entity for f in candidate.forms}
    found = next((word for i, word in passage.subject.items() if i not in own), None)
    return found or next((word for stage, word in passage.stages.items() if stage not in stages), None)


def _companion(candidate: Candidate, passage: Passage, sense: Sense) -> str | None:
    return min(sense.needs.intersection(_words(candidate, passage, NEAR)), default=None) if sense.needs else None


def _marked(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer) -> str | None:
    """'A mine', 'no permit': an article or the like makes the noun sure where the bare word may be another."""
    before = passage.word(candidate.first - 1)
    named = candidate.first - 1 in passage.subject or candidate.first - 1 in passage.countries
    marks = named or before in gazetteer.cues["noun_marks"]
    return before if marks and form.text in gazetteer.cues["marked"] else None


def _shown(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> tuple[bool, str]:
    if form.trust == "check":
        return True, "speaks for itself"
    alone = form.text not in gazetteer.cues["strict"]  # the subject will do where no companion stands
    if form.trust == "other" and alone and (word := _subject(candidate, passage, BESIDE)):
        return True, f"{word!r} beside it"
    subject, companion = _subject(candidate, passage), _companion(candidate, passage, sense)
    if form.trust == "cue" and subject and alone:
        return True, f"{subject!r} in the text"
    if form.trust == "other" and subject:
        companion = companion or _marked(candidate, form, passage, gazetteer)
    if companion and (subject or form.trust == "cue"):
        return True, f"{companion!r} near it"
    return False, "none of the words it needs is near" if subject else "nothing in the text speaks of minerals"
