"""One command from labelled texts to a model the product can load.

corpus -> teach, ask the teacher -> tune -> round to fp16 -> calibrate and measure on dev
    -> export, with a baseline fitted on the same texts -> compare with the runtime -> card, sums
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nlp import stance
from nlp.evaluation import baseline, measure
from nlp.training import card, network, record, tune
from nlp.training import data as texts
from nlp.training import teacher as teaching
from nlp.training.calibrate import Calibration, calibrate, crossfitted, offsets
from nlp.training.config import PERTURBED, TEACHER_SHA256, Config
from nlp.training.export import export, half, seal, write_json
from nlp.training.perturb import perturbed

NAME = "stance-minilm"
METRICS = "metrics.json"

Array = np.ndarray[Any, Any]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished run: the model's folder, and its card's figures as written to metrics.json."""

    folder: Path
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is made of: settings, base weights, texts, whether dev was taken from the authored ones, a teacher."""

    config: Config
    base: Path
    corpus: texts.Corpus
    held_out: bool
    teacher: Path | None = None


def train(
    data: Path | None,
    output: Path,
    seed: int = Config().seed,
    *,
    base: Path | None = None,
    teacher: Path | None = None,
    say: Say = lambda _: None,
) -> Trained:
    """Train on the authored texts and those in `data`, and write the model's folder to `output`.

    `base` holds all-MiniLM-L6-v2 (None: where its distribution put it), checked by digest; raises network.BaseError.
    Raises data.DataError for a line that cannot be used. Without a `*-dev.jsonl` in `data`, a fifth of the threads is
    held out in its place. `teacher` holds all-mpnet-base-v2, checked too: a teacher is tuned from it first, whose
    answers the model then learns from besides the labels; it is kept beside `output`, and taken from there by a
    run with the same texts and settings. `say` is told of the progress, a line at a time.
    """
    run = replace(prepare(data, base, replace(Config(), seed=seed)), teacher=teacher)
    say(f"{len(run.corpus.train)} texts to learn from, {len(run.corpus.dev)} to measure on")
    soft = taught(run, run.teacher, output.parent, say) if run.teacher else None
    tuned, tokenizer = tune.tune(run.corpus.train, run.base, run.config, say, soft)
    return deliver(run, tuned, tokenizer, output)


def prepare(data: Path | None, base: Path | None, config: Config) -> Run:
    """The run's texts and checked base weights; raises as `train` does."""
    base = base or network.find_base()
    network.verify(base)
    corpus, held_out = _held_out(texts.corpus(data), config.seed)
    return Run(config, base, corpus, held_out)


def taught(run: Run, base: Path, keep: Path, say: Say) -> tune.Soft:
    """What a teacher tuned on the run's texts says of them, and of their perturbed copies."""
    network.verify(base, TEACHER_SHA256, "all-mpnet-base-v2")
    examples, config = run.corpus.train, run.config
    key = hashlib.sha256(repr((examples, config)).encode()).hexdigest()[:12]
    path = keep / f"teacher-{key}.safetensors"
    if path.is_file():
        model = teaching.load(path, base, config)
    else:
        model = teaching.teach(examples, base, config, say)
        teaching.save(model, path)
    pairs = [
        pair
        for pair, example in zip(perturbed(examples, config.seed), examples, strict=True)
        if example.source != "authored" or example.author in PERTURBED
    ]
    say(f"asking the teacher about {len(examples) + len(pairs)} texts")
    return tune.Soft(pairs, teaching.answers(model, [*(e.pair for e in examples), *pairs], config.length))


