"""`oresight channels`: try the list, find feeds, add them, exchange it with feed readers; the store stays as it is."""

from __future__ import annotations

import csv
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import additions, channels, opml
from flows.check import sniff
from flows.cli_channels import channels as group
from flows.discover import candidates
from flows.errors import ChannelsError
from flows.settings import ROOT
from records import COMMUNITIES, Channel
from sample.server import Answer, Request, hosting
from sources.fetch import Page
from tests.flows.command import oresight
from tests.flows.test_faults import RSS, one_line

ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><title>a</title><entry><id>1</id><title>Tin</title>'
    b'<updated>2026-11-20T10:00:00Z</updated><link href="http://example.org/1"/></entry></feed>'
)
JSON = (
    b'{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{"id": "1", "title": "a",'
    b' "content_text": "b", "date_published": "2026-11-21T10:00:00Z"}]}'
)
HOME = (
    b'<!doctype html><html><head><!-- <link rel="alternate" type="application/rss+xml" href="/commented"> -->'
    b'<link rel="stylesheet" href="/x.css"><link rel="alternate" type="application/rss+xml" href="rss">'
    b"<link type=application/feed+json rel='alternate' href=/json></head></html>"
)
ROUTES = {
    "/rss": Answer(200, RSS % (1, 1), {"Content-Type": "text/xml"}),
    "/atom": Answer(200, ATOM),
    "/json": Answer(200, JSON),
    "/home": Answer(200, HOME, {"Content-Type": "text/html"}),
    "/bare/": Answer(200, b"<!doctype html><html><body>No feed is named here.</body></html>"),
    "/bare/feed.xml": Answer(200, RSS % (2, 2)),
    "/none/": Answer(200, b"<!doctype html><html><body><a href='/none.rss'>feed</a></body></html>"),
    "/down": Answer(503),
    "/gone": Answer(410),
    "/refused": Answer(403),
}
COMMENTED = """# People's own words stay.
[[feed]]
name = "first"   # mine
url = "http://127.0.0.1:9/first"
community = "official"
# the end"""


class World(NamedTuple):
    """A server, a list and a home."""

    base: str
    env: dict[str, str]
    home: Path

    @property
    def listed(self) -> Path:
        """The list that the commands use."""
        return Path(self.env["ORESIGHT_CHANNELS"])

    def channels(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        """`oresight channels ARGS`."""
        return oresight("channels", *args, home=self.home, env=self.env)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """A server of feeds and pages."""

    def answer(request: Request) -> Answer:
        return ROUTES.get(request.path, Answer(404))

    with hosting(answer) as url:
        yield url


@pytest.fixture
def world(base: str, tmp_path: Path) -> World:
    """An empty home and a list with comments."""
    path = tmp_path / "channels.toml"
    path.write_text(COMMENTED)
    env = {"ORESIGHT_CHANNELS": str(path), "ORESIGHT_ALLOW_HOSTS": urlsplit(base).netloc}
    return World(base, env, tmp_path / "var")


def table(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, str]]:
    """The rows that a program reads from stdout."""
    return list(csv.DictReader(done.stdout.decode().splitlines(), delimiter="\t"))


def feed(name: str, url: str, **more: str) -> str:
    """A table of channels.toml."""
    keys = {"name": name, "url": url, "community": "official", **more}
    return "[[feed]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())


def test_check_tries_the_list_and_stores_nothing(world: World) -> None:
    """State, entries, newest date, format and reason of each, trouble first; exit 4; the home stays empty."""
    names = ("rss", "atom", "json", "down", "gone", "refused", "home")
    world.listed.write_text("\n".join(feed(n, f"{world.base}/{n}") for n in names))
    done = world.channels("check")
    rows = table(done)
    told = {r["channel"]: (r["state"], r["entries"], r["newest"], r["format"], r["reason"]) for r in rows}
    assert done.returncode == 4, done.stderr
    assert told == {
        "rss": ("ok", "1", "2026-11-16 10:00", "RSS 2.0", ""),
        "atom": ("ok", "1", "2026-11-20 10:00", "Atom", ""),
        "json": ("ok", "1", "2026-11-21 10:00", "JSON Feed", ""),
        "down": ("soft", "0", "", "", "HTTP 503"),
        "gone": ("gone", "0", "", "", "HTTP 410"),
        "refused": ("blocked", "0", "", "", "HTTP 403"),
        "home": ("not_a_feed", "0", "", "web page", "the address answers with a web page, not a feed"),
    }
    assert [r["state"] for r in rows[:4]] == ["gone", "blocked", "soft", "not_a_feed"]
    assert one_line(done.stderr) == "7 channels: 1 gone, 1 blocked, 2 failing, 3 fine"
    assert not world.home.exists() or not list(world.home.iterdir())


