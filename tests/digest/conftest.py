"""The examples as pages, made once for all tests of this room."""

from __future__ import annotations

import pytest

from digest import render
from tests.digest import examples

RENDERERS = {"html": render.html, "md": render.markdown, "json": render.as_json}


@pytest.fixture(scope="session")
def made() -> dict[tuple[str, str], str]:
    """Every example in every form."""
    return {
        (name, form): make(example(), examples.NAMES)
        for name, example in examples.ALL.items()
        for form, make in RENDERERS.items()
    }


@pytest.fixture(scope="session")
def pages(made: dict[tuple[str, str], str]) -> dict[str, str]:
    """Every example as an HTML page."""
    return {name: made[name, "html"] for name in examples.ALL}


@pytest.fixture(scope="session")
def sheets(made: dict[tuple[str, str], str]) -> dict[str, str]:
    """Every example as a Markdown page."""
    return {name: made[name, "md"] for name in examples.ALL}
