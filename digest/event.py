"""An event's page: how stances changed at it, drawn among the changes at other dates.

EventStudy -> svg (a row a community, a panel a stance: ticks for other dates, a dot with its band for the event)
           -> html (that and the table, self-contained)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import altair as alt
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from digest import texts
from digest.charts import hushed
from digest.palette import DARK, DRAWN, LIGHT, properties
from digest.words import NBSP, STANCE_NAMES, day, in_words
from records import STANCES, EventChange, EventStudy

_TEMPLATES: Final = Path(__file__).parent / "templates"
_VERSION: Final = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_POINTS: Final = f"format(100 * datum.value, '+.0f') + '{NBSP}pp'"
_WIDTH: Final = 190
_ROW: Final = 26

link = texts.link
Row = dict[str, Any]


def svg(study: EventStudy) -> str | None:
    """The plot by itself; None where no change can be told."""
    told = [one for one in study.changes if one.change is not None and one.stance in STANCES]
    if not told:
        return None
    names = list(dict.fromkeys(in_words(one.community) for one in told))
    ends = [value for one in told for value in (one.change, one.low, one.high, *one.placebos)]
    edge = max(abs(value) for value in ends if value is not None)
    panels = [_panel([one for one in told if one.stance == stance], stance, names, edge) for stance in STANCES]
    chart = alt.hconcat(*panels, spacing=18).configure(background=LIGHT["paper"], font="Liberation Sans", aria=False)
    styled = chart.configure_view(stroke=None).configure_axis(
        labelColor=LIGHT["muted"], gridColor=LIGHT["grid"], tickColor=LIGHT["axis"], domain=False, title=None
    )
    drawn: str = vl_convert.vegalite_to_svg(styled.to_dict(), vl_version=_VERSION, allowed_base_urls=[])
    return drawn


def _panel(told: list[EventChange], stance: str, names: list[str], edge: float) -> alt.LayerChart:
    rows: list[Row] = [
        {"name": in_words(one.community), "value": one.change, "low": one.low, "high": one.high} for one in told
    ]
    others: list[Row] = [{"name": in_words(one.community), "value": value} for one in told for value in one.placebos]
    first = stance == STANCES[0]
    labels = alt.Axis(labels=first, ticks=False, minExtent=108 if first else 0, labelLimit=0, labelColor=LIGHT["ink"])
    height = alt.Y("name:N", sort=names, scale=alt.Scale(domain=names), axis=labels)
    across = alt.Scale(domain=[-edge, edge], nice=False)
    width = alt.X("value:Q", scale=across, axis=alt.Axis(tickCount=5, labelExpr=_POINTS))
    low = alt.X("low:Q", scale=across)
    base, drawn = alt.Chart(alt.Data(values=rows)), alt.Chart(alt.Data(values=others))
    return alt.layer(
        alt.Chart(alt.Data(values=[{"value": 0}])).mark_rule(color=LIGHT["axis"]).encode(x=width),
        drawn.mark_tick(color=LIGHT["axis"], opacity=0.35, thickness=1, height=14).encode(x=width, y=height),
        base.mark_rule(color=LIGHT[stance], strokeWidth=2).encode(x=low, x2="high:Q", y=height),
        base.mark_point(color=LIGHT[stance], filled=True, size=60, opacity=1).encode(x=width, y=height),
        title=alt.TitleParams(STANCE_NAMES[stance], color=LIGHT[stance], fontSize=12, anchor="start"),
    ).properties(width=_WIDTH, height=_ROW * len(names))


def html(study: EventStudy) -> str:
    """One self-contained page: inline style and SVG, no script, nothing loaded."""
    env = Environment(autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(_TEMPLATES))
    drawn = svg(study)
    return env.get_template("event.html").render(
        study=study,
        title=texts.plain(study.title),
        day=day(study.day),
        link=link(study.link),
        rows=[_told(one) for one in study.changes],
        plot=Markup(hushed(drawn)) if drawn else None,  # noqa: S704  Vega's own output, whose texts Vega escapes
        light=Markup(properties(LIGHT)),  # noqa: S704  this room's own constants
        dark=Markup(properties(DARK)),  # noqa: S704  this room's own constants
        rules=Markup(_rules()),  # noqa: S704  this room's own constants
    )


def _rules() -> str:
    """CSS that lets the plot's colours follow the page."""
    return "\n".join(
        f'svg [{attribute}="{LIGHT[name]}"] {{ {attribute}: var(--{name.replace("_", "-")}); }}'
        for name in (*DRAWN, "paper")
        for attribute in ("fill", "stroke")
    )


def _told(one: EventChange) -> dict[str, str]:
    rank = f"{one.rank} of {len(one.placebos) + 1}" if one.rank is not None else ""
    band = f"{100 * one.low:+.0f} to {100 * one.high:+.0f}" if one.low is not None and one.high is not None else ""
    return {
        "community": in_words(one.community),
        "stance": STANCE_NAMES[one.stance],
        "n": f"{one.n_before:.0f} / {one.n_after:.0f}",
        "before": _percent(one.before),
        "after": _percent(one.after),
        "change": "" if one.change is None else f"{100 * one.change:+.0f}",
        "band": band,
        "rank": rank,
        "p": "" if one.p is None else f"{one.p:.3f}",
        "verdict": one.verdict,
    }


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}{NBSP}%"
