"""RSS 2.0 and Atom 1.0 as nearly all feeds write them, read with the standard library's C parser.

text -> ElementTree -> only elements whose meaning is plain? -> Document
                                                          no -> None: feedparser is asked

What is read here is what feedparser reads, only sooner; a law in the tests holds the two together. Anything out of the
ordinary (a document type, markup inside a headline, an element twice, a base address) is left to feedparser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from xml.etree import ElementTree as ET

from feedparser import mixin

from sources import rhythm
from sources.entries import Document, Entry

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_PACE = "{http://purl.org/rss/1.0/modules/syndication/}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# Document types can hold entities, `base` moves links, other controls are mended by feedparser in ways of its own.
_DECLARED = re.compile(r"<!(?!\[CDATA\[|--)")
_BASE = re.compile(r"\bbase\s*=")
_PREFIX = re.compile(r"""xmlns:([\w-]+)\s*=\s*["']([^"']*)["']""")
_PREFIXES = {
    "content": "http://purl.org/rss/1.0/modules/content/", "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/", "sy": "http://purl.org/rss/1.0/modules/syndication/",
}  # fmt: skip
_C1 = re.compile(r"[\x80-\x9f]")
_SLASHES = re.compile(r"[A-Za-z][A-Za-z0-9+-.]*:///")
_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}

_HANDLED = frozenset(name[7:] for name in dir(mixin._FeedParserMixin) if name.startswith("_start_"))
"""What feedparser has a meaning for; everything else it keeps aside, and so it can be passed over."""
_KEPT_ASIDE = frozenset(("links", "feedburner_origlink", "origlink"))
_SILENT = frozenset(
    ("category", "enclosure", "comments", "source", "author", f"{_DC}creator", f"{_DC}subject", f"{_MEDIA}thumbnail",
     f"{_MEDIA}credit", f"{_MEDIA}content", f"{_MEDIA}keywords", f"{_ATOM}category", f"{_ATOM}rights")
)  # fmt: skip
_PERSONS = frozenset((f"{_ATOM}author", f"{_ATOM}contributor"))
_PERSON = frozenset(f"{_ATOM}{name}" for name in ("name", "uri", "email"))
_CHANNEL_SILENT = frozenset(
    ("title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "generator", "docs",
     "cloud", "category", f"{_ATOM}link", f"{_ATOM}id", f"{_ATOM}title", f"{_ATOM}subtitle", f"{_ATOM}generator",
     f"{_ATOM}rights", f"{_ATOM}category", f"{_DC}language", f"{_DC}creator", f"{_DC}rights")
)  # fmt: skip
_IMAGE = frozenset(("url", "title", "link", "width", "height", "description"))
_CHANNEL_TOLD = {
    "pubDate": "published", "lastBuildDate": "updated", "ttl": "ttl", f"{_ATOM}updated": "updated",
    f"{_ATOM}published": "published", f"{_PACE}updatePeriod": "period", f"{_PACE}updateFrequency": "frequency",
}  # fmt: skip
_RSS = {
    "title": "title", "link": "link", "guid": "guid", "description": "summary", _CONTENT: "content",
    "pubDate": "published", f"{_DC}date": "updated",
}  # fmt: skip
_ATOMS = {
    f"{_ATOM}{name}": told
    for name, told in {"id": "guid", "title": "title", "summary": "summary", "content": "content",
                       "published": "published", "updated": "updated"}.items()
}  # fmt: skip
_TYPED = ("title", "summary", "content")
_PAGES = ("html", "text/html", "xhtml", "application/xhtml+xml")
_TYPES = (None, "text", "html", "text/plain", "text/html")


class _OddError(Exception):
    """Something whose meaning is not plain."""


def read(text: str) -> Document | None:
    """The entries of a plain feed; None where it is not one, and feedparser is to read it."""
    if _is_odd(text) or any(_PREFIXES.get(p, uri) != uri for p, uri in _PREFIX.findall(text)):
        return None
    try:
        root = ET.fromstring(text)  # noqa: S314 - no document type, so no entities
        if root.tag == "rss" and len(root) == 1 and root[0].tag == "channel" and not root[0].attrib:
            return _document(root[0], _version(root.get("version", "")), "item", _RSS)
        return _document(root, "atom10", f"{_ATOM}entry", _ATOMS) if root.tag == f"{_ATOM}feed" else None
    except (ET.ParseError, _OddError):
        return None


def _is_odd(text: str) -> bool:
    if _DECLARED.search(text) or ("base" in text and _BASE.search(text)):
        return True
    return not text.isascii() and _C1.search(text) is not None


def _version(given: str) -> str:
    return _VERSIONS.get(given) or ("rss20" if given.startswith("2.") else "rss")


def _document(feed: ET.Element, kind: str, item: str, meanings: dict[str, str]) -> Document:
    told: dict[str, str] = {}
    entries = []
    for element in feed:
        if element.tag == item:
            entries.append(_entry(element, meanings))
        elif name := _CHANNEL_TOLD.get(element.tag):
            _once(told, name, element)
        else:
            _pass_over(element, _CHANNEL_SILENT)
    return Document(
        kind,
        tuple(entries),
        date=told.get("published") or told.get("updated") or None,
        pause_s=rhythm.pause(told.get("ttl", ""), told.get("period", ""), told.get("frequency", "")),
    )


def _entry(item: ET.Element, meanings: dict[str, str]) -> Entry:
    if item.attrib and set(item.attrib) != {_LANG}:
        raise _OddError
    told: dict[str, str] = {}
    links: list[tuple[str, bool]] = []
    is_link = True
    for element in item:
        if name := meanings.get(element.tag):
            is_link &= _once(told, name, element)
        elif element.tag == f"{_ATOM}link" and meanings is _ATOMS:
            links += _atom_link(element)
        else:
            _pass_over(element, _SILENT)
    guid = told.get("guid", "")
    return Entry(
        guid=guid or None,
        links=_links(told, links, guid if is_link else ""),
        title=told.get("title", ""),
        bodies=tuple(dict.fromkeys(filter(None, (told.get("content"), told.get("summary"))))),
        dates=tuple(filter(None, (told.get("published"), told.get("updated")))),
    )


def _once(told: dict[str, str], name: str, element: ET.Element) -> bool:
    """Note what an element says; False where it is a GUID that is no link."""
    if name in told or len(element):
        raise _OddError
    told[name] = text = _mended((element.text or "").strip())
    if name in _TYPED and element.tag.startswith(_ATOM):
        if set(element.attrib) - {"type", _LANG} or element.get("type") not in _TYPES:
            raise _OddError
        return True
    permanent = element.get("isPermaLink", "true")
    if set(element.attrib) - ({"isPermaLink"} if element.tag == "guid" else set()):
        raise _OddError
    if name == "link" or (name == "guid" and permanent == "true"):
        _check_link(text)
    if name == "link" and not text:
        raise _OddError
    return name != "guid" or permanent == "true"


def _mended(text: str) -> str:
    """UTF-8 that was once taken for Latin-1, as feedparser mends it."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    if _C1.search(text):
        raise _OddError
    return text


