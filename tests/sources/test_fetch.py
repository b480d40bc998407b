"""Fetching from servers that behave and servers that do not."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import State
from sources.errors import BadBody
from sources.fetch import Failure, Http, NotModified, Page
from sources.inflate import Inflater
from sources.network import is_public
from tests.servers import Crowd, Route, Server, answer, conditional, cut, drip, raw, redirect, slow

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEED = b"<rss><channel><item><title>Lithium</title></item></channel></rss>"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without pages."""
    with Server({}) as server:
        yield server


def _get(
    server: Server,
    route: Route,
    *,
    total_s: float = 5.0,
    max_bytes: int = 15_000_000,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Page | NotModified | Failure:
    server.routes["/feed"] = route
    with Http("Oresight tests", allow_hosts=server.allow, host_delay=0, total_s=total_s, max_bytes=max_bytes) as http:
        return http.get(server.url("/feed"), etag=etag, last_modified=last_modified, now=NOW)


def _page(found: Page | NotModified | Failure) -> Page:
    assert isinstance(found, Page), found
    return found


def _failure(found: Page | NotModified | Failure) -> Failure:
    assert isinstance(found, Failure), found
    return found


def test_a_page_comes_with_its_validators(server: Server) -> None:
    """A plain answer gives body, hash, validators and headers; we say who we are and what we can unpack."""
    page = _page(_get(server, answer(FEED, ETag='"a"', Last_Modified="Mon, 01 Jun 2026 00:00:00 GMT", X_A="b")))
    assert (page.body, page.status, page.etag) == (FEED, 200, '"a"')
    assert page.last_modified == "Mon, 01 Jun 2026 00:00:00 GMT"
    assert (page.header("x-a"), page.truncated, page.final_url) == ("b", False, server.url("/feed"))
    sent = server.seen[0].headers
    assert (sent["User-Agent"], sent["Accept-Encoding"]) == ("Oresight tests", "gzip, deflate")


def test_known_pages_are_asked_for_conditionally(server: Server) -> None:
    """With validators an unchanged page costs a 304, and a changed one comes whole."""
    assert isinstance(_get(server, conditional(FEED, '"a"'), etag='"a"'), NotModified)
    assert _page(_get(server, conditional(FEED, '"b"'), etag='"a"', last_modified="then")).etag == '"b"'
    assert server.seen[-1].headers["If-Modified-Since"] == "then"


def test_a_304_brings_its_new_validators(server: Server) -> None:
    """A 304 with another ETag hands that over."""
    found = _get(server, answer(b"", 304, ETag='"new"', Cache_Control="max-age=60"), etag='"old"')
    assert isinstance(found, NotModified)
    assert (found.etag, found.last_modified, found.moved_to) == ('"new"', None, None)
    assert ("cache-control", "max-age=60") in found.headers


def test_a_304_to_a_plain_question_is_a_failure(server: Server) -> None:
    """A server that says "unchanged" to one who has nothing is not believed."""
    assert _failure(_get(server, answer(b"", 304))) == Failure("soft", "HTTP 304")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(FEED, mtime=0)),
        ("x-gzip", gzip.compress(FEED, mtime=0)),
        ("gzip", gzip.compress(FEED[:20], mtime=0) + gzip.compress(FEED[20:], mtime=0)),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED)[2:-4]),
        ("identity", FEED),
        ("gzip", FEED),
        ("identity", gzip.compress(FEED, mtime=0)),
    ],
)
def test_packed_bodies_are_unpacked(server: Server, coding: str, body: bytes) -> None:
    """gzip and both kinds of deflate, labelled rightly or not."""
    page = _page(_get(server, answer(body, Content_Encoding=coding)))
    assert (page.body, page.truncated) == (FEED, False)


def test_other_packings_are_refused(server: Server) -> None:
    """A coding that was not asked for is a reason, not a riddle."""
    found = _failure(_get(server, answer(FEED, Content_Encoding="br")))
    assert found == Failure("soft", "the body is packed in a way that was not asked for")


