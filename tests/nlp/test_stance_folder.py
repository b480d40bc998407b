"""A model's folder is checked before anything of it is read."""

import shutil
from pathlib import Path

import pytest

from nlp import stance, weights

SHIPPED = Path(stance.__file__).parent / "models" / "stance-minilm"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder, to be harmed."""
    copy = tmp_path / "model"
    shutil.copytree(SHIPPED, copy)
    return copy


def complaint(folder: Path) -> str:
    """What load says of a folder it refuses, on one line."""
    with pytest.raises(stance.StanceError) as caught:
        stance.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", sorted({*weights.NEEDED, "metrics.json"}))
def test_one_flipped_bit_is_found(folder: Path, name: str) -> None:
    """A file that differs in one bit is named and refused."""
    body = bytearray((folder / name).read_bytes())
    body[len(body) // 2] ^= 1
    (folder / name).write_bytes(body)
    assert str(folder / name) in complaint(folder)
    assert "damaged" in complaint(folder)


@pytest.mark.parametrize("name", weights.NEEDED)
def test_missing_file_is_named(folder: Path, name: str) -> None:
    """A folder that lacks a file is refused by that file's name."""
    (folder / name).unlink()
    assert f"{folder / name}: missing" in complaint(folder)


def test_cut_off_model_is_found(folder: Path) -> None:
    """Half a model is not loaded."""
    body = (folder / weights.MODEL).read_bytes()
    (folder / weights.MODEL).write_bytes(body[: len(body) // 2])
    assert "damaged" in complaint(folder)


@pytest.mark.parametrize(
    "sums",
    [
        b"",
        b"not a list of sums\n",
        b"\xff\xfe",
        b"0" * 64 + b"  ../secret\n",
        b"0" * 64 + b"  /etc/passwd\n",
        b"0" * 64 + b"  model.onnx\n",
    ],
)
def test_foreign_sums_are_refused(folder: Path, sums: bytes) -> None:
    """A SHA256SUMS that is not a stance model's, or names files elsewhere, is refused."""
    (folder / weights.SUMS).write_bytes(sums)
    assert "restore the model's folder" in complaint(folder)


def test_no_folder_no_model(tmp_path: Path) -> None:
    """An empty folder, a missing one and a file are told apart from a model."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        assert str(path) in complaint(path)


def resealed(folder: Path, name: str, body: bytes) -> Path:
    """The folder with one file replaced and its sums made to fit."""
    (folder / name).write_bytes(body)
    sums = weights.SUMS
    import hashlib  # noqa: PLC0415

    lines = [line.split("  ")[1] for line in (folder / sums).read_text().splitlines()]
    (folder / sums).write_text(
        "".join(f"{hashlib.sha256((folder / f).read_bytes()).hexdigest()}  {f}\n" for f in lines)
    )
    return folder


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("model.onnx", b"no model at all"),
        ("tokenizer.json", b"{}"),
        ("labels.json", b'{"name": "other", "labels": ["positive", "negative"]}'),
        ("labels.json", b"[]"),
        ("calibration.json", b"{"),
        ("calibration.json", b'{"temperature": 0, "threshold": 0.5, "length": 128}'),
        ("calibration.json", b'{"temperature": NaN, "threshold": 0.5, "length": 128}'),
        ("calibration.json", b'{"temperature": 1, "threshold": 0.5, "length": 1000000}'),
    ],
)
def test_whole_but_senseless_folder_is_refused(folder: Path, name: str, body: bytes) -> None:
    """Sums that fit do not make another program's files a stance model: one line says so."""
    assert str(folder) in complaint(resealed(folder, name, body))


def test_id_follows_what_answers(folder: Path) -> None:
    """Another calibration is another model; another card is not."""
    same = weights.unpack(resealed(folder, "MODEL_CARD.md", b"> Measured again.\n"))
    other = weights.unpack(resealed(folder, "calibration.json", b'{"temperature": 2, "threshold": 0, "length": 64}'))
    assert weights.unpack(SHIPPED).id == same.id != other.id
    assert same.quality == "Measured again."
