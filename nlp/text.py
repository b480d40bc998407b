"""Which language a text is in, as far as that can be told.

    text -> prose (no addresses, names, tickers, emoji) -> py3langid -> ("de", 0.99) | (None, 0.4)

A gate that calls short English foreign loses comments silently, one that lets a foreign text through costs one wrong
label. So the gate leans to passing: it speaks only where there is enough text and the answer is clear.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

SUPPORTED: Final = frozenset({"en"})
"""ISO 639-1 codes of the languages that the stance model reads."""
SURE: Final = 0.65
"""Probability below which a language is not named."""
ENOUGH_WORDS: Final = 5
"""Fewer words decide nothing in scripts that part words by spaces."""
ENOUGH_SIGNS: Final = 6
"""Fewer characters decide nothing in scripts without spaces (Chinese, Japanese, Thai)."""
EXCERPT: Final = 400
"""Characters looked at; more change no answer."""

_NOISE: Final = re.compile(
    r"https?://\S++|www\.\S++|[#@$]\w++|\b[ru]/\w++|[^\w\s'’.,;:!?-]++|\b[A-Z0-9.]{2,}\b|\d++|_++"
)
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_FUNCTION_WORDS: Final = """
the of and to in is that it for on with as are this be was have not at by from you they we but or what there an if would
their which will has can all who my your do so just about how more don't isn't it's i'm that's than then them these
those when why been were could should only into over because our its no out up get
"""
_ENGLISH: Final = frozenset(_FUNCTION_WORDS.split())


def language(text: str) -> tuple[str | None, float]:
    """The ISO 639-1 code of a text and its probability (normalised over the model's languages), or None.

    None where the text is too short or the answer unclear; such a text passes the gate. Method: py3langid, after
    Lui and Baldwin (2012), langid.py.
    """
    prose = _NOISE.sub(" ", text[:EXCERPT])
    words = prose.split()
    latin = len(_LATIN.findall(prose))
    foreign_script = len(_LETTER.findall(prose)) - latin
    if len(words) < ENOUGH_WORDS and foreign_script < max(ENOUGH_SIGNS, latin):
        return None, 0.0
    code, probability = _identifier().classify(_lowered(prose))
    if code != "en" and foreign_script <= latin and _reads_english(words):
        return None, 0.0
    return (str(code), probability) if probability >= SURE else (None, probability)


def prepare() -> None:
    """Unpack what `language` needs: 100 MB for a moment, which cost nothing where they come before a model's."""
    _identifier()


def _lowered(prose: str) -> str:
    """Headlines capitalise what the model has only seen small."""
    return " ".join(prose.lower().split())


def _reads_english(words: list[str]) -> bool:
    """Whether at least an eighth of the words are English function words: names can outweigh them in the model."""
    return 8 * sum(w.strip(".,;:!?").lower().replace("’", "'") in _ENGLISH for w in words) >= len(words)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