def deliver(run: Run, tuned: network.Network, tokenizer: Any, output: Path) -> Trained:
    """Set the prior, round, calibrate, measure and write a tuned network."""
    dev = texts.scored(run.corpus.dev)
    moved = _prior(run, tuned, tokenizer, dev)
    half(tuned)
    logits = tune.logits(tuned, tokenizer, dev, run.config.length)
    calibration = calibrate(logits, measure.targets_of(dev), run.config.length)
    export(tuned, run.base, output, NAME, calibration)
    bag = baseline.fit(run.corpus.train, run.config.seed)
    baseline.save(bag, output / baseline.FILE)
    metrics = {
        "config": asdict(run.config),
        "data": _counts(run),
        "offsets": moved,
        "calibration": asdict(calibration),
        "dev": figures(dev, logits, calibration),
        "baseline": measure.scores(bag.answers(dev), measure.targets_of(dev)),
        "delivery": delivery(output, dev, measure.softmax(logits, calibration.temperature), calibration),
    }
    write_json(output / METRICS, metrics)
    mine = tune.logits(tuned, tokenizer, record.own(), run.config.length)
    answers = (measure.softmax(rows, calibration.temperature) for rows in (logits, mine))
    record.write(output, dev, *answers)
    seal(output, card.render(metrics))
    return Trained(output, metrics)


def _prior(run: Run, tuned: network.Network, tokenizer: Any, dev: Sequence[texts.Example]) -> list[float] | None:
    """Move the last layer's bias to what the stream is like: as real dev texts tell, else to the expected `none`."""
    if run.held_out:
        tune.tilt(tuned, run.corpus.train, run.config)
        return None
    moved = offsets(tune.logits(tuned, tokenizer, dev, run.config.length), measure.targets_of(dev))
    tune.move(tuned, moved)
    return [float(value) for value in moved.round(4)]


def _held_out(corpus: texts.Corpus, seed: int) -> tuple[texts.Corpus, bool]:
    """The corpus, with a dev set taken from its threads where it brought none; and whether one was taken."""
    if corpus.dev:
        return corpus, False
    groups = texts.threads(corpus.train)
    names = sorted(set(groups))
    taken = set(random.Random(seed).sample(names, max(1, len(names) // 5)))  # noqa: S311 - a split, not a secret
    parts: tuple[list[texts.Example], list[texts.Example]] = ([], [])
    for example, group in zip(corpus.train, groups, strict=True):
        parts[group in taken].append(example)
    return texts.Corpus(tuple(parts[0]), tuple(parts[1])), True


def figures(dev: Sequence[texts.Example], logits: Array, calibration: Calibration) -> dict[str, Any]:
    """Scores of the dev set as a whole, by source kind and by source, and what abstaining changes."""
    targets = measure.targets_of(dev)
    probabilities = measure.softmax(logits, calibration.temperature)
    given = probabilities.max(axis=1) >= calibration.threshold
    return {
        **measure.scores(probabilities, targets),
        "crossfitted": measure.scores(crossfitted(dev, logits), targets),
        "coverage": float(given.mean()),
        "answered": measure.scores(probabilities[given], targets[given]),
        "by_kind": measure.by(dev, probabilities, lambda example: example.source_kind),
        "by_source": measure.by(dev, probabilities, lambda example: example.source),
    }


def _counts(run: Run) -> dict[str, Any]:
    authored = sum(example.source == "authored" for example in run.corpus.train)
    return {
        "authored": authored,
        "further": len(run.corpus.train) - authored,
        "dev": len(texts.scored(run.corpus.dev)),
        "dev_is_held_out_authored": run.held_out,
        "teacher": run.teacher is not None,
    }


def delivery(
    folder: Path, dev: Sequence[texts.Example], expected: Array, calibration: Calibration
) -> dict[str, dict[str, float]]:
    """How far the file, as the product runs it, is from the fp32 original: flips of label and largest |dp|."""
    parcel = stance.Parcel(folder, NAME, "", calibration.temperature, calibration.threshold, calibration.length)
    found = {}
    for precision in ("bf16", "f32"):
        model = stance.start(parcel, precision)
        answers = np.array([label.probabilities for label in model.label([example.pair for example in dev])])
        flips = int((answers.argmax(axis=1) != expected.argmax(axis=1)).sum())
        found[precision] = {"flips": flips, "largest_difference": float(np.abs(answers - expected).max())}
    return found
