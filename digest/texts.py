"""Texts from outside, made harmless before they reach a page.

    text -> plain -> (Jinja's autoescape for HTML | markdown for Markdown)
    url  -> link, or None

A headline, a quotation, a server's reason or a channel's name may hold anything at all.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category
from urllib.parse import quote, urlsplit

ELLIPSIS: Final = " […]"
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORD_JOINER: Final = "\N{WORD JOINER}"
_SPECIAL = re.compile(r"[\\`*_\[\]<>&#|~$!{}^]")
_AT_LINE_START = re.compile(r"^(?:(?P<bullet>[-+=:])|(?P<number>\d{1,9})(?P<stop>[.)]))")
# GitHub turns bare addresses into links after backslashes are gone, so a zero-width character has to part them.
_BARE_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)|(?<=mailto:)|(?<=xmpp:)", re.IGNORECASE)
_URL_SAFE: Final = "%/:?#[]@!$&'*+,;=~-._"


def plain(text: str, limit: int = 600) -> str:
    """One line of text without control characters, lone surrogates and direction overrides.

    Runs of white space become one space. More than `limit` code points are cut at a word, and the cut is shown.
    """
    line = " ".join("".join(map(_visible, text)).split())
    if len(line) <= limit:
        return line
    cut = line[:limit]
    return (cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut).rstrip() + ELLIPSIS


def _visible(char: str) -> str:
    kind = category(char)
    if kind in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if kind == "Cs" or char in _BIDI else char


def link(url: str | None) -> str | None:
    """The address if it is plain http or https and may stand in an attribute or in Markdown, else None.

    Addresses with credentials, white space, backslashes or control characters are refused, not mended (RFC 3986).
    """
    if not url or len(url) > 2000 or "\\" in url or any(category(c) in {"Cc", "Cs", "Cf", "Zs"} for c in url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:  # a broken port or a broken IPv6 host
        return None
    return quote(url, safe=_URL_SAFE) if usable and "@" not in parts.netloc else None


def markdown(text: str) -> str:
    """Text that CommonMark and GitHub's dialect show as it is: no link, heading, list, table cell or HTML can start."""
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}" if found[0] not in "<>&" else _ENTITIES[found[0]], text)
    escaped = _AT_LINE_START.sub(_defused, escaped)
    return _BARE_ADDRESS.sub(_WORD_JOINER, escaped)


_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def _defused(found: re.Match[str]) -> str:
    return f"\\{found['bullet']}" if found["bullet"] else f"{found['number']}\\{found['stop']}"


def markdown_target(url: str) -> str:
    """An address from `link` as the target of a Markdown link."""
    return f"<{url.replace('&', '&amp;')}>"
