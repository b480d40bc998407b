"""Which texts tell one story: the same headline, or one that holds the other's words. Pure.

    headline -> normalised words -> key                 the same key is the same story, unless the texts gainsay it
    text -> four words at a time -> shingles            the share of the shorter text's shingles that the longer holds

Containment and not resemblance, because feeds cut stories short: a copy that ends after the first paragraph holds
little of the whole and is all held by it (Broder, On the resemblance and containment of documents, 1997).
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from array import array
from collections.abc import Collection
from uuid import UUID

READ_WORDS = 100
"""Words of a text that are looked at: a copy that was cut short holds its beginning."""
ENOUGH = 8
"""Shingles below which a text says too little to be told from others by its words."""
ALIKE = 0.6
"""Containment from which texts of two channels tell one story; cut copies lie well above, other stories well below."""
ALIKE_HERE = 0.9
"""The same within one channel, whose daily reports may share most of their words."""
UNLIKE = 0.1
"""Containment up to which the same headline stands over different stories, as over a weekly column."""

_BITS = (1 << 64) - 1
_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)  # so that the order of words counts
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_TITLE_WORDS, _TITLE_LETTERS = 4, 20


def title_key(title: str) -> UUID | None:
    """The same for all spellings of one headline; None for one too short to stand for a story."""
    words = _words(title)
    if len(words) < _TITLE_WORDS or sum(map(len, words)) < _TITLE_LETTERS:
        return None
    return UUID(bytes=hashlib.blake2b(" ".join(words).encode(), digest_size=16).digest())


def shingles(text: str) -> array[int]:
    """Every four words in a row of the text's beginning, each once and as 64 bits (array type Q)."""
    marks = [_mark(word) for word in _words(text[: READ_WORDS * 40])[:READ_WORDS]]
    runs = zip(marks, marks[1:], marks[2:], marks[3:], strict=False)
    return array("Q", {(a * _ODD[0] ^ b * _ODD[1] ^ c * _ODD[2] ^ d) & _BITS for a, b, c, d in runs})


def containment(one: Collection[int], other: Collection[int]) -> float:
    """The share of the shorter one's shingles that the other holds too, 0 to 1."""
    shorter = min(len(one), len(other))
    return len(set(one) & set(other)) / shorter if shorter else 0.0


def same_story(shared: int, size: int, other_size: int, *, same_title: bool, same_channel: bool) -> bool:
    """Whether two texts of the same days tell one story.

    They have `size` and `other_size` shingles and share `shared` of them. A headline of two channels is enough unless
    both texts are long enough to gainsay it; else one text must hold the other.
    """
    shorter = min(size, other_size)
    held = shared / shorter if shorter else 0.0
    if same_title and not same_channel:
        return shorter < ENOUGH or held > UNLIKE
    return shorter >= ENOUGH and held >= (ALIKE_HERE if same_channel else ALIKE)


@functools.lru_cache(maxsize=50_000)
def _mark(word: str) -> int:
    """64 bits of BLAKE2b (RFC 7693)."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
