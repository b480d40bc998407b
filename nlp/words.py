"""Text to words that can be compared, without losing where they stood.

    "Côte d’Ivoire’s #RareEarths" -> cote, d, ', ivoire, ', s, #, rare, earths   (folded, with offsets into the text)

Folding is compatibility decomposition (Unicode NFKD) without combining marks, case-folded, with one kind of
apostrophe, quotation mark and hyphen, and without zero-width characters: what a reader would call the same word.
Subreddit names, user names, cashtags and addresses become one word that equals nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Final

OPAQUE: Final = "\ufffc"
"""Stands for a word that must never be compared: an address, a ticker, a user's name."""
BREAK: Final = "\n"
"""Stands for an empty line."""
LONGEST_WORD: Final = 64
"""Characters; nothing in the gazetteer is as long, and folding a megabyte of one word serves nobody."""

_ZERO: Final = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
"""What is not seen: soft hyphens, joiners, marks of direction, variation selectors."""
_LETTER: Final = r"[^\W_\u02b9\u02bc]"
"""Letters and digits; two signs that Unicode calls letters are apostrophes."""
_MARK: Final = "\u0300-\u034e\u0350-\u036f\u1dc0-\u1dff\u20d0-\u20ff"
_ENTITY: Final = re.compile(r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
UNSEEN: Final = re.compile(f"[{_ZERO}]+")
_TOKEN: Final = re.compile(
    rf"""
    (?P<word> (?! https?:// | www\. | (?<![\w/])[ru]/\w )
              {_LETTER}++ (?: [{_MARK}]++ | {_LETTER}++ | [{_ZERO}](?=[{_ZERO}]*+(?:{_LETTER}|[{_MARK}])) )*+ )
    | (?P<opaque> https?://\S++ | www\.\S++ | (?<![\w/])/?[ru]/\w++ | (?<!\w)@\w++ | \$[A-Za-z]{{1,6}}\b )
    | (?P<flag> [\U0001F1E6-\U0001F1FF]{{2}} )
    | (?P<skip> &nbsp; | [{_ZERO}]++ | _++ | [*~]{{2,}} | \*(?=\w) | (?<=\w)\* )
    | (?P<gap> \n[^\S\n]*+\n\s*+ )
    | (?P<mark> &\w{{2,8}}; | &\#\w{{2,6}}; | \S )
    """,
    re.VERBOSE,
)
_PIECE: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\WA-Z_]+|[A-Z]+")
_SAME: Final = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ`´ʹ＇", "'"),
        **dict.fromkeys("‐‑‒–—−﹣－", "-"),
        **dict.fromkeys("“”„«»", '"'),
        "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "ð": "d",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one text: `folded[i]` is text[starts[i]:ends[i]] as it is compared, `raw[i]` as it stands."""

    folded: tuple[str, ...]
    raw: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.folded)


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """The comparable form of one word; a word longer than LONGEST_WORD equals nothing."""
    if len(word) > LONGEST_WORD:
        return OPAQUE
    plain = unicodedata.normalize("NFKD", UNSEEN.sub("", word))
    kept = "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return kept.translate(_SAME).casefold().translate(_SAME) or OPAQUE


def split(text: str, joined: Collection[str] = ()) -> Words:
    """Cut a text into words, one pass, linear in its length.

    A hashtag is cut where its capitals change (#RareEarths) unless the whole of it is in `joined` (#rareearths).
    HTML entities that were left over (C&ocirc;te, rare&nbsp;earths) are read as what they stand for.
    """
    plain, at = _decoded(text) if "&" in text else (text, None)
    rows: list[tuple[str, str, int, int]] = []
    for match in _TOKEN.finditer(plain):
        kind, raw, start = match.lastgroup, match.group(), match.start()
        if kind == "word" and rows and rows[-1][1] == "#" and rows[-1][3] == start:
            rows += _hashtag(raw, start, joined)
        elif kind == "opaque":
            rows.append((OPAQUE, raw, start, match.end()))
        elif kind == "gap":
            rows.append((BREAK, raw, start, match.end()))
        elif kind != "skip":
            rows.append((raw if kind == "flag" else fold(raw), raw, start, match.end()))
    if at is not None:
        rows = [(word, raw, at[start], at[end]) for word, raw, start, end in rows]
    return Words(*zip(*rows, strict=True)) if rows else Words((), (), (), ())


def _decoded(text: str) -> tuple[str, list[int] | None]:
    """The text without its entities, and where each character of it, and its end, stands in the text."""
    pieces, places, last = list[str](), list[int](), 0
    for match in _ENTITY.finditer(text):
        if (sign := unescape(match.group())) != match.group():
            pieces += [text[last : match.start()], sign]
            places += [*range(last, match.start()), *[match.start()] * len(sign)]
            last = match.end()
    if not pieces:
        return text, None
    return "".join([*pieces, text[last:]]), [*places, *range(last, len(text) + 1)]


def _hashtag(raw: str, start: int, joined: Collection[str]) -> list[tuple[str, str, int, int]]:
    if fold(raw) in joined or len(raw) > LONGEST_WORD:
        return [(fold(raw), raw, start, start + len(raw))]
    pieces = _PIECE.finditer(raw)
    return [(fold(m.group()), m.group(), start + m.start(), start + m.end()) for m in pieces]
