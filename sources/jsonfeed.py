"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1), also when it is cut off.

text -> {"items": [{...}, ...]} -> Document
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from sources import charset
from sources.entries import Document, Entry

_ITEMS = re.compile(r'"items"\s*:\s*\[')
_DECODER = json.JSONDecoder()
_Object = dict[str, Any]


def looks_like_json(text: str) -> bool:
    """Whether this is to be read as JSON rather than XML."""
    return text.lstrip()[:1] in ("{", "[")


def read(text: str) -> Document:
    """The entries of a JSON Feed; kind "" where it is none. Never raises.

    A feed that is cut off or broken gives the entries before the fault.
    """
    try:
        whole = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        items = list(_salvage(text))
        kind = "json" if items or "jsonfeed.org/version" in text[:1000] else ""
        return Document(kind, tuple(map(_entry, items)), malformed=True, truncated=True)
    if not isinstance(whole, dict) or not isinstance(whole.get("items"), list):
        return Document("")
    if "jsonfeed.org" not in _text(whole.get("version")) and not any(map(_is_item, whole["items"])):
        return Document("")
    return Document("json", tuple(_entry(i) for i in whole["items"] if isinstance(i, dict)))


def _salvage(text: str) -> Iterator[_Object]:
    found = _ITEMS.search(text)
    position = found.end() if found else len(text)
    while position < len(text):
        try:
            item, position = _DECODER.raw_decode(text, text.index("{", position))
        except (ValueError, RecursionError):
            return
        if isinstance(item, dict):
            yield item


def _entry(item: _Object) -> Entry:
    author_html, author_text = _text(item.get("content_html")), _text(item.get("content_text"))
    summary = _text(item.get("summary"))
    return Entry(
        guid=_text(item.get("id")) or None,
        links=tuple(filter(None, (_text(item.get("url")), _text(item.get("external_url"))))),
        title=html.escape(_text(item.get("title")), quote=False),
        bodies=tuple(filter(None, (author_html, html.escape(author_text, False), html.escape(summary, False)))),
        dates=tuple(filter(None, (_text(item.get("date_published")), _text(item.get("date_modified"))))),
    )


def _is_item(item: object) -> bool:
    return isinstance(item, dict) and "id" in item and bool({"content_html", "content_text", "title"} & item.keys())


def _text(value: object) -> str:
    """A string; numbers stand for themselves, because feeds number their items."""
    if isinstance(value, str):
        return charset.allowed(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
