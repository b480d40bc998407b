"""Markup in, plain text out: one pass of a sanitiser, entities decoded, whitespace tidied.

html -> block tags become line breaks -> nh3 without any tag -> entities -> no controls -> tidy lines
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest

import nh3

_SILENT = {"script", "style", "iframe", "noscript", "template", "svg", "math", "object", "head"}
_BLOCK = re.compile(
    r"<(?=/?(?:p|br|div|li|ul|ol|tr|table|h[1-6]|blockquote|pre|section|article|figure|hr|dd|dt)\b)", re.I
)
# A bare "<" of running text, which an HTML parser would take for a tag that swallows the rest.
_BARE = re.compile(
    r"<(?!/?(?:a|abbr|b|blockquote|br|div|em|figure|font|h[1-6]|i|iframe|img|li|ol|p|script|small|span|strong|style"
    r"|sub|sup|table|td|th|tr|u|ul|video)\b)(?![^<>]*>)",
    re.I,
)
_WORK = re.compile(r"[^ !-%'-;=-~]|  ")  # in words of ASCII with one space between there is nothing to do
_TAG = re.compile(r"<[a-zA-Z/!?]")
_MORE = re.compile(r"<[a-zA-Z/!?]|&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5}|#x[0-9a-f]{2,5});", re.I)
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")  # all but one plain space
_LINES = re.compile(r"\n[ \n]+")
_FOOTER = re.compile(r"\s*\bThe (?:post|article) .{1,300}? appeared first on .{1,100}\Z", re.S)
_PASSES = 3


def text(markup: str) -> str:
    """Plain text of a piece of HTML: no tags, scripts or control characters, one line break between paragraphs.

    Markup that was escaped once too often is seen through as well, so that no tag is left in what comes out.
    """
    if not _WORK.search(markup):
        return _unsigned(markup.strip())
    plain = markup
    for _ in range(_PASSES):
        plain = _strip(plain)
        if not _MORE.search(plain):
            break
    plain = _TAG.sub(lambda tag: f"< {tag[0][1:]}", plain)
    return _unsigned(_tidy(plain))


def line(markup: str) -> str:
    """Plain text of a piece of HTML on one line, as a headline is."""
    return text(markup).replace("\n", " ")


def same(one: str, other: str) -> bool:
    """Whether two texts say the same letter for letter, whatever their spaces, case and punctuation."""
    return one == other or all(a == b for a, b in zip_longest(_letters(one), _letters(other)))


def letters(plain: str) -> str:
    """Nothing but letters and digits, in one case: what two spellings of one sentence share."""
    return "".join(_letters(plain))


def _letters(plain: str) -> Iterator[str]:
    return filter(str.isalnum, plain.casefold())


def _unsigned(plain: str) -> str:
    return _FOOTER.sub("", plain) if " appeared first on " in plain else plain


def _strip(markup: str) -> str:
    if "<" in markup:
        markup = _CDATA.sub("", markup) if "CDATA" in markup or "]]>" in markup else markup
        markup = _BARE.sub("&lt;", markup)
        if _BLOCK.search(markup):
            markup = _BLOCK.sub("\n<", markup.replace("\n", " "))
        markup = nh3.clean(markup, tags=set(), clean_content_tags=_SILENT)
    return html.unescape(markup)


def _tidy(plain: str) -> str:
    plain = unicodedata.normalize("NFC", plain.replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n"))
    spaced = _SPACES.sub(" ", _CONTROL.sub("", plain))
    return _LINES.sub("\n", spaced.replace(" \n", "\n")).strip()