def test_check_ends_as_other_commands_do(world: World) -> None:
    """All well is 0, nothing reached is 3, an unknown name is 2; an OPML file may be tried as well."""
    world.listed.write_text(feed("rss", f"{world.base}/rss") + feed("dead", "http://127.0.0.1:9/"))
    lists = world.home.parent / "other.opml"
    lists.write_text(f'<opml><body><outline text="An Atom" xmlUrl="{world.base}/atom"/></body></opml>')
    fine, other = world.channels("check", "--only", "rss"), world.channels("check", str(lists))
    dead, unknown = world.channels("check", "--only", "dead"), world.channels("check", "--only", "nobody")
    assert (fine.returncode, other.returncode, dead.returncode, unknown.returncode) == (0, 0, 3, 2)
    assert [(r["channel"], r["format"]) for r in table(other)] == [("an-atom", "Atom")]
    assert [r["state"] for r in table(dead)] == ["soft"]
    assert "not public" in table(dead)[0]["reason"]


def test_check_asks_in_parallel(world: World) -> None:
    """Eight slow feeds take hardly longer than the slowest would in turns of two; none waits for all others."""
    lock, busiest = threading.Lock(), [0, 0]

    def answer(_: Request) -> Answer:
        with lock:
            busiest[0] += 1
            busiest[1] = max(busiest)
        time.sleep(0.3)
        with lock:
            busiest[0] -= 1
        return ROUTES["/rss"]

    with hosting(answer) as base:
        world.listed.write_text("".join(feed(f"f{n}", f"{base}/{n}") for n in range(8)))
        world.env["ORESIGHT_ALLOW_HOSTS"] = urlsplit(base).netloc
        assert world.channels("check").returncode == 0
    assert busiest[1] == 2


def test_discover_finds_what_a_page_names(world: World) -> None:
    """Alternates are tried and shown; what stands in a comment is none. A page that names none: the usual paths."""
    named, usual = world.channels("discover", f"{world.base}/home"), world.channels("discover", f"{world.base}/bare/")
    assert [(r["address"], r["format"]) for r in table(named)] == [
        (f"{world.base}/rss", "RSS 2.0"),
        (f"{world.base}/json", "JSON Feed"),
    ]
    assert f"{world.base}/bare/feed.xml" in [r["address"] for r in table(usual)]
    assert (named.returncode, usual.returncode) == (0, 0)


def test_discover_says_why_there_is_none(world: World) -> None:
    """No feed is exit 1, no server exit 3, no address exit 2; an address inside is refused."""
    cases = {
        f"{world.base}/none/": (1, "leads to no feed"),
        f"{world.base}/down": (1, "HTTP 503"),
        "http://169.254.169.254/latest": (1, "not public"),
        "file:///etc/passwd": (2, "no web address"),
        "http://no-such-host.invalid/": (3, "name does not resolve"),
    }
    for address, (code, words) in cases.items():
        done = world.channels("discover", address)
        assert done.returncode == code, address
        assert words in one_line(done.stderr)


def test_add_appends_and_changes_nothing_else(world: World) -> None:
    """The page's feed is found, tried and appended; comments and the missing last line break survive."""
    done = world.channels("add", f"{world.base}/home", "--community", "trade-press", "--keep", "all", "--fulltext")
    assert done.returncode == 0, done.stderr
    text = world.listed.read_text()
    assert text.startswith(COMMENTED + "\n\n[[feed]]\n")
    assert channels.parse(text)[1] == Channel(
        "127-0-0-1", "feed", "trade-press", f"{world.base}/rss", "all", fulltext=True
    )
    assert b"more feeds" in done.stderr


def test_add_refuses_what_is_there_or_cannot_be(world: World) -> None:
    """The same address in another spelling, a taken name, a community that is none, a dead feed: nothing is written."""
    before = world.listed.read_text()
    cases = [
        (["https://127.0.0.1:9/first/", "--community", "official"], 2, "listed already, as 'first'"),
        ([f"{world.base}/rss", "--community", "official", "--name", "first"], 2, "the name 'first' is taken"),
        ([f"{world.base}/rss", "--community", "investor"], 2, "'investor' is none of trade-press"),
        ([f"{world.base}/rss", "--community", "official", "--name", "Not So"], 2, "lower-case words"),
        ([f"{world.base}/gone", "--community", "official"], 1, "HTTP 410; `--anyway`"),
        (["r/x y", "--community", "investor"], 2, "no web address"),
    ]
    for args, code, words in cases:
        done = world.channels("add", *args)
        assert (done.returncode, words in one_line(done.stderr)) == (code, True), (args, done.stderr)
    assert world.listed.read_text() == before


