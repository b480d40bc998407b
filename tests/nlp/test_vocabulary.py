"""The cheap question before the dear one changes no answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.settings import GAZETTEERS, ROOT
from nlp import gazetteer, scan
from nlp.mentions import Reader
from nlp.vocabulary import Vocabulary

READER = Reader(gazetteer.load(GAZETTEERS))
WORDS = Vocabulary(READER)
PHRASES = sorted(
    {f.text for f in READER.gazetteer.forms if f.type == "mineral"}
    | {*READER.gazetteer.umbrella, *READER.gazetteer.names}
)
FORMS = (
    str,
    str.lower,
    str.upper,
    str.title,
    lambda p: p + "s",
    lambda p: p.replace(" ", "-"),
    lambda p: p.replace(" ", ""),
    lambda p: p.replace(" ", "_"),
    lambda p: p.replace(" ", " | "),
    lambda p: p.replace("e", "é", 1),
    lambda p: p.replace("i", "&iacute;", 1),
    lambda p: p.replace("l", "l\u200b", 1),
    lambda p: "#" + p.title().replace(" ", ""),
    lambda p: f"https://example.com/{p.replace(' ', '-')}/x",
)
FILLERS = st.sampled_from(["mine", "price of", "smelter", "exports from China", "’s", " — ", "tonnes", "\n\n", "…"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PHRASES), st.sampled_from(FORMS), FILLERS), max_size=3))
def test_no_phrase_is_overlooked(parts: list[tuple[str, object, str]]) -> None:
    """Whatever the spelling, the answer is the reader's own."""
    text = " ".join(f"{form(phrase)} {filler}" for phrase, form, filler in parts)  # type: ignore[operator]
    assert WORDS.about(text) == scan.about(text, READER)


def test_every_phrase_is_known() -> None:
    """Each phrase by itself, among words of the trade, gives the reader's own answer."""
    texts = [f"The price of {phrase} from the mine" for phrase in PHRASES]
    assert [t for t in texts if WORDS.about(t) != scan.about(t, READER)] == []
    assert sum(map(WORDS.about, texts)) > len(texts) / 2


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "data").glob("*.jsonl")), ids=lambda p: p.name)
def test_texts_of_the_tests_are_judged_alike(path: Path) -> None:
    """Texts of people, traps among them, give the reader's own answer."""
    texts = [json.loads(line).get("text", "") for line in path.read_text().splitlines()][:300]
    assert [text for text in texts if WORDS.about(text) != scan.about(text, READER)] == []


@pytest.mark.parametrize("text", ["He took base at the top of the green line.", "Nobody is here.", "", "\ud83d"])
def test_everyday_words_ask_nobody(text: str) -> None:
    """Words of a phrase do not make the phrase."""
    assert WORDS._found(text) == (False, False)
