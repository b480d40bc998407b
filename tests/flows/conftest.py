"""What the tests of the command share: a home that the demo has filled."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.flows.command import oresight


class Demo(NamedTuple):
    """A finished demo: its own home, and how the command ended."""

    home: Path
    done: subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once for all tests that only read its home."""
    outer = tmp_path_factory.mktemp("demo") / "var"
    return Demo(outer / "demo", oresight("demo", home=outer))
