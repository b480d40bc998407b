"""The weeks as an Atom feed (RFC 4287): an entry a week, with its verdict.

    Digest -> Entry -> <entry>

Identities are made from the store's own and the week, and `updated` tells since when a week's figures stand: neither
changes with when or where the feed is written. Links are relative to the feed (section 4.2.7.1, by xml:base's rules).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree import ElementTree as ET

from digest import site_paths, words
from digest.moves import verdict
from digest.texts import plain
from records import Digest

_ATOM: Final = "http://www.w3.org/2005/Atom"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NAMESPACE: Final = uuid5(NAMESPACE_URL, "https://oresight.invalid/feed")


@dataclass(frozen=True, slots=True)
class Entry:
    """A week in the feed."""

    week: str
    title: str
    summary: str
    updated: datetime


def entries(weeks: Sequence[Digest]) -> tuple[Entry, ...]:
    """An entry for each week, the latest first."""
    return tuple(map(_entry, reversed(weeks)))


def _entry(digest: Digest) -> Entry:
    title = f"{words.week_name(digest.week)}, {words.span(digest.first_day, digest.last_day)}"
    degraded = "Degraded: fewer than 80 % of the channels due delivered. " if digest.health.degraded else ""
    return Entry(digest.week, title, plain(degraded + verdict(digest)), digest.as_of)


def atom(identity: str, sample: bool, told: Sequence[Entry]) -> str:
    """The feed as XML; `identity` tells its store from every other."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    place = uuid5(NAMESPACE, identity)
    _text(root, "id", place.urn)
    _text(root, "title", f"Oresight: critical minerals, week by week{' (sample data)' if sample else ''}")
    _text(root, "updated", _moment(max((one.updated for one in told), default=_EPOCH)))
    _text(ET.SubElement(root, "author"), "name", "Oresight")
    _link(root, "self", site_paths.FEED, "application/atom+xml")
    _link(root, "alternate", site_paths.INDEX, "text/html")
    for one in told:
        _add(root, place, one)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add(root: ET.Element, place: UUID, one: Entry) -> None:
    entry = ET.SubElement(root, "entry")
    _text(entry, "id", uuid5(place, one.week).urn)
    _text(entry, "title", one.title)
    _text(entry, "updated", _moment(one.updated))
    _link(entry, "alternate", site_paths.of_week(one.week), "text/html")
    _text(entry, "summary", one.summary)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _link(parent: ET.Element, rel: str, href: str, kind: str) -> None:
    ET.SubElement(parent, "link", {"rel": rel, "type": kind, "href": href})


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
