"""Texts from outside, and words for numbers and days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest import words
from digest.texts import ELLIPSIS, link, markdown, markdown_target, plain
from records import Share
from tests.digest.examples import ATTACKS, BAD_URLS

anything = st.text(st.characters(), max_size=200)
nasty = st.text(st.sampled_from(list("\\`*_[]()<>#+-.!|~&:;\"'{}^$=/@ \n1awht")), max_size=60)


def shown(source: str) -> str:
    """What a CommonMark reader sees of a paragraph, or a failure where the source makes anything but plain text."""
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(source)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    return "".join(child.content for child in children)


@settings(deadline=None)  # the machine may be busy
@given(anything | nasty)
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    """Escaped text is one plain paragraph that reads as the text did."""
    line = plain(text)
    if line:
        assert shown(markdown(line)).replace("\N{WORD JOINER}", "") == line.replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize(
    "bare", ["https://evil.example", "www.evil.example", "me@evil.example", "mailto:me@evil.example"]
)
def test_bare_addresses_are_parted(bare: str) -> None:
    """What GitHub would turn into a link on its own is not left in one piece."""
    assert bare not in markdown(bare)


@settings(deadline=None)  # the machine may be busy
@given(anything)
def test_plain_text_is_one_visible_line(text: str) -> None:
    """No control character, line break, surrogate or direction override is left, and it can be written as UTF-8."""
    line = plain(text)
    assert line == " ".join(line.split())
    assert not set(line) & {"\x00", "\x1b", "\n", "\r", "\u2028", "\u202e", "\u2066"}
    line.encode()


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.sampled_from("ab "), max_size=300), st.integers(1, 50))
def test_long_texts_are_cut_and_say_so(text: str, limit: int) -> None:
    """A cut text is the start of the whole one, with a mark; a short one is whole."""
    whole, cut = plain(text, 10_000), plain(text, limit)
    assert cut == whole or (cut.endswith(ELLIPSIS) and whole.startswith(cut.removesuffix(ELLIPSIS)))
    assert len(cut) <= limit + len(ELLIPSIS)


@pytest.mark.parametrize("url", BAD_URLS)
def test_other_addresses_are_refused(url: str | None) -> None:
    """Only plain http and https addresses become links."""
    assert link(url) is None


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://a.example/x?y=1&z=2#top", "https://a.example/x?y=1&z=2#top"),
        ("https://a.example/(b)<c>", "https://a.example/%28b%29%3Cc%3E"),
        ("https://a.example/%28b%29", "https://a.example/%28b%29"),
        ("https://a.example/ü", "https://a.example/%C3%BC"),
    ],
)
def test_addresses_are_quoted(url: str, made: str) -> None:
    """What could end an attribute or a Markdown target is percent-encoded, and nothing is encoded twice."""
    assert link(url) == made


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=40))
def test_a_link_ends_where_it_should(tail: str) -> None:
    """No path can break out of an attribute or of a Markdown target."""
    made = link(f"https://a.example/{tail}")
    if made is None:
        return
    assert not set(made) & set('"<>\\ \n`()')
    [inline] = [t for t in MarkdownIt("commonmark").parse(f"[x]({markdown_target(made)})") if t.type == "inline"]
    opened = (inline.children or [])[0]
    assert opened.type == "link_open"
    assert [t.type for t in inline.children or []] == ["link_open", "text", "link_close"]


def test_attacks_stay_text_in_markdown() -> None:
    """Each of the example attacks is one plain paragraph."""
    for attack in ATTACKS:
        assert shown(markdown(plain(attack)))


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (date(2026, 11, 16), date(2026, 11, 22), "16–22 November 2026"),
        (date(2026, 11, 30), date(2026, 12, 6), "30 November – 6 December 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 December 2026 – 3 January 2027"),
    ],
)
def test_a_week_is_told_in_words(first: date, last: date, told: str) -> None:
    """Month and year are named once where they are shared."""
    assert words.span(first, last) == told


def test_times_are_told_in_utc() -> None:
    """A time of another zone is turned before it is told."""
    brussels = datetime(2026, 11, 23, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert words.moment(brussels) == "Sunday 22 November 2026, 23:30 UTC"
    assert words.moment(datetime(2026, 11, 23, 4, 0, tzinfo=UTC)) == "Monday 23 November 2026, 04:00 UTC"


def test_numbers_are_told_in_whole_percentages() -> None:
    """Shares, intervals and what is not known."""
    told = (words.percent(0.476), words.percent(None), words.interval(Share(0.5, 0.421, 0.538, 99)))
    assert told == ("48\N{NO-BREAK SPACE}%", "–", "42–54\N{NO-BREAK SPACE}%")
    assert words.bounds(Share(0.5, 0.421, 0.538, 99)) == "42–54"
    assert (words.counted(1, "item"), words.counted(1200, "item")) == ("1 item", "1,200 items")
    assert (words.week_name("2026-W07"), words.in_words("trade-press")) == ("Week 7", "Trade press")
