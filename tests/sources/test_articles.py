"""Full texts: robots.txt, manners, bounds, and what becomes of the feed's own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import Channel, ChannelState, FetchResult, Known
from sources import robots
from sources.articles import unsaid
from sources.feeds import Question, pull
from sources.fetch import Http
from tests.servers import Route, Server, answer, drip, redirect

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUMMARY = "Output of lithium carbonate is to double."
PARAGRAPHS = [
    "The ministry said on Monday that lithium refining would double by 2030, in a plan that it had long announced.",
    "Analysts doubted it: two earlier projects were late by years, and the regulator has asked for more studies.",
    "Carmakers from Europe are in talks about long contracts, according to two people who know of them.",
]
ARTICLE = f"""<html><head><title>Lithium doubles</title></head><body><nav><a href="/">Home</a></nav>
<article><h1>Lithium doubles</h1><p>{SUMMARY}</p>{"".join(f"<p>{p}</p>" for p in PARAGRAPHS)}
<script>alert(1)</script><img src="http://t.example/pixel.gif" onerror="x()"></article></body></html>""".encode()


def _feed(*names: str) -> bytes:
    items = "".join(
        f"<item><title>Lithium doubles {n}</title><link>/{n}</link><guid>{n}</guid><description>{SUMMARY}</description>"
        f"<pubDate>Mon, 23 Nov 2026 0{k % 10}:00:00 GMT</pubDate></item>"
        for k, n in enumerate(names)
    )
    return f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()


@pytest.fixture
def server() -> Iterator[Server]:
    """A paper with one article and no robots.txt."""
    with Server(
        {"/feed": answer(_feed("a")), "/a": answer(ARTICLE, Content_Type="text/html; charset=utf-8")}
    ) as server:
        yield server


def _pull(server: Server, held: Sequence[Known] = (), *, fulltext: bool = True, total_s: float = 5) -> FetchResult:
    channel = Channel("paper", "feed", "general-press", server.url("/feed"), fulltext=fulltext)
    state = ChannelState("paper", last_success_at=NOW - timedelta(hours=1))

    def recall(_asked: Question) -> Sequence[Known]:
        return held

    with Http("Oresight tests", allow_hosts=server.allow, host_delay=0, total_s=total_s) as http:
        return pull(channel, state, http, recall=recall, now=NOW)


def _asked(server: Server) -> list[str]:
    return [seen.path for seen in server.seen if seen.path != "/feed"]


def test_an_article_follows_the_feeds_own_words(server: Server) -> None:
    """Headline, summary, then the paragraphs that say something else; nothing of the page's furniture."""
    [item] = _pull(server).items
    assert item.text == "\n".join(["Lithium doubles a\n", SUMMARY, *PARAGRAPHS])
    assert item.feed_length == len(f"Lithium doubles a\n\n{SUMMARY}")
    assert item.flags == ()
    assert _asked(server) == ["/robots.txt", "/a"]


def test_only_channels_that_ask_get_articles(server: Server) -> None:
    """Without `fulltext = true` nothing but the feed is fetched."""
    [item] = _pull(server, fulltext=False).items
    assert (item.text, item.feed_length) == (f"Lithium doubles a\n\n{SUMMARY}", None)
    assert _asked(server) == []


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (b"User-agent: *\nDisallow: /a", False),
        (b"User-agent: *\nDisallow: /b", True),
        (b"User-agent: Oresight\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: oresight\nAllow: /", True),
        (b"User-agent: *\nDisallow:", True),
        (b"<html>no robots here</html>", True),
    ],
)
def test_robots_are_asked_first(server: Server, rules: bytes, allowed: bool) -> None:
    """What a site forbids to us, or to all, is not fetched, and the item says that it has no full text."""
    server.routes["/robots.txt"] = answer(rules)
    [item] = _pull(server).items
    assert ("/a" in _asked(server)) is allowed
    assert ("no_fulltext" in item.flags) is not allowed
    assert item.text.startswith(f"Lithium doubles a\n\n{SUMMARY}")


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False)])
def test_robots_that_cannot_be_read(server: Server, status: int, allowed: bool) -> None:
    """None there allows everything; a server in trouble allows nothing for now (RFC 9309, 2.3.1)."""
    server.routes["/robots.txt"] = answer(b"", status)
    _pull(server)
    assert ("/a" in _asked(server)) is allowed


