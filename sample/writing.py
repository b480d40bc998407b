"""Headlines, names and places for the sample's texts.

text -> headline(text) -> (title, body);   author(rng), slug(title), subreddit(text)
"""

from __future__ import annotations

import random
import re

LONGEST_TITLE = 120
SENTENCE = re.compile(r"(?<=[.!?])[\"'”’]?\s+(?=[\"'“‘A-ZÀ-Þ0-9$€£])")
CLAUSE = re.compile(r"[,;:]\s|\s[-–—]\s")
FIRST = ("quiet", "rusty", "tidal", "amber", "northern", "spare", "patient", "copper", "late", "plain", "salty")
SECOND = (
    "magpie",
    "adit",
    "kiln",
    "ferry",
    "lathe",
    "badger",
    "ledger",
    "cobble",
    "heron",
    "furnace",
    "gasket",
    "tram",
)
PLACES = {  # the first that matches; the rest talk about trade
    "OreInvestors": r"ticker|bag|stock(?!pil)|shares?\b|hold|ASX|squeeze|invest|junior|penny|portfolio|\$\w|results",
    "EuropeanIndustry": r"\bEU\b|Europe|German|France|French|Swed|Norw|Finn|Brussels|Portug|Spain|Serbia|Poland|\bUK\b",
    "BatteryTech": r"batter|lithium|\bEVs?\b|graphite|anode|cathode|DLE|recycl|magnet|cell|nickel|cobalt|manganese",
    "StrategyTable": r"China|Beijing|Pentagon|alli|pact|summit|Trump|Senate|Congo|DRC|Ukraine|Japan|Australia|US\b|G7",
}


def headline(text: str) -> tuple[str, str]:
    """Split a text into a headline and what follows it.

    The first line or sentence where it is short enough; otherwise its first clause, the whole text remaining.
    """
    first, _, rest = (part.strip() for part in text.strip().partition("\n"))
    if len(first) <= LONGEST_TITLE:
        return first, rest
    head, *tail = SENTENCE.split(first, maxsplit=1)
    if len(head) <= LONGEST_TITLE and tail:
        return head.removesuffix("."), "\n\n".join(filter(None, (tail[0], rest)))
    return _first_clause(first), text.strip()


def author(rng: random.Random) -> str:
    """Return an invented name."""
    return f"{rng.choice(FIRST)}_{rng.choice(SECOND)}_{rng.randrange(10, 100)}"


def slug(title: str) -> str:
    """Return the words of a title as part of an address."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))[:60].strip("-") or "item"


def subreddit(text: str) -> str:
    """Return where people would talk about this."""
    return next((name for name, words in PLACES.items() if re.search(words, text, re.I)), "TradeEconomics")


def _first_clause(text: str) -> str:
    ends = [m.start() for m in CLAUSE.finditer(text) if 50 <= m.start() <= 115]
    if ends:
        return text[: ends[-1]]
    return text[:90].rsplit(" ", 1)[0] + " …"
