"""Finished pages in a real headless Chromium: skipped, with the reason, where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import NEEDED
from tests.digest import examples

pytestmark = NEEDED

WIDE_ELEMENTS = """() => [...document.querySelectorAll('body *')]
    .filter(e => !e.closest('svg') || e.tagName === 'svg')
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(e => e.tagName + '.' + e.className)"""
COLOUR = "([selector, property]) => getComputedStyle(document.querySelector(selector))[property]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pages: dict[str, str]) -> Path:
    """Every example as a file."""
    files = tmp_path_factory.mktemp("pages")
    for name, page in pages.items():
        (files / f"{name}.html").write_text(page, encoding="utf-8")
    return files


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A telephone's window of 360 pixels, light."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("example", examples.ALL)
def test_a_page_asks_for_nothing_and_complains_of_nothing(page: Page, folder: Path, example: str) -> None:
    """One request, for the file itself, and an empty console; no text of it becomes a script."""
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto((folder / f"{example}.html").as_uri())
    page.wait_for_load_state("networkidle")
    assert asked == [(folder / f"{example}.html").as_uri()]
    assert said == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("example", examples.ALL)
def test_nothing_is_wider_than_the_window(page: Page, folder: Path, example: str, width: int) -> None:
    """No scrolling sideways on a telephone or a desk, also with every detail open."""
    page.set_viewport_size({"width": width, "height": 740})
    page.goto((folder / f"{example}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(detail => detail.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(WIDE_ELEMENTS) == []


def colours(page: Page) -> list[str]:
    """The page's background, its ink, and those of a chart's line and label."""
    asked = (
        ["body", "backgroundColor"],
        ["body", "color"],
        [".chart .mark-line path", "stroke"],
        [".chart text", "fill"],
    )
    return [str(page.evaluate(COLOUR, question)) for question in asked]


def test_dark_mode_turns_page_and_charts(page: Page, folder: Path) -> None:
    """Dark mode changes every colour asked for, and print is light whatever the reader's mode."""
    page.goto((folder / "rich.html").as_uri())
    light = colours(page)
    page.emulate_media(color_scheme="dark")
    dark = colours(page)
    page.emulate_media(color_scheme="dark", media="print")
    printed = colours(page)
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert printed[1:] == light[1:]


def test_a_week_prints_on_two_sheets(page: Page, folder: Path) -> None:
    """The rich week is two sheets of A4, the reading help among them."""
    page.goto((folder / "rich.html").as_uri())
    pdf = page.pdf(format="A4")
    assert pdf.count(b"/Type /Page\n") == 2


PROSE = """() => {
    const page = document.querySelector('main').cloneNode(true);
    page.querySelectorAll('table, .chart, details, .facts').forEach(part => part.remove());
    return page.textContent.trim().split(/\\s+/).length;
}"""


@pytest.mark.parametrize(("example", "most"), [("rich", 400), ("quiet", 160)])
def test_a_week_is_read_in_two_minutes(page: Page, folder: Path, example: str, most: int) -> None:
    """Beside charts, tables and the numbers of health there are about 350 words, of which a hundred are quoted."""
    page.goto((folder / f"{example}.html").as_uri())
    assert page.evaluate(PROSE) <= most
    assert page.locator(".chart:visible").count() == (5 if example == "rich" else 0)
