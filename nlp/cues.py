"""What the neighbours of a candidate say about it.

    Candidate + Passage -> Verdict(accepted, reason)        minerals here, countries in nlp/places.py

A mineral's name is weighed: each kind of neighbour adds or takes points, and how many points a name needs (NEEDED)
depends on how far its bare form can be trusted (RULES.md: default_sense, cue_required). The weights are this table:

    +2  a market noun or a price verb beside it (smelter, price of)      -3  a word of another sense right beside it
    +2  in a list with another mineral                                   -4  a product after it (foil, ring, cube)
    +1  words of trade and mining near it, at most two                   -2  a topic of another sense near it, then -1
    +1  money or a unit near it                                          -2  'a' before it and no market noun after
    +1  another mineral near it (+2 for two or more); a country*         -4  part of a capitalised name, or a town

* +2 where the country stands just before it (Thai tin).
"""

from __future__ import annotations

import re
from typing import Final

from nlp.gazetteer import Form, Gazetteer, Sense
from nlp.passage import FAR, NEAR, NONE, Candidate, Passage, Verdict

NEEDED: Final = {"mineral": -1, "check": 0, "other": 2, "cue": 1}
"""Points a form needs, by how far its bare form can be trusted."""
NAME: Final = "part of a name"
TOWN: Final = "a town of that name"


def mineral(candidate: Candidate, form: Form, passage: Passage, gazetteer: Gazetteer, sense: Sense | None) -> Verdict:
    """Weigh one mineral's name; the reason names the heaviest count on either side."""
    sense = sense or NONE
    near = [passage.words.folded[i] for i in passage.around(candidate, NEAR)]
    if veto := sense.veto.intersection(passage.word(i) for i in passage.around(candidate, FAR)):
        return Verdict(candidate, form, False, f"{min(veto)!r} stands near", "M5")
    if sense.needs and not sense.needs.intersection(passage.vocabulary):
        return Verdict(candidate, form, False, "none of the words it needs is in the text", "M5")
    counts = [
        *_for(candidate, form, passage, gazetteer.cues, near),
        *_against(candidate, form, passage, gazetteer.cues, near, sense),
    ]
    points = sum(p for p, _ in counts)
    accepted = points >= NEEDED[form.trust]
    sign = 1 if accepted else -1
    heaviest = max(counts, key=lambda c: sign * c[0], default=(0, ""))
    reason = f"{form.trust}: {points:+d}; {heaviest[1]}".rstrip("; ")
    return Verdict(candidate, form, accepted, reason, _rule(form, accepted, heaviest))


def _rule(form: Form, accepted: bool, heaviest: tuple[int, str]) -> str:
    """The rule of RULES.md that a verdict rests on."""
    points, reason = heaviest
    if accepted or points >= 0:
        return "M3" if accepted and form.kind == "alias" else "M1"
    return "M4" if reason.endswith("is a product") else "M6" if reason in (NAME, TOWN) else "M5"


def _for(
    candidate: Candidate, form: Form, passage: Passage, cues: dict[str, frozenset[str]], near: list[str]
) -> list[tuple[int, str]]:
    market = cues["market"]
    lead = form.entity == "lead"
    counts: list[tuple[int, str]] = []
    parley = frozenset[str]() if lead else cues["parley"]
    if beside := _beside(candidate, passage, market | parley, cues["price_verbs"], market | cues["trade_verbs"]):
        counts.append((2, f"{beside!r} beside it"))
    if listed := _listed(candidate, passage, cues["connectors"]):
        counts.append((2, f"in a list with {listed}"))
    words = {w for w in near if w in cues["hard"] or (w in market and not lead)}
    counts += [(1, f"{w!r} near it") for w in sorted(words)[:2]]
    if units := cues["units"].intersection(near):
        counts.append((1, f"{min(units)!r} near it"))
    others = {passage.minerals.get(i) for i in passage.around(candidate, NEAR)} - {None, form.entity}
    if others:
        counts.append((min(2, len(others)), f"{min(map(str, others))} near it"))
    if form.trust == "cue" and _again(candidate, form, passage):
        counts.append((1, "the text names it otherwise too"))
    if not lead and any(i in passage.countries for i in passage.around(candidate, NEAR)):
        counts.append((2 if candidate.first - 1 in passage.countries else 1, "a country near it"))
    return counts


def _again(candidate: Candidate, form: Form, passage: Passage) -> bool:
    own = range(candidate.first, candidate.last)
    named = passage.minerals | passage.doubtful | passage.hinted
    return any(entity == form.entity and i not in own for i, entity in named.items())


_OF: Final = frozenset({"of", "in", "for", "on"})


def _beside(
    candidate: Candidate, passage: Passage, market: frozenset[str], verbs: frozenset[str], sources: frozenset[str]
) -> str | None:
    """A noun or verb of the market right behind a name, or what is done to it right before."""
    after = passage.after(candidate)
    if after in market or (after in verbs and passage.word(candidate.last) != "-"):
        return after
    second = passage.word(candidate.last + 1)
    if second in market and passage.word(candidate.last).isalpha() and passage.word(candidate.last) not in _OF:
        return second
    before = passage.before(candidate)
    source = passage.word(candidate.first - 2) if before in _OF else before
    return source if source in (market if before in _OF else sources) else None


