"""The list of channels: read whole, or refused with the line and key at fault."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import channels
from flows.errors import ChannelsError
from flows.settings import ROOT
from records import Channel

GOOD = """
[[feed]]
name = "mining-weekly"
url = "https://www.miningweekly.com/page/home/feed"
community = "trade-press"
keep = "all"

[[subreddit]]
name = "UraniumSqueeze"
community = "investor"
comments = false
"""


def test_a_list_is_read_in_order() -> None:
    """Feeds come before subreddits, with their defaults filled in."""
    assert channels.parse(GOOD) == (
        Channel("mining-weekly", "feed", "trade-press", "https://www.miningweekly.com/page/home/feed", "all"),
        Channel("UraniumSqueeze", "subreddit", "investor", "UraniumSqueeze", "relevant", comments=False),
    )


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ("colour = 3", "", 7, "unknown key 'colour'"),
        ('community = "blog"', 'community = "trade-press"', 5, "'blog' is none of"),
        ('keep = "some"', 'keep = "all"', 6, "key 'keep'"),
        ("name = 7", 'name = "mining-weekly"', 3, "key 'name' must be a string"),
        ('name = "Mining Weekly"', 'name = "mining-weekly"', 3, "lower-case words"),
        ('url = "file:///etc/passwd"', 'url = "https://www.miningweekly.com/page/home/feed"', 4, "http or https"),
        ('url = "http://[::1"', 'url = "https://www.miningweekly.com/page/home/feed"', 4, "http or https"),
        ("", 'community = "trade-press"\n', 2, "key 'community' is missing"),
        ('comments = "no"', "comments = false", 11, "must be true or false"),
    ],
)
def test_a_fault_names_line_and_key(wrong: str, right: str, line: int, words: str) -> None:
    """An unknown key or value is refused with its line."""
    text = GOOD.replace(right, wrong, 1) if right else GOOD.replace('keep = "all"\n', f'keep = "all"\n{wrong}\n', 1)
    with pytest.raises(ChannelsError, match=rf"channels\.toml, line {line}: .*{words}"):
        channels.parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no channel in it"),
        ("[[feed]", "not valid TOML"),
        ("[feed]\nname = 'a'", "must be written as"),
        ("[[podcast]]\nname = 'a'", "line 1: unknown key 'podcast'"),
        (GOOD + GOOD, "two channels are named"),
    ],
)
def test_a_list_that_is_none_is_refused(text: str, words: str) -> None:
    """What cannot be a list of channels says so in one line."""
    with pytest.raises(ChannelsError, match=words) as caught:
        channels.parse(text)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_list_or_an_error(text: str) -> None:
    """No text brings the reader down."""
    with contextlib.suppress(ChannelsError):
        assert channels.parse(text)


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    """A path that leads nowhere tells which variable to set."""
    with pytest.raises(ChannelsError, match="set ORESIGHT_CHANNELS"):
        channels.load(tmp_path / "none.toml")


def test_the_configured_list_is_large_and_varied() -> None:
    """The list that ships holds at least 40 feeds and 20 subreddits, over at least seven communities."""
    configured = channels.load(ROOT / "config" / "channels.toml")
    kinds = Counter(c.kind for c in configured)
    assert kinds["feed"] >= 40
    assert kinds["subreddit"] >= 20
    assert len({c.community for c in configured}) >= 7


def test_a_feed_may_ask_for_full_text() -> None:
    """`fulltext = true` is read; without it a feed's own summary is enough."""
    text = GOOD.replace('keep = "all"', "fulltext = true", 1)
    assert [c.fulltext for c in channels.parse(text)] == [True, False]
    assert not any(c.fulltext for c in channels.parse(GOOD))
    with pytest.raises(ChannelsError, match="line 6: key 'fulltext' must be true or false"):
        channels.parse(GOOD.replace('keep = "all"', 'fulltext = "yes"', 1))


SEARCH = """
[[reddit_search]]
name = "rare-earths"
query = '"rare earths" OR dysprosium'
community = "investor"
subreddits = ["mining", "stocks"]
window = "day"
"""


def test_a_search_is_a_channel() -> None:
    """Query, subreddits and window are read; without the last two it looks everywhere, a week back."""
    query = '"rare earths" OR dysprosium'
    whole = Channel(
        "rare-earths", "reddit_search", "investor", query, subreddits=("mining", "stocks"), window="day"
    )  # fmt: skip
    assert channels.parse(SEARCH) == (whole,)
    (least,) = channels.parse("\n".join(SEARCH.splitlines()[:5]))
    assert (least.subreddits, least.window, least.comments) == ((), "week", True)


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ('name = "Rare Earths"', 'name = "rare-earths"', 3, "lower-case words"),
        ('query = " "', "query = '\"rare earths\" OR dysprosium'", 4, "words on one line"),
        ('community = "official"', 'community = "investor"', 5, "'official' is none of"),
        ('subreddits = "mining"', 'subreddits = ["mining", "stocks"]', 6, "must be a list"),
        ('subreddits = ["r/mining"]', 'subreddits = ["mining", "stocks"]', 6, "'r/mining' is not a subreddit's name"),
        ("subreddits = [7]", 'subreddits = ["mining", "stocks"]', 6, "'7' is not a subreddit's name"),
        ('subreddits = ["a_b", "A_b"]', 'subreddits = ["mining", "stocks"]', 6, "twice"),
        ('window = "fortnight"', 'window = "day"', 7, "'fortnight' is none of hour, day"),
        ('url = "https://a.org/"', 'window = "day"', 7, "unknown key 'url'"),
    ],
)
def test_a_fault_in_a_search_names_line_and_key(wrong: str, right: str, line: int, words: str) -> None:
    """A search is held to its keys as the other channels are."""
    with pytest.raises(ChannelsError, match=rf"channels\.toml, line {line}: .*{words}"):
        channels.parse(SEARCH.replace(right, wrong))


@pytest.mark.parametrize(
    "url", ["http://a b/", "http://a/\\u0001", "http://a/\\ufffe", "http://a/\\n", "//a/", "http:///x"]
)
def test_an_address_holds_nothing_that_cannot_be_sent(url: str) -> None:
    """Spaces, control characters and addresses without a host are refused."""
    with pytest.raises(ChannelsError, match="key 'url'"):
        channels.parse(GOOD.replace("https://www.miningweekly.com/page/home/feed", url))
