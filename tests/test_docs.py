"""The documents are true: what the README tells people to type works, and every command stands in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flows.cli import cli
from flows.settings import ROOT
from tests.conftest import Demo
from tests.flows.command import ORESIGHT, environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_every_command_is_in_the_readme() -> None:
    """A command that the README does not name does not exist for a newcomer."""
    named = set(re.findall(r"^\| `oresight (\w+)`", README, re.MULTILINE))
    assert named == set(cli.commands)


def test_make_targets_exist() -> None:
    """Every `make` target that the README names stands in the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake (\w+)", README))
    assert {"run", "test", "demo", "check"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", [b for b in BLOCKS if "oresight" in b])
def test_the_readmes_commands_run(block: str, demo: Demo, tmp_path: Path) -> None:
    """The README's own lines, typed into a shell, end well; the demo, which they begin with, has been run already."""
    first, _, rest = block.partition("\n")
    assert (first, demo.code) == (".venv/bin/oresight demo", 0)
    shutil.copytree(demo.home, tmp_path / "var" / "demo")
    script = rest.replace(".venv/bin/oresight", str(ORESIGHT))
    env = environment(tmp_path / "var")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=env, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"realist" in done.stdout


def test_links_lead_somewhere() -> None:
    """Every relative link in the README leads to a file."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_help_shows_an_example(name: str) -> None:
    """`--help` of every command ends with an example that begins with the command itself."""
    text = cli.commands[name].get_help(cli.commands[name].make_context(name, ["x"] * 0, resilient_parsing=True))
    assert re.search(rf"^\s*(echo .*\| )?oresight {name}\b", text, re.MULTILINE), text
