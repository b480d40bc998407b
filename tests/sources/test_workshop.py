"""Parsing in processes that can be ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import Channel, FetchResult
from sources.errors import ParserEnded
from sources.page import Page
from sources.parse import draft
from sources.workshop import Workshop, shared

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHANNEL = Channel("mining-news", "feed", "trade-press", "http://example.com/feed")
HEAD, TAIL = b'<rss version="2.0"><channel><item><title>Tin</title>', b"</item></channel></rss>"
SOUND = b'<rss version="2.0"><channel><item><title>Tin</title><guid>1</guid></item></channel></rss>'
MANY = b" ".join(b'a%d="x"' % n for n in range(50_000))
ENDLESS = b'<rss version="2.0"><channel><item ' + MANY + b"><title>Tin</title></item></channel></rss>"


def _page(body: bytes, **headers: str) -> Page:
    return Page("u", "http://example.com/feed", 200, tuple(headers.items()), body, "hash", '"e"', "then")


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """One that loses patience soon."""
    with Workshop(seconds=1.5) as workshop:
        yield workshop


def _drafts(workshop: Workshop, body: bytes) -> FetchResult:
    return workshop.draft(_page(body), CHANNEL, now=NOW)


def test_a_parser_that_does_not_end_is_ended(workshop: Workshop) -> None:
    """A start tag with 50,000 attributes ends at the deadline, with a reason, and the next page is read."""
    start = time.monotonic()
    found = _drafts(workshop, ENDLESS)
    assert (found.state, found.reason, found.items) == ("soft", "the parser was ended after 1.5 s", ())
    assert time.monotonic() - start < 5
    assert len(_drafts(workshop, SOUND).items) == 1


def test_others_are_unharmed(workshop: Workshop) -> None:
    """While one page keeps its parser busy, other pages are read beside it, long before it is ended."""
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        stuck = pool.submit(_drafts, workshop, ENDLESS)
        others = [pool.submit(_drafts, workshop, SOUND) for _ in range(20)]
        assert all(len(other.result().items) == 1 for other in others)
        assert time.monotonic() - start < 3
        assert stuck.result().state == "soft"


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"<b>" * 20_000 + b"</b>" * 20_000 + TAIL,
        HEAD + b"<b>" * 20_000,
        HEAD + b"<description>" + b"&lt;b&gt;" * 20_000 + b"</description>" + TAIL,
    ],
    ids=["nested", "nested and cut off", "nested in a text"],
)
def test_deep_nesting_loses_no_entry(body: bytes) -> None:
    """Twenty thousand nested tags neither end the process nor cost the entry."""
    assert [item.title for item in _drafts(shared(), body).items] == ["Tin"]


def test_a_million_brackets_end(workshop: Workshop) -> None:
    """A megabyte of "<" is no feed, or too long a task: either way it ends with a reason."""
    found = _drafts(workshop, b"<" * 1_000_000)
    assert found.state in ("not_a_feed", "soft")
    assert found.reason


def test_memory_is_bounded() -> None:
    """A page that would need more memory than a parser may have is told, and harms nothing."""
    body = b'<rss version="2.0"><channel>' + b"<item><title>x</title></item>" * 400_000 + b"</channel></rss>"
    with Workshop(memory_mb=220) as workshop:
        found = _drafts(workshop, body)
        assert found.state == "soft"
        assert "memory" in found.reason or found.reason == "the parser broke down"
        assert len(_drafts(workshop, SOUND).items) == 1


def test_parsers_are_kept_warm(workshop: Workshop) -> None:
    """A second page does not wait for a process to start."""
    _drafts(workshop, SOUND)
    start = time.monotonic()
    for _ in range(20):
        _drafts(workshop, SOUND)
    assert time.monotonic() - start < 1.0


def test_a_closed_workshop_opens_again() -> None:
    """Closing ends the parsers that wait; work that comes later gets a fresh one."""
    workshop = Workshop()
    assert len(_drafts(workshop, SOUND).items) == 1
    workshop.close()
    assert len(_drafts(workshop, SOUND).items) == 1
    workshop.close()


BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet="Tin<>&;\u00e9\ud7ff\U0001f600 ", max_size=30).map(
        lambda t: f"<rss><channel><item><title>{t}</title><pubDate>0000</pubDate></item></channel></rss>".encode()
    ),
    st.just(SOUND),
    st.just(b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "\\ud800\\u0000x", "title": "Tin"}]}'),
)


@settings(deadline=None)
@given(BODIES)
def test_the_other_process_says_the_same(body: bytes) -> None:
    """What comes back from a parser is what `draft` says here, to the letter."""
    page = _page(body, **{"content-type": "text/xml"})
    assert shared().draft(page, CHANNEL, now=NOW) == draft(page, CHANNEL, now=NOW)


def test_articles_are_read_in_a_process_too(workshop: Workshop) -> None:
    """An article's page gives its paragraphs; one that is no page gives none."""
    words = "The ministry said on Monday that lithium refining would double by 2030, while analysts doubted it."
    html = (
        f"<html><body><nav>Home</nav><article>{f'<p>{words}</p>' * 5}<script>alert(1)</script></article></body></html>"
    )
    found = Workshop().article(html.encode(), "http://example.com/1")
    assert words in found
    assert "alert" not in found
    assert "Home" not in found.split("\n")
    assert workshop.article(b"", "http://example.com/1") == ""


def test_a_lost_article_is_told(workshop: Workshop) -> None:
    """A page that keeps its parser beyond the deadline is a reason, not a hang."""
    with Workshop(seconds=0.05) as hasty, pytest.raises(ParserEnded, match=r"after 0\.05 s"):
        hasty.article(b"<p>" * 100_000, "http://example.com/1")
