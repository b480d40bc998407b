"""Google-News sitemaps (urlset with news:news), whole or cut off.

    text -> <url> ... </url> -> loc, news:title, news:publication_date -> Document

Read piece by piece and not as XML, so that a fault costs the piece it stands in and no more.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from sources.entries import Document, Entry

_ROOT = re.compile(r"<(?:[\w-]+:)?urlset[\s>]", re.I)
_NEWS = "www.google.com/schemas/sitemap-news"
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_URL = re.compile(r"<(?:[\w-]+:)?url(?:\s[^<>]*)?>", re.I)
_END = re.compile(r"</(?:[\w-]+:)?url\s*>", re.I)
_CLOSED = re.compile(r"</(?:[\w-]+:)?urlset\s*>", re.I)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.S)
_DECLARED = re.compile(r"<!(?!\[CDATA\[|--)")


def looks_like_sitemap(text: str) -> bool:
    """Whether this is a sitemap of any kind."""
    return _ROOT.search(text[:5000]) is not None


def read(text: str) -> Document:
    """The news of a sitemap; kind "" where it tells of none. Never raises."""
    entries = tuple(_entry(piece) for piece in _pieces(text) if _said(piece, "title"))
    if not entries and _NEWS not in text[:5000]:
        return Document("")
    return Document("newsmap", entries, malformed=not _is_sound(text), truncated=not _CLOSED.search(text[-4000:]))


def _pieces(text: str) -> Iterator[str]:
    """What stands between <url> and </url>; the last may be cut off, and is left out unless it was closed."""
    for piece in _URL.split(_COMMENT.sub("", text))[1:]:
        if end := _END.search(piece):
            yield piece[: end.start()]


def _entry(piece: str) -> Entry:
    title, url = _said(piece, "title"), _said(piece, "loc")
    return Entry(
        guid=None,
        links=(url,) if url else (),
        title=html.escape(title, quote=False),
        bodies=(),
        dates=tuple(filter(None, (_said(piece, "publication_date"), _said(piece, "lastmod")))),
    )


def _said(piece: str, name: str) -> str:
    """The text of the first element of that name, whatever its prefix."""
    found = re.search(rf"<(?:[\w-]+:)?{name}(?:\s[^<>]*)?>(.*?)</(?:[\w-]+:)?{name}\s*>", piece, re.S | re.I)
    if found is None:
        return ""
    plain = [html.unescape(part) if n % 2 == 0 else part for n, part in enumerate(_CDATA.split(found[1]))]
    return "".join(plain).strip()


def _is_sound(text: str) -> bool:
    if _DECLARED.search(text):
        return False
    try:
        ET.fromstring(text.lstrip())  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, ValueError):
        return False
    return True
