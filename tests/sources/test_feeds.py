"""Feeds in every dialect, whole and broken, from pages and from a server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import Channel, ChannelState, FetchResult, Item, State
from sources import clean
from sources.feeds import is_forced, parse, pull
from sources.fetch import Http, Page
from tests.servers import Route, Server, answer, conditional, cut

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHANNEL = Channel("mining-news", "feed", "trade-press", "http://example.com/feed")
SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "real-cnn.rss"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Mining news</title><link>http://example.com/</link>
<item><title>Lithium &amp; cobalt</title><link>http://example.com/1?utm_source=rss&amp;id=1#top</link>
  <guid isPermaLink="false">one</guid><pubDate>Tue, 10 Jun 2025 16:00:00 CEST</pubDate>
  <description>Short.</description>
  <content:encoded><![CDATA[<p>A long text.</p><p>Of two paragraphs.</p>]]></content:encoded></item>
<item><title>Gallium</title><link>/2</link><dc:date>2025-06-10T15:00:00Z</dc:date><description>Gallium</description></item>
</channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>f</id>
<entry><title type="html">Rare &lt;b&gt;earths&lt;/b&gt;</title><id>tag:example.com,2025:1</id>
<updated>2025-06-10T14:00:00Z</updated>
<link rel="self" href="http://example.com/atom/1"/><link href="http://example.com/1"/>
<content type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>From <i>China</i>.</p></div></content></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://example.com/"><title>t</title></channel>
<item rdf:about="http://example.com/1"><title>Antimony</title><link>http://example.com/1</link>
<dc:date>2025-06-10T14:00:00Z</dc:date></item></rdf:RDF>"""
RSS091 = """<rss version="0.91"><channel><title>t</title><item><title>Tin</title><link>http://example.com/1</link>
<description>Tin is up.</description></item></channel></rss>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "t",
        "items": [
            {"id": 7, "url": "http://example.com/7", "title": "Cobalt & tin", "content_text": "If 1 < 2,\nbuy.",
             "date_published": "2025-06-10T14:00:00Z"},
            {"id": "8", "external_url": "http://example.com/8", "content_html": "<p>Only text</p>"},
        ],
    }
)  # fmt: skip


def _parse(body: str | bytes, *, content_type: str = "", truncated: bool = False) -> FetchResult:
    data = body.encode() if isinstance(body, str) else body
    headers = (("content-type", content_type),)
    page = Page(CHANNEL.address, "http://example.com/feed", 200, headers, data, "hash", '"e"', "then", truncated)
    return parse(page, CHANNEL, now=NOW)


def _item(inner: str) -> Item:
    found = _parse(f'<rss version="2.0"><channel><item>{inner}</item></channel></rss>')
    assert len(found.items) == 1, found
    return found.items[0]


def test_rss_becomes_items() -> None:
    """Titles decoded, the longer text preferred, links canonical beside the original, dates in UTC."""
    found = _parse(RSS)
    assert (found.state, found.fetched, found.dropped, found.etag, found.body_hash) == ("ok", 2, 0, '"e"', "hash")
    first, second = found.items
    assert (first.title, first.text) == ("Lithium & cobalt", "Lithium & cobalt\n\nA long text.\nOf two paragraphs.")
    assert (first.guid, first.url) == ("one", "http://example.com/1?id=1")
    assert first.original_url == "http://example.com/1?utm_source=rss&id=1#top"
    assert (first.published_at, first.date_quality) == (datetime(2025, 6, 10, 14, tzinfo=UTC), "explicit")
    assert (first.published_raw, first.first_seen_at) == ("Tue, 10 Jun 2025 16:00:00 CEST", NOW)
    assert (first.source_kind, first.channel, first.community) == ("news", "mining-news", "trade-press")
    assert (first.context, first.flags) == (None, ())
    assert (second.url, second.guid, second.text) == ("http://example.com/2", "http://example.com/2", "Gallium")
    assert found.watermark == datetime(2025, 6, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "text", "guid"),
    [
        (ATOM, "Rare earths\n\nFrom China.", "tag:example.com,2025:1"),
        (RDF, "Antimony", "http://example.com/1"),
        (RSS091, "Tin\n\nTin is up.", "http://example.com/1"),
        (JSON, "Cobalt & tin\n\nIf 1 < 2,\nbuy.", "7"),
    ],
)
def test_every_dialect_is_read(body: str, text: str, guid: str) -> None:
    """Atom, RSS 1.0, RSS 0.91 and JSON Feed, without a flag on what is sound."""
    found = _parse(body)
    first = found.items[0]
    assert (found.state, first.text, first.guid) == ("ok", text, guid)
    assert first.url is not None
    assert set(first.flags) <= {"no_date"}


def test_json_feeds_items_are_all_read() -> None:
    """An item of a JSON Feed may have no title, and its address under another name."""
    second = _parse(JSON).items[1]
    assert (second.text, second.url, second.date_quality) == ("Only text", "http://example.com/8", "first_seen")


def test_the_same_page_gives_the_same_items() -> None:
    """Ids are stable over runs, and differ between channels."""
    other = parse(
        Page("u", "http://example.com/feed", 200, (), RSS.encode(), "h", None, None),
        Channel("other", "feed", "trade-press", "u"),
        now=NOW + timedelta(days=1),
    )
    ids = [i.item_id for i in _parse(RSS).items]
    assert ids == [i.item_id for i in _parse(RSS).items]
    assert not set(ids) & {i.item_id for i in other.items}


@pytest.mark.parametrize(
    ("inner", "title"),
    [
        ("<title>Lithium & cobalt</title>", "Lithium & cobalt"),
        ("<title>Lith\x00ium\x08</title>", "Lithium"),
        ("<title>Lithium&#0;&#x1F; up</title>", "Lithium up"),
        ("<title><![CDATA[Lithium & more]]></title>", "Lithium & more"),
        ("<title>Lithium&nbsp;&mdash; up</title>", "Lithium — up"),
        ("<title>\n  Lithium\n  up </title>", "Lithium up"),
        ("<title>It&amp;#8217;s &amp;amp;amp; so</title>", "It’s & so"),
    ],
)
def test_faults_in_a_title_are_mended(inner: str, title: str) -> None:
    """A stray ampersand, NUL, forbidden references, double escapes: the entry stays, readable."""
    assert _item(f"{inner}<link>http://example.com/</link>").title == title


def test_one_stray_ampersand_costs_nothing() -> None:
    """All entries of a feed that is not well-formed are kept, and flagged."""
    found = _parse(RSS.replace("Short.", "R&D & more"))
    assert [i.title for i in found.items] == ["Lithium & cobalt", "Gallium"]
    assert all("malformed" in i.flags for i in found.items)


@pytest.mark.parametrize("date", ["0000-00-00", "rubbish", ""])
def test_an_entry_is_never_lost_to_its_date(date: str) -> None:
    """Without a date that can be read the entry stands at its first sight, flagged, with what it said."""
    item = _item(f"<title>Tin</title><pubDate>{date}</pubDate><link>http://example.com/</link>")
    assert (item.published_at, item.date_quality, item.flags) == (NOW, "first_seen", ("no_date",))
    assert item.published_raw == (date or None)


def test_the_feeds_own_date_stands_in() -> None:
    """An undated entry of a dated feed takes the feed's date."""
    found = _parse(RSS091.replace("<item>", "<pubDate>Tue, 10 Jun 2025 14:00:00 GMT</pubDate><item>"))
    assert found.items[0].published_at == datetime(2025, 6, 10, 14, tzinfo=UTC)
    assert (found.items[0].date_quality, found.watermark) == ("feed_default", None)


