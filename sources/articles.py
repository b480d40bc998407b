"""Full texts, for the channels that ask for them: the article's page under robots.txt and the feed's own manners.

    items that are new -> robots.txt of their host -> page -> workshop: article.paragraphs
                       -> headline, summary, then the paragraphs that say something else

What fails for good is flagged `no_fulltext` and not tried again; the rest may come with a later page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from records import ITEM_SEPARATOR, Item, Known
from sources import clean, robots, workshop
from sources.errors import ParserEnded
from sources.fetch import Failure, Http, Page

BUDGET = 20
"""Articles of one channel in one run, the newest first."""
TRIES = timedelta(days=2)
"""How long after an item was first seen its article may still be fetched."""
NO_FULLTEXT = "no_fulltext"
_PAGES = ("text/html", "application/xhtml", "text/plain")


class Sites:
    """The robots.txt of every site, read once a run. Thread-safe."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._robot = robots.token(http.user_agent)
        self._lock = threading.Lock()
        self._known: dict[str, robots.Robots] = {}

    def allow(self, url: str, now: datetime) -> bool:
        """Whether the site lets us fetch this address; what cannot be read forbids (RFC 9309, 2.3.1.4)."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            known = self._known.get(site)
        if known is None:
            known = self._read(site, now)
            with self._lock:
                self._known[site] = known
        return known.allows(url)

    def _read(self, site: str, now: datetime) -> robots.Robots:
        answer = self._http.get(f"{site}/robots.txt", now=now)
        if isinstance(answer, Page):
            return robots.read(answer.body, self._robot)
        refused = isinstance(answer, Failure) and answer.state in ("hard", "gone", "blocked")
        return robots.EVERYTHING if refused else robots.NOTHING


def complete(
    items: Sequence[Item], held: Collection[Known], http: Http, *, now: datetime, budget: int = BUDGET
) -> tuple[Item, ...]:
    """The items, those that are new with the paragraphs of their article; `held` is what the store has of them."""
    known = {k.guid: k for k in held}
    wanted = [item for item in items if item.url and _is_wanted(known.get(item.guid), now)]
    wanted = sorted(wanted, key=lambda item: item.published_at, reverse=True)[:budget]
    sites = Sites(http)
    done = {item.guid: _completed(item, sites, http, now) for item in wanted}
    return tuple(done.get(item.guid, item) for item in items)


def _is_wanted(known: Known | None, now: datetime) -> bool:
    return known is None or (not known.has_article and now - known.first_seen_at <= TRIES)


def _completed(item: Item, sites: Sites, http: Http, now: datetime) -> Item:
    url = item.original_url or item.url or ""
    if not sites.allow(url, now):
        return replace(item, flags=(*item.flags, NO_FULLTEXT))
    answer = http.get(url, now=now)
    if isinstance(answer, Failure):
        for_good = answer.state in ("hard", "gone", "blocked")
        return replace(item, flags=(*item.flags, NO_FULLTEXT)) if for_good else item
    return _with_article(item, answer, workshop.shared().article) if isinstance(answer, Page) else item


def _with_article(item: Item, page: Page, read: Callable[[bytes, str], str]) -> Item:
    kind = page.header("content-type").partition(";")[0].strip().lower()
    try:
        article = read(page.body, page.final_url) if kind.startswith(_PAGES) or not kind else ""
    except ParserEnded:
        article = ""
    more = unsaid(article, item.text)
    if not more:
        return replace(item, flags=(*item.flags, NO_FULLTEXT))
    joint = "\n" if ITEM_SEPARATOR in item.text or not item.title else ITEM_SEPARATOR
    return replace(item, text=item.text + joint + more if item.text else more, feed_length=len(item.text))


def unsaid(article: str, text: str) -> str:
    """The paragraphs of `article` that `text` does not hold already, letter for letter."""
    said = clean.letters(text)
    return "\n".join(line for line in article.split("\n") if (told := clean.letters(line)) and told not in said)
