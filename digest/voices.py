"""Whose words are quoted, and what they are taken from.

[Quotation], surest first -> genre of each -> one a stance, and the surest left that speaks against the leading one
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urlsplit

from records import STANCES, Breakdown, Genre, Quotation

AGAINST: Final = {
    "realist": "skeptic",
    "industrial_collaboration": "skeptic",
    "skeptic": "industrial_collaboration",
}
"""Which stance speaks against a leading one: those who would build, and those who see no use in it."""

_PARTS: Final = re.compile(
    r"/(?:opinions?|op-?eds?|commentary|commentaries|commentisfree|columns?|columnists?|editorials?|viewpoints?"
    r"|letters|leaders|guest-(?:posts?|views?|columns?|essays?)|perspectives?)(?=/|$)",
    re.IGNORECASE,
)
_WORDS: Final = r"opinion|op-?ed|commentary|comment|editorial|viewpoint|column|letter|guest (?:post|view|column|essay)"
_TITLE: Final = re.compile(rf"^\W*(?:{_WORDS})s?\s*[:|\]–—]|[|–—]\s*(?:{_WORDS})s?\W*$", re.IGNORECASE)


def genre(quotation: Quotation) -> Genre:
    """What a quotation is taken from; a rule of thumb over what it shows, never over what it says.

    A post is social. News is an op-ed where a part of its address or the beginning or end of its title says so
    (/opinion/, "Opinion: ..."); otherwise its channel's community tells a think tank and a company.
    """
    if quotation.source_kind == "social":
        return "post"
    if _PARTS.search(_path(quotation.url)) or _TITLE.search(quotation.title):
        return "op-ed"
    if quotation.community == "think-tank":
        return "think-tank"
    return "company" if quotation.community == "company" else "report"


def _path(url: str | None) -> str:
    try:
        return unquote(urlsplit(url or "").path)
    except ValueError:  # a broken host
        return ""


def leading(total: Breakdown) -> str | None:
    """The stance of the largest corrected share; None where none is told."""
    told = [(share.value, -at) for at, share in enumerate(total.shares) if share.value is not None]
    return STANCES[-max(told)[1]] if told else None


def choose(found: Sequence[Quotation], total: Breakdown) -> tuple[tuple[Quotation, ...], Quotation | None]:
    """The surest quotation of each stance, and the surest other one that speaks against the leading stance."""
    marked = [replace(one, genre=genre(one)) for one in found]
    voices = tuple(
        one for stance in STANCES for one in [next((q for q in marked if q.stance == stance), None)] if one is not None
    )
    against = AGAINST.get(leading(total) or "")
    return voices, next((one for one in marked if one.stance == against and one not in voices), None)
