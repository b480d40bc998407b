"""Label texts that are not stored: one answer for every line, in the same order.

lines -> JSON lines or plain text -> nlp.scan.read, in batches -> JSON lines, or tables for a person
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from typing import Any

from flows import show
from flows.tools import Tools
from nlp import scan
from records import LABELS, Mention

BATCH = 256
"""Lines read, labelled and written at a time."""
ANSWERED = 5
"""Decimals of a probability."""
YES, NO = show.Cell("yes", "green", "yes"), show.Cell("no", "red", "no")
_TOLD = ("surface", "type", "entity")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input: a text with its context, or an error."""

    id: Any
    text: str = ""
    context: str | None = None
    error: str | None = None


def analyze(lines: Iterable[bytes], tools: Tools, *, explain: bool = False) -> Iterator[list[dict[str, Any]]]:
    """Yield the answers batch by batch, one for every line; a bad line's answer holds `error` in place of a stance.

    With `explain`, `candidates` holds everything that might have been named, counted or not, and why.
    """
    source = iter(lines)
    first = list(islice(source, BATCH))
    read = _json_line if looks_like_json(first) else _text_line
    numbered = enumerate(chain(first, source), 1)
    while batch := [read(number, raw) for number, raw in islice(numbered, BATCH)]:
        yield _answers(batch, tools, explain)


def looks_like_json(lines: Sequence[bytes]) -> bool:
    """Whether most of these lines open with a brace: JSON lines, of which some may be broken."""
    filled = [line.lstrip() for line in lines if line.strip()]
    return bool(filled) and 2 * sum(line.startswith(b"{") for line in filled) >= len(filled)


def encode(answer: dict[str, Any]) -> bytes:
    """One line of JSON; a lone surrogate leaves as the escape it came in by."""
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _text_line(number: int, raw: bytes) -> Line:
    return Line(number, raw.decode("utf-8", "replace").rstrip("\r\n"))


def _json_line(number: int, raw: bytes) -> Line:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        return Line(number, error=f"line {number} is not JSON")
    if not isinstance(row, dict):
        return Line(number, error=f"line {number} is not a JSON object")
    error = _fault(row)
    key = row.get("id", number)
    return Line(key, error=f"line {number}: {error}") if error else Line(key, row["text"], row.get("context"))


def _fault(row: dict[str, Any]) -> str | None:
    if "text" not in row:
        return "'text' is missing"
    if not isinstance(row["text"], str):
        return "'text' must be a string"
    if not isinstance(row.get("context"), str | None):
        return "'context' must be a string or null"
    if row.get("source_kind") not in (None, "news", "social"):
        return "'source_kind' must be news or social"
    return None


def tell(answer: dict[str, Any]) -> None:
    """One answer of `analyze` with its candidates, for a person at a terminal."""
    if "error" in answer:
        show.say(f"{answer['id']}: {answer['error']}")
        return
    about = "relevant" if answer["relevant"] else "not relevant"
    rows = [
        (f"{c['start']}-{c['end']}", *(c[k] for k in _TOLD), YES if c["accepted"] else NO, c["rule"], c["reason"])
        for c in answer["candidates"]
    ]
    title = f"{answer['id']}: {answer['stance']} ({answer['confidence']:.2f}), {about}"
    show.table(("at", *_TOLD, "counts", "rule", "reason"), rows, title=title)


def _answers(batch: Sequence[Line], tools: Tools, explain: bool) -> list[dict[str, Any]]:
    good = [line for line in batch if line.error is None]
    readings = iter(scan.read([(line.context, line.text) for line in good], tools.reader, tools.model))
    answers = [
        {"id": line.id, "error": line.error} if line.error is not None else _answer(line.id, next(readings))
        for line in batch
    ]
    for line, answer in zip(batch, answers, strict=True):
        if explain and line.error is None:
            answer["candidates"] = _candidates(line, tools)
    return answers


def _candidates(line: Line, tools: Tools) -> list[dict[str, Any]]:
    given = line.context is not None and scan.about(line.context, tools.reader)
    return [asdict(told) for told in tools.reader.explain(line.text, given=given)]


def _answer(key: Any, reading: scan.Reading) -> dict[str, Any]:
    label = reading.label
    return {
        "id": key,
        "stance": label.stance,
        "abstained": label.abstained,
        "confidence": round(label.confidence, ANSWERED),
        "probabilities": {name: round(p, ANSWERED) for name, p in zip(LABELS, label.probabilities, strict=True)},
        "relevant": reading.relevant,
        "language": reading.language,
        "mentions": [_mention(m) for m in reading.mentions],
        "minerals": _entities(reading.mentions, "mineral"),
        "countries": _entities(reading.mentions, "country"),
        "evidence": {"start": label.evidence[0], "end": label.evidence[1]} if label.evidence else None,
        "model": label.model,
    }


def _mention(m: Mention) -> dict[str, Any]:
    return {"type": m.type, "entity": m.entity, "surface": m.surface, "start": m.start, "end": m.end, "rule": m.rule}


def _entities(mentions: Sequence[Mention], kind: str) -> list[str]:
    return list(dict.fromkeys(m.entity for m in mentions if m.type == kind))
