"""`oresight channels check`: a whole list is tried at once, and nothing is stored.

[Channel] -> threads: one GET and one parse each, or one page of a subreddit -> [Checked], trouble first
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flows import show, told
from flows.client import client
from flows.errors import NothingReached, UsageError
from flows.pull import Emit, gather, reddit_session
from flows.settings import Settings
from records import DELIVERED, Channel, ChannelState, FetchResult
from sources import feeds, reddit
from sources.errors import UNREACHED
from sources.fetch import Answer, Http, Page

COLUMNS = ("channel", "community", "state", "entries", "newest", "format", "reason")
DEGRADED = 4
SHARE_DUE = 0.8
KEPT = 1_000_000
"""Bytes of a web page that are kept for a look at its links."""

_FORMATS = (
    (re.compile(rb'<rss\b[^>]{0,900}?\bversion\s*=\s*["\']([\d.]{1,6})', re.I), "RSS"),
    (re.compile(rb"<rss\b", re.I), "RSS"),
    (re.compile(rb"<(?:\w{1,20}:)?rdf\b", re.I), "RSS 1.0"),
    (re.compile(rb"<(?:\w{1,20}:)?feed\b", re.I), "Atom"),
    (re.compile(rb"<(?:\w{1,20}:)?(?:urlset|sitemapindex)\b", re.I), "sitemap"),
    (re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.I), "web page"),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """How a channel answered when it was tried."""

    channel: Channel
    result: FetchResult
    format: str

    @property
    def delivered(self) -> bool:
        """Whether it answered as a channel should."""
        return self.result.state in DELIVERED

    @property
    def word(self) -> str:
        """Its state in the first word for a person."""
        return told.word(self.result.state)

    @property
    def unreached(self) -> bool:
        """Whether no server answered at all."""
        return self.result.state == "soft" and self.result.reason.startswith(UNREACHED)


class Witness(Http):
    """A client that remembers the format of each answer by its address, and the pages that are no feeds."""

    def __init__(self, user_agent: str, **bounds: Any) -> None:
        super().__init__(user_agent, **bounds)
        self.formats: dict[str, str] = {}
        self.web_pages: dict[str, Page] = {}

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None, now: datetime) -> Answer:
        """As `Http.get`."""
        answer = super().get(url, etag=etag, last_modified=last_modified, now=now)
        if isinstance(answer, Page):
            self.formats[url] = found = sniff(answer.body)
            if found == "web page":
                self.web_pages[url] = replace(answer, body=answer.body[:KEPT])
        return answer


def check_list(settings: Settings, channels: Sequence[Channel], *, now: datetime) -> list[Checked]:
    """Try these channels in parallel, politely, under a progress bar; trouble first, else in their order."""
    with client(settings, Witness) as http, show.progress("check", len(channels)) as advance:
        found = try_all(settings, channels, http, advance, now=now)
    return sorted(found, key=lambda c: told.rank(c.word))


def try_all(
    settings: Settings, channels: Sequence[Channel], http: Witness, advance: show.Advance, *, now: datetime
) -> list[Checked]:
    """Try these channels in parallel; the answers come in the channels' order."""
    session = reddit_session(settings)
    pages: dict[str, FetchResult] = {}

    def pull(channel: Channel, emit: Emit) -> None:
        if channel.kind == "feed":
            return emit(feeds.pull(channel, ChannelState(channel.name), http, now=now))
        emit(_subreddit(session, channel, now))

    for channel, page in gather(pull, channels):
        if page is None:
            advance(1)
        else:
            pages[channel.name] = page
    return [Checked(c, pages[c.name], http.formats.get(c.address, "")) for c in channels]


def _subreddit(session: Any, channel: Channel, now: datetime) -> FetchResult:
    """The newest page of a subreddit, or what a search finds, without the comments."""
    if session is None:
        return FetchResult(channel.name, "no_keys", "set REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET to try it")
    shallow, state = replace(channel, comments=False), ChannelState(channel.name)
    results = list(reddit.pages(session, shallow, state, known=_none, author_key=b"check", now=now))
    return replace(results[-1], fetched=sum(r.fetched for r in results))


def _none(_guids: Collection[str]) -> set[str]:
    return set()


def sniff(body: bytes) -> str:
    """What a body claims to be: "RSS 2.0", "Atom", "JSON Feed", "web page", ...; empty where it says nothing known."""
    head = body[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if head[:1] in (b"{", b"["):
        return "JSON Feed" if b"jsonfeed.org" in head else "JSON"
    for pattern, name in _FORMATS:
        if found := pattern.search(head):
            version = found[1].decode() if pattern.groups else ""
            return f"{name} {version}".strip()
    return ""


def pick(channels: Sequence[Channel], names: Collection[str]) -> list[Channel]:
    """The channels of these names, all of them when none is named.

    Raises:
        UsageError: a name is not in the list.
    """
    unknown = sorted(set(names) - {c.name for c in channels})
    if unknown:
        raise UsageError(f"no channel is named {', '.join(unknown)}")
    return [c for c in channels if not names or c.name in names]


def outcome(checked: Sequence[Checked]) -> int:
    """The exit code: 0, or DEGRADED with fewer than 80 % delivered; without keys a subreddit was not asked.

    Raises:
        NothingReached: nothing answered.
    """
    asked = [c for c in checked if c.result.state != "no_keys"]
    delivered = sum(c.delivered for c in asked)
    if asked and not delivered:
        raise NothingReached(f"none of the {len(asked)} channels could be read; see the reasons, check the network")
    return 0 if delivered >= SHARE_DUE * len(asked) else DEGRADED


def show_checked(checked: Iterable[Checked]) -> None:
    """The table of what was tried, on stdout."""
    show.table(COLUMNS, rows(checked), spare=("community",))


def rows(checked: Iterable[Checked]) -> list[tuple[object, ...]]:
    """One row a channel, as COLUMNS name its cells."""
    return [_row(c) for c in checked]


def _row(checked: Checked) -> tuple[object, ...]:
    channel, result = checked.channel, checked.result
    shown = result.state.replace("_", " ") if checked.word == "failing" else checked.word
    cell = show.Cell(shown, told.style(checked.word), result.state)
    newest = result.watermark
    return (channel.name, channel.community, cell, result.fetched, newest, checked.format, result.reason)
