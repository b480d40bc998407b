"""What a site asks of robots (RFC 9309).

    robots.txt -> the group for our name, else for all -> rules -> path -> may we?

The longest rule that matches decides, and between equals the one that allows. `*` and `$` have their meaning; nothing
here is a regular expression, because a hostile file could make one run for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

LARGEST = 500_000
_LINE = re.compile(r"\s*([A-Za-z-]+)\s*:\s*([^#]*)")
_MOST_RULES = 5_000


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one robot: whether they allow, and the pattern."""

    rules: tuple[tuple[bool, str], ...] = ()

    def allows(self, url: str) -> bool:
        """Whether the robot may fetch this address of the site."""
        parts = urlsplit(url)
        path = _plain(parts.path or "/") + (f"?{_plain(parts.query)}" if parts.query else "")
        matching = [(len(pattern), allow) for allow, pattern in self.rules if _matches(pattern, path)]
        return max(matching, default=(0, True))[1] or path == "/robots.txt"


EVERYTHING = Robots()
NOTHING = Robots(((False, "/"),))


def read(body: bytes, robot: str) -> Robots:
    """The rules that a robots.txt has for `robot` (its product token, without version). Never raises."""
    groups = list(_groups(body[:LARGEST].decode("utf-8", "replace").removeprefix("\ufeff")))
    ours = [rules for names, rules in groups if robot.lower() in names]
    anyones = [rules for names, rules in groups if "*" in names]
    rules = [rule for group in (ours or anyones) for rule in group]
    return Robots(tuple(rules[:_MOST_RULES]))


def token(user_agent: str) -> str:
    """The product token of a user agent: what a robots.txt would call it."""
    found = re.match(r"[A-Za-z_-]+", user_agent)
    return found[0].lower() if found else "*"


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[bool, str]]]]:
    names: set[str] = set()
    rules: list[tuple[bool, str]] = []
    begun = False
    for key, value in _lines(text):
        if key == "user-agent":
            if begun:
                yield names, rules
                names, rules, begun = set(), [], False
            names.add(value.split("/")[0].strip().lower())
        elif key in ("allow", "disallow"):
            begun = True
            rules += [(key == "allow", _plain(value))] if value else []
    yield names, rules


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in re.split(r"[\r\n]+", text):
        if found := _LINE.match(line):
            yield found[1].lower(), found[2].strip()


def _plain(path: str) -> str:
    """One spelling for each path: what need not be escaped is not, the rest is, in capitals."""
    return quote(unquote_to_bytes(path), safe="/*$?&=:;,@!~'()+%[]")


def _matches(pattern: str, path: str) -> bool:
    """Whether `pattern` matches from the beginning of `path`; each `*` takes as little as it can."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not anchored or path == first
    *middle, last = rest
    position = _after(path, len(first), middle)
    if position is None:
        return False
    if anchored:
        return len(path) - len(last) >= position and path.endswith(last)
    return path.find(last, position) >= 0


def _after(path: str, position: int, parts: Iterable[str]) -> int | None:
    for part in parts:
        found = path.find(part, position)
        if found < 0:
            return None
        position = found + len(part)
    return position