def test_a_subreddit_joins_without_keys_untried(world: World) -> None:
    """Without keys r/NAME is added and the command says that nobody read it; twice is refused."""
    first = world.channels("add", "r/RareEarths", "--community", "investor", "--no-comments")
    second = world.channels("add", "https://www.reddit.com/r/rareearths/", "--community", "investor")
    assert (first.returncode, second.returncode) == (0, 2), first.stderr + second.stderr
    assert b"was not read" in first.stderr
    assert channels.load(world.listed)[1] == Channel(
        "RareEarths", "subreddit", "investor", "RareEarths", comments=False
    )


def test_adding_at_once_loses_none(tmp_path: Path) -> None:
    """Many writers at once: every channel is in the list afterwards, once."""
    path = tmp_path / "c.toml"
    path.write_text(COMMENTED)
    new = [Channel(f"n{i}", "feed", "official", f"http://x/{i}") for i in range(20)]
    threads = [threading.Thread(target=additions.add, args=(path, [c])) for c in new]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(c.name for c in channels.load(path)) == sorted(["first", *(c.name for c in new)])


def test_the_shipped_list_survives_opml(world: World) -> None:
    """Export, import into an empty list, the same channels; a second import adds nothing."""
    shipped = ROOT / "config" / "channels.toml"
    world.env["ORESIGHT_CHANNELS"] = str(shipped)
    out = world.home.parent / "out.opml"
    assert world.channels("export-opml", str(out)).returncode == 0
    piped = world.channels("export-opml")
    assert piped.stdout == out.read_bytes()
    world.env["ORESIGHT_CHANNELS"] = str(world.home.parent / "fresh.toml")
    first, second = world.channels("import-opml", str(out)), world.channels("import-opml", str(out))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert channels.load(world.listed) == channels.load(shipped)
    assert b"added 0 of" in second.stderr


COMMUNITY = {kind: st.sampled_from(names) for kind, names in COMMUNITIES.items()}
KEEP = st.sampled_from(("relevant", "all"))
URL = st.builds(
    "{}://{}/{}".format,
    st.sampled_from(("http", "https")),
    st.from_regex(r"[a-z][a-z0-9-]{0,20}\.(org|com)(:80[0-9]{0,2})?", fullmatch=True),
    st.text(max_size=30),
).filter(channels.is_web_address)
FEED = st.builds(
    lambda name, community, url, keep, fulltext: Channel(name, "feed", community, url, keep, fulltext=fulltext),
    st.from_regex(channels.NAME["feed"], fullmatch=True),
    COMMUNITY["feed"],
    URL,
    KEEP,
    st.booleans(),
)
SUBREDDIT = st.builds(
    lambda name, community, keep, comments: Channel(name, "subreddit", community, name, keep, comments),
    st.from_regex(channels.NAME["subreddit"], fullmatch=True).filter(str.isascii),
    COMMUNITY["subreddit"],
    KEEP,
    st.booleans(),
)
SUBREDDITS = st.lists(
    st.from_regex(channels.NAME["subreddit"], fullmatch=True).filter(str.isascii), max_size=3, unique_by=str.lower
)
SEARCH = st.builds(
    lambda name, query, community, subreddits, window, comments: Channel(
        name, "reddit_search", community, query, "all", comments, subreddits=tuple(subreddits), window=window
    ),
    st.from_regex(channels.NAME["reddit_search"], fullmatch=True),
    st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and text.isprintable()),
    COMMUNITY["reddit_search"],
    SUBREDDITS,
    st.sampled_from(channels.WINDOWS),
    st.booleans(),
)
LISTS = st.lists(FEED | SUBREDDIT | SEARCH, min_size=1, max_size=6)


@settings(deadline=None)
@given(LISTS)
def test_opml_carries_every_setting(listed: list[Channel]) -> None:
    """What is written as OPML and read again is the same list, in the same order."""
    assert opml.read(opml.write(listed)).channels == tuple(listed)


@settings(deadline=None)
@given(LISTS)
def test_toml_carries_every_setting(listed: list[Channel]) -> None:
    """What is written as a table and read again is the same channel, whatever stands in its address."""
    for channel in listed:
        assert channels.parse(additions.render(channel)) == (channel,)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: f"<opml><body>{t}</body></opml>".encode()))
