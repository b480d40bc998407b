"""The model card, written from measured figures alone.

metrics, crossval.json -> MODEL_CARD.md
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from records import LABELS

CROSSVAL = Path(__file__).parent / "crossval.json"
SOURCES = 8
"""Sources told one by one."""

INTENT = """\
## What it is for
It gives an English text about critical minerals, read with its thread's title and parent comment, one of four labels:
`realist`, `industrial_collaboration`, `skeptic` or `none` (`nlp/training/CODEBOOK.md` says what they mean). It is made
for counting over many items; a single answer may well be wrong. It was never shown other languages or other subjects,
and for those its answers mean nothing. Do not use it to judge a person.
"""
LIMITS = """\
## Known failures
- It reads {length} tokens at a time, with the context cut to what the text leaves (never below 32 tokens); of a longer
  text, the headline with the lede and the passages that speak of minerals or the effort, put together by a rule.
- Stances in sober prose are missed more often than in comments; `realist` is the label it finds least surely in news.
- Skeptics hardly occur in the real texts it was measured on: how well it finds them there is not known.
- Sarcasm, and answers that only their context explains, are harder for it than plain statements.
- The authored texts it learned from have their authors' habits; figures on authored text flatter.
"""
COMMANDS = """\
## How to repeat it
```
oresight train --data DIR --teacher MPNET --output OUT                  # the model, its figures, this card
python -m nlp.training.crossval --base BASE --work folds.json{epochs}   # the cross-validation
```
"""


def render(metrics: dict[str, Any]) -> str:
    """The card of a model with these figures (the dict that train writes to metrics.json)."""
    parts = [
        "# Stance model: all-MiniLM-L6-v2, fine-tuned\n",
        f"> {quality(metrics)}\n",
        INTENT,
        _data(metrics),
        _dev(metrics),
        _groups("By source kind", metrics["dev"]["by_kind"]),
        _groups("By source", dict(list(metrics["dev"]["by_source"].items())[:SOURCES])),
        _crossval(),
        _delivery(metrics),
        LIMITS.format(length=metrics["config"]["length"]),
        COMMANDS.format(epochs=_epochs()),
        "## Licence\nThe base weights are all-MiniLM-L6-v2 by the sentence-transformers authors, Apache-2.0.\n",
    ]
    return "\n".join(part for part in parts if part)


def quality(metrics: dict[str, Any]) -> str:
    """One sentence: what was measured on what."""
    dev, low = metrics["dev"], metrics["baseline"]
    what = "held-out authored" if metrics["data"]["dev_is_held_out_authored"] else "real, unseen"
    return (
        f"On {dev['n']} {what} texts: macro-F1 {dev['macro_f1']:.2f} over the four labels, accuracy "
        f"{dev['accuracy']:.2f} (a bag of words reaches {low['macro_f1']:.2f} and {low['accuracy']:.2f})."
    )


def _data(metrics: dict[str, Any]) -> str:
    data, config = metrics["data"], metrics["config"]
    dev = (
        "a fifth of the authored threads, kept out of training"
        if data["dev_is_held_out_authored"]
        else "real texts of documents that no training text comes from; they are not part of this repository"
    )
    return (
        f"## Data and procedure\nTrained on {data['authored']} texts written for this project"
        f" (`nlp/training/data/`) and {data['further']} further texts. {_taught(metrics)}Measured on"
        f" {data['dev']} texts: {dev}. Texts whose label its annotator called a coin toss are in no score.\n\n"
        f"The dev texts served to set the temperature ({metrics['calibration']['temperature']}) and the threshold"
        f" ({metrics['calibration']['threshold']}), and to choose among settings: expect a little less elsewhere."
        f"\n\n{_moved(metrics)}\n\nSettings: {', '.join(f'{key} {value}' for key, value in config.items())}.\n"
    )


def _taught(metrics: dict[str, Any]) -> str:
    if not metrics["data"]["teacher"]:
        return ""
    config = metrics["config"]
    return (
        f"Besides the labels it learned from the answers of a teacher (all-mpnet-base-v2, its upper"
        f" {12 - config['teacher_frozen']} layers tuned on the same texts), also about perturbed copies that nobody"
        f" labelled (Hinton et al. 2015). "
    )


def _moved(metrics: dict[str, Any]) -> str:
    if metrics["offsets"] is None:
        return (
            f"Of the items the model will meet, {metrics['config']['none_share']:.0%} are expected to take no stance;"
            f" the training texts are drawn otherwise, so the bias of its last layer was moved by that much (Saerens"
            f" et al. 2002)."
        )
    told = ", ".join(f"{label} {value:+.2f}" for label, value in zip(LABELS, metrics["offsets"], strict=True))
    return (
        f"Training texts are not drawn like the stream, so the bias of its last layer was moved to what serves macro-F1"
        f" on the dev texts at no more than one point of accuracy (Menon et al. 2021): {told}."
    )


def _dev(metrics: dict[str, Any]) -> str:
    dev, low, fair = metrics["dev"], metrics["baseline"], metrics["dev"]["crossfitted"]
    rows = [
        ("accuracy", "accuracy"),
        ("macro-F1, four labels", "macro_f1"),
        ("macro-F1 without skeptic", "macro_f1_without_skeptic"),
        ("`none` given a stance", "false_stance"),
        ("accuracy on the surest 65 %", "accuracy_surest_65"),
        ("expected calibration error", "ece"),
    ]
    told = [f"| {name} | {dev[key]:.3f} | {low[key]:.3f} |" for name, key in rows]
    told += [
        f"| F1 of {label} ({dev['labels'][label]['n']} texts) | {dev['labels'][label]['f1']:.3f} "
        f"| {low['labels'][label]['f1']:.3f} |"
        for label in LABELS
    ]
    after = (
        f"\nWith offsets and temperature from one half of the documents and measured on the other, macro-F1 without"
        f" skeptic is {fair['macro_f1_without_skeptic']:.3f}, accuracy {fair['accuracy']:.3f}, `none` given a stance"
        f" {fair['false_stance']:.3f} and the calibration error {fair['ece']:.3f}."
        f" With its threshold the model answers {dev['coverage']:.0%} of these texts, with accuracy"
        f" {dev['answered']['accuracy']:.3f}, and abstains on the rest.\n"
    )
    return "\n".join(
        [f"## Measured on {dev['n']} texts", "| | model | bag of words |", "| --- | --- | --- |", *told, after]
    )


def _groups(title: str, groups: dict[str, dict[str, Any]]) -> str:
    rows = [f"| {name} | {row['n']} | {row['accuracy']:.3f} | {row['macro_f1']:.3f} |" for name, row in groups.items()]
    head = [f"### {title}", "| | texts | accuracy | macro-F1 over the labels there |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])


def _crossval() -> str:
    if not CROSSVAL.is_file():
        return ""
    found = json.loads(CROSSVAL.read_text(encoding="utf-8"))
    rows = [
        f"| {split} | {found[split][model]['macro_f1']:.3f} | {found[split][model]['accuracy']:.3f} "
        f"| {min(found[split][model]['macro_f1_by_fold']):.3f} to {max(found[split][model]['macro_f1_by_fold']):.3f} "
        f"| {name} |"
        for split in ("author", "thread")
        for model, name in (("minilm", "this procedure"), ("tfidf", "bag of words"))
    ]
    return "\n".join(
        [
            f"## Five-fold cross-validation on the {found['examples']} authored texts alone",
            f"Of an earlier state: {found['config']['epochs']} epochs, no teacher, no further texts, bias not moved.\n",
            "| no fold shares a | macro-F1 | accuracy | folds | |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _epochs() -> str:
    if not CROSSVAL.is_file():
        return ""
    return f" --epochs {json.loads(CROSSVAL.read_text(encoding='utf-8'))['config']['epochs']}"


def _delivery(metrics: dict[str, Any]) -> str:
    rows = [
        f"| OpenVINO, {name} | {row['flips']} | {row['largest_difference']:.1e} |"
        for name, row in metrics["delivery"].items()
    ]
    head = ["| run as | labels changed | largest change of a probability |", "| --- | --- | --- |"]
    return "\n".join(["## The file against the fp32 original, on the same texts", *head, *rows, ""])
