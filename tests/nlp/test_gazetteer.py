"""The gazetteer is read whole, and what is wrong with it is named by file, line and column."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nlp.gazetteer import FILES, GazetteerError, key, load

FOLDER = Path(__file__).parents[2] / "config" / "gazetteers"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped gazetteers that a test may spoil."""
    for name in FILES:
        shutil.copyfile(FOLDER / name, tmp_path / name)
    return tmp_path


def edit(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Rewrite a file line by line."""
    path.write_text("\n".join(change(path.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")


def test_shipped_gazetteers_hold_what_their_rules_say() -> None:
    """85 minerals, 251 countries, and every canonical name among the forms."""
    gazetteer = load(FOLDER)
    assert (len(gazetteer.minerals), len(gazetteer.countries)) == (85, 251)
    names = {f.entity: f.text for f in gazetteer.forms if f.type == "mineral" and f.kind == "name"}
    assert names == {m: m for m in gazetteer.minerals}


def test_every_sense_speaks_of_a_form() -> None:
    """A sense whose phrase no row holds would be dead weight."""
    gazetteer = load(FOLDER)
    phrases = {key(f.text) for f in gazetteer.forms}
    spoken = {s.rpartition(":")[2] for s in gazetteer.senses}
    dead = {s for s in spoken if s not in phrases}
    assert len(dead) <= 8, sorted(dead)


def test_version_follows_the_content(folder: Path) -> None:
    """The same files give the same version, a changed one another."""
    before = load(folder).version
    assert before == load(FOLDER).version
    edit(folder / "umbrella.txt", lambda lines: [*lines, "wonder metal"])
    assert load(folder).version != before


def cell(line: int, column: int, text: str) -> Callable[[list[str]], list[str]]:
    """Replace one cell of a row without quotes."""

    def change(lines: list[str]) -> list[str]:
        cells = lines[line - 1].split(",")
        cells[column] = text
        return [*lines[: line - 1], ",".join(cells), *lines[line:]]

    return change


def sub(line: int, old: str, new: str) -> Callable[[list[str]], list[str]]:
    """Replace what a row holds, also where its cells are quoted."""
    return lambda lines: [*lines[: line - 1], lines[line - 1].replace(old, new), *lines[line:]]


def line_of(name: str, start: str) -> int:
    """The number of the line that starts so."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return next(n for n, text in enumerate(lines, 1) if text.startswith(start))


ARUBA = line_of("countries.csv", "ABW,")
ALBANIA = line_of("countries.csv", "ALB,")
THORIUM = line_of("minerals.csv", "feldspar,")


@pytest.mark.parametrize(
    ("name", "line", "column", "change"),
    [
        ("countries.csv", ARUBA, "iso3", cell(ARUBA, 0, "Aruba")),
        ("countries.csv", ARUBA, "iso3", cell(ARUBA, 0, "AFG")),
        ("countries.csv", ARUBA, "name", cell(ARUBA, 1, "")),
        ("countries.csv", ARUBA, "demonyms", cell(ARUBA, 3, "Aruban;;Arubans")),
        ("countries.csv", ARUBA, "lowercase_ok", cell(ARUBA, 9, "maybe")),
        ("countries.csv", ARUBA, "tier", lambda ls: [*ls[: ARUBA - 1], ls[ARUBA - 1] + ",more", *ls[ARUBA:]]),
        ("minerals.csv", THORIUM, "canonical", cell(THORIUM, 0, "")),
        ("minerals.csv", THORIUM, "default_sense", cell(THORIUM, 8, "perhaps")),
        ("minerals.csv", THORIUM, "cue_required", cell(THORIUM, 9, "moonstone")),
        ("minerals.csv", 1, "aliases", lambda ls: [ls[0].replace("aliases", "also"), *ls[1:]]),
        ("minerals.csv", THORIUM, "aliases", cell(THORIUM, 5, "spodumene")),
        ("countries.csv", ALBANIA, "demonyms", cell(ALBANIA, 3, "Albanian;Aruban")),
        ("stages.csv", 8, "aliases", sub(8, "strategic stockpile;", "battery recycling;")),
        ("stages.csv", 7, "cue_required", sub(7, ",recycling;recycler;", ",recycling;bin;")),
        ("instruments.csv", 15, "kind", cell(15, 1, "act")),
        ("instruments.csv", 15, "owner", cell(15, 2, "Brussels")),
        ("instruments.csv", 15, "owner", cell(15, 2, "")),
        ("senses.csv", 2, "near", lambda ls: [ls[0], "lithium,,@nolist,,,,", *ls[2:]]),
    ],
)
def test_malformed_row_is_named(
    folder: Path, name: str, line: int, column: str, change: Callable[[list[str]], list[str]]
) -> None:
    """The error names file, line and column."""
    edit(folder / name, change)
    with pytest.raises(GazetteerError) as caught:
        load(folder)
    shown = str(caught.value)
    expected = (str(folder / name), f"column {column!r}")
    assert all(part in shown for part in expected), shown
    assert f"line {line}," in shown or (line == ARUBA and "AFG" in shown), shown


def test_rows_share_a_phrase_where_both_say_so(folder: Path) -> None:
    """An alias in two rows is an error where one row is silent, and names both where neither is."""
    row = (folder / "minerals.csv").read_text(encoding="utf-8").splitlines()[THORIUM - 1].split(",")
    edit(folder / "minerals.csv", cell(THORIUM, 5, row[5] + ";NdPr"))
    with pytest.raises(GazetteerError, match="'NdPr' is 'praseodymium' already"):
        load(folder)
    edit(folder / "minerals.csv", cell(THORIUM, 6, "NdPr = a test"))
    named = {f.entity for f in load(folder).forms if f.text == "NdPr"}
    assert named == {"praseodymium", "neodymium", "feldspar"}


def test_missing_file_is_named(folder: Path) -> None:
    """A folder without one of the files says which."""
    (folder / "cues.csv").unlink()
    with pytest.raises(GazetteerError, match=r"cues\.csv is missing"):
        load(folder)


def test_file_in_another_encoding_is_named(folder: Path) -> None:
    """Latin-1 is refused with the place of the first bad byte."""
    path = folder / "countries.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1", errors="replace"))
    with pytest.raises(GazetteerError, match=r"countries\.csv.*not UTF-8"):
        load(folder)
