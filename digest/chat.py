"""The week's digest as a few lines for a chat.

Digest -> page.page -> (title, lines)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from digest.page import Cell, Page, page
from digest.words import DASH
from records import Digest

_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


def chat(digest: Digest, names: Mapping[str, str] = _NO_NAMES) -> tuple[str, str]:
    """A title, and a text without markup, short enough for any chat: verdict, shares, what they rest on."""
    told = page(digest, names)
    body = "\n".join((*told.banners, told.verdict, *_shares(told), told.rests, _health(told)))
    return f"Oresight, {told.week}, {told.span}", body


def _shares(told: Page) -> tuple[str, ...]:
    if not told.total.told:
        return ()
    return (*map(_share, told.total.cells), f"n = {told.total.n}")


def _share(cell: Cell) -> str:
    return f"{cell.mark} {cell.name}: {cell.share} ({cell.interval or DASH}), {cell.count} items"


def _health(told: Page) -> str:
    facts = dict(told.facts)
    return f"{facts['Delivered']} of {facts['Channels due']} channels due delivered. Figures as of {told.as_of}."
