"""`oresight digest --open`: the week's page, in the reader's own browser.

pages written, archive -> address (pure) -> webbrowser
"""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path

from flows import show


def address(week: str, pages: Sequence[Path], site: Path) -> str | None:
    """The file: address of what to open, of these files that exist: the week's page in the archive, for it leads on.

    Else the page that was written as HTML, else the archive's first page; None where there is none of them.
    """
    written = [page for page in pages if page.suffix == ".html"]
    wanted = (site / "weeks" / f"{week}.html", *written, site / "index.html")
    return next((page.resolve().as_uri() for page in wanted if page.exists()), None)


def open_page(uri: str | None) -> bool:
    """Open it in the browser that the system or BROWSER names, or say why not; returns whether it opened."""
    if uri is None:
        show.say("there is no page to open: write one with --format html")
        return False
    try:
        opened = webbrowser.open(uri)
    except webbrowser.Error:
        opened = False
    if not opened:
        show.say(f"no browser could be opened here; open {uri} in one, or name yours in BROWSER")
    return opened
