"""Which texts tell one story."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.stories import ALIKE, ENOUGH, UNLIKE, containment, same_story, shingles, title_key

FULL = (
    "Chile's state miner will double its output of lithium carbonate at the Atacama salt flat by 2030 and is in "
    "talks with two European carmakers over long-term supply, its chairman said on Monday. The plan needs the "
    "approval of the environment regulator, which has asked for more studies on the level of the brine. Analysts "
    "called the timeline ambitious: two earlier projects were late by years, and water remains the hardest "
    "constraint in the north. The company has hired a contractor for the ponds and expects the first tonnes in the "
    "second half of 2028. Prices of lithium carbonate in China have fallen by a third since the spring, and several "
    "producers in Australia have put expansions on hold. The chairman said that the cost of the Atacama brine was "
    "low enough to ride out the slump."
)
CUT = FULL[:260].rsplit(" ", 1)[0] + "…"
EDITED = FULL.replace("on Monday", "late on Monday").replace("ambitious", "very ambitious")[:420]
OTHER = (
    "Chile's state miner and its European partner have put off a decision on a plant for lithium hydroxide in the "
    "north of the country, two people with knowledge of the matter said on Tuesday. Prices of lithium carbonate in "
    "China have fallen by a third since the spring, and buyers are in no hurry to sign. The environment regulator "
    "has asked for more studies on the level of the brine before any new permit."
)
REPORT = (
    "Copper for delivery in three months on the London Metal Exchange rose {0} percent to {1} dollars a tonne on {2}. "
    "Stocks in warehouses of the exchange fell by {3} tonnes. Aluminium gained {4} percent and zinc was little changed."
)
MONDAY = REPORT.format("1.2", "9,120", "Monday", "450", "0.4")
TUESDAY = REPORT.format("0.3", "9,147", "Tuesday", "75", "0.9")


def test_a_copy_that_was_cut_short_is_held_by_the_whole() -> None:
    """Containment tells a cut or slightly edited copy from a story about the same people with room to spare."""
    whole = shingles(FULL)
    assert containment(shingles(CUT), whole) > 0.88
    assert containment(shingles(EDITED), whole) > ALIKE + 0.15
    assert containment(shingles(OTHER), whole) < 0.5
    assert containment(shingles(OTHER), whole) < ALIKE - 0.1


def _same(one: str, other: str, *, title: bool = False, channel: bool = False) -> bool:
    a, b = shingles(one), shingles(other)
    return same_story(len(set(a) & set(b)), len(a), len(b), same_title=title, same_channel=channel)


def test_stories_are_told_by_their_words() -> None:
    """Across channels a copy is the same story, and other news of the same day are not."""
    assert _same(FULL, CUT)
    assert _same(FULL, EDITED)
    assert not _same(FULL, OTHER)
    assert not _same(MONDAY, FULL)


def test_a_channels_daily_report_is_a_story_of_its_own() -> None:
    """Two reports that share their form are not one story; a story that a channel repeats is."""
    assert not _same(MONDAY, TUESDAY, channel=True)
    assert _same(FULL, FULL, channel=True)


def test_a_headline_is_enough_unless_the_texts_gainsay_it() -> None:
    """The same headline in two channels: yes for short texts and rewritten ones, no for texts without common words."""
    assert _same("Tin rises", "Tin again", title=True)
    assert _same(FULL, OTHER, title=True)
    assert not _same(FULL, MONDAY, title=True)
    assert not _same("Tin rises", "Tin again", title=True, channel=True)


def test_too_few_words_tell_nothing() -> None:
    """Two headlines of a few words that are alike are no story by their words alone."""
    assert not _same("Lithium prices rise again in China", "Lithium prices rise again in China")


@pytest.mark.parametrize(
    ("title", "other", "same"),
    [
        ("Chile to double lithium output by 2030", "CHILE to Double Lithium Output by 2030 ", True),
        ("Chile\u2019s miner doubles output by 2030", "Chile's miner doubles output by 2030!", True),
        ("Chile to double lithium output by 2030", "Chile to double lithium output by 2035", False),
    ],
)
def test_headlines_are_compared_by_their_words(title: str, other: str, same: bool) -> None:
    """Case, signs and spaces make no other headline; a figure does."""
    assert title_key(title) is not None
    assert (title_key(title) == title_key(other)) is same


@pytest.mark.parametrize("title", ["", "Market wrap", "Week in review", "A B C D E F", "!!!"])
def test_short_headlines_stand_for_nothing(title: str) -> None:
    """A column's name is no story."""
    assert title_key(title) is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_containment_is_a_share(one: str, other: str) -> None:
    """Between none and all, the same both ways, and all for a text and itself or any part of its beginning."""
    a, b = shingles(one), shingles(other)
    assert 0 <= containment(a, b) == containment(b, a) <= 1
    assert containment(a, a) == (1.0 if a else 0.0)
    assert len(set(a)) == len(a)


@given(
    st.lists(
        st.sampled_from(["tin", "ore", "mine", "port", "ship", "fall", "rise", "China"]),
        max_size=120,
    )
)
def test_a_beginning_is_contained(words: list[str]) -> None:
    """Whatever a feed cuts off, what is left is held by the whole."""
    part = shingles(" ".join(words[: len(words) // 2]))
    assert containment(part, shingles(" ".join(words))) in (0.0, 1.0)
    assert bool(part) == (len(words) // 2 >= 4)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.booleans(), st.booleans())
def test_more_in_common_never_parts_a_story(shared: int, size: int, other: int, title: bool, channel: bool) -> None:
    """What is one story stays one when its texts share more; and within a channel more is asked for."""
    here = same_story(shared, size, other, same_title=title, same_channel=channel)
    assert same_story(shared + 1, size, other, same_title=title, same_channel=channel) >= here
    assert same_story(shared, size, other, same_title=title, same_channel=False) >= here
    assert UNLIKE < ALIKE
    assert ENOUGH > 0
