"""The list of channels as OPML 2.0, which every feed reader can read, and back (opml.org/spec2.opml).

    [Channel] -> <outline type="rss" text xmlUrl category oresight:...> -> [Channel]

Our own settings travel as attributes of a namespace, which other programs leave alone. An OPML file comes from
anywhere: it is read without a document type, so without entities, and within a bound.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, register_namespace, tostring

from defusedxml import DTDForbidden
from defusedxml.ElementTree import XMLParser

from flows.channels import ADDRESS, KINDS, fault
from flows.errors import ChannelsError
from records import COMMUNITIES, Channel, ChannelKind

OURS = "urn:oresight:channels"
LARGEST = 5_000_000
"""Bytes of an OPML file; some thousand channels take one of them."""

_SETTINGS = ("name", "kind", "community", "keep", "comments", "fulltext", "query", "subreddits", "window")
_SUBREDDIT = re.compile(r"https?://(?:\w+\.)?reddit\.com/r/(\w{2,21})(?:/(?:new/?)?(?:\.rss)?)?(?:\?.*)?\Z", re.I)
_WORD = re.compile(r"[a-z0-9]+")
register_namespace("oresight", OURS)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What channels get whose outlines do not say."""

    community: str | None = None
    keep: str = "relevant"


@dataclass(frozen=True, slots=True)
class Imported:
    """The channels of a file, in its order, and the addresses left out, each with its reason."""

    channels: tuple[Channel, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def write(channels: Iterable[Channel], title: str = "Oresight's channels") -> bytes:
    """An OPML file of these channels, in their order."""
    root = Element("opml", {"version": "2.0"})
    SubElement(SubElement(root, "head"), "title").text = title
    body = SubElement(root, "body")
    for channel in channels:
        SubElement(body, "outline", _attributes(channel))
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def read(
    data: bytes,
    name: str = "the file",
    defaults: Defaults = Defaults(),
    taken: Iterable[str] = (),
) -> Imported:
    """The channels of an OPML file.

    An outline that names no community, in our attribute, its category or the folder around it, gets the default one;
    one without a name of ours gets a name from its text that is none of `taken`.

    Raises:
        ChannelsError: not OPML, too large, with a document type, or an outline without a community or with a
            setting that cannot be.
    """
    imported, left, names = [], [], {taken_name.lower() for taken_name in taken}
    for outline in _outlines(data, name):
        if (reason := _unusable(outline)) is not None:
            left.append((outline.get("xmlUrl", ""), reason))
            continue
        channel = _channel(outline, defaults, names, name)
        names.add(channel.name.lower())
        imported.append(channel)
    return Imported(tuple(imported), tuple(left))


def slug(text: str) -> str:
    """A name as channels.toml wants it: lower-case words joined by hyphens; empty where the text holds none."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "-".join(_WORD.findall(plain))[:60].strip("-")


def named_after(url: str) -> str:
    """A name for a feed from its host: `www.mining-technology.com` becomes `mining-technology`."""
    labels = (urlsplit(url).hostname or "").split(".")
    if labels[-1].isdigit():  # an IP address
        return slug(" ".join(labels))
    labels = [label for label in labels[:-1] if label not in ("www", "feeds", "rss", "feed")] or labels[:1]
    return slug(" ".join(labels))


def _attributes(channel: Channel) -> dict[str, str]:
    is_feed = channel.kind == "feed"
    ours = {
        "name": channel.name,
        "kind": channel.kind,
        "community": channel.community,
        "keep": channel.keep,
        **({"fulltext": _yes(channel.fulltext)} if is_feed else {"comments": _yes(channel.comments)}),
        **(_search(channel) if channel.kind == "reddit_search" else {}),
    }
    return {
        "type": "rss",
        "text": f"r/{channel.name}" if channel.kind == "subreddit" else channel.name,
        "xmlUrl": _address(channel),
        "category": f"/{channel.community}",
        **{f"{{{OURS}}}{key}": value for key, value in ours.items()},
    }


def _search(channel: Channel) -> dict[str, str]:
    return {"query": channel.address, "subreddits": " ".join(channel.subreddits), "window": channel.window}


def _address(channel: Channel) -> str:
    """Where other programs find what we read through Reddit's API."""
    if channel.kind == "feed":
        return channel.address
    if channel.kind == "subreddit":
        return f"https://www.reddit.com/r/{channel.name}/.rss"
    asked = urlencode({"q": channel.address, "sort": "new", "t": channel.window})
    if not channel.subreddits:
        return f"https://www.reddit.com/search.rss?{asked}"
    return f"https://www.reddit.com/r/{'+'.join(channel.subreddits)}/search.rss?{asked}&restrict_sr=1"


def _yes(value: bool) -> str:
    return "true" if value else "false"


@dataclass(slots=True)
class _Target:
    """What the parser tells: the outlines that have an address, each with the folder that it stands in."""

    root: str = ""
    depth: int = 0
    folders: list[tuple[int, str]] = field(default_factory=list)
    found: list[dict[str, str]] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.root = self.root or tag
        self.depth += 1
        if tag.rpartition("}")[2] == "outline":
            if "xmlUrl" in attributes:
                self.found.append({"folder": self.folders[-1][1] if self.folders else "", **attributes})
            else:
                self.folders.append((self.depth, attributes.get("text", "")))

    def end(self, tag: str) -> None:
        if self.folders and self.folders[-1][0] == self.depth:
            self.folders.pop()
        self.depth -= 1

    def close(self) -> list[dict[str, str]]:
        return self.found


def _outlines(data: bytes, name: str) -> list[dict[str, str]]:
    if len(data) > LARGEST:
        raise ChannelsError(f"{name}: larger than {LARGEST // 1_000_000} MB; a list of channels is not")
    target = _Target()
    parser: Any = XMLParser(target=target, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
    except DTDForbidden:
        raise ChannelsError(f"{name}: refused, for it holds a document type; take its <!DOCTYPE ...> out") from None
    except (ParseError, ValueError, LookupError) as error:
        raise ChannelsError(f"{name}: not OPML ({error})") from None
    if target.root != "opml":
        raise ChannelsError(f"{name}: not OPML; its outermost tag is <{target.root[:40]}>")
    if not target.found:
        raise ChannelsError(f"{name}: no outline in it has an xmlUrl")
    return target.found


def _unusable(outline: Mapping[str, str]) -> str | None:
    """Why an outline that is not ours cannot become a channel; settings of ours that cannot be are an error instead."""
    if _ours(outline):
        return None
    if found := _SUBREDDIT.match(outline["xmlUrl"]):
        return f"Reddit is read through its API: oresight channels add r/{found[1]} --community ..."
    problem = fault("feed", {"name": "x", "url": outline["xmlUrl"], "community": "official"})
    return problem[1] if problem else None


def _channel(outline: Mapping[str, str], defaults: Defaults, names: set[str], file: str) -> Channel:
    ours = _ours(outline)
    kind: ChannelKind = next((k for k in KINDS if k == ours.get("kind")), "feed")
    url = outline["xmlUrl"]
    found = _SUBREDDIT.match(url)
    name = ours.get("name") or (found[1] if kind == "subreddit" and found else _fresh(outline, names))
    table: dict[str, Any] = {
        "name": name,
        "url": url,
        "query": ours.get("query", ""),
        "community": ours.get("community") or next(_communities(outline, kind), defaults.community),
        "keep": ours.get("keep", defaults.keep),
        "subreddits": ours.get("subreddits", "").split() if kind == "reddit_search" else [],
        "window": ours.get("window", "week"),
    }
    if table["community"] is None:
        raise ChannelsError(f"{file}: '{name}' names no community; give one for all such with --community")
    if problem := fault(kind, table) or _flags(ours):
        raise ChannelsError(f"{file}: outline '{name}': {problem[0]}: {problem[1]}")
    return _made(kind, table, ours)


def _made(kind: ChannelKind, table: Mapping[str, Any], ours: Mapping[str, str]) -> Channel:
    return Channel(
        name=table["name"],
        kind=kind,
        community=table["community"],
        address=table[ADDRESS[kind]],
        keep=table["keep"],
        comments=ours.get("comments") != "false",
        fulltext=kind == "feed" and ours.get("fulltext") == "true",
        subreddits=tuple(table["subreddits"]),
        window=table["window"] if kind == "reddit_search" else "week",
    )


def _ours(outline: Mapping[str, str]) -> dict[str, str]:
    return {key: outline[f"{{{OURS}}}{key}"] for key in _SETTINGS if f"{{{OURS}}}{key}" in outline}


def _flags(ours: Mapping[str, str]) -> tuple[str, str] | None:
    wrong = (key for key in ("comments", "fulltext") if ours.get(key, "true") not in ("true", "false"))
    return next(((key, f"'{ours[key]}' is neither true nor false") for key in wrong), None)


def _communities(outline: Mapping[str, str], kind: ChannelKind) -> Iterator[str]:
    for told in (*outline.get("category", "").split(","), outline["folder"]):
        if (name := slug(told.rpartition("/")[2])) in COMMUNITIES[kind]:
            yield name


def _fresh(outline: Mapping[str, str], names: set[str]) -> str:
    base = slug(outline.get("text", "") or outline.get("title", "")) or named_after(outline["xmlUrl"]) or "feed"
    name, number = base, 1
    while name in names:
        number += 1
        name = f"{base}-{number}"
    return name


def load(path: Path) -> bytes:
    """An OPML file's bytes, no more than one too many; raises ChannelsError."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ChannelsError(f"{path}: cannot be read ({error.strerror})") from None
