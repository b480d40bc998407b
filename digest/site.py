"""The archive: every page of a folder that works from a disk as well as from a web server.

    Archive -> sheets -> Sheet(path, inputs, text)      lists of weeks, minerals, countries, communities; a page for
                                                        each of them; search; an Atom feed

The same archive gives the same bytes: nothing here reads a clock. `inputs` is a hash over all that a page is made of,
and the page itself ends with it: whoever finds the same one there need not make the page again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from digest import site_feed, site_html, site_paths, site_search
from digest.site_page import KINDS, LEAST, Topic, topic_line, week_line
from records import Digest, Event

_ROOM: Final = Path(__file__).parent
_MARK: Final = "<!-- made of {} -->\n"
TAIL: Final = len(_MARK.format("0" * 64).encode())
"""Bytes at the end of a page that tell what it was made of."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that the archive tells; weeks oldest first, every topic over the same weeks."""

    identity: str  # tells this archive's feed from every other
    sample: bool
    weeks: tuple[Digest, ...]
    topics: tuple[Topic, ...]
    events: tuple[Event, ...]
    names: Mapping[str, str]  # of countries, by code
    as_of: datetime | None  # since when the topics' figures stand
    zone: str = "UTC"  # in which times are told


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page that can be made: where it lies, what it would be made of, and the making."""

    path: str
    inputs: str
    make: Callable[[], str]

    def text(self) -> str:
        """The whole page."""
        return f"{self.make().rstrip()}\n{_MARK.format(self.inputs)}"


def made_of(tail: bytes) -> str:
    """What the page with these last bytes was made of; nothing that any inputs equal where it does not say."""
    told = tail.decode("utf-8", "replace")
    start, end = _MARK.split("{}")
    return told.removeprefix(start).removesuffix(end) if told.startswith(start) and told.endswith(end) else ""


def sheets(archive: Archive) -> Iterator[Sheet]:
    """Every page of an archive; entities with fewer than LEAST items have none."""
    frame = site_html.Frame(archive.sample, archive.as_of, archive.zone)
    topics = tuple(topic for topic in archive.topics if topic.items >= LEAST)
    lines = tuple(map(week_line, archive.weeks))
    yield _sheet(site_paths.INDEX, (frame, lines), partial(site_html.weeks, frame, lines))
    yield from _weeks(archive)
    for kind in KINDS:
        told = tuple(topic_line(topic) for topic in topics if topic.kind == kind)
        yield _sheet(site_paths.of_kind(kind), (frame, kind, told), partial(site_html.topics, frame, kind, told))
    for topic in topics:
        yield _sheet(topic.path, (frame, topic, archive.events), partial(site_html.topic, frame, topic, archive.events))
    found = site_search.index(lines, topics)
    yield _sheet(site_paths.SEARCH, (frame, found), partial(site_html.search, frame, found))
    entries = site_feed.entries(archive.weeks)
    given = (archive.identity, archive.sample, entries)
    yield _sheet(site_paths.FEED, given, partial(site_feed.atom, *given))


def _weeks(archive: Archive) -> Iterator[Sheet]:
    names = [digest.week for digest in archive.weeks]
    for digest, before, after in zip(archive.weeks, [None, *names], [*names[1:], None], strict=False):
        make = partial(site_html.week, digest, archive.names, before, after)
        yield _sheet(site_paths.of_week(digest.week), (digest, before, after, sorted(archive.names.items())), make)


def _sheet(path: str, inputs: object, make: Callable[[], str]) -> Sheet:
    return Sheet(path, hashlib.sha256(f"{_maker()}\n{inputs!r}".encode("utf-8", "surrogatepass")).hexdigest(), make)


@cache
def _maker() -> str:
    """A hash over whatever else decides how a page looks: this room's files and the libraries that draw and fill it."""
    files = sorted(path for path in _ROOM.rglob("*") if path.suffix in {".py", ".html", ".css", ".js"})
    told = hashlib.sha256("".join(map(version, ("altair", "vl-convert-python", "jinja2"))).encode())
    for path in files:
        told.update(path.read_bytes())
    return told.hexdigest()