def test_a_gzip_bomb_ends_at_the_limit(server: Server) -> None:
    """300 kB that unpack to 300 MB are refused, and cost less than 50 MB of memory."""
    press = zlib.compressobj(wbits=31)
    bomb = b"".join([*(press.compress(bytes(1_000_000)) for _ in range(300)), press.flush()])
    tracemalloc.start()
    try:
        found = _failure(_get(server, answer(bomb, Content_Encoding="gzip"), total_s=20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == Failure("soft", "the body unpacks to more than 15,000,000 bytes")
    assert 15_000_000 < peak < 50_000_000  # below the limit itself nothing was measured


def test_a_body_over_the_limit_is_refused(server: Server) -> None:
    """An unpacked body is held to the same limit."""
    found = _failure(_get(server, answer(bytes(2000)), max_bytes=1000))
    assert found == Failure("soft", "the body is larger than 1,000 bytes")


@pytest.mark.parametrize(
    ("route", "kept"),
    [
        (cut(FEED, 40, ETag='"a"'), FEED[:40]),
        (answer(gzip.compress(FEED, mtime=0)[:-9], ETag='"a"', Content_Encoding="gzip"), None),
        (raw(b'HTTP/1.1 200 OK\r\nETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n'), b"<rss>"),
    ],
)
def test_a_cut_body_keeps_what_came(server: Server, route: Route, kept: bytes | None) -> None:
    """Short of its Content-Length, its last chunk or its gzip trailer: kept, flagged, and without validators."""
    page = _page(_get(server, route))
    assert page.truncated
    assert (page.etag, page.last_modified) == (None, None)
    assert page.body == kept if kept else FEED.startswith(page.body)
    assert page.body


def test_an_answer_cut_before_its_body_is_a_failure(server: Server) -> None:
    """With nothing to keep there is no page."""
    assert _failure(_get(server, cut(FEED, 0))) == Failure("soft", "connection broken off")


@pytest.mark.parametrize("head", [False, True])
def test_a_dripping_server_ends_at_the_total_deadline(server: Server, head: bool) -> None:
    """A byte at a time keeps no worker beyond the total deadline, be it in the body or in the head."""
    start = time.monotonic()
    found = _failure(_get(server, drip(0.05, head=head), total_s=0.6))
    assert found == Failure("soft", "no complete answer within 0.6 s")
    assert time.monotonic() - start < 3


def test_redirects_share_one_deadline(server: Server) -> None:
    """Slow hops add up."""
    server.routes["/a"] = slow(0.4, redirect("/b"))
    server.routes["/b"] = slow(0.4, answer(FEED))
    assert _failure(_get(server, redirect("/a"), total_s=0.6)).reason == "no complete answer within 0.6 s"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: Server, status: int) -> None:
    """Relative and absolute, of every kind; the final address is told."""
    server.routes["/a"] = redirect(server.url("/b"), status)
    server.routes["/b"] = answer(FEED)
    page = _page(_get(server, redirect("a", status)))
    assert (page.body, page.url, page.final_url) == (FEED, server.url("/feed"), server.url("/b"))


def test_endless_redirects_end(server: Server) -> None:
    """A loop ends after five redirects."""
    assert _failure(_get(server, redirect("/feed"))) == Failure("hard", "more than 5 redirects")
    assert len(server.seen) == 6


@pytest.mark.parametrize("to", ["http://[::1", "http://a:99999/", "http://\x01/"])
def test_redirects_to_rubbish_are_refused(server: Server, to: str) -> None:
    """A redirect that is no address is refused like any other bad address."""
    assert _failure(_get(server, redirect(to))) == Failure("soft", "address refused: it cannot be read as a URL")


def test_a_redirect_without_a_target_is_hard(server: Server) -> None:
    """There is nowhere to follow."""
    assert _failure(_get(server, answer(b"", 301))) == Failure("hard", "HTTP 301 that leads nowhere")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
     "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]"],  # noqa: S104 - addresses to refuse, not to bind
)  # fmt: skip
def test_loopback_is_refused_in_every_spelling(server: Server, host: str) -> None:
    """No way of writing loopback reaches a server on it, directly or by a redirect."""
    with Server({"/": answer(b"secret")}) as inner:
        target = f"http://{host}:{inner.port}/"
        with Http("t", allow_hosts=server.allow, host_delay=0) as http:
            direct = _failure(http.get(target, now=NOW))
        redirected = _failure(_get(server, redirect(target)))
        assert inner.seen == []
    assert direct == redirected
    assert direct.state == "soft"
    assert direct.reason.startswith("address refused")


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fe80::1]/"]
)
def test_inner_networks_are_refused(server: Server, target: str) -> None:
    """Clouds' metadata and private networks are not reached by a redirect, nor waited for."""
    start = time.monotonic()
    assert "which is not public" in _failure(_get(server, redirect(target))).reason
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/", "data:,x"])
def test_only_http_is_spoken(server: Server, target: str) -> None:
    """Other schemes are refused, in the list of channels and in a redirect."""
    assert "neither http nor https" in _failure(_get(server, redirect(target))).reason
    with Http("t", host_delay=0) as http:
        assert "neither http nor https" in _failure(http.get(target, now=NOW)).reason


