"""Themes by phrase."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.themes import Phrases, Theme

THEMES = (
    Theme(
        "price support", "element", instruments=("price floor",), phrases=("(minimum|floor) price", "offtake guarantee")
    ),
    Theme("stockpiling", "element", instruments=("stockpile",), stages=("stockpiling",)),
    Theme("research", "element", phrases=("R&D", "joint research")),
)
KINDS = {
    "price floor": "price floor",
    "stockpile": "stockpile",
    "Project Vault": "stockpile",
    "EXIM": "loan or equity stake",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Give them a minimum price.", ("price support",)),
        ("MINIMUM-PRICES and offtake guarantees", ("price support",)),
        ("More R&D, and floor prices for it.", ("price support", "research")),
        ("A price, at a minimum", ()),
        ("minimum priced", ()),
        ("see https://x.example/minimum-price", ()),
        ("", ()),
    ],
)
def test_phrases(text: str, found: tuple[str, ...]) -> None:
    """A phrase is found whatever its case, hyphens and plurals, as whole words, and not in an address."""
    assert Phrases(THEMES).find(text) == found


@given(st.text(), st.text())
def test_words_around_do_not_matter(before: str, after: str) -> None:
    """What stands before or after a phrase, parted by a line, takes no theme away."""
    phrases = Phrases(THEMES)
    text = f"{before}\njoint research\n{after}"
    assert "research" in phrases.find(text)
    assert phrases.find(text) == phrases.find(text)


def test_an_instrument_stands_for_its_programmes() -> None:
    """The mentions of a theme are its instruments with the programmes of their kind, and its stages."""
    assert THEMES[1].entities(KINDS) == (
        ("instrument", "Project Vault"), ("instrument", "stockpile"), ("stage", "stockpiling")
    )  # fmt: skip
    assert THEMES[2].entities(KINDS) == ()


def test_an_empty_phrase_is_refused() -> None:
    """A phrase without a word would be everywhere."""
    with pytest.raises(ValueError, match="holds no word"):
        Phrases([Theme("x", "element", phrases=("...",))])
