"""What is still there on Reddit, and what its author, a moderator or Reddit took away.

    fullnames -> /api/info, 100 a call -> Answered(there, gone with reasons, nameless) | Answered(refused)

A call that fails says nothing about anything. A name that an answer lacks is asked for once more, beside one that is
known to be there: only where that answer is whole, and lacks it again, has the thing vanished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import praw

from sources.reddit_calls import Calls, Refused, odd
from sources.reddit_items import GONE, Data, fullname, things

AT_ONCE = 100
FAILURES_IN_A_ROW = 5
FEW = 10
"""So many may vanish without one that is there beside them; more look like a server that has lost its way."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What one call told. `refused` says why it told nothing; `ends`: the rest would fare no better."""

    there: tuple[str, ...] = ()
    gone: Mapping[str, str] = field(default_factory=dict)  # fullname -> reason
    nameless: tuple[str, ...] = ()  # there, but their author's account is not
    refused: str = ""
    ends: bool = False


def ask(
    reddit: praw.Reddit, batches: Iterable[Sequence[str]], *, calls: int, now: datetime, trusting: bool = False
) -> Iterator[Answered]:
    """Ask for batches of up to 100 fullnames, an Answered for each call; those that are missing are asked for twice.

    `calls` bounds the first questions; the second ones, rarely more than one, come on top. `trusting`: believe that
    all are gone where an answer, given twice, holds none of them.
    """
    run = _Run(Calls(reddit, 2 * calls, now), trusting)
    failures = 0
    for answered in run.answers(batches):
        failures = failures + 1 if answered.refused else 0
        yield answered
        if answered.ends or failures >= FAILURES_IN_A_ROW:
            return


@dataclass(slots=True)
class _Run:
    calls: Calls
    trusting: bool
    missing: list[str] = field(default_factory=list)
    witness: str | None = None  # something that is there

    def answers(self, batches: Iterable[Sequence[str]]) -> Iterator[Answered]:
        for names in batches:
            yield self._first(names)
        for start in range(0, len(self.missing), AT_ONCE - 1):
            yield self._second(self.missing[start : start + AT_ONCE - 1])

    def _first(self, names: Sequence[str]) -> Answered:
        try:
            found = self._found(names)
        except Refused as no:
            return Answered(refused=no.reason, ends=no.stops)
        self.missing += [name for name in names if name not in found]
        answered = verdict(found)
        self.witness = self.witness or next(iter(answered.there), None)
        return answered

    def _second(self, names: Sequence[str]) -> Answered:
        if self.witness is None and len(names) >= FEW and not self.trusting:
            return Answered(refused=f"Reddit's answers held none of {len(names)} things, nor any other: not believed")
        try:
            found = self._found([*names, self.witness] if self.witness else names)
        except Refused as no:
            return Answered(refused=no.reason, ends=no.stops)
        if self.witness and self.witness not in found:
            return Answered(refused="Reddit's answer lacked a thing that it had just given: not believed")
        answered = verdict({name: data for name, data in found.items() if name in names})
        vanished = {name: "vanished" for name in names if name not in found}
        return Answered(answered.there, {**answered.gone, **vanished}, answered.nameless)

    def _found(self, names: Sequence[str]) -> dict[str, Data]:
        """The things of these names; Refused where the answer is not whole."""
        listing = self.calls.get("api/info", {"id": ",".join(names), "raw_json": 1})
        named = [(fullname(kind, data), data) for kind, data in things(listing)]
        whole = {name: data for name, data in named if name is not None}
        if len(whole) < len(named) or listing["data"].get("after"):
            raise odd("an answer that is not whole")
        return {name: data for name, data in whole.items() if name in names}


def verdict(found: Mapping[str, Data]) -> Answered:
    """Sort things by whether their words are still there, and their author."""
    reasons = {name: reason(name, data) for name, data in found.items()}
    there = tuple(name for name, why in reasons.items() if not why)
    nameless = tuple(name for name in there if _is_gone(found[name].get("author")))
    return Answered(there, {name: why for name, why in reasons.items() if why}, nameless)


def reason(name: str, data: Data) -> str:
    """Why a thing counts as deleted, in a word or two; empty where it is there.

    Without an author but with its words it is there: the account was deleted, not the post.
    """
    category = data.get("removed_by_category")
    if isinstance(category, str) and category:
        word = "".join(c for c in category if c.isalnum() or c == "_")[:40]
        return "deleted" if word in {"deleted", "author"} else f"removed: {word}"
    texts = ("title", "selftext") if name.startswith("t3_") else ("body",)
    return next((str(data[t]).strip().lower() for t in texts if _is_gone(data.get(t))), "")


def _is_gone(text: object) -> bool:
    return isinstance(text, str) and text.strip().lower() in GONE
