"""Google-News sitemaps as feeds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import Channel, FetchResult
from sources.feeds import parse
from sources.page import Page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHANNEL = Channel("paper", "feed", "general-press", "http://example.com/news.xml")
ROOT = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
)
MAP = f"""<?xml version="1.0" encoding="UTF-8"?>
{ROOT}
<url><loc>http://example.com/1?a=1&amp;utm_source=map</loc>
  <news:news><news:publication><news:name>Paper</news:name><news:language>en</news:language></news:publication>
  <news:publication_date>2026-11-20T10:00:00+01:00</news:publication_date>
  <news:title>Lithium &amp; tin &lt; gold</news:title></news:news></url>
<!-- <url><loc>http://example.com/old</loc><news:news><news:title>Old</news:title></news:news></url> -->
<url><loc><![CDATA[http://example.com/2]]></loc><lastmod>2026-11-19</lastmod>
  <news:news><news:title><![CDATA[It&#8217;s R&D]]></news:title></news:news></url>
</urlset>"""


def _parse(body: str) -> FetchResult:
    return parse(Page("u", CHANNEL.address, 200, (), body.encode(), "hash", '"e"', None), CHANNEL, now=NOW)


def test_a_news_sitemap_is_a_feed() -> None:
    """Title, address and date of each page that it tells of, and what is commented out is not told."""
    found = _parse(MAP)
    assert (found.state, found.reason, found.fetched, found.dropped, found.etag) == ("ok", "", 2, 0, '"e"')
    first, second = found.items
    assert (first.title, first.text) == ("Lithium & tin < gold", "Lithium & tin < gold")
    assert (first.url, first.guid) == ("http://example.com/1?a=1", "http://example.com/1?a=1")
    assert (first.published_at, first.date_quality) == (datetime(2026, 11, 20, 9, tzinfo=UTC), "explicit")
    assert (second.title, second.url) == ("It’s R&D", "http://example.com/2")
    assert (second.published_at, second.flags) == (datetime(2026, 11, 19, tzinfo=UTC), ())


@pytest.mark.parametrize("prefix", ["n:", "", "NEWS:"])
def test_prefixes_are_free(prefix: str) -> None:
    """XML lets everyone choose their own."""
    body = f"<urlset><url><loc>http://e.com/1</loc><{prefix}title>Tin</{prefix}title></url></urlset>"
    assert [i.title for i in _parse(body).items] == ["Tin"]


def test_a_stray_ampersand_costs_nothing() -> None:
    """All pages are kept, and flagged."""
    found = _parse(MAP.replace("Lithium &amp; tin", "Lithium & tin"))
    assert [i.title for i in found.items] == ["Lithium & tin < gold", "It’s R&D"]
    assert all("malformed" in i.flags for i in found.items)


def test_a_cut_sitemap_keeps_its_whole_pages() -> None:
    """What was told before the cut is kept, and no validator lets the rest be missed."""
    found = _parse(MAP[: MAP.index("<lastmod>")])
    assert [i.title for i in found.items] == ["Lithium & tin < gold"]
    assert "truncated" in found.items[0].flags
    assert (found.etag, found.body_hash) == (None, None)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (f"{ROOT}</urlset>", "empty"),
        ("<urlset><url><loc>http://e.com/1</loc></url></urlset>", "not_a_feed"),
        ("<urlset>", "not_a_feed"),
    ],
)
def test_a_sitemap_without_news(body: str, state: str) -> None:
    """One that has no news today is empty; one that never tells of news is no feed."""
    assert _parse(body).state == state


@given(st.text(alphabet="<>/!-[]url oc:tCDATA&;\n", max_size=200))
def test_nothing_raises(inner: str) -> None:
    """Whatever stands inside, every piece is accounted for."""
    found = _parse(f"{ROOT}{inner}{MAP.partition(ROOT)[2]}")
    assert len(found.items) + found.dropped <= found.fetched
