"""Movers and voices: which are chosen, and how they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import movers, sections, voices
from records import STANCES, Drift, Mover, Quotation, Story
from tests.digest import examples

Counts = tuple[int, int, int]


def mover(name: str, told: int, stories: str, *, expected: float = 4.0, **changes: Any) -> Mover:
    """A mineral with a burst, told in stories that are named by letters."""
    told_in = tuple(Story(letter, f"Story {letter}", None, 2, 3) for letter in stories)
    return Mover("mineral", examples.breakdown(name, 9, 9, 9, 9), told, expected, True, told_in, **changes)


def names(found: tuple[Mover, ...]) -> list[tuple[str, ...]]:
    """Each mover's names."""
    return [(one.breakdown.name, *one.alike) for one in found]


def test_an_event_is_one_mover_whatever_it_moves() -> None:
    """Entities that share half of their stories or more are one, under the strongest's name."""
    found = [mover("germanium", 12, "abc"), mover("gallium", 20, "abcd"), mover("copper", 16, "dxyz")]
    assert names(movers.choose(found)) == [("gallium", "germanium"), ("copper",)]


def test_three_are_told_and_the_strongest_first() -> None:
    """Strength is the surplus over what was expected, or a stance's change, in standard deviations."""
    change = replace(examples.breakdown("tin", 9, 9, 9, 9), moves=examples.moved((0.5, "up"), *[(0.0, None)] * 2))
    still = Mover("mineral", change, 5, 5.0, False, (Story("t", "T", None, 1, 1),))
    found = [mover(f"m{n}", 10 + n, letter) for n, letter in enumerate("abcd")]
    told = movers.choose([*found, still])
    assert names(told) == [("tin",), ("m3",), ("m2",)]
    assert movers.strength(still) == pytest.approx(0.5 / ((0.489 - 0.2) / 3.29), rel=0.05)
    assert all(len(one.stories) == 1 for one in told)


@given(st.lists(st.tuples(st.integers(5, 90), st.text("abcdef", max_size=6)), max_size=9), st.randoms())
def test_the_order_they_come_in_does_not_matter(made: list[tuple[int, str]], rng: Any) -> None:
    """Three at most, each entity once, whatever the order."""
    found = [mover(f"m{n}", told, "".join(sorted(set(stories)))) for n, (told, stories) in enumerate(made)]
    mixed = list(found)
    rng.shuffle(mixed)
    chosen = movers.choose(found)
    assert chosen == movers.choose(mixed)
    assert len(chosen) <= movers.MOST
    told = [name for one in names(chosen) for name in one]
    assert len(told) == len(set(told))


def test_a_mover_is_told_in_words() -> None:
    """Attention against what was expected, a stance with its change, and the story once."""
    told = sections.mover(examples.movers()[0], {})
    assert told.name == "Gallium, Germanium and Antimony"
    assert told.facts == ("34 stories and posts, where 12 were to be expected",)
    assert told.told == "told by 6 channels, counted once"
    country = sections.mover(examples.movers()[1], examples.NAMES)
    assert country.name == "Australia"
    assert [fact.replace("\xa0", " ") for fact in country.facts] == [
        "Realist down by 14 points to 30 %", "Skeptic up by 10 points to 37 %",
    ]  # fmt: skip


def quotation(stance: str, text: str = "words", **changes: Any) -> Quotation:
    """A report's passage."""
    at = datetime(2026, 11, 18, tzinfo=UTC)
    return replace(Quotation(stance, text, "A title", "feed", "https://news.example/a", at, "news"), **changes)


@pytest.mark.parametrize(
    ("counts", "against"),
    [((40, 10, 5), "skeptic"), ((10, 40, 5), "skeptic"), ((5, 10, 40), "industrial_collaboration")],
)
def test_the_counter_voice_speaks_against_the_leading_stance(counts: Counts, against: str) -> None:
    """It is the surest passage of the stance against the leading one that is not quoted already."""
    found = [quotation(stance, f"{stance} {n}") for stance in STANCES for n in range(2)]
    told, counter = voices.choose(found, examples.breakdown("week", *counts, 0))
    assert [one.text for one in told] == [f"{stance} 0" for stance in STANCES]
    assert counter is not None
    assert counter.text == f"{against} 1"


def test_without_a_second_passage_there_is_no_counter_voice() -> None:
    """Nothing is quoted twice, and where no share is told nothing leads."""
    found = [quotation(stance) for stance in STANCES]
    assert voices.choose(found, examples.breakdown("week", 9, 9, 9, 0))[1] is None
    more = [*found, quotation("skeptic", "more")]
    untold = replace(examples.breakdown("week", 0, 0, 0, 9))
    assert voices.choose(more, untold)[1] is None


@pytest.mark.parametrize(
    ("changes", "genre"),
    [
        ({}, "report"),
        ({"url": "https://news.example/opinion/2026/an-article"}, "op-ed"),
        ({"url": "https://news.example/world/op-ed/x"}, "op-ed"),
        ({"url": "https://news.example/commentisfree/2026/nov/18/x"}, "op-ed"),
        ({"url": "https://news.example/Columnists"}, "op-ed"),
        ({"url": "https://news.example/public-opinion-on-mines"}, "report"),
        ({"url": "https://opinion.example/news/x"}, "report"),
        ({"url": "https://[bad/opinion/"}, "report"),
        ({"url": None}, "report"),
        ({"title": "Opinion: Dig here"}, "op-ed"),
        ({"title": "OP-ED | Dig here"}, "op-ed"),
        ({"title": "[Commentary] Dig here"}, "op-ed"),
        ({"title": "Dig here – Opinion"}, "op-ed"),
        ({"title": "Opinion is divided on a mine"}, "report"),
        ({"title": "Column: what a mine costs"}, "op-ed"),
        ({"title": "Column of smoke over a smelter: three hurt"}, "report"),
        ({"community": "think-tank"}, "think-tank"),
        ({"community": "think-tank", "url": "https://tank.example/commentary/x"}, "op-ed"),
        ({"community": "company"}, "company"),
        ({"community": "official"}, "report"),
        ({"source_kind": "social", "title": "Opinion: Dig here"}, "post"),
    ],
)
def test_op_eds_are_told_by_address_title_or_channel(changes: dict[str, Any], genre: str) -> None:
    """The rule looks at what an item shows of itself, and a word in passing does not make an op-ed."""
    assert voices.genre(quotation("realist", **changes)) == genre


def test_an_op_ed_is_marked_in_every_form(pages: dict[str, str], sheets: dict[str, str]) -> None:
    """The counter-voice of the rich week is an op-ed, and says so."""
    assert '<span class="tag">Op-ed</span>' in pages["rich"]
    assert "Op-ed: [Opinion: The alliance" in sheets["rich"]


def test_drift_tells_what_moved_first() -> None:
    """The feature, its verdict and its index; nothing where it could not be computed."""
    found = (Drift("length", 9, 9, 2, 0.012, 0.1, "steady"), Drift("source", 9, 9, 2, 0.31, 0.1, "moved far"),
             Drift("language", 0, 0, 0, None, None, "too little data"))  # fmt: skip
    assert sections.drift(found) == (
        "Mix of sources: moved far (0.31)", "Length of texts: steady (0.01)", "Languages: too little data",
    )  # fmt: skip
