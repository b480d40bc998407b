"""What holds for every test, and what many share: the home that the demo fills, a browser."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import CHROMIUM, QUIET
from tests.flows.command import oresight

# A law's examples are no benchmark: on a busy machine one may take long and still hold.
settings.register_profile("oresight", deadline=None)
settings.load_profile("oresight")


class Demo(NamedTuple):
    """A finished demo: its own home, and what the command printed. A test that changes the home takes a copy."""

    home: Path
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    """The demo, run once for all tests: whichever process needs it first runs it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared-demo"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "code").exists():
            done = oresight("demo", home=folder / "var", timeout=250)
            (folder / "out").write_bytes(done.stdout)
            (folder / "err").write_bytes(done.stderr)
            (folder / "code").write_text(str(done.returncode))
    return Demo(folder / "var" / "demo", int((folder / "code").read_text()), *_printed(folder))


def _printed(folder: Path) -> tuple[str, str]:
    return (folder / "out").read_text(), (folder / "err").read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all pages of a module; not for a session, since its event loop runs as long as it does."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()
