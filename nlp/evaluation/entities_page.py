"""The measure of entities as tables, and as one HTML page: no script, nothing loaded.

entities.Report -> {key: Table} -> entities.html -> HTML
"""

from __future__ import annotations

from nlp.evaluation.entities import OURS, Count, Report
from nlp.evaluation.tables import Cell, Row, Table, worded

_FIGURES = ("found", "false", "missed", "precision", "recall", "F1")


def tables(report: Report) -> dict[str, Table]:
    """Every table that the report fills, by a short key, in the order they are told."""
    made = {
        "texts": Table("texts", (report.file, ""), _texts(report)),
        "types": _types("by type", report.clear),
        "borderline": _types("borderline, by type", report.apart),
        "entities": _entities(report),
        "faults": _faults(report),
    }
    return {key: table for key, table in made.items() if table.rows}


def html(report: Report) -> str:
    """The page; the same report gives the same bytes."""
    from nlp.evaluation.page import environment, style  # noqa: PLC0415 - Altair is a second that only a page should cost

    page = environment().get_template("entities.html")
    return page.render(report=report, tables=tables(report), verdict=verdict(report), style=style())


def verdict(report: Report) -> str:
    """One sentence: what the rules reach, type by type."""
    said = [
        f"{type_}: precision {_share(count.precision)}, recall {_share(count.recall)}"
        for type_, count in report.clear[OURS].items()
    ]
    return f"On {report.scored} sentences the rules reach, for {'; for '.join(said)}."


def _share(figure: float | None) -> str:
    return worded(None if figure is None else round(figure, 3))


def _texts(report: Report) -> tuple[Row, ...]:
    return (("scored", report.scored), ("borderline, apart", report.borderline), ("bad lines", report.bad))


def _types(name: str, finders: dict[str, dict[str, Count]]) -> Table:
    """Type by type, who finds what: the rules first."""
    rows: list[Row] = [
        (type_, finder, *_cells(counts[type_]))
        for type_ in next(iter(finders.values()))
        for finder, counts in finders.items()
        if type_ in counts
    ]
    return Table(name, (name, "who", *_FIGURES), tuple(rows))


def _cells(count: Count) -> tuple[Cell, ...]:
    return count.hits, count.false, count.missed, count.precision, count.recall, count.f1


def _entities(report: Report) -> Table:
    """Those with most faults first."""
    told = [
        (-(count.false + count.missed), type_, entity, count)
        for type_, by in report.entities.items()
        for entity, count in by.items()
    ]
    rows: list[Row] = [(entity, type_, *_cells(count)) for _, type_, entity, count in sorted(told, key=lambda t: t[:3])]
    return Table("by entity", ("by entity", "type", *_FIGURES), tuple(rows))


def _faults(report: Report) -> Table:
    rows: list[Row] = [
        (f.id, f.kind + (", borderline" if f.borderline else ""), f.type, f.entity, f.reason, f.text)
        for f in report.faults
    ]
    return Table("faults", ("misses and false alarms", "what", "type", "entity", "reason", "sentence"), tuple(rows))
