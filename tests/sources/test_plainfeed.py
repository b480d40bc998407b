"""The quick way to read a feed says what feedparser says, or leaves it to feedparser."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import charset, dates, plainfeed, xmlfeed
from sources.dates import _words
from tests.sources.test_feeds import ATOM, NOW, RDF, RSS, RSS091, SAMPLE

_NAMES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:x="urn:x" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
_TEXTS = st.sampled_from(
    ["", "Tin", " Tin &amp; lead ", "<![CDATA[<p>Tin &amp; <b>lead</b></p>]]>", "caf\u00e9", "caf\u00c3\u00a9",
     "&#128;", "\u201cTin\u201d", "&lt;b&gt;Tin&lt;/b&gt;", "<b>Tin</b>", "a<!-- x -->b", "&#8217;"]
)  # fmt: skip
_LINKS = st.sampled_from(
    ["", "http://e.com/1", " http://e.com/1?a=1&amp;b=2 ", "http:////e.com/2", "/3", "http://e.com/?a;b",
     "tag:e.com,2025:1", "12345", "http://e.com/?a&amp;copy;", "javascript:x"]
)  # fmt: skip
_DATES = st.sampled_from(["", "Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z", "soon"])


def _element(name: str, inner: st.SearchStrategy[str], *attributes: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda a, i: f"<{name}{a}>{i}</{name.split(' ', maxsplit=1)[0]}>", st.sampled_from(("", *attributes)), inner
    )


_ITEM = st.one_of(
    _element("title", _TEXTS, ' type="html"', ' xml:lang="de"'),
    _element("link", _LINKS, ' rel="alternate"'),
    _element("guid", _LINKS, ' isPermaLink="false"', ' isPermaLink="true"', ' ispermalink="False"'),
    _element("description", _TEXTS, ' type="text"'),
    _element("content:encoded", _TEXTS),
    _element("pubDate", _DATES),
    _element("dc:date", _DATES),
    _element("category", _TEXTS, ' domain="x"'),
    _element("author", st.sampled_from(["a@b.c (A)", ""])),
    _element("dc:creator", _TEXTS),
    _element("source", st.just("Paper"), ' url="http://p.com/"'),
    _element("media:title", _TEXTS),
    _element("media:description", _TEXTS),
    _element("x:title", _TEXTS),
    _element("x:post-id", _TEXTS, ' a="b"'),
    _element("feedburner:origLink", _LINKS),
    st.sampled_from(
        ['<enclosure url="http://e.com/a.mp3" type="audio/mpeg"/>', '<media:thumbnail url="http://e.com/a.jpg"/>',
         '<media:content url="http://e.com/a.jpg"><media:title>x</media:title></media:content>',
         "<image><url>u</url></image>", '<atom:link href="http://e.com/9"/>', "<comments>http://e.com/c</comments>",
         "<body>x</body>", "<id>i</id>",
         '<title xmlns="urn:y">t</title>', '<links xmlns="urn:y">t</links>', "<updated>2026-11-23</updated>"]
    ),
)  # fmt: skip
_CHANNEL = st.one_of(
    _element("title", _TEXTS),
    _element("pubDate", _DATES),
    _element("lastBuildDate", _DATES),
    _element("ttl", st.sampled_from(["60", "x"])),
    _element("sy:updatePeriod", st.sampled_from(["hourly", "x"])),
    st.sampled_from(
        ["<image><url>http://e.com/i.png</url><title>t</title><link>http://e.com/</link></image>", "<description/>",
         '<atom:link href="http://e.com/f" rel="self"/>', "<dc:date>2026-11-23</dc:date>",
         "<textInput><title>x</title></textInput>", "<x:thing>y</x:thing>", "<generator>g</generator>"]
    ),
)  # fmt: skip
_ATOM_LINKS = st.builds(
    lambda href, rel, kind: f'<link href="{href.strip()}"{rel}{kind}/>',
    _LINKS,
    st.sampled_from(["", ' rel="alternate"', ' rel="self"', ' rel="Alternate"']),
    st.sampled_from(["", ' type="text/html"', ' type="application/json"']),
)
_ENTRY = st.one_of(
    _ATOM_LINKS,
    _element("id", _LINKS),
    _element("title", _TEXTS, ' type="html"', ' type="xhtml"', ' type="text"', ' mode="base64"'),
    _element("summary", _TEXTS, ' type="html"'),
    _element("content", _TEXTS, ' type="html"', ' type="xhtml"', ' type="image/png"', ' src="http://e.com/c"'),
    _element("published", _DATES),
    _element("updated", _DATES),
    st.sampled_from(
        ["<author><name>A</name><uri>http://a.com</uri></author>", '<category term="x"/>', "<rights>r</rights>",
         "<source><title>s</title></source>", "<link/>", '<content xml:base="http://b.com/">x</content>']
    ),
)  # fmt: skip


def _documents(item: str, parts: st.SearchStrategy[str], channel: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def entry(inner: Sequence[str]) -> str:
        return f"<{item}>{''.join(inner)}</{item}>"

    entries = st.lists(st.lists(parts, max_size=7).map(entry), min_size=1, max_size=3)
    return st.builds(
        lambda before, made, after: "".join(itertools.chain(before, made, after)),
        st.lists(channel, max_size=3),
        entries,
        st.lists(channel, max_size=2),
    )


RSS_DOCUMENTS = st.builds(
    lambda version, inner: f"<rss{version} {_NAMES}><channel>{inner}</channel></rss>",
    st.sampled_from(["", ' version="2.0"', ' version="0.92"']),
    _documents("item", _ITEM, _CHANNEL),
)
ATOM_DOCUMENTS = st.builds(
    lambda inner: f'<feed xmlns="http://www.w3.org/2005/Atom">{inner}</feed>',
    _documents("entry", _ENTRY, st.sampled_from(["<title>t</title>", "<updated>2026-11-23</updated>", "<id>i</id>"])),
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(RSS_DOCUMENTS, ATOM_DOCUMENTS))
def test_the_quick_way_says_what_feedparser_says(text: str) -> None:
    """Wherever it answers at all, entry for entry and word for word."""
    quick = plainfeed.read(text)
    if quick is not None:
        assert quick == xmlfeed._read(text)


@pytest.mark.parametrize("text", [RSS, RSS091], ids=["rss", "rss 0.91"])
def test_plain_feeds_go_the_quick_way(text: str) -> None:
    """What most feeds look like needs no second reader."""
    body = text.partition("?>")[2].strip() or text
    quick = plainfeed.read(body)
    assert quick is not None
    assert quick == xmlfeed._read(body)


@pytest.mark.parametrize(
    "text", [ATOM, RDF, RSS.replace("&amp;", "&"), RSS.replace("<rss", "<!DOCTYPE rss><rss"), RSS[:-20], "", "<html/>"]
)
def test_others_do_not(text: str) -> None:
    """XHTML, RDF, document types and faults are left to feedparser."""
    assert plainfeed.read(text.partition("?>")[2].strip() or text) is None


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded feed is not beside this checkout")
def test_a_recorded_feed_reads_the_same_both_ways() -> None:
    """On a real page as well."""
    text = xmlfeed._PROLOG.sub("", charset.decode(Path(SAMPLE).read_bytes(), "").text, count=1).lstrip()
    quick = plainfeed.read(text)
    assert quick is None or quick == xmlfeed._read(text)


@given(
    st.builds(
        lambda day, d, month, year, clock, zone: f"{day}{d} {month} {year} {clock} {zone}",
        st.sampled_from(["", "Mon, ", "Sun, "]),
        st.integers(0, 32),
        st.sampled_from(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]),
        st.integers(1980, 2030),
        st.sampled_from(["00:00:00", "23:59:59", "24:00:00", "09:07:60"]),
        st.sampled_from(["GMT", "UTC", "UT", "Z", "+0000", "-0530", "+1245", "-2300", "+2400", "EST", ""]),
    )
)
def test_common_dates_are_read_the_quick_way_to_the_same_end(raw: str) -> None:
    """RFC 822 as feeds write it, where it is read at once, is what the words of it say."""
    try:
        quick = dates._rfc822(raw)
    except ValueError:
        return
    if quick is not None:
        assert quick == _words(raw, NOW)
