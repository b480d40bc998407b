"""The week's page for readers who cannot see it, cannot use a mouse, or see it in the dark: axe in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.chromium import NEEDED

pytestmark = NEEDED
SHARES = "table.stances"
ROWS = f"[...document.querySelectorAll('{SHARES} tbody th')].map(cell => cell.dataset.value)"
FOCUSED = "document.activeElement.innerText.trim()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pages: dict[str, str]) -> Path:
    """Every example as a file."""
    files = tmp_path_factory.mktemp("access")
    for name, page in pages.items():
        (files / f"{name}.html").write_text(page, encoding="utf-8")
    return files


def opened(browser: Browser, file: Path, width: int, scheme: str = "light", **options: Any) -> Page:
    """The page in a window of that width and colour scheme."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(
    ("example", "width", "scheme", "opens"),
    [
        ("rich", 360, "light", True),
        ("rich", 360, "dark", True),
        ("rich", 1280, "light", True),
        ("rich", 1280, "dark", True),
        ("quiet", 360, "dark", False),
    ],
)
def test_axe_finds_nothing(browser: Browser, folder: Path, example: str, width: int, scheme: str, opens: bool) -> None:
    """No rule of axe is broken, contrast of colours included, also with every detail open."""
    page = opened(browser, folder / f"{example}.html", width, scheme)
    if opens:
        page.evaluate("document.querySelectorAll('details').forEach(detail => detail.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert {"color-contrast", "document-title"} <= {rule["id"] for rule in found.response["passes"]}
    page.context.close()


def test_axe_would_find_something(browser: Browser, folder: Path) -> None:
    """A page made worse is caught: the check is not blind."""
    page = opened(browser, folder / "rich.html", 1280)
    page.evaluate("document.documentElement.removeAttribute('lang'); document.body.style.color = '#999'")
    assert {rule["id"] for rule in Axe().run(page).response["violations"]} >= {"html-has-lang", "color-contrast"}
    page.context.close()


def test_a_table_is_sorted_from_the_keyboard(browser: Browser, folder: Path) -> None:
    """Tab reaches the heads, Enter and Space sort, aria-sort says how, and focus stays where it was."""
    page = opened(browser, folder / "rich.html", 1280)
    assert page.evaluate(ROWS) == ["Realist", "Industrial collaboration", "Skeptic"]
    while not page.evaluate(FOCUSED).startswith("Against week before"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(ROWS) == ["Skeptic", "Realist", "Industrial collaboration"]
    assert page.locator(f"{SHARES} [aria-sort]").evaluate_all("all => all.map(h => h.ariaSort)") == ["descending"]
    page.keyboard.press("Space")
    assert page.evaluate(ROWS) == ["Industrial collaboration", "Realist", "Skeptic"]
    assert page.locator(f"{SHARES} [aria-sort]").evaluate_all("all => all.map(h => h.ariaSort)") == ["ascending"]
    assert page.evaluate(FOCUSED).startswith("Against week before")
    page.context.close()


def test_a_figures_sql_opens_from_the_keyboard(browser: Browser, folder: Path) -> None:
    """Tab reaches a figure's SQL, Enter opens and closes it."""
    page = opened(browser, folder / "rich.html", 360)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == "SQL":
            break
    state = "document.activeElement.parentElement.open"
    page.keyboard.press("Enter")
    assert page.evaluate(state) is True
    assert page.locator("pre").first.is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate(state) is False
    page.context.close()


def test_every_figure_is_there_without_the_script(browser: Browser, folder: Path) -> None:
    """Without scripts tables keep their order, nothing pretends to sort, and every detail can be opened."""
    page = opened(browser, folder / "thin.html", 360, java_script_enabled=False)
    assert page.locator("thead button").count() == 0
    assert page.locator("table.stances strong").count() == 3
    page.locator("#communities").click()
    folded = page.locator("section[aria-labelledby='communities'] details.fold")
    folded.locator("summary").click()
    assert folded.locator("table").is_visible()
    page.context.close()


def test_long_tables_are_folded_and_the_reading_help_unfolds(browser: Browser, folder: Path) -> None:
    """Tables of shares stand behind their name; the link to the reading help opens it."""
    page = opened(browser, folder / "rich.html", 360)
    assert page.locator("details.fold").count() == 5
    assert page.locator("details.fold[open]").count() == 0
    page.locator("a[href='#reading']").click()
    assert page.locator("#how li").first.is_visible()
    page.context.close()
