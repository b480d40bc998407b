"""Phrases are found wherever they stand, overlapping or not, whatever else stands beside them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from nlp.phrases import Phrases
from nlp.umbrella import pattern

WORDS = st.sampled_from(["a", "b", "ab", "-", "c"])
TEXT = st.lists(WORDS, max_size=12)
PHRASES = st.dictionaries(st.sampled_from(["x", "y"]), st.lists(st.lists(WORDS, min_size=1, max_size=4), max_size=5))


@given(TEXT, PHRASES)
def test_every_phrase_is_found_at_every_place(words: list[str], phrases: dict[str, list[list[str]]]) -> None:
    """What comparing every stretch of the text with every phrase finds, in the order of the text."""
    listed = {label: frozenset(map(" ".join, of_one)) for label, of_one in phrases.items()}
    stretches = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    wanted = {(i, j, label) for i, j in stretches for label in listed if " ".join(words[i:j]) in listed[label]}
    found = Phrases(listed).find(words)
    assert set(found) == wanted
    assert len(found) == len(wanted)
    assert [i for i, _, _ in found] == sorted(i for i, _, _ in found)


TERM = st.lists(st.text("abc1", min_size=1, max_size=4), min_size=1, max_size=3).map(" ".join)


@given(st.lists(TERM, min_size=1, max_size=8), st.text("abc1s -", max_size=40))
def test_terms_that_share_letters_are_each_found(terms: list[str], text: str) -> None:
    """One expression finds what each term's own expression would, the longest first."""
    found = {m.span() for m in pattern(terms).finditer(text)}
    plain = "|".join(r"[\W_]{0,3}".join(map(re.escape, t.split())) for t in sorted(set(terms), reverse=True))
    assert bool(found) == bool(re.search(rf"(?<![^\W_])(?:{plain})s?(?![^\W_])", text))