@pytest.mark.parametrize(
    ("route", "flagged"),
    [
        (answer(b"", 404), True),
        (answer(b"", 403), True),
        (answer(b"", 500), False),
        (answer(b"%PDF-1.7", Content_Type="application/pdf"), True),
        (answer(b"<html><body></body></html>", Content_Type="text/html"), True),
        (redirect("http://169.254.169.254/latest/meta-data/"), False),
        (drip(0.05), False),
    ],
    ids=["404", "403", "500", "pdf", "empty", "inner network", "drips"],
)
def test_an_article_that_cannot_be_had_costs_only_itself(server: Server, route: Route, flagged: bool) -> None:
    """The feed's words stay; what failed for good is flagged, what failed today is tried again."""
    server.routes["/a"] = route
    [item] = _pull(server, total_s=0.6).items
    assert (item.text, item.feed_length) == (f"Lithium doubles a\n\n{SUMMARY}", None)
    assert ("no_fulltext" in item.flags) is flagged


def _known(**changes: object) -> Known:
    known = Known("a", None, "Lithium doubles a", NOW, None, NOW - timedelta(hours=1), False)
    return replace(known, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "fetched"),
    [
        (_known(), True),
        (_known(has_article=True), False),
        (_known(first_seen_at=NOW - timedelta(days=3)), False),
        (_known(guid="other"), True),
    ],
    ids=["was not to be had", "is stored", "is too old", "is new"],
)
def test_an_article_is_fetched_once(server: Server, known: Known, fetched: bool) -> None:
    """New items, and for two days those whose page could not be had."""
    _pull(server, [known])
    assert ("/a" in _asked(server)) is fetched


def test_a_run_fetches_no_more_than_it_may(server: Server) -> None:
    """Twenty articles of one channel at once, the newest; robots.txt once."""
    names = [f"n{k}" for k in range(25)]
    server.routes |= {"/feed": answer(_feed(*names)), **{f"/{n}": answer(ARTICLE) for n in names}}
    found = _pull(server)
    assert len(found.items) == 25
    assert sum(i.feed_length is not None for i in found.items) == 20
    assert _asked(server).count("/robots.txt") == 1


def test_what_is_said_already_is_not_said_again() -> None:
    """Letter for letter, whatever the spaces, signs and case."""
    text = "Lithium doubles\n\nOutput is to double."
    assert unsaid("Lithium  doubles!\nOutput is to \u201cdouble\u201d\nNew words.\n--", text) == "New words."


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a", "/abc", False),
        ("Disallow: /a/", "/a", True),
        ("Disallow: /\nAllow: /news/", "/news/1", True),
        ("Allow: /news/\nDisallow: /news/private", "/news/private/1", False),
        ("Disallow: /x\nAllow: /x", "/x", True),
        ("Disallow: /*.pdf$", "/a/b.pdf", False),
        ("Disallow: /*.pdf$", "/a/b.pdf?x", True),
        ("Disallow: /*?", "/a?b=1", False),
        ("Disallow: /*?", "/a", True),
        ("Disallow: /a*b*c", "/a1b2c3", False),
        ("Disallow: /a*b*c", "/a1c2b3", True),
        ("Disallow: /%7Ejoe", "/~joe/1", False),
        ("Disallow: /caf%C3%A9", "/caf\u00e9", False),
        ("Disallow: *", "/a", False),
        ("Disallow: /  # all of it", "/a", False),
        ("Disallow: /", "/robots.txt", True),
        ("Crawl-delay: 5\nNonsense\nDisallow /a", "/a", True),
    ],
)
def test_the_longest_rule_decides(rules: str, path: str, allowed: bool) -> None:
    """Wildcards, anchors, escapes, and who wins between two that match (RFC 9309, 2.2)."""
    found = robots.read(f"User-agent: *\n{rules}".encode(), "oresight")
    assert found.allows(f"https://example.com{path}") is allowed


def test_groups_of_robots() -> None:
    """Several names share a group, several groups a name; line ends and case are free."""
    text = b"\xef\xbb\xbfUSER-AGENT: A/1.0\r\nuser-agent: Oresight\r\nDisallow: /a\r\rUser-agent: b\rDisallow: /b\r"
    found = robots.read(text + b"User-agent: oresight\nDisallow: /c", "oresight")
    assert [found.allows(f"http://e.com/{p}") for p in "abc"] == [False, True, False]
    assert robots.token("oresight/0.1 (feed reader)") == "oresight"


@given(st.binary(max_size=300), st.text(max_size=20))
def test_no_robots_whatever_raise(body: bytes, path: str) -> None:
    """Any bytes are rules or none."""
    robots.read(b"User-agent: *\nDisallow: /" + body, "oresight").allows(f"http://e.com/{path}")


def test_hostile_rules_end() -> None:
    """Patterns made of wildcards cost no more than their length."""
    found = robots.read(b"User-agent: *\nDisallow: /" + b"*a" * 50_000 + b"$", "oresight")
    assert found.allows("http://e.com/" + "a" * 2_000)
