"""Feeds: one channel's page becomes items, and nothing on it is lost without being counted.

    Channel, ChannelState -> fetch -> Page
    Page -> charset -> jsonfeed | xmlfeed -> Document -> dates, identity, clean -> Item

`parse` is pure; `pull` adds the fetch in front of it. Neither raises for anything a server does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urljoin

from records import ITEM_SEPARATOR, Channel, ChannelState, DateQuality, FetchResult, Item, State
from sources import charset, clean, dates, jsonfeed, xmlfeed
from sources.entries import Document, Entry
from sources.fetch import Failure, Http, NotModified, Page
from sources.identity import Names, canonical, item_id, page_guids

DAY = timedelta(days=1)


def pull(channel: Channel, state: ChannelState, http: Http, *, now: datetime) -> FetchResult:
    """Fetch and parse one feed.

    Conditional by what `state` remembers, except once a day: some servers say "not modified" whatever happens.
    """
    known = state if not is_forced(state, now) else replace(state, etag=None, last_modified=None)
    page = http.get(channel.address, etag=known.etag, last_modified=known.last_modified, now=now)
    if isinstance(page, Failure):
        return FetchResult(channel.name, page.state, page.reason, retry_at=page.retry_at)
    if isinstance(page, NotModified):
        return _unchanged(channel, state, page.etag or state.etag, page.last_modified or state.last_modified)
    if not page.truncated and page.body_hash == state.body_hash:
        return _unchanged(channel, state, page.etag, page.last_modified)
    return parse(page, channel, now=now)


def is_forced(state: ChannelState, now: datetime) -> bool:
    """Whether the page is to be fetched whole: nothing fetched yet on this day of the channel's.

    Each channel's day begins at a time of its own, taken from its name, so that not all fall due at midnight.
    """
    if state.last_success_at is None:
        return True
    spread = int.from_bytes(hashlib.blake2b(state.channel.encode(), digest_size=4).digest()) / 2**32 * DAY
    return (now - spread).date() != (state.last_success_at - spread).date()


def parse(page: Page, channel: Channel, *, now: datetime) -> FetchResult:
    """The items of one page, with its validators and hash unless it was cut off. Pure."""
    text, repaired = charset.decode(page.body, page.header("content-type"))
    if not text.strip():
        return _validated(FetchResult(channel.name, "empty", "the body is empty"), page, whole=not page.truncated)
    document = (jsonfeed if jsonfeed.looks_like_json(text) else xmlfeed).read(text)
    whole = not (page.truncated or document.truncated)
    if not document.entries:
        return _validated(_nothing(channel, document, whole), page, whole=whole)
    flags = {"malformed": document.malformed, "truncated": not whole, "repaired": repaired}
    items, dropped = _items(document, page, channel, [f for f, is_set in flags.items() if is_set], now)
    found = FetchResult(
        channel.name,
        "ok" if items else "empty",
        _told(flags, dropped) if items else "no entry has a title, a text or a link",
        items=items,
        fetched=len(document.entries),
        dropped=dropped,
        watermark=max((i.published_at for i in items if i.date_quality in ("explicit", "zone_guessed")), default=None),
    )
    return _validated(found, page, whole=whole)


def _told(flags: Mapping[str, bool], dropped: int) -> str:
    """What a person should know of a page that was read all the same; nothing where all is well."""
    told = {
        "truncated": "the feed is cut off; what came was kept",
        "malformed": "the feed is malformed; what could be read was kept",
        "repaired": "characters that could not be read were replaced",
    }
    words = [told[flag] for flag in told if flags[flag]][:1]
    return "; ".join(words + ([f"{dropped} entries hold neither title, text nor link"] if dropped else []))


def _unchanged(channel: Channel, state: ChannelState, etag: str | None, last_modified: str | None) -> FetchResult:
    return FetchResult(channel.name, "not_modified", etag=etag, last_modified=last_modified, body_hash=state.body_hash)


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
    return FetchResult(channel.name, state, reason)


def _validated(found: FetchResult, page: Page, *, whole: bool) -> FetchResult:
    """A page that was cut off, or is no feed, must come again whole: it leaves no validators."""
    if not whole or found.state not in ("ok", "empty"):
        return found
    return replace(found, etag=page.etag, last_modified=page.last_modified, body_hash=page.body_hash)


def _items(
    document: Document, page: Page, channel: Channel, flags: list[str], now: datetime
) -> tuple[tuple[Item, ...], int]:
    drafts = [_Draft(entry, page.final_url) for entry in document.entries]
    kept = [d for d in drafts if d.title or d.body or d.url]
    default, quality = dates.read(document.date, now=now)
    since = default if quality in ("explicit", "zone_guessed") else None
    named = zip(kept, page_guids([d.names for d in kept]), strict=True)
    items = (d.item(guid, channel, flags, since, now) for d, guid in named if guid is not None)
    return tuple(items), len(drafts) - len(kept)


class _Draft:
    """An entry read, cleaned and waiting for its name."""

    def __init__(self, entry: Entry, base: str) -> None:
        self.entry = entry
        self.title = clean.line(entry.title)
        self.body = _body(self.title, entry.bodies)
        self.original, self.url = _link(entry.links, base)
        self.names = Names(entry.guid, self.url, self.title, next(iter(entry.dates), None), self.body)

    def item(self, guid: str, channel: Channel, flags: list[str], since: datetime | None, now: datetime) -> Item:
        """The item, under the GUID it may keep."""
        raw, moment, quality = _when(self.entry.dates, since, now)
        missing = {"no_date": quality in ("feed_default", "first_seen"), "no_link": self.url is None}
        return Item(
            item_id=item_id("feed", channel.name, guid),
            source_kind="news",
            channel=channel.name,
            community=channel.community,
            guid=guid,
            url=self.url,
            original_url=self.original,
            title=self.title,
            text=ITEM_SEPARATOR.join(part for part in (self.title, self.body) if part),
            published_at=moment,
            published_raw=raw,
            date_quality=quality,
            first_seen_at=now,
            flags=(*flags, *(flag for flag, is_set in missing.items() if is_set)),
        )


def _body(title: str, bodies: Iterable[str]) -> str:
    """The longest of the bodies, unless it only says the title again."""
    body = max((clean.text(b) for b in bodies), key=len, default="")
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
