"""One digest, several renderers.

    Digest -> page.page, charts -> templates -> html | markdown
    Digest -> as_json

The same digest gives the same bytes in every process: nothing here reads a clock, the environment or a locale.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from digest import charts, palette, texts, words
from digest.moves import FLOOR, verdict
from digest.page import Page, Table, page
from records import STANCES, Breakdown, Digest

FORMAT: Final = "oresight-digest/2"
SCHEMA: Final = "urn:oresight:digest:2"
"""The name of the JSON's schema, which ships as digest.schema.json."""
SHOWN_FAILED: Final = 8
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
_TEMPLATES: Final = Path(__file__).parent / "templates"


def html(digest: Digest, names: Mapping[str, str] = _NO_NAMES, *, template: str = "page.html", **frame: object) -> str:
    """One self-contained page: inline style, SVG and one script of our own, nothing loaded.

    Without the script tables keep their order, and nothing else is missing. `names` gives countries in words, by ISO
    3166 alpha-3 code (or EU). A `template` that extends the page's own may set a `frame` around it.
    """
    told = page(digest, names)
    table = Table("", "Shares by week, the latest first.", "Week", told.weeks)
    whole = {**_context(digest, told), "charts": _charts(digest), "weeks_table": table, "style": style(), **frame}
    return pages().get_template(template).render({"script": script(), "policy": policy(), **whole})


def _charts(digest: Digest) -> dict[str, Any]:
    weeks = [charts.weeks(stance, digest.history, digest.events) for stance in STANCES]
    return {
        "weeks": weeks if all(weeks) else None,
        "communities": charts.communities(digest.communities),
        "themes": charts.themes([theme.breakdown for theme in digest.themes]),
    }


def markdown(digest: Digest, names: Mapping[str, str] = _NO_NAMES) -> str:
    """The page in CommonMark with GitHub's tables; texts from outside are escaped."""
    sheet = _sheets().get_template("page.md").render(_context(digest, page(digest, names)))
    return re.sub(r"\n{3,}", "\n\n", sheet)


def as_json(digest: Digest, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Every field of the digest in the order of `records`, with the verdict; ISO dates, ASCII, shares unrounded."""
    health = {"delivered": digest.health.delivered, "degraded": digest.health.degraded, **asdict(digest.health)}
    whole = asdict(digest) | {"health": health, "countries": [_country(b, names) for b in digest.countries]}
    head = {"$schema": SCHEMA, "format": FORMAT, "verdict": verdict(digest)}
    return json.dumps(head | whole, indent=2, default=_iso, allow_nan=False) + "\n"


def _country(breakdown: Breakdown, names: Mapping[str, str]) -> dict[str, Any]:
    return {**asdict(breakdown), "in_words": names.get(breakdown.name)}


def _iso(value: object) -> str:
    if isinstance(value, date):  # datetime is one too
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def _context(digest: Digest, told: Page) -> dict[str, Any]:
    failed = [line for line in told.channels if line.failed]
    return {
        "page": told,
        "failed": failed,
        "shown": SHOWN_FAILED,
        "floor": FLOOR,
        "sample": digest.sample,
        "folds": told.quiet and not digest.sample,  # the sample is there to show what a page can tell
        "interval_name": words.INTERVAL,
    }


@cache
def pages() -> Environment:
    """The templates of this room's pages, which escape whatever is put into them."""
    env = Environment(autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(_TEMPLATES))
    # The SVG is Vega's own output, whose texts Vega escapes.
    env.filters |= {"drawn": Markup, "number": "{:,}".format, "capitalised": _capitalised, "soft": _soft}
    env.filters |= {"signed": _signed}
    return env


@cache
def _sheets() -> Environment:
    env = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_escaped, loader=FileSystemLoader(_TEMPLATES)
    )
    env.filters |= {"fenced": _fenced, "target": _target, "number": "{:,}".format, "capitalised": _capitalised}
    return env


def _escaped(value: object) -> Markup:
    """A value escaped for Markdown; marked as safe, so that HTML's escapes do not come on top."""
    return value if isinstance(value, Markup) else Markup(texts.markdown(str(value)))  # noqa: S704 - escaped right here


def _target(url: str) -> Markup:
    return Markup(texts.markdown_target(url))  # noqa: S704 - a checked address


def _fenced(sql: str) -> Markup:
    """SQL in a fence longer than any run of backticks in it."""
    fence = "```"
    while fence in sql:
        fence += "`"
    return Markup(f"{fence}sql\n{sql.strip()}\n{fence}")  # noqa: S704 - inside a fence nothing is markup


def _soft(name: str) -> str:
    """A stance's name with the places where a narrow column may break it."""
    return name.replace("collaboration", "collab\N{SOFT HYPHEN}oration").replace(
        "Industrial", "Indus\N{SOFT HYPHEN}trial"
    )


def _signed(change: str) -> str:
    """Points as a program reads them; empty where there are none."""
    number = change.replace(words.MINUS, "-").replace(words.PLUS_MINUS, "").lstrip("+")
    return number if number.lstrip("-").isdigit() else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def style() -> Markup:
    """The style sheet of all pages."""
    light, dark, rules = palette.properties(palette.LIGHT), palette.properties(palette.DARK), palette.chart_rules()
    template = _sheets().get_template("page.css")
    # This room's own constants: nothing from outside is in them.
    sheet = template.render(light=Markup(light), dark=Markup(dark), chart_rules=Markup(rules))  # noqa: S704
    return Markup(sheet)  # noqa: S704


@cache
def script() -> Markup:
    """The script of a week's page: heads of tables sort them, and a link into folded text unfolds it."""
    parts = [(_TEMPLATES / name).read_text(encoding="utf-8") for name in ("site_sort.js", "page.js")]
    # The marks of CDATA let an XML parser read the page too.
    return Markup(f"//<![CDATA[\n{''.join(parts)}//]]>")  # noqa: S704  this room's own files


@cache
def policy() -> str:
    """What a browser lets the page do: its own styles, its own script and nothing else."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
