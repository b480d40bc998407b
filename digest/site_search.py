"""What can be searched for in the archive, and how it lies in a page.

    week lines, topics -> index -> as_json -> <script type="application/json">

The index lies in the search page itself: a page opened from a disk may not fetch another file, and neither may the
WebAssembly of the libraries for this; some hundred pages and a few thousand sentences need neither.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from digest.site_page import KINDS, Passage, Topic, WeekLine, lead, passage
from digest.texts import plain
from records import STANCES

_ESCAPES: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Index:
    """Pages (title, kind, path, words) and passages (text, title, source, day, stance, path, address)."""

    pages: tuple[tuple[str, str, str, str], ...]
    passages: tuple[tuple[str, str, str, str, int, str, str], ...]


def index(weeks: Sequence[WeekLine], topics: Sequence[Topic]) -> Index:
    """Everything that can be found; a passage that stands on several pages is found once, the newest first."""
    told = [(f"{week.name}, {week.span}", "Week", week.path, week.verdict) for week in reversed(weeks)]
    named = [(topic.title, KINDS[topic.kind], topic.path, plain(f"{topic.name} {lead(topic)}")) for topic in topics]
    return Index((*named, *told), tuple(_passages(topics)))


def _passages(topics: Iterable[Topic]) -> Iterable[tuple[str, str, str, str, int, str, str]]:
    found: dict[str, tuple[Passage, str]] = {}
    for topic in topics:
        for quotation in topic.quotations:
            one = passage(quotation)
            found.setdefault(one.key, (one, topic.path))
    newest_first = sorted(found.values(), key=lambda pair: (pair[0].iso_day, pair[0].key), reverse=True)
    for one, path in newest_first:
        place, stance = f"{path}#{one.key}", STANCES.index(one.stance)
        yield (one.text, one.title, one.source, one.day, stance, place, one.url or "")


def as_json(found: Index) -> str:
    """The index as JSON that may stand inside a script element: no end tag, comment or line separator is in it."""
    whole = {"pages": found.pages, "passages": found.passages}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
