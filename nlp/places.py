"""Whether a country's name, demonym or capital names the country here (RULES.md, C1-C11).

    Candidate + Passage -> Verdict(accepted, reason)

Checks run in a fixed order and the first that objects decides: seas and namesakes, capitals and small letters,
languages and dishes, companies and people, venues, and last the words that one form needs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from nlp.gazetteer import Form, Gazetteer, Sense
from nlp.passage import FAR, NEAR, NONE, Candidate, Passage, Verdict
from nlp.words import BREAK

Check = Callable[[Candidate, Form, Passage, Gazetteer, Sense], str | None]
"""Returns the objection, None where there is none."""


def country(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense | None) -> Verdict:
    """Run the checks in order; the first objection is the reason."""
    known = sense or NONE
    for rule, check in CHECKS:
        if reason := check(candidate, form, passage, gazetteer, known):
            return Verdict(candidate, form, False, reason, rule)
    return Verdict(candidate, form, True, form.kind, "C2" if form.kind == "metonym" else "C1")


def evidence(candidate: Candidate, passage: Passage, gazetteer: Gazetteer) -> bool:
    """Whether a mineral, another country, or a word of trade, mining or government stands near."""
    own = {f.entity for f in candidate.forms}
    words = _context(gazetteer)
    return any(
        i in passage.minerals or passage.countries.get(i, min(own)) not in own or passage.word(i) in words
        for i in passage.around(candidate, FAR)
    )


@lru_cache(maxsize=4)
def _joined(*lists: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*lists)


def _context(gazetteer: Gazetteer) -> frozenset[str]:
    return _joined(gazetteer.cues["hard"], gazetteer.cues["soft"], gazetteer.cues["gov"])


def _namesake(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    after, before = passage.after(candidate), passage.before(candidate)
    if after in sense.after:
        return f"goes with {after!r}"
    if before in sense.before:
        return f"goes with {before!r}"
    if sense.veto and (veto := sense.veto.intersection(passage.word(i) for i in passage.around(candidate, FAR))):
        return f"{min(veto)!r} stands near"
    if passage.word(candidate.last) in gazetteer.cues["waters"] and form.kind != "metonym":
        return "a sea, river or region"
    return None


def _topic(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    if not sense.near:
        return None
    near = sense.near.intersection(passage.word(i) for i in passage.around(candidate, NEAR))
    around = passage.around(candidate, FAR)
    own = {form.entity}
    if not near or any(i in passage.minerals or passage.countries.get(i, form.entity) not in own for i in around):
        return None
    return f"{min(near)!r} stands near"


def _letters(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """Small letters, and the two-letter words that capitals turn into countries (C10)."""
    raw = "".join(passage.words.raw[candidate.first : candidate.last])
    if form.text == "US":
        return _pronoun(candidate, passage, raw)
    if form.text == "EU" and raw == "Eu":
        return "a symbol, not the union"
    if not raw.islower():
        return None
    lower = sense.lower or ("yes" if len(form.text.split()) > 1 else form.lower)
    if lower == "no":
        return None if _between(candidate, passage) else "never in small letters"
    return "small letters without a cue" if lower == "cue" and not evidence(candidate, passage, gazetteer) else None


_LISTING: Final = frozenset({",", "and", "or", "&", "/"})


def _between(candidate: Candidate, passage: Passage) -> bool:
    """'mali, niger and burkina': in the middle of a list that holds a country, small letters or not."""
    before, after = candidate.first - 1, candidate.last
    listed = passage.word(before) in _LISTING and passage.word(after) in _LISTING
    return listed and (before - 1 in passage.countries or after + 1 in passage.countries)


_OBJECTS: Final = frozenset(
    {"tell", "tells", "for", "let", "give", "gives", "make", "with", "to", "of", "help", "join", "about", "sell", "all"}
)


_WITH: Final = frozenset({"and", "or", "vs", "/"})
_BLOCS: Final = frozenset({"eu", "uk"})


def _pronoun(candidate: Candidate, passage: Passage, raw: str) -> str | None:
    before, after = passage.word(candidate.first - 1), passage.word(candidate.last)
    countries = [passage.countries.get(i) for i in passage.around(candidate, FAR)]
    if raw == "us":
        others = any(c and c != "USA" for c in countries) or (
            after in _WITH and passage.word(candidate.last + 1) in _BLOCS
        )
        paired = before == "the" and others
        return None if paired else "the pronoun"
    if raw != "US":
        return "the pronoun"
    if after == "$":
        return "a currency"
    if passage.styles[candidate.first] != "capitals":
        return None
    listed = after == "," and candidate.last + 1 in passage.countries
    if listed or before in {"the", "-", "and", "vs", "/"} or after in {"-", "'", "and", "vs", "/"}:
        return None
    return "the pronoun in capitals" if before in _OBJECTS or not after[:1].isalpha() else None


def _language(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    if form.kind != "demonym" and form.type == "country" and form.kind != "name":
        return None
    after = passage.word(candidate.last)
    cues = gazetteer.cues
    if form.kind == "demonym" and any(after in cues[c] for c in ("food", "animals", "culture")):
        return f"{after!r} is a dish, an animal or a custom"
    if form.kind == "name" and after in cues["food"] | cues["animals"]:
        return f"{after!r} is a dish or an animal"
    if form.kind == "demonym" and form.text[-1] != "s" and _leading(candidate, passage) in cues["languages_before"]:
        return None if after[:1].isalnum() and after not in {"and", "or", "but", "is"} else "the language"
    return None


def _leading(candidate: Candidate, passage: Passage) -> str:
    """The word before a demonym or before the list of them that it ends: 'in English and Spanish'."""
    at = candidate.first - 1
    while passage.word(at) in _LISTING and at - 1 in passage.countries:
        at -= 2
    return passage.word(at)


def _company(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """C5: 'Canada Nickel said', 'Qatar Airways': a name in capitals, not a country that does something."""
    at = candidate.last
    run = [i for i in (at, at + 1) if passage.capitalised(i) or passage.word(i) in gazetteer.cues["company"]]
    if at in run and any(passage.word(i) in gazetteer.cues["company"] for i in run):
        return "part of a company's name"
    if form.kind in ("name", "demonym") and passage.styles[candidate.first] == "sentence":
        ahead = passage.capitalised(candidate.first) and passage.capitalised(at) and at in passage.minerals
        return "part of a company's name" if ahead else None
    return None


_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir", "prof"})


def _person(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    before = candidate.first - 1
    before -= passage.word(before) == "." and passage.word(before - 1) in _TITLES
    named = passage.capitalised(before) and passage.word(before) in gazetteer.cues["given_names"] | _TITLES
    if named and candidate.last - candidate.first == 1 and passage.capitalised(candidate.first):
        return "a person's name"
    return None


def _town(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """'Moscow, Idaho': a comma and a state, where the form is a city's or the state stands alone."""
    at = candidate.last
    states = gazetteer.cues["states_us"]
    if passage.word(at) == "," and passage.word(at + 1) in states and passage.words.raw[at + 1][:1].isupper():
        closing = passage.word(at + 2)
        alone = form.kind == "metonym" and closing not in ("and", "or")
        return "a town of that name" if alone or closing in ("", ",", ".", ")", "-") else None
    return None