def _many(count: int) -> str:
    entries = "".join(f"<item><title>Item {n}</title><guid>{n}</guid></item>" for n in range(count))
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>'


def test_a_truncated_feed_keeps_its_whole_entries() -> None:
    """Cut off at 90 %: the entries before the cut are kept and flagged, and no validator lets the rest be missed."""
    body = _many(100)
    found = _parse(body[: len(body) * 9 // 10])
    assert 88 <= len(found.items) <= 91
    assert all("truncated" in i.flags for i in found.items)
    assert (found.etag, found.last_modified, found.body_hash) == (None, None, None)


def test_a_truncated_json_feed_keeps_its_whole_entries() -> None:
    """The same for JSON."""
    found = _parse(JSON[: JSON.index("Only text")])
    assert [i.guid for i in found.items] == ["7"]
    assert "truncated" in found.items[0].flags
    assert found.body_hash is None


def _titled(title: str, prolog: str) -> str:
    head = f'<?xml version="1.0" encoding="{prolog}"?><rss version="2.0"><channel>'
    return f"{head}<item><title>{title}</title></item></channel></rss>"


TITLE = "Níquel – «gallium» à Čadca"


@pytest.mark.parametrize(
    ("encoding", "prolog", "header"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8", "us-ascii", ""),
        ("utf-8", "utf-16", ""),
        ("utf-8", "no-such-thing", ""),
        ("utf-8", "zlib", ""),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("utf-8-sig", "windows-1252", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("iso-8859-2", "iso-8859-2", ""),
        ("windows-1250", "utf-8", "text/xml; charset=windows-1250"),
    ],
)
def test_lying_prologs_are_seen_through(encoding: str, prolog: str, header: str) -> None:
    """Whatever prolog and header say, the text comes out as it was written."""
    title = "Čadca niklu" if "125" in encoding or "8859" in encoding else TITLE
    body = _titled(title, prolog)
    assert [i.title for i in _parse(body.encode(encoding), content_type=header).items] == [title]


def test_latin_text_that_calls_itself_utf8() -> None:
    """Bytes that are no UTF-8 are read as cp1252, and the entries flagged."""
    found = _parse(_titled("Café – 5 €", "utf-8").encode("cp1252"))
    assert [i.title for i in found.items] == ["Café – 5 €"]
    assert "repaired" in found.items[0].flags


HTML_PAGE = b"<!DOCTYPE html><html><head><title>Not found</title></head><body><p>Sorry</p></body></html>"


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        (b"", "empty", "the body is empty"),
        (b" \n ", "empty", "the body is empty"),
        (b'<rss version="2.0"><channel><title>t</title></channel></rss>', "empty", "the feed holds no entries"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": []}', "empty", "the feed holds no entries"),
        (b'<rss version="2.0"><channel><title>t', "soft", "the feed is cut off or malformed before its first entry"),
        (HTML_PAGE, "not_a_feed", "the address answers with a web page, not a feed"),
        (b"plain words", "not_a_feed", "the answer is not a feed"),
        (b'{"error": "no"}', "not_a_feed", "the answer is not a feed"),
        (b"/etc/passwd", "not_a_feed", "the answer is not a feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_feed", "the answer is not a feed"),
        (
            b'<rss version="2.0"><channel><item></item></channel></rss>',
            "empty",
            "no entry has a title, a text or a link",
        ),
    ],
)
def test_a_page_without_items_has_its_reason(body: bytes, state: State, reason: str) -> None:
    """Nothing found is always told apart: empty, broken, a web page, something else."""
    found = _parse(body)
    assert (found.state, found.reason, found.items) == (state, reason, ())


def test_an_entry_with_nothing_in_it_is_counted() -> None:
    """An entry without title, text and link is dropped, and the count says so."""
    found = _parse(
        '<rss version="2.0"><channel><item><title>Tin</title></item><item><guid>2</guid></item></channel></rss>'
    )
    assert (found.fetched, len(found.items), found.dropped) == (2, 1, 1)


def test_one_guid_for_all_loses_nothing() -> None:
    """A feed that stamps all its entries alike keeps them all; a plain copy is one item."""
    entry = "<item><title>{0}</title><guid>same</guid><link>http://example.com/{0}</link></item>"
    entries = "".join(entry.format(name) for name in ("a", "b", "b"))
    found = _parse(f'<rss version="2.0"><channel>{entries}</channel></rss>')
    assert [i.guid for i in found.items] == ["same", "same http://example.com/b"]


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("a\n wrapped\n line", "a\nwrapped\nline"),
        ("<p>a\nwrapped\nline</p>", "a wrapped line"),
        ("Up<script>alert(1)</script><style>p {}</style>!", "Up!"),
        ('<img src="http://t.example/pixel.gif" width="1" onerror="x()">Up', "Up"),
        ('<a href="javascript:alert(1)" onclick="x()">Up</a>', "Up"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Up", "Up"),
        ("1 &lt; 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("costs <5 or <x more", "costs <5 or < x more"),
        ("R&D", "R&D"),
        ("soft\u00adhyphen\u200b \ufeffmark", "softhyphen mark"),
        ("\u202eevil", "evil"),
        ("cafe\u0301", "café"),
        ("<![CDATA[Up &amp; away]]>", "Up & away"),
        ("Up.<p>The post Up appeared first on Mining.</p>", "Up."),
    ],
)
def test_markup_becomes_plain_text(markup: str, plain: str) -> None:
    """Tags, scripts and invisible characters go; words, breaks and signs stay."""
    assert clean.text(markup) == plain


@given(st.text(alphabet="<>/&;!-abpscript \n\"'=lt#6x", max_size=80))
def test_no_tag_survives_cleaning(markup: str) -> None:
    """Whatever comes in, what comes out would open no tag in a page."""
    plain = clean.text(markup)
    assert not any(f"<{c}" in plain for c in "abpscriptlx/!?")
    assert plain == plain.strip()


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://a/b", "mailto:a@b.c"]
)
def test_only_web_links_are_kept(link: str) -> None:
    """Other links are left out, and the entry flagged."""
    item = _item(f"<title>Tin</title><link>{link}</link>")
    assert (item.url, item.original_url, item.flags) == (None, None, ("no_date", "no_link"))


def test_a_guid_is_a_link_only_when_it_is_one() -> None:
    """Without a link a permanent GUID serves, if it is a whole address."""
    assert _item("<title>Tin</title><guid>http://example.com/1</guid>").url == "http://example.com/1"
    assert _item("<title>Tin</title><guid>123</guid>").url is None


@pytest.mark.parametrize("body", ["Tin is up", "<b>Tin</b> is up!", '<a href="http://a/">Tin is up</a>'])
def test_a_body_that_repeats_the_title_is_left_out(body: str) -> None:
    """A headline said twice is stored once."""
    assert _item(f"<title>Tin is up</title><description><![CDATA[{body}]]></description>").text == "Tin is up"


@given(
    st.one_of(
        st.binary(max_size=400),
        st.tuples(st.integers(0, len(RSS)), st.binary(max_size=12)).map(
            lambda c: RSS[: c[0]].encode() + c[1] + RSS[c[0] :].encode()
        ),
        st.tuples(st.integers(0, len(ATOM)), st.text(max_size=8)).map(
            lambda c: (ATOM[: c[0]] + c[1] + ATOM[c[0] :]).encode("utf-8", "replace")
        ),
        st.tuples(st.integers(0, len(JSON)), st.binary(max_size=8)).map(
            lambda c: JSON[: c[0]].encode() + c[1] + JSON[c[0] :].encode()
        ),
    )
)
def test_no_bytes_whatever_raise(body: bytes) -> None:
    """Any body gives a result that accounts for every entry, with items that can be stored."""
    found = _parse(body)
    assert len(found.items) + found.dropped <= found.fetched
    assert (found.state == "ok") == bool(found.items)
    for item in found.items:
        item.text.encode()
        assert item.title or item.text or item.url


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "url", "title", "content_html", "items", "date_published"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_json_whatever_raises(value: object) -> None:
    """Any types in any place of a JSON Feed."""
    found = _parse(
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [value, {"id": "1", "title": "Tin"}]})
    )
    assert found.items[-1].title == "Tin"


