"""RSS 0.9x, 1.0, 2.0 and Atom through feedparser, whose dicts end here.

text -> plainfeed -> Document                                                 nearly all feeds
     -> UTF-8 with a true prolog -> feedparser, without its sanitiser and link resolver -> Document
"""

from __future__ import annotations

import io
import re
from typing import Any
from xml.sax import SAXException

import feedparser

from sources import plainfeed, rhythm
from sources.entries import Document, Entry

_PROLOG = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")
_END = re.compile(r"</\s*(?:[\w-]+:)?(?:rss|feed|rdf|channel)\s*>", re.I)
_ROOT = re.compile(r"<\s*(?:[\w-]+:)?(?:rss|feed|rdf)[\s>]", re.I)
_HTML = re.compile(r"<\s*(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.I)
_DATES = ("published", "updated", "created")  # read past feedparser's own fallbacks from one to another
_PACE = ("ttl", "sy_updateperiod", "sy_updatefrequency")
_HEADERS = {"content-type": "application/xml; charset=utf-8"}

# feedparser works through Python's own parsers with handlers for every vocabulary; on hostile input they have been
# seen to raise any of these. Only feedparser runs inside the guard.
_RAISED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, SAXException, TypeError, ValueError
)  # fmt: skip


def read(text: str) -> Document:
    """The entries of an XML feed; kind "" where it is none. Never raises."""
    text = _PROLOG.sub("", text, count=1).lstrip()
    plain = plainfeed.read(text)
    return plain if plain and plain.entries else _read(text)


def _read(text: str) -> Document:
    body = '<?xml version="1.0" encoding="utf-8"?>\n' + text
    try:
        # A stream: feedparser opens a file when it is handed a string or bytes that name one.
        found = feedparser.parse(
            io.BytesIO(body.encode("utf-8", "replace")),
            response_headers=_HEADERS,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except _RAISED:
        return Document("xml" if _ROOT.search(text[:5000]) else "", malformed=True, truncated=True)
    entries = tuple(_entry(e) for e in found.entries)
    feed = found.get("feed") or {}
    kind = found.get("version") or ("xml" if entries else "")
    return Document(
        kind=kind,
        entries=entries,
        date=next(filter(None, (_text(dict.get(feed, key)) for key in _DATES)), None),
        malformed=bool(found.get("bozo")) or kind == "xml",
        truncated=bool(kind) and not _END.search(text[-4000:]),
        web_page=not entries and bool(_HTML.search(text[:5000])),
        pause_s=rhythm.pause(*(_text(feed.get(key)) for key in _PACE)),
    )


def _entry(entry: Any) -> Entry:
    guid = _text(entry.get("id"))
    contents = [_text(c.get("value")) for c in entry.get("content") or () if _is_text(c)]
    return Entry(
        guid=guid or None,
        links=_links(entry, guid),
        title=_text(entry.get("title")),
        bodies=tuple(dict.fromkeys(filter(None, [*contents, _text(entry.get("summary"))]))),
        dates=tuple(filter(None, (_text(dict.get(entry, key)) for key in _DATES))),
    )


def _links(entry: Any, guid: str) -> tuple[str, ...]:
    original = _text(entry.get("feedburner_origlink"))
    alternates = [_text(link.get("href")) for link in entry.get("links") or () if link.get("rel") == "alternate"]
    given = [link for link in (original, _text(entry.get("link")), *alternates) if link]
    # feedparser offers a GUID as the link where there is no other; only a whole address is one.
    return tuple(dict.fromkeys(link for link in given if link != guid or "://" in link))


def _is_text(content: Any) -> bool:
    kind = _text(content.get("type")) or "text/html"
    return kind.startswith("text/") or "html" in kind or "xml" in kind


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
