"""Where a text's sentences lie.

text -> (start, end), ...   text[start:end] is a sentence, stripped
"""

from __future__ import annotations

import re

_END = re.compile(r"""[.!?\u2026]+['"\u2019\u201d)\]]*(?=\s)|\n+""")
_SHORT = "Mr|Mrs|Ms|Dr|Prof|St|No|vs|Inc|Ltd|Co|Corp|approx|Jan|Feb|Aug|Sept|Sep|Oct|Nov|Dec|Gov|Sen|Rep"
_ABBREVIATION = re.compile(rf"(?:^|[\s(])(?:[A-Za-z]|(?:[A-Za-z]\.)+[A-Za-z]|{_SHORT})\.$")
LONGEST_WORD = 24
"""Characters looked back over for an abbreviation."""


def spans(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences in order; none for a blank text. Sentences end at . ! ? or at a line's end."""
    found, start = [], 0
    for mark in _END.finditer(text):
        if not _abbreviated(text, mark.end()):
            found.append((start, mark.end()))
            start = mark.end()
    found.append((start, len(text)))
    return [span for span in (_strip(text, *bounds) for bounds in found) if span[0] < span[1]]


def _abbreviated(text: str, end: int) -> bool:
    return bool(_ABBREVIATION.search(text[max(0, end - LONGEST_WORD) : end]))


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
