"""Labelled texts are read line by line: good lines are kept, bad ones named."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import labelled
from records import LABELS

ROW = {"id": "x1", "text": "Who will refine it?", "stance": "realist"}


def sheet(*rows: object, name: str = "more.jsonl") -> labelled.Sheet:
    """The rows as a file; bytes stand as they are."""
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    return labelled.sheet(b"\n".join(lines), name)


def test_a_whole_line_is_kept_as_it_is() -> None:
    """Every field arrives; what is missing has its default; a text's unusual line ends do not cut it."""
    row = {
        **ROW, "id": 7, "text": "one\u2028two\x85three", "context": "thread || parent", "source_kind": "social",
        "source": "blog", "confidence": "medium", "document": 12,
    }  # fmt: skip
    found = sheet(row, b"", ROW)
    assert found.faults == ()
    assert found.examples[0] == labelled.Example(
        "7", "social", "thread || parent", "one\u2028two\x85three", "realist", "blog", "medium", "12"
    )
    assert found.examples[1] == labelled.Example("x1", "news", None, ROW["text"], "realist", "authored")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{broken", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ([ROW], "not a JSON object"),
        ({"id": "x", "text": "t"}, "'stance' is missing"),
        ({**ROW, "stance": "bullish"}, "'stance' must give one of"),
        ({**ROW, "stance": ["none"]}, "'stance' must give one of"),
        ({**ROW, "id": None}, "'id' is missing"),
        ({**ROW, "id": " "}, "'id' must have"),
        ({**ROW, "id": True}, "'id' must be"),
        ({**ROW, "text": None}, "'text' must be a string"),
        ({**ROW, "context": ["no"]}, "'context' a string or null"),
        ({**ROW, "source_kind": "radio"}, "'source_kind' must be news or social"),
        ({**ROW, "confidence": 0.3}, "'confidence' must be high or medium or low"),
        ({**ROW, "source": "s" * 300}, "'source' must have"),
        ({**ROW, "document": {}}, "'document' must be"),
        ({**ROW, "annotators": ["none"]}, "'annotators' must be an object"),
        ({**ROW, "annotators": {"ann": "maybe"}}, "'annotators' must give one of"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_kept(line: object, reason: str) -> None:
    """What is wrong is told with file and line; its neighbours are examples."""
    found = sheet(ROW, line, ROW)
    assert len(found.examples) == 2
    assert len(found.faults) == 1
    assert found.faults[0].startswith("more.jsonl, line 2: ")
    assert reason in found.faults[0]
    assert len(found.faults[0]) < 120


@pytest.mark.parametrize(
    ("marks", "stance", "label"),
    [
        (("none", "none", "realist"), None, "none"),
        (("none", "realist"), None, None),
        (("none", "realist"), "skeptic", "skeptic"),
        (("skeptic",), None, "skeptic"),
        (("none", "none", "realist", "skeptic"), None, None),
    ],
)
def test_the_label_that_counts(marks: tuple[str, ...], stance: str | None, label: str | None) -> None:
    """A stance of its own wins; else more than half of the annotators; else the text is unsettled, but marked."""
    found = sheet({**ROW, "stance": stance, "annotators": {f"a{i}": mark for i, mark in enumerate(marks)}})
    assert [example.stance for example in found.examples] == ([label] if label else [])
    assert found.unsettled == (label is None)
    assert tuple(found.marks[0].values()) == marks


def test_names_lose_what_steers_a_terminal() -> None:
    """Control characters and lone surrogates in names become blanks."""
    found = sheet(json.dumps({**ROW, "id": "a\x1b[31m", "source": "b\ud800"}).encode())
    assert (found.examples[0].id, found.examples[0].source) == ("a [31m", "b")


@given(st.lists(st.binary(max_size=60).filter(lambda line: b"\n" not in line)))
def test_any_bytes_are_a_sheet(lines: list[bytes]) -> None:
    """Whatever the bytes, every line that is not blank is an example, unsettled, or a fault."""
    found = labelled.sheet(b"\n".join(lines), "x")
    told = len(found.examples) + found.unsettled + len(found.faults)
    assert told <= len(lines)
    assert told >= sum(bool(line.strip(b"\xef\xbb\xbf \t\r\x0b\x0c")) for line in lines)


@given(st.sampled_from(LABELS), st.text(), st.none() | st.text(), st.integers() | st.text(min_size=1))
def test_what_is_written_comes_back(stance: str, text: str, context: str | None, name: int | str) -> None:
    """Any text and context, lone surrogates and all, come back as they were."""
    found = sheet(json.dumps({"id": f"n{name}"[:90], "text": text, "context": context, "stance": stance}).encode())
    assert [(e.text, e.context, e.stance) for e in found.examples] == [(text, context or None, stance)]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file is an error with its name; so is the first bad line where all are needed."""
    with pytest.raises(labelled.DataError, match="nowhere"):
        labelled.read(tmp_path / "nowhere.jsonl")
    (tmp_path / "bad.jsonl").write_bytes(b"{}\n")
    with pytest.raises(labelled.DataError, match=r"^bad\.jsonl, line 1: "):
        labelled.read(tmp_path / "bad.jsonl")