@pytest.mark.skipif(not SAMPLE.exists(), reason="the recorded feed is not beside this checkout")
def test_a_recorded_feed_is_kept_whole() -> None:
    """All 69 entries of a real feed become items of their own, dated or not."""
    found = _parse(SAMPLE.read_bytes())
    assert (found.fetched, found.dropped, len({i.item_id for i in found.items})) == (69, 0, 69)
    assert sum(i.date_quality != "explicit" for i in found.items) >= 16


# From here on: the fetch and the parse together, against a server.


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without pages."""
    with Server({}) as server:
        yield server


def _pull(server: Server, route: Route, state: ChannelState | None = None) -> FetchResult:
    server.routes["/feed"] = route
    channel = Channel("served", "feed", "official", server.url("/feed"))
    with Http("Oresight tests", allow_hosts=server.allow, host_delay=0, total_s=5) as http:
        return pull(channel, state or ChannelState("served"), http, now=NOW)


def _fresh(etag: str | None = None, body_hash: str | None = None) -> ChannelState:
    return ChannelState("served", last_success_at=NOW, etag=etag, body_hash=body_hash)


def test_a_feed_is_pulled(server: Server) -> None:
    """From the server to items, with the validators that make the next time cheap."""
    found = _pull(server, answer(RSS.encode(), ETag='"a"', Content_Type="application/rss+xml"))
    assert (found.state, len(found.items), found.etag) == ("ok", 2, '"a"')
    assert found.body_hash == hashlib.blake2b(RSS.encode(), digest_size=16).hexdigest()


def test_an_unchanged_feed_is_not_modified(server: Server) -> None:
    """By the server's word, or by its body where it gives none."""
    told = _pull(server, conditional(RSS.encode(), '"a"'), _fresh(etag='"a"', body_hash="h"))
    assert (told.state, told.etag, told.body_hash) == ("not_modified", '"a"', "h")
    known = hashlib.blake2b(RSS.encode(), digest_size=16).hexdigest()
    assert _pull(server, answer(RSS.encode()), _fresh(body_hash=known)).state == "not_modified"


