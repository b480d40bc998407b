"""The page's charts: Altair's specifications, drawn to SVG by vl-convert without a browser or a network.

    [week]      -> one panel a stance: line, band, and gaps as gaps
    [community], [theme] -> dots with intervals
    -> Chart(svg, alt)

The same numbers give the same bytes: sizes of labels are fixed, and text is measured in the font vl-convert carries.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from textwrap import wrap
from typing import Any, Final

import altair as alt
import vl_convert

from digest.moves import begun, tellable
from digest.palette import LIGHT
from digest.texts import plain
from digest.words import INTERVAL, NBSP, STANCE_NAMES, in_words, interval, percent, week_name
from records import STANCES, Breakdown, Event

SHAPES: Final = {"realist": "circle", "industrial_collaboration": "square", "skeptic": "triangle-up"}
_VERSION: Final = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_PERCENT_LABEL: Final = f"format(100 * datum.value, '.0f') + '{NBSP}%'"
_PANEL: Final = (268, 104)
_DOTS: Final = (216, 40)  # width, height of a row
_LABELS: Final = 108  # width of a row's name
_LINE: Final = 13  # height of a line of a row's name
_MIDDLE: Final = {
    "condition": [
        {"test": f"length(split(datum.label, '\\n')) === {lines}", "value": -_LINE * (lines - 1) / 2}
        for lines in (2, 3)
    ],
    "value": 0,
}
"""Vega would hang a name of several lines from its row's middle."""
_LETTERS: Final = 16  # of a row's name
_ROWS: Final = "rows"
_ROLES: Final = re.compile(r' (?:role|aria-roledescription)="[^"]*"')

Row = dict[str, Any]
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart and the words for those who do not see it."""

    svg: str
    alt: str


def weeks(stance: str, history: Sequence[Breakdown], events: Sequence[Event] = ()) -> Chart | None:
    """One stance over the weeks, with ticks that bear the events' numbers, from 1; None until two weeks can be told."""
    told = [week for week in history if tellable(week)]
    if len(told) < 2:
        return None
    rows = _week_rows(STANCES.index(stance), begun(history), _ticks(events))
    panel = _panel(stance, len(rows), _ceiling(told))
    return Chart(_svg(panel, rows), _weeks_alt(stance, told, rows))


def communities(breakdowns: Sequence[Breakdown]) -> Chart | None:
    """The shares of every community that can be told, as dots with intervals; None where none can."""
    return _dotted([(plain(in_words(b.name), _LETTERS), b) for b in breakdowns], "community")


def themes(breakdowns: Sequence[Breakdown]) -> Chart | None:
    """The shares of every theme that can be told, as dots with intervals; None where none can."""
    return _dotted([(_broken(in_words(b.name)), b) for b in breakdowns], "theme")


def _dotted(named: Sequence[tuple[str, Breakdown]], what: str) -> Chart | None:
    told = [(name, breakdown) for name, breakdown in named if tellable(breakdown)]
    if not told:
        return None
    rows = [row for name, breakdown in told for row in _dot_rows(name, breakdown)]
    dots = _dots(tuple(dict.fromkeys(row["name"] for row in rows)), len(told))
    return Chart(_svg(dots, rows), _dots_alt([breakdown for _, breakdown in named], what))


def _broken(name: str) -> str:
    """A long name in up to three lines; here, by code points: Vega would ask the machine's fonts."""
    return "\n".join(wrap(plain(name, 3 * _LETTERS), _LETTERS + 2)[:3])


def _ticks(events: Sequence[Event]) -> dict[str, str]:
    """By ISO week: the numbers of its events."""
    found: dict[str, list[str]] = {}
    for number, event in enumerate(events, 1):
        found.setdefault(f"{event.day:%G-W%V}", []).append(str(number))
    return {week: ", ".join(numbers) for week, numbers in found.items()}


def _svg(vega: Spec, rows: list[Row]) -> str:
    """A chart's picture; its numbers are put in last, so that charts which differ in nothing else share the rest."""
    data = [entry | {"values": rows} if entry["name"] == _ROWS else entry for entry in vega["data"]]
    return hushed(vl_convert.vega_to_svg(vega | {"data": data}, allowed_base_urls=[]))


