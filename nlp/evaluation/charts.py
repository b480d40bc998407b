"""The page's charts: Altair's specifications, drawn to SVG by vl-convert without a browser or a network.

    Report -> F1 by label | reliability | risk-coverage -> Chart(svg, alt)

A colour of LIGHT in a chart turns with the page, by the rules that `rules` writes for the style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import vl_convert

from nlp.evaluation.figures import Figures
from nlp.evaluation.report import Report
from records import LABELS

LIGHT: Final = {
    "paper": "#fbfaf7",
    "card": "#ffffff",
    "ink": "#1d2126",
    "muted": "#5a626b",
    "grid": "#e2dfd8",
    "axis": "#a7a399",
    "link": "#1a5f9e",
    "model": "#1c6fb8",
    "baseline": "#b25300",
}
DARK: Final = {
    "paper": "#14181c",
    "card": "#1b2026",
    "ink": "#e6e8ea",
    "muted": "#a3abb3",
    "grid": "#2e353c",
    "axis": "#66707a",
    "link": "#7cc0f5",
    "model": "#5aa9e6",
    "baseline": "#f0a030",
}
DRAWN: Final = ("ink", "muted", "grid", "axis", "model", "baseline")
SHAPES: Final = {"model": "circle", "baseline": "square"}
_VERSION: Final = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_PERCENT: Final = "format(100 * datum.value, '.0f') + '\u00a0%'"
_PLAIN: Final = "format(datum.value, '.2f')"
_SIZE: Final = (264, 190)
_NAMES: Final = {"industrial_collaboration": "collaboration"}
_SETTLED: Final = 0.1  # coverage below which the curve is a matter of a few texts

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart and the words for those who do not see it."""

    svg: str
    alt: str


def rules() -> str:
    """CSS that lets the colours of a chart follow the page."""
    return "\n".join(
        f'.chart [{attribute}="{LIGHT[name]}"] {{ {attribute}: var(--{name}); }}'
        for name in DRAWN
        for attribute in ("fill", "stroke")
    )


def properties(colours: dict[str, str]) -> str:
    """CSS declarations, one custom property a colour."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def labels(report: Report) -> Chart:
    """F1 of each label, model and baseline on one line."""
    rows: list[Row] = [
        {"label": _NAMES.get(name, name), "who": who, "f1": figures.labels[name].f1}
        for name in LABELS
        for who, figures in _whom(report)
    ]
    names = [_NAMES.get(name, name) for name in LABELS]
    axis = alt.Axis(labelColor=LIGHT["ink"], labelFontSize=12, minExtent=86, maxExtent=86, domain=False, ticks=False)
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("label:N", sort=names, axis=axis, title=None))
    spans = base.mark_line(color=LIGHT["axis"], strokeWidth=2).encode(x="f1:Q", detail="label:N")
    dots = base.mark_point(filled=True, opacity=1, size=70).encode(
        x=alt.X("f1:Q", scale=alt.Scale(domain=[0, 1]), axis=_across("F1", [0, 0.25, 0.5, 0.75, 1], _PLAIN)),
        color=_by_whom(LIGHT), shape=_by_whom(SHAPES, "shape"),
    )  # fmt: skip
    told = "; ".join(
        f"{name} " + ", ".join(f"{who} {figures.labels[name].f1:.2f}" for who, figures in _whom(report))
        for name in LABELS
    )
    return Chart(_svg(alt.layer(spans, dots).properties(width=206, height=128)), f"Dots, F1 by label: {told}.")


def reliability(report: Report) -> Chart:
    """Accuracy against confidence in bins of equal count; on the diagonal the two agree."""
    rows: list[Row] = [
        {"who": who, "at": bin_.confidence, "right": bin_.accuracy}
        for who, figures in _whom(report)
        for bin_ in figures.reliability
    ]
    whole = alt.Chart(alt.Data(values=[{"at": 0, "right": 0}, {"at": 1, "right": 1}]))
    diagonal = whole.mark_line(color=LIGHT["axis"], strokeDash=[4, 4], strokeWidth=1.5).encode(x="at:Q", y="right:Q")
    told = "; ".join(f"{who} off by {figures.ece:.3f} on average" for who, figures in _whom(report))
    lines = _lines(rows, ("at", "confidence"), ("right", 1.0))
    return Chart(
        _svg(_titled(alt.layer(diagonal, *lines), "right answers")),
        f"Line chart, share of right answers against confidence, in {len(report.figures.reliability)} bins: {told}.",
    )


def coverage(report: Report) -> Chart:
    """Share of wrong answers among the surest, from few of them to all; a line where the model's threshold lies."""
    points = [(who, point) for who, figures in _whom(report) for point in figures.risk_coverage]
    top = max(point.risk for _, point in points if point.coverage >= _SETTLED)
    ceiling = max(0.1, math.ceil(10 * top) / 10)
    rows: list[Row] = [  # not clipped: a clip's id counts on from chart to chart, and no two pages would be the same
        {"who": who, "at": point.coverage, "risk": point.risk} for who, point in points if point.risk <= ceiling
    ]
    mark = alt.Chart(alt.Data(values=[{"at": report.figures.answered.coverage}]))
    rule = mark.mark_rule(color=LIGHT["muted"], strokeDash=[2, 3]).encode(x="at:Q")
    told = "; ".join(f"{who} {_wrong(figures)}" for who, figures in _whom(report))
    lines = _lines(rows, ("at", "answered, the surest first"), ("risk", ceiling), dots=False)
    return Chart(
        _svg(_titled(alt.layer(rule, *lines), "wrong answers among them")),
        f"Line chart, share of wrong answers among the surest: {told}.",
    )


