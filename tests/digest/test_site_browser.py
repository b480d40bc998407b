"""The archive in a real headless Chromium, opened from a disk and behind a web server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from digest import site
from tests.chromium import NEEDED
from tests.digest import archives
from tests.digest.test_browser import WIDE_ELEMENTS

pytestmark = NEEDED
KINDS = (
    "index.html",
    "weeks/2026-W46.html",
    "minerals/rare-earths.html",
    "minerals/index.html",
    "search.html#q=magnet",
)
ATTACKED = ("index.html", "minerals/index.html", "search.html")
FOCUS = "document.activeElement.innerText"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good archive, and in hostile/ the one of attacks, as files."""
    root = tmp_path_factory.mktemp("site")
    for place, archive in (("", archives.good()), ("hostile", archives.hostile())):
        for sheet in site.sheets(archive):
            if not place or sheet.path in ATTACKED:
                path = root / place / sheet.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(sheet.text(), encoding="utf-8")
    return root


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A telephone's window of 360 pixels; a page that complains, or asks for more than itself, fails its test."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request) if not request.is_navigation_request() else None)
    yield page
    assert said == []
    assert asked == []
    context.close()


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The archive behind a web server on loopback, ended by the tests."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.mark.parametrize("path", KINDS)
def test_axe_finds_nothing_and_nothing_is_too_wide(page: Page, folder: Path, path: str) -> None:
    """No rule of axe is broken, light and dark, everything unfolded; no scrolling sideways on a telephone or a desk."""
    page.goto(f"{folder.as_uri()}/{path}")
    page.evaluate("document.querySelectorAll('details').forEach(detail => detail.open = true)")
    for width, scheme in ((360, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate(WIDE_ELEMENTS) == []


@pytest.mark.parametrize("path", ATTACKED)
def test_attacks_stay_text(page: Page, folder: Path, path: str) -> None:
    """Names, titles, passages and addresses that attack are shown; nothing of them runs, loads or leads elsewhere."""
    page.goto(f"{folder.as_uri()}/hostile/{path}#q=evil")
    if path.startswith("search"):
        assert page.locator("#found > li").count() > 3
        assert page.locator("#found img, #found svg, #found script").count() == 0
    assert all(
        href.startswith(("file:", "http")) for href in page.evaluate("[...document.links].map(link => link.href)")
    )


@pytest.mark.parametrize("behind", ["disk", "server"])
def test_search_finds_pages_and_passages(page: Page, folder: Path, server: str, behind: str) -> None:
    """Words find a mineral by the beginning of its name, a passage by its words in any case; a link leads on."""
    page.goto(f"{folder.as_uri() if behind == 'disk' else server}/search.html")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("rare ear")
    assert page.locator("#found > li").first.inner_text().startswith("Rare earths")
    page.fill("#words", "MAGNET lines")
    assert page.locator("#told").inner_text() == "1 found."
    assert [mark.lower() for mark in page.locator("#found mark").all_inner_texts()] == ["magnet", "lines"]
    assert page.url.endswith("#q=MAGNET+lines")
    page.locator("#found small a").first.click()
    assert "minerals/rare-earths.html#q-" in page.url
    assert "A joint stockpile" in page.locator(":target blockquote").inner_text()
    page.go_back()
    assert page.locator("#words").input_value() == "MAGNET lines"
    page.fill("#words", "zirconium unheard of")
    assert page.locator("#told").inner_text() == "Nothing found."


def test_tables_sort_from_the_keyboard(page: Page, folder: Path) -> None:
    """Enter on a head sorts, numbers the largest first, again the other way round; what is blank stays last."""
    page.goto(f"{folder.as_uri()}/minerals/index.html")
    names = "[...document.querySelectorAll('tbody th')].map(cell => cell.innerText)"
    assert page.evaluate(names) == ["Rare earths", "Lithium", "Indium"]
    head = page.get_by_role("button", name="Name")
    head.press("Enter")
    assert page.evaluate(names) == ["Indium", "Lithium", "Rare earths"]
    page.get_by_role("button", name="Skeptic").press("Enter")
    assert page.evaluate(names)[-1] == "Indium"
    assert page.locator("th[aria-sort=descending]").inner_text().endswith("Skeptic")
    assert head.locator("..").get_attribute("aria-sort") is None


def test_weeks_lead_to_each_other_and_past_the_navigation(page: Page, folder: Path) -> None:
    """The first Tab reaches the link past the navigation; previous and next week are one click away."""
    page.goto(f"{folder.as_uri()}/weeks/2026-W46.html")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.get_by_role("link", name="Week 47").first.click()
    assert page.url.endswith("weeks/2026-W47.html")
    page.locator("a[rel=prev]").click()
    assert page.url.endswith("weeks/2026-W46.html")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Weeks").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Week by week"


def test_pages_read_well_without_scripts(browser: Browser, folder: Path) -> None:
    """Without scripts the tables stand, and search says what to do instead."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{folder.as_uri()}/search.html")
    assert "Searching needs JavaScript" in page.locator("main").inner_text()
    assert not page.locator("#words").is_visible()
    page.goto(f"{folder.as_uri()}/minerals/index.html")
    assert page.locator("tbody tr").count() == 3
    context.close()
