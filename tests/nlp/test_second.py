"""The second look: persons and verbs that the rules take for countries and for lead, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nlp import pipeline
from nlp.gazetteer import load
from nlp.mentions import Reader

GAZETTEER = load(Path(__file__).parents[2] / "config" / "gazetteers")
READER = Reader(GAZETTEER)

PERSONS = [
    "Jordan Ellison told the inquiry that the smelter would close.",
    "The striker Israel Campos scored twice.",
    "Our guide, Kenya Moore, had grown up near the mine.",
    "Judge Brazil Hawkins dismissed the lithium case.",
    "Dr Samantha Holland measured the lead levels.",
    "Mr. Ireland told the committee about zinc.",
]
COUNTRIES = [
    ("China Foreign Minister Wang Yi met Chile President Gabriel Boric.", {"CHN", "CHL"}),
    ("He left Jordan Friday for talks on potash.", {"JOR"}),
    ("The India Meteorological Department warned of rain.", {"IND"}),
    ("To Counter China, Look to the Democratic Republic of Congo.", {"CHN", "COD"}),
    ("Portugal has Panasqueira, Korea Sangdong.", {"PRT", "KOR"}),
    ("Beyond Bolivia and other parts of South America, brine is rare.", {"BOL"}),
]
LEAD = [
    ("Chilean producers lead production growth in the region.", False),
    ("Two Chinese firms lead exports of the metal.", False),
    ("These mines lead production of nickel.", False),
    ("The smelter cut lead production by a third.", True),
    ("China exports lead and imports zinc.", True),
    ("I wonder why lead prices forecast recessions.", True),
    ("Traders say lead premiums rose.", True),
]


def entities(text: str, type_: str) -> set[str]:
    """What a text names, of one type."""
    return {m.entity for m in READER.find(text) if m.type == type_}


@pytest.mark.parametrize("text", PERSONS)
def test_a_person_is_no_country(text: str) -> None:
    """A country's name in a person's counts for nothing."""
    assert entities(text, "country") == set()


@pytest.mark.parametrize(("text", "codes"), COUNTRIES)
def test_a_country_beside_a_capital_stays_one(text: str, codes: set[str]) -> None:
    """Offices, days, agencies, mines and headlines take nothing away."""
    assert entities(text, "country") == codes


@pytest.mark.parametrize(("text", "metal"), LEAD)
def test_lead_that_leads_is_no_metal(text: str, metal: bool) -> None:
    """The verb is rejected before a noun of the trade, too; the noun stays."""
    assert ("lead" in entities(text, "mineral")) is metal


class Counted(pipeline.Pipeline):
    """The real pipeline, and which sentences it was asked for names."""

    def __init__(self) -> None:
        self.real = pipeline.pipeline()
        self.sentences: list[str] = []

    def names_of(self, texts: Sequence[str]) -> list[tuple[pipeline.Span, ...]]:
        """As the real one."""
        self.sentences += texts
        return self.real.names_of(texts)

    def tags_of(self, texts: Sequence[str]) -> list[tuple[pipeline.Span, ...]]:
        """As the real one."""
        return self.real.tags_of(texts)


def test_the_pipeline_waits_for_a_question() -> None:
    """Texts that leave nothing open do not load it; the first that does, does."""
    calls = 0

    def english() -> pipeline.Pipeline:
        nonlocal calls
        calls += 1
        return pipeline.pipeline()

    reader = Reader(GAZETTEER, english)
    for text in (
        "China mines gallium, Chile copper.",
        "Lead prices fell; lead and zinc output rose.",
        "When Japan agreed, Western Australia and Vietnam Bank said nothing.",
        "",
        "Turkey",
    ):
        reader.find(text)
    assert calls == 0
    reader.find("The guide said that Kenya Moore had left. We learnt that Kenya Moore had slept in the car.")
    assert calls == 1


def test_a_sentence_is_read_once_and_few_are_read() -> None:
    """Two candidates of a sentence share a reading; a hostile text asks for 25 at most."""
    english = Counted()
    reader = Reader(GAZETTEER, lambda: english)
    reader.find("The guide said that Kenya Moore met Brazil Hawkins there.")
    assert len(english.sentences) == 1
    reader.find(" ".join(f"We met with Kenya Moore over there {n} times." for n in range(400)))
    assert len(english.sentences) == 1 + 25


def test_texts_are_answered_alike_alone_and_together() -> None:
    """What many texts ask is asked at once, and changes nothing of what each is told."""
    texts = [*PERSONS, *(text for text, _ in COUNTRIES), *(text for text, _ in LEAD), "", "China mines gallium."] * 4
    english = Counted()
    together = Reader(GAZETTEER, lambda: english).find_all(texts, [False] * len(texts))
    assert together == [READER.find(text) for text in texts]
    assert len(english.sentences) == len(set(english.sentences)) > 5


def test_explain_tells_every_candidate_with_its_rule() -> None:
    """Accepted, rejected and swallowed: each with offsets, surface and a rule; mentions carry theirs."""
    text = "Our guide, Kenya Moore, likes tin foil, lead pipes, Canada Nickel and Chile's lithium mine."
    told = READER.explain(text)
    assert all(text[c.start : c.end] == c.surface and c.rule and c.reason for c in told)
    assert {c.surface: c.accepted for c in told if c.type in ("mineral", "country")} == {
        "Kenya": False, "tin": False, "lead": False, "Canada": False, "Nickel": False, "Chile": True, "lithium": True,
    }  # fmt: skip
    rules = {c.surface: c.rule for c in told}
    assert (rules["Kenya"], rules["tin"], rules["Nickel"], rules["Canada"]) == ("C5", "M4", "M6", "C5")
    accepted = {(c.start, c.end, c.type, c.entity, f"{c.rule} {c.reason}") for c in told if c.accepted}
    assert {(m.start, m.end, m.type, m.entity, m.rule) for m in READER.find(text)} == accepted