def hushed(svg: str) -> str:
    """A drawing as readers of screens pass it by: Vega names its groups without words, ours stand beside it."""
    return _ROLES.sub("", svg).replace("<svg ", '<svg aria-hidden="true" ', 1)


def _compiled(chart: alt.LayerChart) -> Spec:
    styled = (
        chart.configure(background="transparent", font="Liberation Sans", padding=2, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=LIGHT["muted"],
            labelFontSize=11,
            gridColor=LIGHT["grid"],
            domainColor=LIGHT["axis"],
            tickColor=LIGHT["axis"],
            title=None,
        )
    )
    spec = styled.to_dict() | {"datasets": {_ROWS: []}}
    vega: Spec = vl_convert.vegalite_to_vega(spec, vl_version=_VERSION)
    return vega


def _monday(week: str) -> date:
    year, number = week.split("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def _names(history: Sequence[Breakdown]) -> Iterable[str]:
    """Every ISO week from the first to the last, also those the history leaves out."""
    mondays = sorted(_monday(week.name) for week in history)
    for step in range((mondays[-1] - mondays[0]).days // 7 + 1):
        year, number, _ = (mondays[0] + timedelta(weeks=step)).isocalendar()
        yield f"{year}-W{number:02}"


def _week_rows(index: int, history: Sequence[Breakdown], ticks: Mapping[str, str]) -> list[Row]:
    told = {week.name: week.shares[index] for week in history if tellable(week)}
    names = list(_names(history))
    rows: list[Row] = []
    for at, name in enumerate(names):
        share = told.get(name)
        neighbours = {names[i] for i in (at - 1, at + 1) if 0 <= i < len(names)}
        row: Row = {"at": at, "week": name, "value": None, "low": None, "high": None, "gap": share is None}
        row["event"] = ticks.get(name, "")
        if share is not None:
            row |= {"value": share.value, "low": share.low, "high": share.high}
        rows.append(row | {"alone": share is not None and not neighbours & told.keys(), "last": at == len(names) - 1})
    return rows


def _ceiling(told: Sequence[Breakdown]) -> float:
    """The top of the axis, the same for the three panels."""
    return math.ceil(5 * max(share.high or 0.0 for week in told for share in week.shares)) / 5


@lru_cache(maxsize=64)
def _panel(stance: str, count: int, ceiling: float) -> Spec:
    colour = LIGHT[stance]
    base = alt.Chart(alt.NamedData(_ROWS)).encode(x=_week_axis(count))
    height = alt.Y("value:Q", scale=alt.Scale(domain=[0, ceiling], nice=False), axis=_share_axis(ceiling))
    low, high = alt.Y("low:Q"), alt.Y2("high:Q")
    line, eventful = base.encode(y=height), base.transform_filter("datum.event !== ''")
    chart = alt.layer(
        base.transform_filter("datum.gap").mark_rect(color=LIGHT["gap"], stroke=None),
        eventful.mark_rule(color=LIGHT["muted"], strokeDash=[2, 3]),
        eventful.mark_text(color=LIGHT["muted"], fontSize=10, baseline="bottom", dy=-2).encode(
            y=alt.value(0), text="event:N"
        ),
        base.mark_area(color=colour, opacity=0.22, interpolate="linear").encode(y=low, y2=high),
        base.transform_filter("datum.alone").mark_rule(color=colour, opacity=0.5, strokeWidth=3).encode(y=low, y2=high),
        line.mark_line(color=colour, strokeWidth=2),
        line.transform_filter("datum.alone || datum.last").mark_point(
            color=colour, fill=colour, opacity=1, size=38, shape=SHAPES[stance]
        ),
    ).properties(width=_PANEL[0], height=_PANEL[1])
    return _compiled(chart)


def _week_axis(count: int) -> alt.X:
    """Weeks by their place among the rows, which name them: so all windows of as many weeks share one chart."""
    step = max(1, math.ceil((count - 1) / 5))
    shown = list(range(count))[::-1][::step]
    name = f"'W' + slice(data('{_ROWS}')[datum.value].week, 6)"
    axis = alt.Axis(values=shown, labelExpr=name, labelAngle=0, grid=False, labelFlush=False)
    scale = alt.Scale(type="band", paddingInner=0, paddingOuter=0, domain=list(range(count)))
    return alt.X("at:O", scale=scale, axis=axis)


def _share_axis(ceiling: float) -> alt.Axis:
    ticks = [step / 5 for step in range(round(5 * ceiling) + 1)]
    return alt.Axis(
        values=ticks,
        tickCount=len(ticks),
        labelExpr=_PERCENT_LABEL,
        domain=False,
        ticks=False,
        minExtent=38,
        maxExtent=38,
        labelPadding=6,
        labelOverlap=False,
    )


def _dot_rows(name: str, breakdown: Breakdown) -> Iterable[Row]:
    for stance, share in zip(STANCES, breakdown.shares, strict=True):
        yield {"name": name, "stance": stance, "value": share.value, "low": share.low, "high": share.high}


@lru_cache(maxsize=64)
def _dots(names: tuple[str, ...], count: int) -> Spec:
    labels = alt.Axis(
        labelLimit=0, minExtent=_LABELS, maxExtent=_LABELS, labelPadding=10, domain=False, ticks=False,
        labelColor=LIGHT["ink"], labelFontSize=12, labelLineHeight=_LINE, grid=True,
        labelExpr="split(datum.label, '\\n')", labelOffset=_MIDDLE,
    )  # fmt: skip
    rows = alt.Scale(type="band", paddingInner=0.2, paddingOuter=0.1)
    shares = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr=_PERCENT_LABEL, tickCount=5, labelFlush=False)
    base = alt.Chart(alt.NamedData(_ROWS)).encode(
        y=alt.Y("name:N", sort=list(names), axis=labels, scale=rows),
        yOffset=alt.YOffset("stance:N", sort=list(STANCES), scale=alt.Scale(paddingOuter=0.2)),
        color=alt.Color("stance:N", scale=_stance_scale(LIGHT), legend=None),
    )
    across = alt.Scale(domain=[0, 1])
    chart = alt.layer(
        base.mark_rule(strokeWidth=2, opacity=0.45).encode(x=alt.X("low:Q", scale=across, axis=shares), x2="high:Q"),
        base.mark_point(filled=True, opacity=1, size=46).encode(
            x=alt.X("value:Q", scale=across), shape=alt.Shape("stance:N", scale=_stance_scale(SHAPES), legend=None)
        ),
    ).properties(width=_DOTS[0], height=_row_height(names) * count)
    return _compiled(chart)


def _row_height(names: Iterable[str]) -> int:
    """A row's height: the three dots need it, or a name of three lines."""
    return max(_DOTS[1], *(_LINE * len(name.split("\n")) + 6 for name in names))


def _stance_scale(values: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(STANCES), range=[values[stance] for stance in STANCES])


def _weeks_alt(stance: str, told: Sequence[Breakdown], rows: list[Row]) -> str:
    shares = [week.shares[STANCES.index(stance)] for week in told]
    values = [share.value or 0.0 for share in shares]
    gaps = sum(row["gap"] for row in rows)
    return (
        f"Line chart, {STANCE_NAMES[stance]} over {len(rows)} weeks: {percent(shares[-1].value)} in "
        f"{week_name(told[-1].name)} ({INTERVAL} {interval(shares[-1])}), "
        f"between {percent(min(values))} and {percent(max(values))} in all; "
        f"{gaps} {'week has' if gaps == 1 else 'weeks have'} no figure."
    )


def _dots_alt(breakdowns: Sequence[Breakdown], what: str) -> str:
    told = [b for b in breakdowns if tellable(b)]
    shares = "; ".join(f"{in_words(b.name)} {_shares_alt(b)}" for b in told)
    return f"Dots with {INTERVAL}s by {what}. {shares}. {len(breakdowns) - len(told)} without a figure."


def _shares_alt(breakdown: Breakdown) -> str:
    pairs = zip(STANCES, breakdown.shares, strict=True)
    return ", ".join(f"{STANCE_NAMES[stance]} {percent(share.value)}" for stance, share in pairs)
