"""The rules of the house that an import contract cannot see."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from flows.settings import ROOT, Settings

ROOMS = ("sources", "nlp", "storage", "digest", "sample", "flows")
SOURCE = sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))
LONGEST = 300


def test_no_file_is_long() -> None:
    """A file over 300 lines is two files."""
    long = {str(p.relative_to(ROOT)): n for p in SOURCE if (n := len(p.read_text().splitlines())) > LONGEST}
    assert SOURCE
    assert long == {}


def test_no_flow_hides_a_room() -> None:
    """Prefect puts flows/ first on the path: a file there must not have the name of a room or a standard module."""
    names = {p.stem for p in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert names.isdisjoint({*ROOMS, "records", "config"} | set(sys.stdlib_module_names))


@pytest.mark.parametrize("room", ["digest.render", "storage.database", "storage.series", "storage.query"])
def test_pages_and_sql_wait_for_no_model(room: str) -> None:
    """Importing digest or storage loads neither Prefect nor a model runtime."""
    loaded = _modules(f"import {room}")
    assert room in loaded
    assert loaded.isdisjoint({"prefect", "openvino", "transformers", "spacy", "torch"})


@pytest.mark.parametrize("command", [["--help"], ["analyze", "--help"], ["sql", "--help"]])
def test_light_commands_load_no_prefect(command: list[str]) -> None:
    """The commands that people wait for do not import Prefect."""
    call = "from flows.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    loaded = _modules(f"import sys\nsys.argv = ['oresight', *{command}]\n{call}")
    assert "flows.cli" in loaded
    assert "prefect" not in loaded


def test_records_need_only_the_standard_library() -> None:
    """The nouns import nothing but the standard library."""
    more = {name.split(".")[0] for name in _modules("import records") - _modules("")}
    assert "records" in more
    assert more - {"records"} <= sys.stdlib_module_names


def _modules(code: str) -> set[str]:
    """The modules that are loaded after `code` has run in a fresh interpreter."""
    code += "\nimport sys\nprint(chr(10) + ' '.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(out.stdout.splitlines()[-1].split())


def test_env_example_names_the_settings() -> None:
    """`.env.example` names exactly the fields of the settings."""
    named = {
        line.split("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line[:40] and not line.startswith("#")
    }
    fields = {str(f.alias) for f in Settings.model_fields.values()}
    assert named == fields


def test_packages_are_all_listed() -> None:
    """pyproject.toml lists every package by hand, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in SOURCE}
    assert found <= listed
    assert all((ROOT / name.replace(".", "/")).is_dir() for name in listed)


@pytest.mark.slow
def test_wheel_holds_the_tree(tmp_path: Path) -> None:
    """The built wheel carries every source file, gazetteer, migration, template and model file of the checkout."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", *ROOMS, "config", "records.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert packed == set(tracked.stdout.split())