_BODIES: Final = frozenset({"commission", "parliament", "council", "congress", "senate", "cabinet"})
"""Last words of names that are a body and no place."""


def _venue(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """C2, C4: a capital counts when it acts, not when something happens there."""
    if form.kind != "metonym" or candidate.last - candidate.first > 2 or passage.word(candidate.last - 1) in _BODIES:
        return None
    if _dateline(candidate, passage):
        return "a dateline"
    if form.entity == "BEL":  # the one capital that is rather the city than the government it hosts: see its needs
        return None
    after, beyond = passage.word(candidate.last), passage.word(candidate.last + 1)
    if after in gazetteer.cues["venue"] or (after == "-" and beyond in {"listed", "traded"}):
        return "a venue or a market"
    return _visited(candidate, passage, gazetteer.cues) or _surname(candidate, form, passage)


def _visited(candidate: Candidate, passage: Passage, cues: dict[str, frozenset[str]]) -> str | None:
    before, after = passage.word(candidate.first - 1), passage.word(candidate.last)
    if before in {"a", "an", "one"} and after.isalpha():
        return "where somebody is from"
    if before in cues["in_place"]:
        seated = before in {"in", "at"} and passage.word(candidate.first - 2) in cues["state_bodies"]
        return None if seated else "a venue"
    travelled = {passage.word(i) for i in range(candidate.first - 4, candidate.first - 1)} & cues["travel"]
    return "a journey" if travelled and before in {"to", "from", "for", "the"} else None


def _dateline(candidate: Candidate, passage: Passage) -> bool:
    """'HANOI: ', 'Belgrade — ', 'BRUSSELS, Nov. 12': where a report was written."""
    first, at = candidate.first, candidate.last
    if passage.word(first - 1) not in ("", BREAK) or at + 1 >= len(passage.words):
        return False
    loud = passage.words.raw[first].isupper() and passage.styles[first] != "capitals"
    apart = (
        passage.words.starts[at] > passage.words.ends[at - 1] or passage.words.starts[at + 1] > passage.words.ends[at]
    )
    return (passage.word(at) == "-" and apart) or (loud and passage.word(at) in {":", "(", ",", "."})


def _surname(candidate: Candidate, form: Form, passage: Passage) -> str | None:
    """In ordinary sentences a capital beside another capitalised word is a name: 'Denzel Washington'."""
    if passage.styles[candidate.first] != "sentence" or form.entity == "EU":
        return None
    after = candidate.last
    follows = passage.capitalised(after) and after not in passage.countries and after not in passage.minerals
    return "part of a name" if follows else None


def _needed(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense) -> str | None:
    """The words a form needs; a mineral or another country near by will do where words of government would."""
    if not sense.needs or sense.needs & passage.vocabulary:
        return None
    general = gazetteer.cues["gov"] <= sense.needs
    return None if general and evidence(candidate, passage, gazetteer) else "none of the words it needs is in the text"


CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("C6", _namesake), ("C1", _topic), ("C10", _letters), ("C1", _language), ("C5", _company), ("C5", _person),
    ("C6", _town), ("C4", _venue), ("C2", _needed),
)  # fmt: skip
"""In the order asked, each with its rule."""