def _listed(candidate: Candidate, passage: Passage, connectors: frozenset[str]) -> str | None:
    """The mineral that a chain of commas and conjunctions, at most four words long, joins to this one."""
    for step, at in ((-1, candidate.first - 1), (1, candidate.last)):
        index = at
        while abs(index - at) < 5 and passage.word(index) in connectors and index != at - 5 * step:
            index += step
        if index != at and (found := passage.minerals.get(index) or passage.doubtful.get(index)):
            return found
    return None


_CALLED: Final = frozenset({"called", "nicknamed", "dubbed", "named"})
"""What is called Cobalt, at the end of a clause, is rather a dog."""
_DOSE: Final = re.compile(r"\d+m[cg]g?")


def _against(
    candidate: Candidate,
    form: Form,
    passage: Passage,
    cues: dict[str, frozenset[str]],
    near: list[str],
    sense: Sense,
) -> list[tuple[int, str]]:
    counts: list[tuple[int, str]] = []
    after, before = passage.after(candidate), passage.before(candidate)
    market = cues["market"]
    if after in sense.after or before in sense.before:
        counts.append((-3, f"goes with {after if after in sense.after else before!r}"))
    if after not in sense.after and (product := _product(candidate, form, passage, cues)):
        counts.append((-4, f"{product!r} is a product"))
    far = [passage.words.folded[i] for i in passage.around(candidate, FAR)]
    topics = {w for w in far if w in sense.near or (w[0].isdigit() and _DOSE.fullmatch(w))}
    topics |= cues["topics"].intersection(near)
    topics -= {"mg", "dose"} if "/" in near else set()  # mg/L is an assay
    counts += [(-2 if n == 0 else -1, f"{w!r} near it") for n, w in enumerate(sorted(topics)[:3])]
    if (
        form.kind == "name"
        and form.trust != "mineral"
        and before in cues["articles"]
        and not _ahead(candidate, passage, market | cues["gov"])
    ):
        counts.append((-2, f"{before!r} before it"))
    if before in _CALLED and form.trust != "mineral" and not after[:1].isalpha():
        counts.append((-2, f"{before!r} before it"))
    if name_part(candidate, passage):
        counts.append((-4, NAME))
    if _place(candidate, passage, cues):
        counts.append((-4, TOWN))
    if form.entity == "lead" and form.trust == "other":
        counts += _verb(candidate, passage, cues)
    if form.trust == "cue" and _whispered(candidate, form, passage):
        counts.append((-1, "not in capitals"))
    return counts


def _product(candidate: Candidate, form: Form, passage: Passage, cues: dict[str, frozenset[str]]) -> str | None:
    """'Silver ring', 'scandium alloy bikes': the product one or two words on."""
    if form.trust == "mineral" and form.kind != "name":
        return None
    after, second = passage.after(candidate), passage.word(candidate.last + 1)
    if after in cues["goods"]:
        return after if form.trust != "mineral" else None
    return second if second in cues["goods"] and after in _STUFF else None


_STUFF: Final = frozenset({"alloy", "metal", "steel"})


def _whispered(candidate: Candidate, form: Form, passage: Passage) -> bool:
    """An acronym of at most four letters written small is more often a word (apt, mop, wc)."""
    return form.text.isupper() and len(form.text) <= 4 and passage.words.raw[candidate.first].islower()


def _ahead(candidate: Candidate, passage: Passage, market: frozenset[str]) -> bool:
    return any(passage.word(i) in market or i in passage.minerals for i in range(candidate.last, candidate.last + 4))


def name_part(candidate: Candidate, passage: Passage) -> bool:
    """In ordinary sentences only names capitalise a mineral: 'Sigma Lithium said', 'shares of Lithium Americas'."""
    first, last = candidate.first, candidate.last - 1
    if passage.styles[first] != "sentence" or not passage.capitalised(first) or passage.tagged(first):
        return False
    after = passage.capitalised(last + 1) and last + 1 not in passage.minerals
    if passage.starts_sentence(first):
        return False
    before = passage.capitalised(first - 1) and first - 1 not in passage.minerals
    return after or (before and not passage.starts_sentence(first - 1)) or (before and len(passage.words) > first + 2)


def _place(candidate: Candidate, passage: Passage, cues: dict[str, frozenset[str]]) -> bool:
    """'Boron, Calif.': a comma and a state, both with capitals."""
    at = candidate.last
    named = passage.words.raw[candidate.first][:1].isupper() and passage.word(at) == ","
    return named and passage.word(at + 1) in cues["states_us"] and passage.words.raw[at + 1][:1].isupper()


def _verb(candidate: Candidate, passage: Passage, cues: dict[str, frozenset[str]]) -> list[tuple[int, str]]:
    """'Lead' that leads: after a subject without comma or conjunction, or before a noun that is no market noun."""
    market = cues["market"] | cues["price_verbs"]
    after = passage.after(candidate)
    counts = []
    if candidate.first - 1 in passage.minerals:
        counts.append((-5, "a verb after its subject"))
    held = passage.word(candidate.first - 1) in cues["possessors"] | cues["articles"]
    if held and after not in market and not _listed(candidate, passage, cues["connectors"]):
        counts.append((-3, "a noun: the lead"))
    if after.isalpha() and after not in market | cues["connectors"] | _AFTER_NOUN:
        counts.append((-3, f"{after!r} after it"))
    return counts


_AFTER_NOUN: Final = frozenset(
    {"is", "are", "was", "were", "has", "had", "at", "on", "in", "from", "for", "by", "with", "over", "will", "would"}
)
