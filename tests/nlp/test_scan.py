"""Items pass the gates, and one call to the model labels those that did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from nlp.gazetteer import load
from nlp.mentions import Reader
from nlp.passages import Cutter
from nlp.scan import Pair, read, relevance, scan
from records import Item, Label

SPACE = UUID(int=7)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Doubter:
    """A labeller by one rule: 'never' is skeptic, all else takes no stance."""

    id = "doubter"

    def __init__(self) -> None:
        self.calls: list[int] = []

    def label(
        self, pairs: Sequence[Pair], progress: Callable[[int], None] | None = None, cut: Cutter | None = None
    ) -> list[Label]:
        """Look for one word; nothing is too long for that."""
        self.calls.append(len(pairs))
        if progress:
            progress(len(pairs))
        return [self._one(text) for _, text in pairs]

    def _one(self, text: str) -> Label:
        stance = "skeptic" if "never" in text.casefold() else "none"
        shares = (0.0, 0.0, 1.0, 0.0) if stance == "skeptic" else (0.0, 0.0, 0.0, 1.0)
        return Label(self.id, stance, shares, 1.0, False)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The reader over the shipped gazetteers."""
    return Reader(load(Path(__file__).parents[2] / "config" / "gazetteers"))


def item(name: str, text: str, context: str | None = None, thread: str | None = None) -> Item:
    """An item of a feed, or of a thread where one is named."""
    return Item(
        item_id=uuid5(SPACE, name), source_kind="social" if thread else "news", channel="c", community="investor",
        guid=name, url=None, original_url=None, title="", text=text, published_at=NOW, published_raw=None,
        date_quality="explicit", first_seen_at=NOW, context=context, thread_id=uuid5(SPACE, thread) if thread else None,
    )  # fmt: skip


def test_gates_give_their_reason(reader: Reader) -> None:
    """What is not labelled says why, and the rest is labelled in one call, in order."""
    model = Doubter()
    german = "Ohne Gallium und Germanium aus China stehen die Chipfabriken still, warnt der Verband."
    texts = ["Lithium will never be refined here", "The cat sat on the mat", german, "  \n", "Cobalt prices rose"]
    scans = scan([(item(str(n), t), None) for n, t in enumerate(texts)], reader, model)
    assert [s.skipped for s in scans] == [None, "not about critical minerals", "language: de", "no text", None]
    assert [s.label and s.label.stance for s in scans] == ["skeptic", None, None, None, "none"]
    assert [s.relevant for s in scans] == [True, False, True, False, True]
    assert [[m.entity for m in s.mentions] for s in scans][0::4] == [["lithium", "refining and metal"], ["cobalt"]]
    assert model.calls == [2]


def test_context_makes_a_comment_relevant(reader: Reader) -> None:
    """A comment that names nothing is about what its thread's title is about."""
    about, other = "Rare earth refinery delayed again || as expected", "Best pizza in town"
    scans = scan([(item("a", "Nope.", about, "t"), None), (item("b", "Nope.", other, "u"), None)], reader, Doubter())
    assert [s.relevant for s in scans] == [True, False]


@pytest.mark.parametrize("inherited", [True, False, None])
def test_relevance_of_a_thread_is_inherited(reader: Reader, inherited: bool | None) -> None:
    """A stored relevant thread makes its comments relevant; an irrelevant or unknown one does not."""
    scans = scan([(item("c", "Told you so.", None, "t"), inherited)], reader, Doubter())
    assert scans[0].relevant is bool(inherited)


def test_one_comment_does_not_speak_for_its_thread(reader: Reader) -> None:
    """A comment that names a mineral leaves the other comments of an off-topic thread as they are."""
    batch = [
        (item("one", "Gallium is up again", "Weekend thread", "t"), None),
        (item("two", "Nice weather", "Weekend thread", "t"), None),
    ]
    assert [s.relevant for s in scan(batch, reader, Doubter())] == [True, False]


@pytest.mark.parametrize("submission_thread", [None, "submission"])
def test_threads_inside_a_batch_count_whatever_the_order(reader: Reader, submission_thread: str | None) -> None:
    """A comment before its submission in the batch inherits from it all the same."""
    comment = item("comment", "Told you so.", None, "submission")
    submission = item("submission", "Gallium ban bites", None, submission_thread)
    for batch in ([comment, submission], [submission, comment]):
        scans = scan([(i, None) for i in batch], reader, Doubter())
        assert all(s.relevant for s in scans)


def test_progress_adds_up_to_the_items(reader: Reader) -> None:
    """Whatever is skipped or labelled, the steps sum to the number of items."""
    steps: list[int] = []
    scan(
        [(item(str(n), t), None) for n, t in enumerate(["tin ore", "pizza", ""])],
        reader,
        Doubter(),
        progress=steps.append,
    )
    assert sum(steps) == 3


def test_an_empty_batch_asks_nothing_of_the_model(reader: Reader) -> None:
    """No items, no call."""
    model = Doubter()
    assert scan([], reader, model) == []
    assert model.calls == []


def test_scanning_again_gives_the_same(reader: Reader) -> None:
    """The same item gives the same scan, alone or among others."""
    alone = item("x", "Kazakhstan will never refine its own tungsten")
    first = scan([(alone, None)], reader, Doubter())[0]
    again = scan([(replace(alone, item_id=UUID(int=1)), None), (alone, None)], reader, Doubter())[1]
    assert first == again


def test_read_labels_what_the_gates_would_turn_away(reader: Reader) -> None:
    """A text read by itself is labelled whatever the gates say, and says what they said."""
    readings = read(
        [(None, "The cat never sat"), ("Antimony ban", "Nope."), (None, "Congo's cobalt")], reader, Doubter()
    )
    assert [r.label.stance for r in readings] == ["skeptic", "none", "none"]
    assert [r.relevant for r in readings] == [False, True, True]
    assert [m.entity for m in readings[2].mentions] == ["COD", "cobalt"]


@pytest.mark.parametrize(
    ("text", "context", "expected"),
    [
        ("critical minerals again", None, True),
        ("nothing here", "battery metals weekly", True),
        ("nothing here", "weekly thread", False),
        ("Japan and China talk", None, False),
    ],
)
def test_relevance_needs_a_mineral_or_an_umbrella_term(
    reader: Reader, text: str, context: str | None, expected: bool
) -> None:
    """A country alone makes nothing relevant; the context counts as the text does."""
    assert relevance(text, context, reader.find(text), reader) is expected