def test_any_bytes_are_opml_or_an_error(data: bytes) -> None:
    """No file brings the reader down."""
    told = ""
    try:
        assert opml.read(data, defaults=opml.Defaults("official"))
    except ChannelsError as error:
        told = str(error)
    assert "\n" not in told


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (f'<!DOCTYPE o [<!ENTITY e0 "lol">{BOMB}]><opml><body><outline xmlUrl="&e9;"/></body></opml>', "document type"),
        ('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>', "document type"),
        ('<!DOCTYPE o SYSTEM "http://127.0.0.1/o.dtd"><opml/>', "document type"),
        ("<opml><body>&undefined;</body></opml>", "not OPML"),
        ("<opml>", "not OPML"),
        ("<html><body/></html>", "outermost tag is <html>"),
        ("<opml><body/></opml>", "no outline in it has an xmlUrl"),
        ('<?xml version="1.0" encoding="none"?><opml/>', "not OPML"),
        ("<opml>" + "<outline>" * 200_000, "not OPML"),
        ("x" * (opml.LARGEST + 1), "larger than 5 MB"),
        ('<opml><outline xmlUrl="http://a.org/"/></opml>', "names no community"),
        (
            '<opml xmlns:o="urn:oresight:channels"><outline xmlUrl="http://a.org/" o:community="hackers"/></opml>',
            "'hackers' is none of",
        ),
        (
            '<opml xmlns:o="urn:oresight:channels"><outline xmlUrl="http://a.org/" category="/official"'
            ' o:fulltext="maybe"/></opml>',
            "neither true nor false",
        ),
    ],
    ids=lambda value: value[:30],
)
def test_hostile_opml_is_refused_in_one_line(data: str, words: str) -> None:
    """Entities, other documents, unfinished, deep, large and wrong ones: one line, at once, nothing opened."""
    began = time.monotonic()
    with pytest.raises(ChannelsError, match=words) as caught:
        opml.read(data.encode())
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 5


def test_a_bomb_at_the_command_line_changes_nothing(world: World) -> None:
    """An OPML file with entities is exit 2 and one line; the list stays."""
    bomb = world.home.parent / "bomb.opml"
    bomb.write_text(
        '<!DOCTYPE o [<!ENTITY a "b">]><opml><body><outline text="&a;" xmlUrl="http://a.org/"/></body></opml>'
    )
    done = world.channels("import-opml", str(bomb), "--community", "official")
    assert done.returncode == 2
    assert "refused, for it holds a document type" in one_line(done.stderr)
    assert world.listed.read_text() == COMMENTED


def test_a_readers_own_opml_comes_in(world: World) -> None:
    """Folders and categories name communities, titles name feeds; Reddit's feeds and other schemes are left out."""
    file = world.home.parent / "reader.opml"
    file.write_text(
        '<opml version="1.0"><body><outline text="Official"><outline text="U.S. DoE &#8212; News"'
        ' xmlUrl="https://energy.gov/rss"/></outline><outline xmlUrl="https://www.mining.org/feed"'
        ' category="news,/company"/><outline text="U.S. DoE News" xmlUrl="https://energy.gov/more"/>'
        '<outline xmlUrl="https://www.reddit.com/r/mining/.rss"/><outline text="x" xmlUrl="feed://a.org/"/></body></opml>'
    )
    done = world.channels("import-opml", str(file), "--community", "general-press")
    assert done.returncode == 0, done.stderr
    assert [(c.name, c.community) for c in channels.load(world.listed)[1:]] == [
        ("u-s-doe-news", "official"),
        ("mining", "company"),
        ("u-s-doe-news-2", "general-press"),
    ]
    assert [r["outcome"][:8] for r in table(done)] == ["added"] * 3 + ["left out"] * 2


def page(body: bytes) -> Page:
    """A web page as it was fetched."""
    return Page("http://x.org/a/", "http://x.org/a/", 200, (), body, "", None, None)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_page_has_candidates_or_none(body: bytes) -> None:
    """No page brings discovery down; what it yields can be asked."""
    assert all(channels.is_web_address(url) for url in candidates(page(body)))
    sniff(body)


@pytest.mark.parametrize(
    "body", [b"<link" * 200_000, b"<" * 1_000_000, b"<link rel=" + b" " * 900_000, b"<!--" * 250_000]
)
def test_hostile_pages_are_looked_through_at_once(body: bytes) -> None:
    """Discovery reads a page of a megabyte in time in proportion to its length, whatever stands on it."""
    began = time.monotonic()
    list(candidates(page(body)))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<rss version="0.92">', "RSS 0.92"),
        (b"<rss>", "RSS"),
        (b"<rdf:RDF xmlns:rdf='x'>", "RSS 1.0"),
        ("<feed>".encode("utf-16"), "Atom"),
        (b"<urlset>", "sitemap"),
        (b"<HTML>", "web page"),
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_formats_are_told_apart(body: bytes, expected: str) -> None:
    """A glance at the first bytes names the format."""
    assert sniff(body) == expected


@pytest.mark.parametrize("name", sorted(group.commands))
def test_help_shows_an_example(name: str) -> None:
    """`--help` of every command ends with an example of it."""
    command = group.commands[name]
    text = command.get_help(command.make_context(name, [], resilient_parsing=True))
    assert re.search(rf"^\s*oresight channels {name}\b", text, re.MULTILINE), text
