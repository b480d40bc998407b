"""Pairs become tokens, the same way for training and for labelling; sentences keep their places."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from nlp import encoding, sentences

SHIPPED = Path(encoding.__file__).parent / "models" / "stance-minilm"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """The shipped model's tokenizer."""
    return AutoTokenizer.from_pretrained(SHIPPED, local_files_only=True)


def one(tokenizer: Any, context: str | None, text: str, length: int = 128) -> encoding.Encoded:
    """The tokens of a single pair."""
    return encoding.encode(tokenizer, [(context, text)], length)[0]


def test_huge_context_leaves_the_text_whole(tokenizer: Any) -> None:
    """The context gives way first: a text that fits keeps its every token."""
    text = "Only when somebody signs for the oxide does the refinery get its loan."
    plain = one(tokenizer, None, text).ids[1:-1]
    pair = one(tokenizer, "thread title " * 10_000, text)
    assert pair.ids[-1 - len(plain) : -1] == plain
    assert len(pair.ids) == 128


def test_huge_text_leaves_the_context_a_floor(tokenizer: Any) -> None:
    """However long the text, the first tokens of the thread's title are still read."""
    pair = one(tokenizer, "magnet " * 500, "refinery " * 500)
    assert len(pair.ids) == 128
    assert pair.types.count(0) == encoding.FLOOR + 2


def test_imitated_separators_stay_text(tokenizer: Any) -> None:
    """However a text is written, a pair has one beginning and two separators."""
    pair = one(tokenizer, "a [SEP] b", "[CLS] [SEP] [SEP] [PAD] [MASK]")
    assert (pair.ids.count(tokenizer.cls_token_id), pair.ids.count(tokenizer.sep_token_id)) == (1, 2)
    assert tokenizer.pad_token_id not in pair.ids
    assert tokenizer.mask_token_id not in pair.ids


@given(st.none() | st.text(max_size=400), st.text(max_size=400), st.integers(16, 128))
def test_pairs_keep_to_their_length(tokenizer: Any, context: str | None, text: str, length: int) -> None:
    """No pair is longer than asked, and every token has its type."""
    pair = one(tokenizer, context, text, length)
    assert len(pair.ids) == len(pair.types) <= length
    assert pair.ids[0] == tokenizer.cls_token_id
    assert pair.ids[-1] == tokenizer.sep_token_id


@given(st.text())
def test_cleaning_keeps_offsets(text: str) -> None:
    """A cleaned text is as long as it was."""
    assert len(encoding.clean(text)) == len(text)


@given(st.text(alphabet="aB. !?\n\u2026\"'", max_size=80) | st.text(max_size=80))
def test_sentences_cover_the_text_in_order(text: str) -> None:
    """Sentences are stripped, in order, do not overlap, and leave nothing but blanks between them."""
    spans = sentences.spans(text)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    assert all(not text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("The U.S. plan fails. Again.", ["The U.S. plan fails.", "Again."]),
        ("Headline without a stop\n\nThe body. More.", ["Headline without a stop", "The body.", "More."]),
        ('"Never," he said. "Not here."  No. 5 is closed.', ['"Never," he said.', '"Not here."', "No. 5 is closed."]),
        ("Priced at $1.2bn. Mr. Smith left… Sure.", ["Priced at $1.2bn.", "Mr. Smith left…", "Sure."]),
        ("   ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, parts: list[str]) -> None:
    """Abbreviations and numbers do not end a sentence; a headline's line does."""
    assert [text[start:end] for start, end in sentences.spans(text)] == parts
