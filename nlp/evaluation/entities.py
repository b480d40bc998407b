"""How well entities are found: precision, recall and F1 per type and per entity, and every fault.

    Sentences, Reader -> each finder's sets beside the known ones -> Report -> tables, as_json

What a sentence names is a set: a country named twice counts once. Borderline sentences are scored apart.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from nlp.evaluation.rivals import Finder, Found
from nlp.evaluation.sentences import Sentence, Sentences
from nlp.mentions import Reader

FORMAT: Final = "oresight-entities/1"
OURS: Final = "rules"

Answer = tuple[Sentence, Found]
"""A sentence and what somebody found in it."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often something was found rightly, wrongly, and not found."""

    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Of what was found, the share that is there; None where nothing was found."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else None

    @property
    def recall(self) -> float | None:
        """Of what is there, the share that was found; None where nothing is."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else None

    @property
    def f1(self) -> float | None:
        """Their harmonic mean; None where nothing is there and nothing was found."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else None


@dataclass(frozen=True, slots=True)
class Fault:
    """An entity that was missed or falsely found; `reason` is the rule that decided, empty where none was asked."""

    id: str
    type: str
    entity: str
    kind: str  # "miss" or "false alarm"
    reason: str
    text: str
    borderline: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `oresight evaluate --entities` tells."""

    file: str
    scored: int
    borderline: int
    bad: int
    clear: dict[str, dict[str, Count]]  # finder -> type -> count
    apart: dict[str, dict[str, Count]]  # the same over the borderline sentences
    entities: dict[str, dict[str, Count]]  # type -> entity -> count, the rules' alone, over the clear sentences
    faults: tuple[Fault, ...]


def evaluate(sentences: Sentences, reader: Reader, finders: dict[str, Finder]) -> Report:
    """Measure every finder on the same sentences; the one named OURS is told entity by entity."""
    answers = {name: [(row, find(row.text)) for row in sentences.rows] for name, find in finders.items()}
    clear, apart = ({name: types(_part(of, wanted)) for name, of in answers.items()} for wanted in (False, True))
    ours = _part(answers[OURS], False)
    return Report(
        file=sentences.name,
        scored=len(ours),
        borderline=len(sentences.rows) - len(ours),
        bad=len(sentences.faults),
        clear=clear,
        apart=apart,
        entities=_entities(ours),
        faults=tuple(f for answer in ours + _part(answers[OURS], True) for f in _faults(answer, reader)),
    )


def types(answers: Iterable[Answer]) -> dict[str, Count]:
    """Counts by type, of the types that the sentences know of and the finder can name."""
    counts: dict[str, Counter[str]] = {}
    for row, found in answers:
        for type_, (hits, false, missed) in _sets(row, found).items():
            counts.setdefault(type_, Counter()).update(hits=len(hits), false=len(false), missed=len(missed))
    return {type_: Count(**count) for type_, count in counts.items()}


def _part(answers: Iterable[Answer], borderline: bool) -> list[Answer]:
    return [answer for answer in answers if answer[0].borderline is borderline]


def _sets(row: Sentence, found: Found) -> dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]:
    """By type: what is rightly found, falsely found, missed."""
    return {
        type_: (found[type_] & truth, found[type_] - truth - row.spare, truth - found[type_])
        for type_, truth in row.entities.items()
        if type_ in found
    }


def _entities(answers: Iterable[Answer]) -> dict[str, dict[str, Count]]:
    counts: dict[str, dict[str, Counter[str]]] = {}
    for row, found in answers:
        for type_, parts in _sets(row, found).items():
            for name, entities in zip(("hits", "false", "missed"), parts, strict=True):
                for entity in entities:
                    counts.setdefault(type_, {}).setdefault(entity, Counter(hits=0, false=0, missed=0))[name] += 1
    return {type_: {e: Count(**c) for e, c in sorted(by.items())} for type_, by in counts.items()}


def _faults(answer: Answer, reader: Reader) -> list[Fault]:
    row, sets = answer[0], _sets(*answer)
    if not any(false or missed for _, false, missed in sets.values()):
        return []
    why: dict[tuple[str, str], str] = {}
    for verdict in reader.judge(row.text):
        why.setdefault((verdict.form.type, verdict.form.entity), verdict.reason)
    return [
        Fault(row.id, type_, entity, kind, why.get((type_, entity), ""), row.text, row.borderline)
        for type_, (_, false, missed) in sets.items()
        for kind, entities in (("miss", missed), ("false alarm", false))
        for entity in sorted(entities)
    ]


def as_json(report: Report) -> str:
    """The report as JSON; counts also carry precision, recall and F1, unrounded, null where there is none."""
    told: dict[str, Any] = {"format": FORMAT, **asdict(report)}
    for key in ("clear", "apart", "entities"):
        told[key] = {
            outer: {inner: _figures(count) for inner, count in by.items()} for outer, by in getattr(report, key).items()
        }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _figures(count: Count) -> dict[str, float | None]:
    return {**asdict(count), "precision": count.precision, "recall": count.recall, "f1": count.f1}
