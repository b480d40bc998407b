"""How good the model is, and what is found in sentences: figures on stdout, and in a folder for machines and readers.

FILE -> nlp.labelled.sheet -> nlp.evaluation.report -> tables | report.json, report.html
FILE -> nlp.evaluation.sentences -> nlp.evaluation.entities -> tables | entities.json, entities.html
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flows import show, tools
from flows.settings import GAZETTEERS, Settings
from nlp import gazetteer, labelled, mentions, pipeline
from nlp.evaluation import baseline, entities_page, report, rivals, sentences
from nlp.evaluation import entities as measured
from nlp.evaluation.tables import Table, tables, worded

SEED = 20261123


def evaluate(settings: Settings, data: bytes, name: str, output: Path | None, train: Path | None) -> bool:
    """Measure the model on the JSON lines `data` of the file `name`; whether every line could be used.

    Raises:
        nlp.evaluation.report.EvaluationError: no text can be scored.
        nlp.labelled.DataError, nlp.evaluation.baseline.BaselineError: no baseline can be fitted on `train`.
        flows.errors.SettingsError, nlp.stance.StanceError: as flows.models.load says.
    """
    sheet = labelled.sheet(data, name, source="not named")
    if not labelled.scored(sheet.examples):
        raise report.EvaluationError(report.nothing(sheet))
    for fault in sheet.faults:
        show.say(fault)
    if output:
        output.mkdir(parents=True, exist_ok=True)
    bag, note = _bag(settings.stance_model, train)
    model = tools.load(settings).whole()
    with show.progress("labelling", report.amount(sheet)) as advance:
        found = report.evaluate(sheet, model, bag, note, advance)
    if output:
        _write(found, output)
    _tell(tables(found).values())
    return not sheet.faults


def _bag(model: Path, train: Path | None) -> tuple[baseline.Bag | None, str]:
    """The baseline to set beside the model, and where it comes from or why there is none."""
    if train:
        bag = baseline.fit(labelled.read(train), SEED)
        return bag, f"a bag of words taught on the {bag.taught} texts of {train.name}"
    found = baseline.load(model)
    if found is None:
        return None, report.NO_BASELINE
    return found, f"a bag of words taught on the model's own {found.taught} texts"


def entities(data: bytes, name: str, output: Path | None) -> bool:
    """Measure what is found in the JSON lines `data` of the file `name`; whether every line could be used.

    Raises:
        nlp.evaluation.report.EvaluationError: no sentence can be scored.
        nlp.gazetteer.GazetteerError: a gazetteer has a bad row.
        nlp.pipeline.PipelineError: spaCy's pipeline, which stands beside the rules, is missing or another one.
    """
    given = sentences.read(data, name)
    for fault in given.faults:
        show.say(fault)
    if not any(not row.borderline for row in given.rows):
        raise report.EvaluationError(
            f"{name}: no sentence in it can be scored: it needs JSON lines with text and lists"
        )
    names = gazetteer.load(GAZETTEERS)
    reader = mentions.Reader(names)
    english = rivals.named_entities(names, pipeline.pipeline())
    finders = {measured.OURS: rivals.rules(reader), "matcher": rivals.matcher(names), "spaCy's names": english}
    found = measured.evaluate(given, reader, finders)
    if output:
        _keep(output, {"entities.json": measured.as_json(found), "entities.html": entities_page.html(found)})
    _tell(entities_page.tables(found).values())
    return not given.faults


def _tell(told: Iterable[Table]) -> None:
    """One table after the other, a blank line between them."""
    for at, table in enumerate(told):
        if at:
            show.blank()
        show.table(table.columns, [tuple(map(_cell, row)) for row in table.rows])


def _cell(cell: object) -> object:
    return cell if isinstance(cell, int) else worded(cell)  # type: ignore[arg-type]


def _write(found: report.Report, output: Path) -> None:
    from nlp.evaluation.page import html  # noqa: PLC0415 - Altair is a second that only a page should cost

    _keep(output, {"report.json": report.as_json(found), "report.html": html(found)})


def _keep(output: Path, texts: dict[str, str]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (output / name).write_text(text, encoding="utf-8", errors="backslashreplace")
        show.say(f"wrote {output / name}")
