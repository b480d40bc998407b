"""The archive's pages as HTML: our own style and, where a table sorts or a page searches, our own script, both inline.

    Frame, lines -> weeks | topics | search
    Frame, Topic, events -> topic
    Digest -> week: the week's own page, with the archive's navigation around it

Scripts are allowed by their hash alone, so that no text from outside can ever run; every page reads well without them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from digest import charts, render, sections, site_page, site_paths, site_search, words
from digest.site_page import KINDS, Topic, TopicLine, WeekLine
from records import STANCES, Digest, Event

_TEMPLATES: Final = Path(__file__).parent / "templates"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_PLACES: Final = {"Weeks": site_paths.INDEX, **{name: site_paths.of_kind(kind) for kind, name in KINDS.items()},
                  "Search": site_paths.SEARCH}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands on every page of the archive but the weeks' own."""

    sample: bool
    as_of: datetime | None
    zone: str = "UTC"  # in which times are told


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page leads; without an address it is the page itself, `here` its part of the archive."""

    name: str
    href: str = ""
    here: bool = False
    rel: str = ""


def weeks(frame: Frame, lines: Sequence[WeekLine]) -> str:
    """The archive's first page: every week with its verdict, the latest first."""
    return _page("site_weeks.html", frame, site_paths.INDEX, (), lines=tuple(reversed(lines)), feed=site_paths.FEED)


def topics(frame: Frame, kind: str, lines: Sequence[TopicLine]) -> str:
    """All entities of a kind, most items first."""
    ranked = sorted(lines, key=lambda line: (-line.items, line.title))
    path = site_paths.of_kind(kind)
    return _page("site_topics.html", frame, path, (), script="site_sort.js", title=KINDS[kind], lines=ranked)


def topic(frame: Frame, one: Topic, events: Sequence[Event]) -> str:
    """An entity's page: its weeks as charts and as a table, its passages, the events of its time."""
    path = one.path
    voices = [site_page.passage(quotation) for quotation in one.quotations]
    told = sorted(events, key=lambda event: (event.day, event.name))
    return _page(
        "site_topic.html", frame, path, (Link(KINDS[one.kind], site_paths.INDEX), Link(one.title)),
        script="site_sort.js",
        topic=one,
        span=site_page.span(one),
        lead=site_page.lead(one),
        charts=_charts(one, told),
        rows=site_page.week_rows(one),
        voices={stance: [voice for voice in voices if voice.stance == stance] for stance in STANCES},
        events=[sections.event(event) for event in told],
    )  # fmt: skip


def search(frame: Frame, found: site_search.Index) -> str:
    """The page that searches, with everything that can be found inside it."""
    # Nothing in it can end a script element: see `site_search.as_json`.
    whole = Markup(site_search.as_json(found))  # noqa: S704
    return _page("site_search.html", frame, site_paths.SEARCH, (), script="site_search.js", index=whole, found=found)


def week(digest: Digest, names: Mapping[str, str], before: str | None, after: str | None) -> str:
    """A week's own page inside the archive, with the weeks beside it."""
    path = site_paths.of_week(digest.week)
    beside = [
        Link(words.week_name(name), site_paths.relative(path, site_paths.of_week(name)), rel=rel)
        for name, rel in ((before, "prev"), (after, "next"))
        if name
    ]
    crumbs = (Link("Weeks", site_paths.relative(path, site_paths.INDEX)), Link(words.week_name(digest.week)))
    frame = {"places": _places(path), "crumbs": crumbs, "beside": beside, "style": style()}
    return render.html(digest, names, template="site_week.html", **frame)


def _page(template: str, frame: Frame, path: str, crumbs: Sequence[Link], *, script: str = "", **more: object) -> str:
    told = {
        "frame": frame, "path": path, "places": _places(path), "crumbs": crumbs, "beside": (), "style": style(),
        "policy": _policy(script), "script": _script(script), "interval_name": words.INTERVAL,
        "as_of": words.moment(frame.as_of, frame.zone) if frame.as_of else "", "floor": site_page.LEAST,
        "stances": [(s, words.STANCE_NAMES[s], words.STANCE_MARKS[s]) for s in STANCES],
        "relative": lambda target: site_paths.relative(path, target),
    } | more  # fmt: skip
    return render.pages().get_template(template).render(told)


def _places(path: str) -> list[Link]:
    part = path.rpartition("/")[0]
    here = site_paths.INDEX if part == "weeks" else f"{part}/{site_paths.INDEX}" if part else path
    return [Link(name, site_paths.relative(path, target), target == here) for name, target in _PLACES.items()]


def _charts(one: Topic, events: Sequence[Event]) -> list[charts.Chart] | None:
    drawn = [charts.weeks(stance, one.history, events) for stance in STANCES]
    told = [chart for chart in drawn if chart is not None]
    return told if len(told) == len(STANCES) else None


@cache
def style() -> Markup:
    """The style sheet of the archive: that of a week's page, and its own."""
    own = (_TEMPLATES / "site.css").read_text(encoding="utf-8")
    return render.style() + Markup(own)  # noqa: S704  this room's own file


@cache
def _script(name: str) -> Markup:
    # This room's own file; it must be the very text whose hash the policy names.
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8") if name else "")  # noqa: S704


@cache
def _policy(script: str) -> str:
    """A content security policy that lets this one script run and loads nothing."""
    if not script:
        return _POLICY
    told = base64.b64encode(hashlib.sha256(_script(script).encode()).digest()).decode()
    return f"{_POLICY}; script-src 'sha256-{told}'"
