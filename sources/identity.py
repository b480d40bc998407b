"""What a thing is called, whoever names it: canonical addresses, GUIDs that collide, stable item ids.

url -> canonical url            no tracking parameters, no fragment, no credentials
Names, ... -> guid, ...         one page's entries, each with a name of its own
parts -> UUID                   the same parts give the same id, on any machine, in any year
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit
from uuid import UUID

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[^\s\x00-\x1f\x7f\"'<>\\^`{|}%@/?#\[\]:,;]+|\[[0-9a-f:.]+\]")
_UNSAFE = re.compile(r"[\s\x00-\x20\x7f\"<>\\^`{|}\ud800-\udfff]")
_TRACKING = re.compile(
    r"""(utm|mtm|pk|piwik|matomo|hsa|oly|vero)_.*
    | fbclid | gclid | gclsrc | dclid | gbraid | wbraid | msclkid
    | yclid | twclid | ttclid | li_fat_id | igshid | igsh | mc_[ce]id | mkt_tok | _hsenc | _hsmi | hsctatracking
    | _ga | _gl | at_(medium|campaign|custom\d|format|link_.*) | cmpid | ncid | s_cid | wt[._]mc | xtor | spm | ftag
    | guccounter | guce_referrer(_sig)? | __twitter_impression | sr_share""",
    re.VERBOSE | re.IGNORECASE,
)


class Names(NamedTuple):
    """Whatever a feed's entry gives to tell it from others; `url` is canonical."""

    guid: str | None
    url: str | None
    title: str
    date: str | None
    text: str


def canonical(url: str) -> str | None:
    """The address under which a page is known; None where it is no http or https address.

    Tracking parameters, fragment, credentials and default port are taken off, the host is lower case; the path's
    case and the order of the query are kept, because servers may tell them apart (RFC 3986, 6.2.2).
    """
    try:
        parts = urlsplit(url.strip())
        host = _host(parts)
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or host is None:
        return None
    query = "&".join(p for p in _quote(parts.query).split("&") if p and not _is_tracking(p))
    path = _quote(parts.path) or "/"
    return f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "")


def item_id(*parts: str) -> UUID:
    """A stable id of an item: BLAKE2b (RFC 7693), 16 bytes, over the parts joined by NUL."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return UUID(bytes=hashlib.blake2b(joined, digest_size=16).digest())


def page_guids(
    entries: Sequence[Names], taken: Callable[[str, Names], bool] = lambda _guid, _entry: False
) -> tuple[str | None, ...]:
    """A distinct GUID for each entry of one page, in order; None marks a whole copy of an earlier entry.

    GUID, else canonical URL, else a hash of title and date. Where several entries carry one GUID the first keeps
    it and later ones get GUID and URL, so that a feed that stamps all its entries alike loses none of them. `taken`
    tells whether a GUID belongs to another entry than this one since an earlier page.
    """
    given: dict[str, Names] = {}
    return tuple(_claim(entry, given, taken) for entry in entries)


def _claim(entry: Names, given: dict[str, Names], taken: Callable[[str, Names], bool]) -> str | None:
    for guid in guid_candidates(entry):
        if given.get(guid) == entry:
            return None
        if guid not in given and not taken(guid, entry):
            given[guid] = entry
            return guid
    return None


def guid_candidates(entry: Names) -> Iterator[str]:
    """The GUIDs an entry may come to bear, the best first."""
    first = entry.guid or entry.url or _digest(entry.title or entry.text, entry.date or "")
    yield first
    if entry.url and entry.url != first:
        yield f"{first} {entry.url}"
    yield f"{first} {_digest(entry.url or '', entry.title, entry.date or '', entry.text)}"


def _digest(*parts: str) -> str:
    return item_id(*parts).hex


def _host(parts: SplitResult) -> str | None:
    if "\\" in parts.netloc:  # browsers end the host at a backslash, Python does not
        return None
    host = (parts.hostname or "").rstrip(".").lower()
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host):
        return None
    port = parts.port
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def _quote(text: str) -> str:
    return _UNSAFE.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), text)


def _is_tracking(parameter: str) -> bool:
    return _TRACKING.fullmatch(parameter.partition("=")[0]) is not None
