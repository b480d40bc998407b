"""What is trained on, what is only measured on, and what must stay on one side of a split."""

import json
from collections import Counter
from pathlib import Path

import pytest

from nlp.training import data
from records import LABELS

ROW = {"id": "X-1", "text": "Who will refine it?", "stance": "realist"}


def lines(path: Path, *rows: object) -> Path:
    """The file, with one JSON line for each row."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_authored_texts_are_whole() -> None:
    """Every authored text has its own id and wording, an author known by one letter, and all labels occur."""
    examples = data.corpus().train
    assert len({example.id for example in examples}) == len(examples) >= 6000
    assert {example.stance for example in examples} == set(LABELS)
    assert all(example.text.strip() and example.author.isupper() and len(example.author) == 1 for example in examples)


def test_further_files_join_and_dev_files_stay_apart(tmp_path: Path) -> None:
    """A folder's lines are added to the authored ones, those of a -dev file only for measuring."""
    lines(tmp_path / "more.jsonl", {**ROW, "source": "a paper"})
    lines(tmp_path / "more-dev.jsonl", {**ROW, "id": "X-2", "source": "a paper"})
    lines(tmp_path / "authored.jsonl", json.loads(data.AUTHORED.read_text(encoding="utf-8").splitlines()[0]))
    found, alone = data.corpus(tmp_path), data.corpus()
    assert [example.id for example in found.train[len(alone.train) :]] == ["X-1"]
    assert [example.id for example in found.dev] == ["X-2"]
    assert alone.dev == ()


@pytest.mark.parametrize(
    "row", [{}, [], "text", {**ROW, "stance": "bullish"}, {**ROW, "text": None}, {"id": "X-1", "stance": "none"}]
)
def test_bad_line_is_named(tmp_path: Path, row: object) -> None:
    """A line that is no example stops the reading with its file and number."""
    path = lines(tmp_path / "more.jsonl", ROW, row)
    with pytest.raises(data.DataError, match=r"^more\.jsonl, line 2: "):
        data.read(path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder that is not there is an error, not an empty one."""
    with pytest.raises(data.DataError, match="no such folder"):
        data.corpus(tmp_path / "nowhere")


def test_coin_tosses_count_in_no_score(tmp_path: Path) -> None:
    """Texts whose label is marked low are trained on but not scored."""
    examples = data.read(lines(tmp_path / "more.jsonl", ROW, {**ROW, "confidence": "low"}))
    assert [example.confidence for example in data.scored(examples)] == ["high"]


def test_threads_and_minimal_pairs_stay_together() -> None:
    """Texts under one title share a group; so do the minimal pairs; a text without a context is its own."""
    examples = data.read(data.AUTHORED)
    groups = data.threads(examples)
    by_context: dict[str, set[str]] = {}
    for example, group in zip(examples, groups, strict=True):
        if example.context and not group.startswith("pairs"):
            by_context.setdefault(example.context.split(" || ")[0], set()).add(group)
    assert all(len(found) == 1 for found in by_context.values())
    sizes = Counter(groups)
    assert (sizes["pairs D"], sizes["pairs C"]) == (360, 57)
    assert all(sizes[g] == 1 for e, g in zip(examples, groups, strict=True) if not e.context and "pairs" not in g)


def test_authors_are_letters_or_sources(tmp_path: Path) -> None:
    """An authored text is grouped by its id's letter, any other by where it comes from."""
    examples = data.read(lines(tmp_path / "more.jsonl", ROW, {**ROW, "source": "a paper"}))
    assert data.authors(examples) == ["X", "a paper"]


def test_contrast_sets_stay_together() -> None:
    """The four texts of a contrast set share a group, and no other text is in it."""
    examples = [example for example in data.corpus().train if example.author == "P"]
    sizes = Counter(data.threads(examples))
    assert set(sizes.values()) == {4}
    assert all(group.startswith("document ") for group in sizes)


def test_validation_is_never_trained_on() -> None:
    """No text of the validation set, nor its author, is among the texts to learn from."""
    held = data.read(data.AUTHORED.parent / "validation.jsonl")
    train = data.corpus().train
    assert not {example.text for example in held} & {example.text for example in train}
    assert not {example.author for example in held} & {example.author for example in train}
