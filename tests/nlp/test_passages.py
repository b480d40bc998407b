"""A long text is read passage by passage, and one answer is made of theirs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import gazetteer, passages, scan, stance
from nlp.mentions import Reader
from records import LABELS, Mention

ROOT = Path(stance.__file__).parents[1]
ARTICLES = [json.loads(line) for line in (ROOT / "tests/data/articles.jsonl").read_text(encoding="utf-8").splitlines()]
HEAD = "Port reopens third berth\n\n"
DULL = "The crane was painted on Monday and the bus came late again because of the snow on the coast road.\n"
CLOSE = "None of this will ever be built; China has won already, and the whole allied magnet plan is a photo-op."


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The reader over the shipped gazetteers."""
    return Reader(gazetteer.load(ROOT / "config" / "gazetteers"))


@pytest.fixture(scope="module")
def model() -> stance.StanceModel:
    """The model in the repository."""
    return stance.load(ROOT / "nlp" / "models" / "stance-minilm")


def cut(text: str, words: int = 40, mentions: tuple[Mention, ...] = (), titled: bool = False) -> list[str]:
    """The passages of a text in which nothing is an umbrella term."""
    found = passages.passages(text, words, mentions, lambda _: False, titled=titled)
    return [text[start:end] for start, end in found.spans]


def test_first_last_and_what_speaks_of_it_are_read() -> None:
    """Headline with lede, the close, and the paragraphs between that mention the matter; the others are passed over."""
    lithium = "The lithium lies in the shed. " + DULL
    text = HEAD + DULL * 9 + lithium + DULL * 9 + "Goodbye."
    at = text.index("lithium")
    found = cut(
        text, 20, (Mention("mineral", "lithium", "lithium", at, at + 7), Mention("country", "CHL", "x", 500, 505))
    )
    assert found[0].startswith(HEAD + "The crane")
    assert ["lithium" in part for part in found] == [False, True, False]
    assert found[-1].endswith("Goodbye.")


@pytest.mark.parametrize(
    ("marks", "numbers"),
    [
        ([], []),
        ([0], [0]),
        ([0, 0], [0, 1]),
        ([0, 0, 0, 1, 0], [0, 3, 4]),
        ([0, 5, 1, 1, 1, 1, 1, 1, 1, 0], [0, 1, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_most_marked_are_chosen_and_the_later_of_equals(marks: list[int], numbers: list[int]) -> None:
    """At most eight passages: the first, the last, the most marked."""
    assert passages.chosen(marks) == numbers


@given(st.text(alphabet="ab. !\n\t", max_size=300) | st.text(max_size=300), st.integers(3, 30))
def test_passages_are_stretches_of_the_text_in_order(text: str, words: int) -> None:
    """Passages do not overlap, are stripped, at most eight, and none of more words than asked."""
    found = passages.passages(text, words, (), lambda _: True).spans
    edges = [0, *(edge for span in found for edge in span), len(text)]
    assert edges == sorted(edges)
    assert len(found) <= passages.MOST
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in found)
    title = len(passages.headline(text).split())
    longest = max(words * passages.FIRST, words + title)
    assert all(len(text[start:end].split()) <= (longest if i == 0 else words) for i, (start, end) in enumerate(found))


def test_paragraphs_are_kept_whole_and_long_ones_parted_at_sentences() -> None:
    """A passage ends where a paragraph does, or where a sentence does in a paragraph that is too long."""
    sentence = "One two three four five six seven eight nine."
    found = cut("\n".join([" ".join([sentence] * 4)] * 4), 20)
    assert found == [f"{sentence} {sentence}"] * 2  # nothing is marked: only the first and the last are read


def test_headline_is_one_short_first_paragraph() -> None:
    """What is long, has two lines, or stands alone is no headline."""
    assert passages.headline("Up.\n\nText") == "Up."
    for text in ("Up.", "Up.\n\n ", "a\nb\n\nText", "w" * 400 + "\n\nText", "\n\nText"):
        assert passages.headline(text) == ""


def test_headline_can_be_context() -> None:
    """Asked for, the headline goes with the passages as their context."""
    assert passages.passages(HEAD + DULL, 40, (), lambda _: False, titled=True).title == HEAD.strip()
    assert passages.passages(HEAD + DULL, 40, (), lambda _: False, titled=False).title is None


def row(**given: float) -> list[float]:
    """Probabilities by label; what is not given is none's."""
    found = {"realist": 0.0, "industrial_collaboration": 0.0, "skeptic": 0.0} | given
    return [*found.values(), 1 - sum(found.values())]


@pytest.mark.parametrize(
    ("rows", "label", "deciding"),
    [
        ([row(), row(), row(realist=0.9)], "realist", 2),
        ([row(skeptic=0.9), row(), row()], "skeptic", 0),
        ([row(), row(industrial_collaboration=0.6), row(), row()], "none", None),
        ([row(), row(), row(industrial_collaboration=0.6)], "industrial_collaboration", 2),
        ([row(realist=0.8), row(), row(industrial_collaboration=0.9)], "industrial_collaboration", 2),
        ([row(), row(realist=0.9), row(skeptic=0.895), row(industrial_collaboration=0.9), row()], "skeptic", 2),
        ([row(), row(realist=0.9), row(industrial_collaboration=0.905), row()], "realist", 1),
        ([row(realist=0.4), row(realist=0.4)], "none", None),
        ([row(realist=0.7)], "realist", 0),
    ],
)  # fmt: skip
def test_closing_or_strongest_judgement_wins(rows: list[list[float]], label: str, deciding: int | None) -> None:
    """The codebook's rule: the close weighs most, level stances go by its order, one courtesy quote stays none."""
    found, which = passages.combine(np.array(rows))
    assert LABELS[int(found.argmax())] == label
    if deciding is not None:
        assert (which, list(found)) == (deciding, rows[deciding])


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), min_size=1, max_size=8))
def test_combining_gives_probabilities(rows: list[list[float]]) -> None:
    """Whatever the passages say, the answer sums to one and a passage that exists decided."""
    given_ = np.array(rows) / np.array(rows).sum(axis=1, keepdims=True)
    found, which = passages.combine(given_)
    assert found.sum() == pytest.approx(1)
    assert 0 <= which < len(rows)


