"""Which phrases of the gazetteers stand in a text, all of them at once.

    {label: phrases} -> trie of words          folded words -> (first, end, label), ...

A trie (Fredkin 1960, Trie memory): from each word on it is followed as far as some phrase goes, and most words begin
none. One pass, in time linear in the words times the length of the longest phrase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Node:
    labels: tuple[str, ...] = ()  # of the phrases that end here
    then: dict[str, _Node] = field(default_factory=dict)


class Phrases:
    """Finds phrases, given as words with single spaces; one phrase may have several labels."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._root = _Node()
        for label, wanted in phrases.items():
            for phrase in wanted:
                node = self._root
                for word in phrase.split():
                    node = node.then.setdefault(word, _Node())
                node.labels = (*node.labels, label)

    def find(self, words: Sequence[str]) -> list[tuple[int, int, str]]:
        """(first, end, label) of every phrase that is words[first:end], overlapping ones too, by `first`."""
        found: list[tuple[int, int, str]] = []
        begin, most = self._root.then, len(words)
        for first, word in enumerate(words):
            node, end = begin.get(word), first + 1
            while node:
                found += [(first, end, label) for label in node.labels]
                node = node.then.get(words[end]) if end < most else None
                end += 1
        return found
