"""The sample's feeds in their true formats.

    (Outlet, (Row, ...), now) -> RSS 2.0 | Atom | JSON Feed -> bytes

RFC 822 dates in RSS, RFC 3339 in the others (RFC 4287; https://www.jsonfeed.org/version/1.1/).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.sax.saxutils import escape as xml
from xml.sax.saxutils import quoteattr

from sample.channels import Outlet
from sample.rows import Row, moment

CONTENT_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}


def page(outlet: Outlet, rows: Sequence[Row], now: datetime) -> bytes:
    """Return the outlet's feed, newest first."""
    newest = sorted(rows, key=lambda row: (moment(row, now), row.id), reverse=True)
    return {"rss": _rss, "atom": _atom, "json": _json_feed}[outlet.format](outlet, newest, now).encode()


def _rss(outlet: Outlet, rows: Sequence[Row], now: datetime) -> str:
    entries = "".join(_rss_entry(row, now) for row in rows)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"<channel>\n<title>{xml(outlet.title)}</title>\n<link>https://example.org/{outlet.name}</link>\n"
        f"<description>Sample data, not news</description>\n<language>en</language>\n{entries}</channel>\n</rss>\n"
    )


def _rss_entry(row: Row, now: datetime) -> str:
    # Outlets tag their own links; readers have to see through it.
    link = f"{row.url}?utm_source=rss&utm_medium=feed"
    return (
        f"<item>\n<title>{xml(row.title)}</title>\n<link>{xml(link)}</link>\n"
        f'<guid isPermaLink="false">{xml(row.id)}</guid>\n<dc:creator>{xml(row.author)}</dc:creator>\n'
        f"<pubDate>{format_datetime(moment(row, now))}</pubDate>\n"
        f"<description>{xml(_html(row.text))}</description>\n</item>\n"
    )


def _atom(outlet: Outlet, rows: Sequence[Row], now: datetime) -> str:
    entries = "".join(_atom_entry(row, now) for row in rows)
    updated = _stamp(moment(rows[0], now)) if rows else _stamp(now)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{xml(outlet.title)}</title>\n<id>tag:example.org,2026:{outlet.name}</id>\n"
        f'<link href="https://example.org/{outlet.name}"/>\n<updated>{updated}</updated>\n{entries}</feed>\n'
    )


def _atom_entry(row: Row, now: datetime) -> str:
    at = _stamp(moment(row, now))
    return (
        f"<entry>\n<title>{xml(row.title)}</title>\n<id>tag:example.org,2026:{row.id}</id>\n"
        f'<link rel="alternate" href={quoteattr(row.url)}/>\n<author><name>{xml(row.author)}</name></author>\n'
        f"<published>{at}</published>\n<updated>{at}</updated>\n"
        f'<content type="html">{xml(_html(row.text))}</content>\n</entry>\n'
    )


def _json_feed(outlet: Outlet, rows: Sequence[Row], now: datetime) -> str:
    items = [
        {
            "id": row.id,
            "url": row.url,
            "title": row.title,
            "content_html": _html(row.text),
            "date_published": _stamp(moment(row, now)),
            "authors": [{"name": row.author}],
        }
        for row in rows
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": outlet.title, "language": "en", "items": items}
    return json.dumps(feed | {"home_page_url": f"https://example.org/{outlet.name}"}, ensure_ascii=False, indent=1)


def _html(text: str) -> str:
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n") if part)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