def test_the_close_of_an_article_decides(model: stance.StanceModel, reader: Reader) -> None:
    """A judgement in the last paragraph is found and quoted by offsets into the whole text; the head has none."""
    text = HEAD + DULL * 12 + CLOSE
    (read,) = scan.read([(None, text)], reader, model)
    assert read.label.stance == "skeptic"
    assert read.label.evidence is not None
    assert text[slice(*read.label.evidence)] == CLOSE
    assert model.label([(None, text)])[0].stance == "none"


def test_short_texts_are_read_as_before(model: stance.StanceModel, reader: Reader) -> None:
    """What the model can read at once gets the same label with and without a way to cut it, beside long ones too."""
    short = [(None, "Lithium fell. Nobody will refine it here."), ("Floor price agreed", "Photo-op. It will fail.")]
    long = (None, HEAD + DULL * 12 + CLOSE)
    mixed = [label.label for label in scan.read([short[0], long, short[1]], reader, model)]
    assert [mixed[0], mixed[2]] == model.label(short)


def test_progress_counts_a_long_text_once(model: stance.StanceModel, reader: Reader) -> None:
    """However many passages a text has, it is one text done."""
    texts = [(None, HEAD + DULL * n + CLOSE) for n in (1, 12, 30)]
    steps: list[int] = []
    model.label(texts, steps.append, scan.cutter(texts, [()] * 3, reader))
    assert sum(steps) == 3


def test_whole_articles_are_read_better_than_their_heads(model: stance.StanceModel, reader: Reader) -> None:
    """Over the authored articles, most of which decide late, passages give more right answers than the head."""
    texts = [(None, row["text"]) for row in ARTICLES[::3]]
    right = [label.label.stance for label in scan.read(texts, reader, model)]
    heads = [label.stance for label in model.label(texts)]
    stances = [row["stance"] for row in ARTICLES[::3]]
    assert sum(map(str.__eq__, right, stances)) > sum(map(str.__eq__, heads, stances))


def test_pairs_alone_are_read_whole_too(model: stance.StanceModel, reader: Reader) -> None:
    """Where there are no items, as in an evaluation, long texts get the labels that the product gives them."""
    texts = [(None, HEAD + DULL * 12 + CLOSE), ("Floor price agreed", "Photo-op. It will fail.")]
    whole = scan.Whole(model, reader)
    assert (whole.id, whole.quality) == (model.id, model.quality)
    assert whole.label(texts) == [read.label for read in scan.read(texts, reader, model)]