def test_a_304_with_another_etag_is_remembered(server: Server) -> None:
    """The newer validator is the one to ask with."""
    assert _pull(server, answer(b"", 304, ETag='"b"'), _fresh(etag='"a"')).etag == '"b"'


def test_a_lying_304_is_caught_within_a_day(server: Server) -> None:
    """After a day without a whole fetch the feed is asked for without validators."""
    stale = ChannelState("served", etag='"a"', last_success_at=NOW - timedelta(hours=25))
    assert _pull(server, conditional(RSS.encode(), '"a"'), stale).state == "ok"
    assert "If-None-Match" not in server.seen[-1].headers


@given(st.text(min_size=1, max_size=20), st.integers(1, 120))
def test_every_day_has_one_whole_fetch(name: str, minutes: int) -> None:
    """However often a channel answers "not modified", it is fetched whole at least once in any 24 hours and a poll."""
    last, whole, now = NOW, NOW, NOW
    while now < NOW + timedelta(days=3):
        now += timedelta(minutes=minutes)
        if is_forced(ChannelState(name, last_success_at=last), now):
            assert now - whole <= timedelta(hours=24, minutes=minutes)
            whole = now
        last = now
    assert whole > NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("route", "state", "reason"),
    [
        (answer(b"", 410), "gone", "HTTP 410"),
        (answer(b"", 404), "hard", "HTTP 404"),
        (answer(b"", 403), "blocked", "HTTP 403"),
        (answer(b"", 500), "soft", "HTTP 500"),
        (answer(HTML_PAGE, Content_Type="text/html"), "not_a_feed", "the address answers with a web page, not a feed"),
        (answer(b""), "empty", "the body is empty"),
    ],
)
def test_a_failed_pull_is_a_value(server: Server, route: Route, state: State, reason: str) -> None:
    """What a server did wrong is a state and a sentence."""
    found = _pull(server, route)
    assert (found.channel, found.state, found.reason) == ("served", state, reason)


def test_a_cut_off_pull_comes_again_whole(server: Server) -> None:
    """A connection that breaks at 90 % gives its whole entries now and leaves nothing to ask conditionally with."""
    body = _many(50).encode()
    found = _pull(server, cut(body, len(body) * 9 // 10, ETag='"a"'))
    assert len(found.items) >= 43
    assert (found.etag, found.body_hash) == (None, None)
    assert all("truncated" in i.flags for i in found.items)


def test_peace_is_passed_on(server: Server) -> None:
    """The time a server asked for reaches whoever plans the next pull."""
    assert _pull(server, answer(b"", 503, Retry_After="60")).retry_at == NOW + timedelta(seconds=60)
