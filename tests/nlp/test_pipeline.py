"""The statistical pipeline: the pinned files, loaded once, forgetful."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nlp import pipeline


def test_names_and_tags_stand_where_they_say() -> None:
    """Offsets are those of the text read."""
    text = "Jordan Ellison leads a mine in Chile."
    found = pipeline.pipeline().read(text)
    assert [(text[s.start : s.end], s.label) for s in found.names] == [("Jordan Ellison", "PERSON"), ("Chile", "GPE")]
    assert [s.label for s in found.tags if text[s.start : s.end] == "leads"] == ["VBZ"]


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
    """Reading a thousand new words leaves the store of strings as it was."""
    english = pipeline.pipeline()
    english.read("A first text.")
    strings = english._english.vocab.strings
    before = len(strings)
    for number in range(50):
        english.read(" ".join(f"w{number}x{at}" for at in range(20)))
    assert len(strings) == before


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\x00", "\ud800", "🪨" * 50])
def test_odd_texts_are_read(text: str) -> None:
    """Nothing in a text stops it."""
    assert pipeline.pipeline().read(text).names is not None
