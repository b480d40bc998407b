"""A report as tables: the same for a terminal, a pipe and the page.

Report -> Table, ... -> words
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nlp.evaluation.figures import TOLD, Answered, Bin, Figures, Group
from nlp.evaluation.intervals import Interval
from nlp.evaluation.measure import kept
from nlp.evaluation.report import Report
from records import LABELS

SHORT = dict(zip(LABELS, ("realist", "collab.", "skeptic", "none"), strict=True))
UNKNOWN = "–"
NBSP = "\u00a0"

Cell = str | int | float | Interval | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Named by its first column; rows as wide as `columns`."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(report: Report) -> dict[str, Table]:
    """Every table that the report fills, by a short key, in the order they are told."""
    rival = report.baseline
    made: dict[str, Table | None] = {
        "texts": _texts(report),
        "overall": _overall(report),
        "labels": _labels(report),
        "confusion": _confusion("labelled \\ model says", report.figures),
        "baseline_confusion": _confusion("labelled \\ baseline says", rival) if rival else None,
        "calibration": _calibration(report),
        "coverage": _coverage(report),
        "context": _context(report),
        "kind": _groups("by source kind", report.figures.by_kind, rival.by_kind if rival else None),
        "source": _groups("by source", report.figures.by_source, rival.by_source if rival else None),
        "annotators": _annotators(report),
    }
    told = {key: table for key, table in made.items() if table and table.rows}
    return told if rival else {key: _alone(table) for key, table in told.items()}


def _alone(table: Table) -> Table:
    """The table without the columns that a baseline would fill."""
    kept = [at for at, name in enumerate(table.columns) if not name.startswith("baseline")]
    rows = tuple(tuple(row[at] for at in kept) for row in table.rows)
    return Table(table.name, tuple(table.columns[at] for at in kept), rows)


def worded(cell: Cell) -> str:
    """A cell in words: figures with three decimals, an interval behind its figure."""
    if isinstance(cell, Interval):
        return f"{cell.value:.3f} ({cell.low:.3f} to {cell.high:.3f})"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return UNKNOWN if cell is None else str(cell)


def _texts(report: Report) -> Table:
    texts = report.texts
    rows: list[Row] = [
        ("model", report.model),
        ("baseline", report.baseline_note),
        ("scored", texts.scored),
        *((f"  {label}", count) for label, count in texts.labels.items()),
        ("documents, which the intervals resample", texts.documents),
        ("left out, confidence low", texts.low),
        ("left out, annotators without a majority", texts.unsettled),
        ("bad lines", texts.bad),
    ]
    return Table("texts", (texts.file, ""), tuple(rows))


def _overall(report: Report) -> Table:
    def told(figures: Figures) -> Iterator[tuple[str, Cell]]:
        yield "macro-F1, four labels", figures.macro_f1
        yield "macro-F1 without skeptic", figures.macro_f1_without_skeptic
        yield "accuracy", figures.accuracy
        yield f"accuracy, surest 65{NBSP}%", figures.accuracy_surest_65
        yield "none wrongly given a stance", figures.false_stance
        yield "kappa with the labels", figures.kappa
        yield "expected calibration error", figures.ece
        yield "area under risk-coverage", figures.risk_coverage_area

    rows = _beside(dict(told(report.figures)), dict(told(report.baseline)) if report.baseline else None)
    gain: tuple[Row, ...] = (("gain in macro-F1", report.gain, None),) if report.gain else ()
    return Table("overall", ("overall", "model", "baseline"), rows + gain)


def _beside(ours: Mapping[str, Cell], theirs: Mapping[str, Cell] | None) -> tuple[Row, ...]:
    return tuple((name, cell, theirs[name] if theirs else None) for name, cell in ours.items())


def _labels(report: Report) -> Table:
    rows: tuple[Row, ...] = tuple(
        (name, row.n, row.precision, row.recall, row.f1, report.baseline.labels[name].f1 if report.baseline else None)
        for name, row in report.figures.labels.items()
    )
    return Table("by label", ("by label", "texts", "precision", "recall", "F1", "baseline F1"), rows)


def _confusion(name: str, figures: Figures) -> Table:
    rows: list[Row] = [(label, *counts) for label, counts in zip(LABELS, figures.confusion, strict=True)]
    return Table(name, (name, *SHORT.values()), tuple(rows))


def _calibration(report: Report) -> Table:
    theirs = report.baseline.reliability if report.baseline else ()
    rows: list[Row] = []
    for at, ours in enumerate(report.figures.reliability):
        other: Bin | None = theirs[at] if theirs else None
        beside: Row = (other.confidence, other.accuracy) if other else (None, None)
        rows.append((at + 1, ours.n, ours.confidence, ours.accuracy, *beside))
    columns = ("calibration", "texts", "confidence", "accuracy", "baseline confidence", "baseline accuracy")
    return Table("calibration", columns, tuple(rows))


def _coverage(report: Report) -> Table:
    ours = _surest(report.figures) | _answered(report.figures.answered)
    theirs = _surest(report.baseline) | _answered(report.baseline.answered) if report.baseline else None
    rows = _beside(ours, theirs)
    return Table("when only the surest are answered", ("when only the surest are answered", "model", "baseline"), rows)


def _surest(figures: Figures) -> dict[str, Cell]:
    n = sum(map(sum, figures.confusion))
    risks = {round(point.coverage * n): point.risk for point in figures.risk_coverage}
    return {f"accuracy, surest {100 * share:.0f}{NBSP}%": 1 - risks[kept(share, n)] for share in TOLD}


def _answered(answered: Answered) -> dict[str, Cell]:
    return {
        "answered at the model's threshold": answered.coverage,
        "  accuracy of those": answered.accuracy,
        "  macro-F1 of those": answered.macro_f1,
        "  none wrongly given a stance": answered.false_stance,
    }


def _context(report: Report) -> Table | None:
    def told(figures: Figures) -> dict[str, Cell]:
        found = figures.context
        return {} if found is None else {
            "texts with a context": found.n,
            "macro-F1 with it": found.macro_f1_with,
            "macro-F1 without it": found.macro_f1_without,
            "  gain": found.gain,
            "accuracy with it": found.accuracy_with,
            "accuracy without it": found.accuracy_without,
            "answers it changes": found.changed,
        }  # fmt: skip

    rows = _beside(told(report.figures), told(report.baseline) if report.baseline else None)
    return Table("context", ("context", "model", "baseline"), rows)


def _groups(name: str, ours: dict[str, Group], theirs: dict[str, Group] | None) -> Table:
    rows: list[Row] = []
    for key, row in ours.items():
        other = theirs[key] if theirs else None
        beside: Row = (other.accuracy, other.macro_f1) if other else (None, None)
        rows.append((key, row.n, row.accuracy, row.macro_f1, *beside))
    columns = (name, "texts", "accuracy", "macro-F1", "baseline accuracy", "baseline macro-F1")
    return Table(name, columns, tuple(rows))


def _annotators(report: Report) -> Table:
    rows: tuple[Row, ...] = tuple(
        (f"{pair.first}, {pair.second}", pair.n, pair.share, pair.kappa) for pair in report.annotators
    )
    return Table("annotators", ("annotators", "texts", "agree", "kappa"), tuple(rows))
