"""One page becomes items, and nothing on it is lost without being counted. Pure.

    Page -> charset -> jsonfeed | newsmap | xmlfeed -> Document -> dates, clean -> drafts     `draft`, the dear part
    drafts, what the store holds -> naming -> items                                           `naming.settle`

`draft` meets whatever a server sent, and so runs in a process that can be ended; see `sources.workshop`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin
from uuid import UUID

from records import ITEM_SEPARATOR, Channel, DateQuality, FetchResult, Item, State
from sources import charset, clean, dates, jsonfeed, newsmap, xmlfeed
from sources.entries import Document, Entry
from sources.identity import canonical
from sources.naming import settle
from sources.page import Page

UNNAMED = UUID(int=0)


def parse(page: Page, channel: Channel, *, now: datetime) -> FetchResult:
    """The items of one page, with its validators and hash unless it was cut off. Never raises."""
    return settle(draft(page, channel, now=now))


def draft(page: Page, channel: Channel, *, now: datetime) -> FetchResult:
    """As `parse`, but the items have no names yet: `guid` is what the feed gave, or empty, and no `item_id` is set."""
    text, repaired = charset.decode(page.body, page.header("content-type"))
    if not text.strip():
        return _validated(FetchResult(channel.name, "empty", "the body is empty"), page, whole=not page.truncated)
    document = _document(text)
    whole = not (page.truncated or document.truncated)
    if not document.entries:
        return _validated(_nothing(channel, document, whole), page, whole=whole)
    flags = {"malformed": document.malformed, "truncated": not whole, "repaired": repaired}
    items = _items(document, page, channel, [f for f, is_set in flags.items() if is_set], now)
    dropped = len(document.entries) - len(items)
    found = FetchResult(
        channel.name,
        "ok" if items else "empty",
        _told(flags, dropped) if items else "no entry has a title, a text or a link",
        items=items,
        fetched=len(document.entries),
        dropped=dropped,
        watermark=max((i.published_at for i in items if i.date_quality in ("explicit", "zone_guessed")), default=None),
        pause_s=document.pause_s,
    )
    return _validated(found, page, whole=whole)


def _document(text: str) -> Document:
    if jsonfeed.looks_like_json(text):
        return jsonfeed.read(text)
    return newsmap.read(text) if newsmap.looks_like_sitemap(text) else xmlfeed.read(text)


def _told(flags: Mapping[str, bool], dropped: int) -> str:
    """What a person should know of a page that was read all the same; nothing where all is well."""
    told = {
        "truncated": "the feed is cut off; what came was kept",
        "malformed": "the feed is malformed; what could be read was kept",
        "repaired": "characters that could not be read were replaced",
    }
    words = [told[flag] for flag in told if flags[flag]][:1]
    return "; ".join(words + ([f"{dropped} entries hold neither title, text nor link"] if dropped else []))


def _nothing(channel: Channel, document: Document, whole: bool) -> FetchResult:
    state: State
    if document.kind and whole:
        state, reason = "empty", "the feed holds no entries"
    elif document.kind:
        state, reason = "soft", "the feed is cut off or malformed before its first entry"
    elif document.web_page:
        state, reason = "not_a_feed", "the address answers with a web page, not a feed"
    else:
        state, reason = "not_a_feed", "the answer is not a feed"
    return FetchResult(channel.name, state, reason, pause_s=document.pause_s)


def _validated(found: FetchResult, page: Page, *, whole: bool) -> FetchResult:
    """A page that was cut off, or is no feed, must come again whole: it leaves no validators."""
    if not whole or found.state not in ("ok", "empty"):
        return found
    return replace(found, etag=page.etag, last_modified=page.last_modified, body_hash=page.body_hash)


def _items(document: Document, page: Page, channel: Channel, flags: list[str], now: datetime) -> tuple[Item, ...]:
    default, quality = dates.read(document.date, now=now)
    since = default if quality in ("explicit", "zone_guessed") else None
    made = (_item(entry, page.final_url, channel, flags, since, now) for entry in document.entries)
    return tuple(item for item in made if item.text or item.url)


def _item(entry: Entry, base: str, channel: Channel, flags: list[str], since: datetime | None, now: datetime) -> Item:
    title = clean.line(entry.title)
    body = _body(title, entry.bodies)
    original, url = _link(entry.links, base)
    raw, moment, quality = _when(entry.dates, since, now)
    missing = {"no_date": quality in ("feed_default", "first_seen"), "no_link": url is None}
    return Item(
        item_id=UNNAMED,
        source_kind="news",
        channel=channel.name,
        community=channel.community,
        guid=entry.guid or "",
        url=url,
        original_url=original,
        title=title,
        text=ITEM_SEPARATOR.join(part for part in (title, body) if part),
        published_at=moment,
        published_raw=raw,
        date_quality=quality,
        first_seen_at=now,
        flags=(*flags, *(flag for flag, is_set in missing.items() if is_set)),
    )


def _body(title: str, bodies: Iterable[str]) -> str:
    """The longest of the bodies, unless it only says the title again."""
    body = ""
    for given in sorted(dict.fromkeys(bodies), key=len, reverse=True):
        if len(given) > len(body):  # cleaning makes nothing longer
            body = max(body, clean.text(given), key=len)
    return "" if clean.same(body, title) else body


def _link(links: Iterable[str], base: str) -> tuple[str | None, str | None]:
    """The first link to http or https, as it was given (made whole) and in its canonical form."""
    for link in links:
        try:
            whole = urljoin(base, link)
        except ValueError:
            continue
        if url := canonical(whole):
            return whole, url
    return None, None


def _when(raws: tuple[str, ...], since: datetime | None, now: datetime) -> tuple[str | None, datetime, DateQuality]:
    """The first date that can be read; the raw string is kept either way."""
    for raw in raws:
        moment, quality = dates.read(raw, now=now)
        if quality != "first_seen":
            return raw, moment, quality
    return next((raw[:200] for raw in raws), None), *dates.read(None, parsed_feed_default=since, now=now)
