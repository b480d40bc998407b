"""`oresight analyze`, `evaluate`, `train`: the model by itself. Nothing here reads or writes the store."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from flows import show
from flows.errors import UsageError
from flows.settings import load

DONE, FAILED = 0, 1
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--output", type=click.File("wb"), default="-", help="A file instead of stdout.")
@click.option("--explain", is_flag=True, help="Tell every name looked at, counted or not, and the rule that decided.")
def analyze(file: BinaryIO, output: BinaryIO, explain: bool) -> int:
    """Label texts without storing anything: JSON lines, or plain text, one text a line.

    With --explain each answer has `candidates`; on a terminal they are shown as tables.

    \b
    Examples:
      echo "Who will refine it? Nobody has a permit." | oresight analyze
      oresight analyze comments.jsonl --output labels.jsonl
      echo "Chad will lead the tin talks" | oresight analyze --explain
    """
    from flows import tools
    from flows.analyze import analyze as answers
    from flows.analyze import encode, tell

    bad, shown = 0, explain and output.isatty()
    for batch in answers(file, tools.load(load()), explain=explain):
        for answer in batch:
            tell(answer) if shown else output.write(encode(answer))
        output.flush()
        bad += sum("error" in answer for answer in batch)
    if bad:
        show.say(f"{bad} lines could not be read; their answers hold the error")
    return FAILED if bad else DONE


@click.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--output", type=FOLDER, metavar="DIR", help="Write report.json and report.html there.")
@click.option(
    "--train",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Fit the baseline on these labelled texts, not on the model's own.",
)
@click.option(
    "--entities",
    type=click.File("rb"),
    metavar="FILE",
    help="Measure what is found in sentences, not the model: minerals, countries, stages, instruments.",
)
def evaluate(file: BinaryIO | None, output: Path | None, train: Path | None, entities: BinaryIO | None) -> int:
    """Measure the model on labelled texts, beside a bag of words, and beside people where several labelled them.

    FILE holds JSON lines with id, text and stance; context, source_kind, source, document, confidence and annotators
    (an object, name to label) may be there. Texts with confidence "low" are left out of the scores.

    With --entities, FILE holds JSON lines with text and lists of names: minerals, countries, stages or instruments.

    \b
    Examples:
      oresight evaluate labelled.jsonl
      oresight evaluate labelled.jsonl --output report
      oresight evaluate labelled.jsonl --train other-labelled.jsonl
      oresight evaluate --entities sentences.jsonl --output report
    """
    from flows.evaluate import entities as found
    from flows.evaluate import evaluate as measure

    if (file is None) == (entities is None) or (entities and train):
        raise UsageError("give either FILE, with --train or without, or --entities FILE")
    if entities:
        return DONE if found(entities.read(), Path(entities.name).name, output) else FAILED
    return DONE if file and measure(load(), file.read(), Path(file.name).name, output, train) else FAILED


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Further JSON lines.")
@click.option("--output", type=FOLDER, default=Path("stance-model"))
@click.option("--base", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The base weights.")
@click.option(
    "--teacher",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Weights of all-mpnet-base-v2: tune a teacher from them first, and learn from its answers too.",
)
def train(data: Path | None, output: Path, base: Path | None, teacher: Path | None) -> None:
    """Retrain, measure and export the stance model (needs the `train` extra).

    \b
    Examples:
      oresight train --data more-texts --output stance-model
      oresight train --data more-texts --teacher all-mpnet-base-v2
    """
    try:
        from nlp.training import train as training
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing: install the train extra, pip install -e '.[train]'") from None
    training.train(data, output, base=base, teacher=teacher, say=show.say)
    click.echo(str(output))


COMMANDS = (analyze, evaluate, train)