def test_the_allow_list_names_host_and_port(server: Server) -> None:
    """An allowed server opens neither its neighbour's port nor its own other names."""
    server.routes["/feed"] = answer(FEED)
    with Server({}) as other, Http("t", allow_hosts=server.allow, host_delay=0) as http:
        assert isinstance(http.get(server.url("/feed"), now=NOW), Page)
        assert isinstance(http.get(other.url("/feed"), now=NOW), Failure)
        assert isinstance(http.get(f"http://localhost:{server.port}/feed", now=NOW), Failure)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.53", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to judge, not to bind
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("198.18.0.1", False),
        ("192.0.2.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("::7f00:1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    """Each range that is not the open internet's is known, also inside an IPv6 address."""
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("status", "state"),
    [(400, "hard"), (401, "blocked"), (403, "blocked"), (404, "hard"), (408, "soft"), (410, "gone"), (429, "soft"),
     (451, "blocked"), (500, "soft"), (502, "soft"), (503, "soft"), (599, "soft")],
)  # fmt: skip
def test_refusals_have_their_state(server: Server, status: int, state: State) -> None:
    """Each status says whether to come back, and how soon."""
    found = _failure(_get(server, answer(b"no", status)))
    assert (found.state, found.reason) == (state, f"HTTP {status}")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["120", format_datetime(NOW + timedelta(seconds=120), usegmt=True)])
def test_a_request_for_peace_is_heard(server: Server, status: int, value: str) -> None:
    """Retry-After in seconds and as a date."""
    found = _failure(_get(server, answer(b"", status, Retry_After=value)))
    assert found.retry_at == NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("value", "after"),
    [("soon", None), ("-5", None), ("Mon, 01 Jan 2024 00:00:00 GMT", None), ("999999999", timedelta(days=7))],
)
def test_an_odd_request_for_peace_does_no_harm(server: Server, value: str, after: timedelta | None) -> None:
    """Rubbish and the past are as if nothing was said; nobody silences a feed for years."""
    found = _failure(_get(server, answer(b"", 503, Retry_After=value)))
    assert found.retry_at == (NOW + after if after else None)


def test_429_holds_the_host_503_the_feed(server: Server) -> None:
    """After 429 nothing is sent to that host until the time is over; after 503 its other feeds go on."""
    server.routes |= {"/busy": answer(b"", 503, Retry_After="60"), "/enough": answer(b"", 429, Retry_After="60")}
    server.routes["/feed"] = answer(FEED)
    with Http("t", allow_hosts=server.allow, host_delay=0) as http:
        http.get(server.url("/busy"), now=NOW)
        assert isinstance(http.get(server.url("/feed"), now=NOW), Page)
        http.get(server.url("/enough"), now=NOW)
        held = _failure(http.get(server.url("/feed"), now=NOW))
        assert len(server.seen) == 3
        assert (held.state, held.retry_at) == ("soft", NOW + timedelta(seconds=60))
        assert isinstance(http.get(server.url("/feed"), now=NOW + timedelta(seconds=61)), Page)


def test_a_host_is_asked_at_its_pace(server: Server) -> None:
    """Starts keep their distance, however many threads ask."""
    server.routes["/feed"] = answer(FEED)
    with Http("t", allow_hosts=server.allow, host_delay=0.1) as http, ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: http.get(server.url("/feed"), now=NOW), range(5)))
    assert all(isinstance(f, Page) for f in found)
    assert server.seen[-1].at - server.seen[0].at > 0.3  # four pauses, less what a busy machine blurs


