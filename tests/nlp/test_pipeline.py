"""The statistical pipeline: the pinned files, loaded once, forgetful."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nlp import pipeline


def test_names_and_tags_stand_where_they_say() -> None:
    """Offsets are those of the text read."""
    text = "Jordan Ellison leads a mine in Chile."
    english = pipeline.pipeline()
    assert [(text[s.start : s.end], s.label) for s in english.names(text)] == [
        ("Jordan Ellison", "PERSON"),
        ("Chile", "GPE"),
    ]
    assert [s.label for s in english.tags(text) if text[s.start : s.end] == "leads"] == ["VBZ"]


def test_it_is_loaded_once() -> None:
    """A process has one pipeline."""
    assert pipeline.pipeline() is pipeline.pipeline()


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A changed byte or another name is another digest, so another pipeline than the pinned one."""
    folder = tmp_path / "copy"
    shutil.copytree(pipeline._folder(), folder)
    assert pipeline.digest(folder) == pipeline.PIN
    with (folder / "meta.json").open("ab") as file:
        file.write(b" ")
    assert pipeline.digest(folder) != pipeline.PIN


def test_words_are_forgotten() -> None:
    """Reading thousands of new words leaves no more in the store of strings than one stretch of texts brings."""
    english = pipeline.pipeline()
    sizes = []
    for number in range(3 * pipeline.FORGET):
        english.tags(f"w{number}x w{number}y w{number}z")
        sizes.append(len(english._english.vocab.strings))
    stretch = 5 * pipeline.FORGET
    assert max(sizes) - min(sizes) <= stretch
    assert sizes[-1] < sizes[0] + stretch


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\x00", "\ud800", "🪨" * 50])
def test_odd_texts_are_read(text: str) -> None:
    """Nothing in a text stops it."""
    english = pipeline.pipeline()
    assert all(0 <= s.start < s.end <= len(text) for s in (*english.names(text), *english.tags(text)))
