"""A report as one HTML page: inline style and SVG, no script, nothing loaded, light and dark.

Report -> tables, charts, verdict -> page.html -> HTML
"""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nlp.evaluation import charts
from nlp.evaluation.figures import Figures
from nlp.evaluation.intervals import LEVEL, TIMES, Interval
from nlp.evaluation.report import Report
from nlp.evaluation.tables import NBSP, Cell, Table, tables, worded

FOLDER = Path(__file__).parent
MANY = 12
"""Sources told at once; the others are folded away."""
_PARTS = {
    whole.replace("|", ""): whole.replace("|", "\u00ad")
    for whole in ("base|line", "accu|racy", "con|fi|dence", "pre|ci|sion", "cali|bra|tion")
}


def html(report: Report) -> str:
    """The page; the same report gives the same bytes."""
    told = tables(report)
    drawn = {
        "labels": charts.labels(report),
        "reliability": charts.reliability(report),
        "coverage": charts.coverage(report),
    }
    return (
        environment()
        .get_template("page.html")
        .render(
            report=report,
            tables=told,
            sources=_folded(told["source"]),
            charts=drawn,
            facts=_facts(report.figures),
            verdict=verdict(report),
            unseen=[name for name, row in report.figures.labels.items() if not row.n],
            times=TIMES,
            level=f"{LEVEL:.0%}".replace("%", f"{NBSP}%"),
            style=style(),
        )
    )


def _folded(table: Table) -> list[Table]:
    """The table's first rows, and its others if there are any."""
    parts = (table.rows[:MANY], table.rows[MANY:])
    return [Table(table.name, table.columns, rows) for rows in parts if rows]


def verdict(report: Report) -> str:
    """One or two sentences: what the model reaches, and whether it beats the bag of words."""
    ours = report.figures
    said = (
        f"On {report.texts.scored} texts the model reaches macro-F1 {_about(ours.macro_f1)}"
        f" and accuracy {_about(ours.accuracy)}."
    )
    if report.baseline is None or report.gain is None:
        return f"{said} There is no baseline beside it."
    theirs = f"A bag of words reaches {report.baseline.macro_f1.value:.2f} and {report.baseline.accuracy.value:.2f}"
    return f"{said} {theirs}; {_compared(report.gain)}."


def _compared(gain: Interval) -> str:
    if gain.low > 0:
        return f"the model's macro-F1 is the better by {gain.value:.2f}, beyond what chance explains"
    if gain.high < 0:
        return f"the model's macro-F1 is the worse by {-gain.value:.2f}, beyond what chance explains"
    return "on so few texts, chance could explain the difference in macro-F1"


def _about(figure: Interval) -> str:
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def _facts(figures: Figures) -> list[tuple[str, str]]:
    return [
        ("macro-F1", f"{figures.macro_f1.value:.2f}"),
        ("accuracy", _percent(figures.accuracy.value)),
        (f"accuracy of the surest 65{NBSP}%", _percent(figures.accuracy_surest_65)),
        ("none wrongly given a stance", _percent(figures.false_stance)),
        ("calibration error", f"{figures.ece:.3f}"),
        ("answered, not abstained", _percent(figures.answered.coverage)),
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}{NBSP}%"


def environment() -> Environment:
    """Templates of this folder, with the filters that tables need."""
    found = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    found.filters["worded"] = _cell
    found.filters["shade"] = _shade
    found.filters["soft"] = _soft
    found.filters["head"] = _head
    found.filters["drawn"] = Markup
    return found


def _cell(cell: Cell) -> str:
    """A cell; an interval stands small beneath its figure."""
    if isinstance(cell, Interval):
        small = f"{cell.low:.3f} to {cell.high:.3f}"
        return Markup("{}<small>{}</small>").format(f"{cell.value:.3f}", small)
    return worded(cell)


def _shade(count: int, row: tuple[str | int, ...]) -> int:
    """How dark a cell of a confusion is, in per cent of its row."""
    return round(60 * count / max(1, sum(int(cell) for cell in row[1:])))


def _soft(name: str) -> str:
    """A name that may break behind underscores, slashes and hyphens."""
    return Markup("<wbr>").join(re.findall(r"[^_/-]*[_/-]|[^_/-]+", name.strip()))


def _head(name: str) -> str:
    """A column's name that may be hyphenated on a narrow screen."""
    for long, parts in _PARTS.items():
        name = name.replace(long, parts)
    return name


def style() -> Markup:
    """The sheet with the colours of the charts, light and dark."""
    sheet = (FOLDER / "page.css").read_text(encoding="utf-8")
    dark, light = charts.properties(charts.DARK), charts.properties(charts.LIGHT)
    filled = sheet.replace("/* light */", light).replace("/* dark */", dark)
    return Markup(filled + charts.rules() + "\n")  # noqa: S704 - our own file and colours, nothing from outside
