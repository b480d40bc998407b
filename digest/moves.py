"""What is worth telling of a week, decided from its numbers alone.

    Digest -> verdict
    [Breakdown] -> the largest few

No test of change is made here: a verdict names a level and its interval, never a movement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import dropwhile

from digest.words import INTERVAL, STANCE_NAMES, counted, interval, percent
from records import STANCES, Breakdown, Digest, Share

FLOOR = 15
"""Items that take a stance, below which no share is told."""
TOP = 10
"""Rows of a table of minerals or countries."""


def takers(breakdown: Breakdown) -> int:
    """How many items the shares rest on: those that take a stance."""
    return min(share.n for share in breakdown.shares)


def tellable(breakdown: Breakdown) -> bool:
    """Whether shares may be told: `FLOOR` items or more, and every share with both ends of its interval."""
    known = all(None not in (share.value, share.low, share.high) for share in breakdown.shares)
    return known and takers(breakdown) >= FLOOR


def top(breakdowns: Iterable[Breakdown], limit: int = TOP) -> tuple[Breakdown, ...]:
    """The breakdowns of the most items, largest first; ties in the order of their names."""
    return tuple(sorted((b for b in breakdowns if b.items), key=lambda b: (-b.items, b.name))[:limit])


def begun(history: Sequence[Breakdown]) -> tuple[Breakdown, ...]:
    """The weeks from the first that has items: what was before the first collection is no gap."""
    return tuple(dropwhile(lambda week: not week.items, history))


def verdict(digest: Digest) -> str:
    """One or two sentences from fixed templates, chosen by the week's numbers; plain text, no markup."""
    total = digest.week_total
    if not total.items:
        return "A week without labelled items: there is nothing to tell."
    if not tellable(total):
        return _too_little(takers(total), total.items)
    ranked = sorted(zip(STANCES, total.shares, strict=True), key=lambda pair: -(pair[1].value or 0.0))
    (first, lead), (second, next_) = ranked[0], ranked[1]
    return f"{_lead(first, lead)} {_beside(first, lead, second, next_)}"


def _too_little(n: int, items: int) -> str:
    taking = f"{counted(n, 'item')} of {items} {'takes' if n == 1 else 'take'} a stance"
    return f"Too little data for a verdict: {taking}, and {FLOOR} are needed before a share is told."


def _lead(stance: str, share: Share) -> str:
    told = f"{percent(share.value)} of the {share.n} items that take a stance ({INTERVAL} {interval(share)})"
    return f"The largest share is {STANCE_NAMES[stance]}, with {told}."


def _beside(first: str, lead: Share, second: str, share: Share) -> str:
    name = STANCE_NAMES[second]
    if share.value == lead.value:
        return f"{name} has as many."
    if (share.high or 0.0) >= (lead.low or 0.0):
        return f"{name} follows with {percent(share.value)}, and the two intervals overlap: the order is open."
    return f"{name} follows with {percent(share.value)}, and the two intervals are apart."