def _wrong(figures: Figures) -> str:
    half = min(figures.risk_coverage, key=lambda point: abs(point.coverage - 0.5))
    return f"{half.risk:.1%} of the surest half, {figures.risk_coverage[-1].risk:.1%} of all"


def _whom(report: Report) -> Sequence[tuple[str, Figures]]:
    both = (("baseline", report.baseline), ("model", report.figures))  # the model is drawn last, on top
    return [(who, figures) for who, figures in both if figures]


def _lines(rows: list[Row], x: tuple[str, str], y: tuple[str, float], *, dots: bool = True) -> list[alt.Chart]:
    ticks = [step / 5 * y[1] for step in range(6)]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(f"{x[0]}:Q", scale=alt.Scale(domain=[0, 1]), axis=_across(x[1], [0, 0.25, 0.5, 0.75, 1], _PERCENT)),
        y=alt.Y(
            f"{y[0]}:Q",
            scale=alt.Scale(domain=[0, y[1]], nice=False),
            axis=alt.Axis(
                values=ticks,
                tickCount=len(ticks),
                labelExpr=_PERCENT,
                labelOverlap=False,
                minExtent=38,
                maxExtent=38,
                domain=False,
                ticks=False,
            ),
            title=None,
        ),
        color=_by_whom(LIGHT),
    )
    line = base.mark_line(strokeWidth=2).encode(order=f"{x[0]}:Q")
    points = base.mark_point(filled=True, opacity=1, size=36).encode(shape=_by_whom(SHAPES, "shape"))
    return [line, points] if dots else [line]


def _across(title: str, values: list[float], words: str) -> alt.Axis:
    return alt.Axis(values=values, title=title, labelExpr=words, labelFlush=False, tickCount=len(values))


def _by_whom(values: dict[str, str], channel: str = "color") -> Any:
    scale = alt.Scale(domain=list(SHAPES), range=[values[who] for who in SHAPES])
    make = alt.Shape if channel == "shape" else alt.Color
    return make("who:N", scale=scale, legend=None)


def _titled(chart: alt.LayerChart, title: str) -> alt.LayerChart:
    above = alt.TitleParams(title, anchor="start", fontSize=11, fontWeight="normal", color=LIGHT["muted"], offset=8)
    return chart.properties(width=_SIZE[0], height=_SIZE[1], title=above)


def _svg(chart: alt.LayerChart) -> str:
    styled = (
        chart.configure(background="transparent", font="Liberation Sans", padding=2, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=LIGHT["muted"], labelFontSize=11, titleColor=LIGHT["muted"], titleFontSize=11,
            titleFontWeight="normal", gridColor=LIGHT["grid"], domainColor=LIGHT["axis"], tickColor=LIGHT["axis"],
        )
    )  # fmt: skip
    svg: str = vl_convert.vegalite_to_svg(styled.to_dict(), vl_version=_VERSION, allowed_base_urls=[])
    return svg