def _check_link(link: str) -> None:
    if ";" in link or _SLASHES.match(link):
        raise _OddError


def _atom_link(element: ET.Element) -> Iterator[tuple[str, bool]]:
    """An alternate's address, and whether it is that of a web page."""
    if "href" not in element.attrib or {"url", "uri"} & set(element.attrib) or len(element):
        raise _OddError
    href, rel = element.attrib["href"], element.get("rel", "alternate").lower()
    _check_link(href)
    if rel == "alternate":
        yield href.strip(), element.get("type", "text/html").lower() in _PAGES


def _links(told: dict[str, str], alternates: list[tuple[str, bool]], guid: str) -> tuple[str, ...]:
    pages = [href for href, is_page in alternates if is_page]
    first = told.get("link") or (pages[-1] if pages else guid)
    named = told.get("guid", "")
    given = [link for link in (first, *(href for href, _ in alternates)) if link]
    return tuple(dict.fromkeys(link for link in given if link != named or "://" in link))


def _pass_over(element: ET.Element, silent: frozenset[str]) -> None:
    """Leave out an element that says nothing about the entry; raises where it may."""
    if element.tag in silent:
        if len(element):
            raise _OddError
    elif element.tag in _PERSONS:
        _only(element, _PERSON)
    elif element.tag == "image" and silent is _CHANNEL_SILENT:
        _only(element, _IMAGE)
    else:
        _unknown(element)


def _only(element: ET.Element, names: frozenset[str]) -> None:
    if any(child.tag not in names or len(child) for child in element):
        raise _OddError


def _unknown(element: ET.Element) -> None:
    for part in element.iter():
        uri, _, local = part.tag.removeprefix("{").rpartition("}")
        local = local.lower()
        prefix = next((p for p, known in _PREFIXES.items() if known == uri), "")
        if {local, f"{prefix}_{local}"} & _HANDLED or local in _KEPT_ASIDE:
            raise _OddError
