"""What an entry is called when the store already knows some: GUIDs that are used twice, GUIDs that all change. Pure.

drafts, what the store holds -> restamped?   -> the old GUID stays
                             -> taken before by another entry? -> GUID and address
                             -> items with their ids, and how many were known
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TypeVar

from records import FetchResult, Item, Known
from sources import clean
from sources.identity import Names, guid_candidates, item_id, page_guids

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_DATED = ("explicit", "zone_guessed")
RESTAMPED = 3
"""Entries that must be recognised by address or date before a feed is taken to have changed its GUIDs."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the store about one page: whatever it holds by one of these."""

    channel: str
    guids: tuple[str, ...]
    urls: tuple[str, ...]
    dated_titles: tuple[tuple[str, datetime], ...]


Recall = Callable[[Question], Sequence[Known]]
"""The store's answer to a Question."""


def question(drafts: FetchResult) -> Question:
    """What has to be known to name the entries of a page."""
    names = [_names(item) for item in drafts.items]
    urls = {item.url for item in drafts.items if item.url}
    return Question(
        drafts.channel,
        tuple(dict.fromkeys(chain.from_iterable(map(guid_candidates, names)))),
        tuple(sorted(urls | {_other_scheme(url) for url in urls})),
        tuple(dict.fromkeys(day for day in map(_day, drafts.items) if day)),
    )


def settle(drafts: FetchResult, held: Collection[Known] = ()) -> FetchResult:
    """The page with its items named; `held` is what the store holds by `question(drafts)`.

    An entry keeps the GUID under which it is stored, also where its feed has since given it another; a GUID that is
    stored for another entry is taken with the address added to it. `known` counts the items that are stored.
    """
    names = _restored(drafts.items, held)
    by_guid = {known.guid: known for known in held}
    by_names = dict(zip(names, drafts.items, strict=True))
    guids = page_guids(names, taken=lambda g, names: g in by_guid and _is_other(by_names[names], by_guid[g]))
    named = [(item, guid) for item, guid in zip(drafts.items, guids, strict=True) if guid is not None]
    items = tuple(replace(i, guid=g, item_id=item_id("feed", i.channel, g)) for i, g in named)
    return replace(drafts, items=items, known=sum(i.guid in by_guid for i in items))


def _names(item: Item) -> Names:
    return Names(item.guid or None, item.url, item.title, item.published_raw, item.text)


def _restored(items: Sequence[Item], held: Collection[Known]) -> list[Names]:
    """The entries' names, with the stored GUID where it has been changed since."""
    names = [_names(item) for item in items]
    guids = {known.guid for known in held}
    strangers = {n for n, entry in enumerate(names) if guids.isdisjoint(guid_candidates(entry))}
    if not held or not strangers:
        return names
    found = _recognised(items, strangers, [k for k in held if k.guid not in _claimed(names, guids)])
    all_changed = len(found) >= RESTAMPED and len(found) > len(items) / 2
    sure = {n: known for n, known in found.items() if all_changed or _same_words(items[n], known)}
    once = Counter(known.guid for known in sure.values())
    return [e._replace(guid=sure[n].guid) if n in sure and once[sure[n].guid] == 1 else e for n, e in enumerate(names)]


def _recognised(items: Sequence[Item], strangers: set[int], free: Sequence[Known]) -> dict[int, Known]:
    """Which stored item each stranger may be: by address, else by headline and date; each the only one of its kind."""
    url_held = _only_ones((_place(k.url), k) for k in free if k.url)
    day_held = _only_ones(((k.title, k.published_at), k) for k in free if k.title)
    urls = _only_ones((_place(item.url), n) for n, item in enumerate(items) if item.url)
    days = _only_ones((day, n) for n, item in enumerate(items) if (day := _day(item)))
    by_day = {n: day_held[day] for day, n in days.items() if n in strangers and day in day_held}
    return by_day | {n: url_held[url] for url, n in urls.items() if n in strangers and url in url_held}


def _claimed(entries: Iterable[Names], guids: Collection[str]) -> set[str]:
    return {guid for entry in entries for guid in guid_candidates(entry) if guid in guids}


def _only_ones(pairs: Iterable[tuple[K, V]]) -> dict[K, V]:
    """What is told apart by its key alone: a key that comes twice says nothing."""
    given = list(pairs)
    once = Counter(key for key, _ in given)
    return {key: value for key, value in given if once[key] == 1}


def _same_words(item: Item, known: Known) -> bool:
    """One address, one headline, one date: the same entry under a new GUID. (A column may keep its address.)"""
    same_date = item.published_raw == known.published_raw or item.published_at == known.published_at
    return bool(item.title) and same_date and _place(item.url) == _place(known.url) and _same_title(item, known)


def _is_other(item: Item, known: Known) -> bool:
    """Whether a GUID stands for another entry than before: neither address, headline nor date is the same."""
    if item.url and known.url and _place(item.url) == _place(known.url):
        return False
    if item.title and known.title and _same_title(item, known):
        return False
    if item.published_at == known.published_at or (item.published_raw and item.published_raw == known.published_raw):
        return False
    return bool(item.url and known.url) or bool(item.title and known.title)


def _same_title(item: Item, known: Known) -> bool:
    return item.title == known.title or clean.same(item.title, known.title)


def _day(item: Item) -> tuple[str, datetime] | None:
    return (item.title, item.published_at) if item.title and item.date_quality in _DATED else None


def _place(url: str | None) -> str:
    """An address without its scheme: a site that turns to https has moved nothing."""
    return (url or "").partition("://")[2].removeprefix("www.")


def _other_scheme(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"
