"""The measure of entities: counts, faults, tables and page, on answers made by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.evaluation import rivals
from nlp.evaluation.entities import OURS, Count, Report, as_json, evaluate, types
from nlp.evaluation.entities_page import html, tables
from nlp.evaluation.sentences import Sentence, read
from nlp.gazetteer import load
from nlp.mentions import Reader
from nlp.pipeline import pipeline

READER = Reader(load(Path(__file__).parents[2] / "config" / "gazetteers"))
LINES = (
    {
        "id": "a",
        "text": "Chile: lithium & <b>copper</b>.",
        "minerals": ["lithium", "copper"],
        "countries": ["CHL"],
    },
    {"id": "a", "text": "Peru does not.", "minerals": [], "countries": ["PER"], "places_extra": ["BOL"]},
    {"text": "Perhaps Bolivia.", "countries": ["BOL"], "borderline": True},
)


def made(*rows: object) -> bytes:
    """JSON lines."""
    return "\n".join(json.dumps(row) for row in rows).encode()


def report(*answers: dict[str, set[str]]) -> Report:
    """The report on LINES when these answers are given in turn."""
    turn = iter([{t: frozenset(names) for t, names in answer.items()} for answer in answers])
    return evaluate(read(made(*LINES), "made.jsonl"), READER, {OURS: lambda _: next(turn)})


def test_every_hit_miss_and_false_alarm_counts_once() -> None:
    """Sets are compared sentence by sentence; spare countries are no false alarm; borderline sentences stand apart."""
    found = report(
        {"mineral": {"lithium", "tin"}, "country": {"CHL"}},
        {"mineral": set(), "country": {"BOL"}},
        {"mineral": {"gold"}, "country": set()},
    )
    assert found.clear[OURS] == {"mineral": Count(1, 1, 1), "country": Count(1, 0, 1)}
    assert found.apart[OURS] == {"country": Count(0, 0, 1)}
    assert found.entities["mineral"] == {"copper": Count(0, 0, 1), "lithium": Count(1, 0, 0), "tin": Count(0, 1, 0)}
    told = [(f.id, f.kind, f.entity, f.borderline) for f in found.faults]
    assert told == [
        ("a", "miss", "copper", False), ("a", "false alarm", "tin", False), ("a", "miss", "PER", False),
        ("3", "miss", "BOL", True),
    ]  # fmt: skip
    assert found.faults[0].reason


@given(st.lists(st.tuples(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd"))), max_size=8))
def test_hits_with_misses_are_what_is_there(pairs: list[tuple[set[str], set[str]]]) -> None:
    """Hits and misses add up to the entities there, hits and false alarms to those found; F1 lies between P and R."""
    answers = [(Sentence("", "", {"mineral": frozenset(t)}), {"mineral": frozenset(f)}) for t, f in pairs]
    count = types(answers).get("mineral", Count(0, 0, 0))
    assert count.hits + count.missed == sum(len(truth) for truth, _ in pairs)
    assert count.hits + count.false == sum(len(found) for _, found in pairs)
    if count.precision is not None and count.recall is not None:
        assert min(count.precision, count.recall) <= (count.f1 or 0) <= max(count.precision, count.recall)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{broken", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"minerals": []}', "'text' is missing"),
        (b'{"text": "x"}', "none of minerals, countries, stages, instruments is there"),
        (b'{"text": "x", "minerals": "tin"}', "'minerals' must be a list of names"),
        (b'{"text": "x", "minerals": [1]}', "'minerals' must be a list of names"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_read(line: bytes, fault: str) -> None:
    """Each fault names file and line."""
    found = read(b"\xef\xbb\xbf" + line + b"\n\n" + made(LINES[0]), "f.jsonl")
    assert found.faults == (f"f.jsonl, line 1: {fault}",)
    assert [row.id for row in found.rows] == ["a"]


def test_json_and_page_tell_every_figure_and_escape_the_sentences() -> None:
    """Figures that do not exist are null; a sentence's markup is text; nothing is loaded from anywhere."""
    found = report({"mineral": set(), "country": {"CHL"}}, {"mineral": set(), "country": {"PER"}}, {"country": set()})
    told = json.loads(as_json(found))
    assert told["clear"][OURS]["mineral"] == {
        "hits": 0, "false": 0, "missed": 2, "precision": None, "recall": 0.0, "f1": 0.0,
    }  # fmt: skip
    page = html(found)
    assert "&lt;b&gt;copper&lt;/b&gt;" in page
    assert "<b>" not in page
    assert not re.search(r"<script|src=|https?://|@import", page)
    assert [row[0] for row in tables(found)["faults"].rows] == ["a", "a", "3"]


def test_a_name_in_no_gazetteer_is_a_miss() -> None:
    """Recall counts what the gazetteers lack."""
    rows = read(made({"text": "Kryptonite fell.", "minerals": ["kryptonite"]}), "f").rows
    find = rivals.rules(READER)
    assert types([(rows[0], find(rows[0].text))])["mineral"] == Count(0, 0, 1)


def test_what_stands_beside_the_rules_knows_no_context() -> None:
    """The matcher takes any form in any case; spaCy's names give countries and no minerals."""
    text = "He will lead the team from Chile, they said."
    assert rivals.matcher(READER.gazetteer)(text)["mineral"] == {"lead"}
    assert rivals.rules(READER)(text)["mineral"] == frozenset()
    assert rivals.named_entities(READER.gazetteer, pipeline())(text) == {"country": {"CHL"}}
