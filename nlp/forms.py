"""How a form of the gazetteers may be written.

Form -> folded phrases: British and American, plural, joined, hyphened -> {phrase: (Form, ...)}
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from nlp.gazetteer import Form, key


def by_phrase(forms: Iterable[Form]) -> dict[str, tuple[Form, ...]]:
    """Each phrase as matching sees it, with every form that it may stand for."""
    found: dict[str, dict[str, Form]] = defaultdict(dict)
    for form in forms:
        for phrase in variants(form):
            kept = found[phrase].setdefault(form.entity, form)
            if kept.text != form.text and key(form.text) == phrase:
                found[phrase][form.entity] = kept if key(kept.text) == phrase else form
    return {phrase: tuple(by.values()) for phrase, by in found.items()}


_SPELLINGS: Final = (
    ("sulf", "sulph"), ("sulph", "sulf"), ("aluminum", "aluminium"), ("aluminium", "aluminum"), ("cesium", "caesium"),
    ("fiber", "fibre"), ("isation", "ization"), ("ised ", "ized "), ("licence", "license"), ("license", "licence"),
    ("labour", "labor"), ("labor", "labour"), ("defence", "defense"), ("defense", "defence"),
)  # fmt: skip


def variants(form: Form) -> Iterator[str]:
    """The phrase, its other spelling, plural and joined form, and a possessive without its apostrophe."""
    phrase = key(form.text)
    spellings = {phrase, *(phrase.replace(a, b) for a, b in _SPELLINGS if a in phrase)}
    for spelling in sorted(spellings):
        yield spelling
        words = spelling.split()
        plural = form.type != "country" and (form.kind == "alias" or form.type != "mineral")
        if plural and words[-1].isalpha() and not spelling.endswith("s"):
            yield spelling + "s"
        if form.type == "country" and form.kind == "name" and form.lower == "yes" and len(words) == 1:
            yield spelling + "s"
        if len(words) > 1 and all(w.isalpha() or w == "-" for w in words) and sum(map(len, words)) > 7:
            yield "".join(w for w in words if w != "-")
        if len(words) == 2 and "-" not in words and form.type != "country":
            yield " - ".join(words)
        if words[-1] == "." and len(words) > 3:
            yield " ".join(words[:-1])


def keys(phrases: Iterable[str]) -> frozenset[str]:
    """The phrases as matching sees them."""
    return frozenset(filter(None, map(key, phrases)))
