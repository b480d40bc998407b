"""`oresight channels discover`: from a web page to the feeds it offers.

URL -> a feed? -> itself
    -> a web page -> <link rel=alternate>, links that look like feeds, else usual paths -> tried -> [Checked]
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from flows import show
from flows.channels import is_web_address
from flows.check import Checked, Witness, try_all
from flows.client import client
from flows.errors import NoFeed, NothingReached, UsageError
from flows.settings import Settings
from records import Channel
from sources import charset
from sources.fetch import Page

MOST = 8
"""Addresses tried at most for one page."""

FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/json",
    "application/xml",
    "text/xml",
)
USUAL_PATHS = ("feed/", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")

# No pattern looks past the next "<", so that reading takes time in proportion to the page, whatever stands on it.
_TAG = re.compile(r"<(link|a|base)\b([^<>]{1,4000})>", re.I)
_ATTRIBUTE = re.compile(r"""([a-z-]{1,20})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_LIKELY = re.compile(r"/(?:feeds?|rss|atom)(?:\.(?:xml|json|php|aspx?))?/?\Z|\.(?:rss|atom)\Z|[?&]feed=\w", re.I)


def discover(settings: Settings, address: str, *, now: datetime) -> list[Checked]:
    """The feeds that can be had at an address, the address itself first if it is one; each has been tried.

    Raises:
        UsageError: this is no web address.
        NothingReached: no server answered.
        NoFeed: the server refused, or there is no feed to be found.
    """
    url = whole(address)
    with client(settings, Witness) as http, show.progress("discover", 1) as advance:
        (first,) = try_all(settings, [_candidate(url)], http, advance, now=now)
        if first.delivered and first.result.fetched:
            return [first]
        if url not in http.web_pages:
            raise _no(first)
        links = list(candidates(http.web_pages[url]))[:MOST]
        found = try_all(settings, [_candidate(link) for link in links], http, advance, now=now)
    return _feeds(found, url)


def whole(address: str) -> str:
    """An address as a person types it, with its scheme.

    Raises:
        UsageError: it is no web address.
    """
    url = address if "://" in address else f"https://{address}"
    if not is_web_address(url):
        raise UsageError(f"'{address}' is no web address")
    return url


def candidates(page: Page) -> Iterator[str]:
    """Addresses that may be feeds: those that the page names as such; then others that look it, else usual paths."""
    text, _ = charset.decode(page.body, page.header("content-type"))
    tags = [(tag.lower(), _attributes(rest)) for tag, rest in _TAG.findall(_COMMENT.sub("", text))]
    base = next((urljoin(page.final_url, a["href"]) for tag, a in tags if tag == "base" and a.get("href")), None)
    named = [a["href"] for tag, a in tags if tag == "link" and _is_alternate(a)]
    likely = [a["href"] for tag, a in tags if tag == "a" and _is_likely(a.get("href", ""), page.final_url)]
    usual = [] if named or likely else USUAL_PATHS
    yield from _distinct(_joined(base or page.final_url, [*named, *likely]), page.final_url)
    yield from _distinct((urljoin(root, path) for path in usual for root in _roots(page.final_url)), page.final_url)


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(text)}


def _is_alternate(attributes: dict[str, str]) -> bool:
    rels = attributes.get("rel", "").lower().split()
    kind = attributes.get("type", "").lower().split(";")[0].strip()
    return bool(attributes.get("href")) and ("feed" in rels or ("alternate" in rels and kind in FEED_TYPES))


def _is_likely(href: str, base: str) -> bool:
    if not _LIKELY.search(href):
        return False
    return all(urlsplit(u).hostname == urlsplit(base).hostname for u in _joined(base, [href]))


def _joined(base: str, links: Iterable[str]) -> Iterator[str]:
    for link in links:
        try:
            url = urljoin(base, link.strip()).partition("#")[0]
        except ValueError:
            continue
        if is_web_address(url):
            yield url


def _distinct(urls: Iterable[str], page: str) -> Iterator[str]:
    return (url for url in dict.fromkeys(urls) if url != page)


def _roots(url: str) -> tuple[str, ...]:
    """The page's own folder, then its host's root."""
    folder = url.partition("?")[0]
    return tuple(dict.fromkeys((folder if folder.endswith("/") else f"{folder}/", urljoin(url, "/"))))


def _candidate(url: str) -> Channel:
    return Channel(url, "feed", "", url)


def _no(tried: Checked) -> Exception:
    line = f"{tried.channel.address}: {tried.result.reason or tried.result.state}"
    return NothingReached(f"{line}; check the address and the network") if tried.unreached else NoFeed(line)


def _feeds(found: list[Checked], url: str) -> list[Checked]:
    kept = [c for c in found if c.delivered and c.format not in ("web page", "sitemap")]
    if not kept:
        tried = f", though {len(found)} addresses were tried" if found else ""
        raise NoFeed(f"{url}: a web page that leads to no feed{tried}; look for one on the site and give its address")
    return sorted(kept, key=lambda c: c.result.fetched == 0)