def test_a_host_that_no_request_reached_needs_no_pause() -> None:
    """Where a name does not resolve, ten feeds at it fail at once, not one every five seconds."""
    with Http("test", host_delay=5) as http:
        began = time.monotonic()
        told = [http.get(f"http://nowhere.invalid/{n}", now=NOW) for n in range(10)]
    assert {t.reason for t in told if isinstance(t, Failure)} == {"name does not resolve"}
    assert time.monotonic() - began < 5


def test_a_host_is_never_crowded(server: Server) -> None:
    """Two requests are under way at most, however many threads ask."""
    server.routes["/feed"] = crowd = Crowd(0.1, answer(FEED))
    with Http("t", allow_hosts=server.allow, host_delay=0) as http, ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: http.get(server.url("/feed"), now=NOW), range(5)))
    assert all(isinstance(f, Page) for f in found)
    assert crowd.most == 2


def test_waiting_for_a_turn_is_not_the_servers_time(server: Server) -> None:
    """The total deadline starts with the request, not with the queue before it."""
    server.routes["/feed"] = slow(0.3, answer(FEED))
    with Http("t", allow_hosts=server.allow, host_delay=0, total_s=1) as http, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: http.get(server.url("/feed"), now=NOW), range(8)))
    assert all(isinstance(f, Page) for f in found)


def test_closing_ends_every_wait(server: Server) -> None:
    """A run that stops does not sit out its politeness."""
    server.routes["/feed"] = answer(FEED)
    http = Http("t", allow_hosts=server.allow, host_delay=60)
    http.get(server.url("/feed"), now=NOW)
    threading.Timer(0.2, http.close).start()
    start = time.monotonic()
    assert _failure(http.get(server.url("/feed"), now=NOW)).reason == "stopped before its turn came"
    assert time.monotonic() - start < 5


def test_a_closed_port_says_so() -> None:
    """Nobody there is told as such."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Http("t", allow_hosts=frozenset({f"127.0.0.1:{port}"}), host_delay=0) as http:
        assert http.get(f"http://127.0.0.1:{port}/", now=NOW) == Failure("soft", "connection refused")


def test_a_name_that_is_none_says_so() -> None:
    """A name that does not resolve is a reason, and waits for no deadline."""
    with Http("t", host_delay=0) as http:
        assert http.get("http://nowhere.invalid/", now=NOW) == Failure("soft", "name does not resolve")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_an_untrusted_certificate_says_so(tmp_path: Path) -> None:
    """Nobody is believed who signed for himself."""
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    made = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run(["openssl", "req", "-x509", *options, *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    with Server({"/": answer(FEED)}, tls=context) as server, Http("t", allow_hosts=server.allow, host_delay=0) as http:
        found = http.get(server.url().replace("http:", "https:"), now=NOW)
        assert found == Failure("soft", "no trusted certificate")
        assert server.seen == []


@pytest.mark.parametrize("data", [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000])
def test_what_is_not_http_is_a_failure(server: Server, data: bytes) -> None:
    """Silence, babble and heads without end."""
    assert _failure(_get(server, raw(data))).state == "soft"


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "", "x-gzip"]), st.integers(1, 9))
def test_any_bytes_can_be_unpacked_or_refused(body: bytes, coding: str, step: int) -> None:
    """Whatever the wire brings, in pieces of any size, ends in a body or in BadBody."""
    inflater = Inflater(coding, 1000)
    try:
        for start in range(0, len(body), step):
            inflater.feed(body[start : start + step])
        inflater.finish()
    except BadBody:
        assert coding == "deflate" or body.startswith(b"\x1f\x8b")


@given(st.binary(max_size=2000), st.integers(1, 700), st.sampled_from(["gzip", "deflate"]))
def test_pieces_make_the_whole(body: bytes, step: int, coding: str) -> None:
    """Where the wire cuts a packed body into pieces makes no difference."""
    packed = gzip.compress(body, mtime=0) if coding == "gzip" else zlib.compress(body)
    inflater = Inflater(coding, 5000)
    for start in range(0, len(packed), step):
        inflater.feed(packed[start : start + step])
    assert inflater.finish() == (body, True)
