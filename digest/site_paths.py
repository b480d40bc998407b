"""Where the archive's pages lie, and how one of them names another.

    ("mineral", "rare earths") -> minerals/rare-earths.html
    minerals/rare-earths.html, weeks/2026-W47.html -> ../weeks/2026-W47.html

A name from outside becomes letters, digits and hyphens, so that no path leaves the folder; links are relative, so that
they hold on a disk as well as behind a web server.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from unicodedata import normalize

FOLDERS: Final = {"mineral": "minerals", "country": "countries", "community": "communities"}
INDEX: Final = "index.html"
SEARCH: Final = "search.html"
FEED: Final = "feed.xml"
_LONGEST: Final = 48
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")


def slug(kind: str, name: str) -> str:
    """A file's name for an entity, without an ending: two names of a kind never share one, and it never changes.

    What cannot be read back from the letters alone is told apart by a hash.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", _ascii(name)).strip("-")[:_LONGEST].rstrip("-")
    plain = {"mineral": readable.replace("-", " "), "country": readable.upper()}.get(kind, readable)
    if readable and name == plain and readable != "index":
        return readable
    return f"{readable or 'x'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _ascii(name: str) -> str:
    return normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def of_topic(kind: str, name: str) -> str:
    """The path of an entity's page."""
    return f"{FOLDERS[kind]}/{slug(kind, name)}.html"


def of_kind(kind: str) -> str:
    """The path of the list of a kind's pages."""
    return f"{FOLDERS[kind]}/{INDEX}"


def of_week(week: str) -> str:
    """The path of a week's page. Raises ValueError for anything but an ISO week such as 2026-W47."""
    if not _WEEK.fullmatch(week):
        raise ValueError(f"'{week}' is not an ISO week such as 2026-W47")
    return f"weeks/{week}.html"


def relative(origin: str, target: str) -> str:
    """How the page at `origin` names the one at `target`."""
    return "../" * origin.count("/") + target
