"""How channels join the list: one that was tried first, or a whole OPML file.

URL | r/NAME -> discover, try -> Channel -> flows.additions -> channels.toml
OPML -> [Channel] -> those not listed yet -> flows.additions -> channels.toml
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from flows import additions, opml, show
from flows.channels import fault
from flows.check import Checked, check_list
from flows.discover import discover, whole
from flows.errors import ChannelsError, NoFeed, NothingReached
from flows.settings import Settings
from records import Channel

Keep = Literal["relevant", "all"]

_SUBREDDIT = re.compile(r"(?:https?://(?:\w+\.)?reddit\.com)?/?r/(\w+)/?(?:new/?)?\Z", re.I)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a channel is to stand in the list; without a name a feed is named after its host."""

    community: str
    name: str | None = None
    keep: Keep = "relevant"
    fulltext: bool = False
    comments: bool = True


def join(settings: Settings, address: str, wish: Wish, *, anyway: bool, now: datetime) -> tuple[Channel, list[Checked]]:
    """Try an address and add the channel that it leads to; `anyway`: also one that cannot be read now, as it stands.

    Returns:
        The channel that was added, and what was tried: first its own answer, then the other feeds that a page offers.

    Raises:
        ChannelsError: a setting cannot be, or the channel is listed already.
        NothingReached: no server answered.
        NoFeed: the server refused, or there is no feed to be found.
    """
    listed = additions.listed(settings.channels)
    if found := _SUBREDDIT.match(address):
        channel = _fit(_subreddit(found[1], wish), listed)
        tried = check_list(settings, [channel], now=now)
        _insist(tried[0], anyway)
    else:
        url = whole(address)
        _fit(_feed(url, wish, listed), listed)
        tried = _discovered(settings, url, anyway, now)
        channel = _fit(_feed(tried[0].channel.address if tried else url, wish, listed), listed)
    additions.add(settings.channels, [channel])
    return channel, tried


def bring_in(settings: Settings, file: Path, defaults: opml.Defaults) -> list[tuple[str, str, str]]:
    """Add the channels of an OPML file that are not listed yet.

    Returns:
        For each outline its name, its address and what became of it.

    Raises:
        ChannelsError: the file is not OPML or is refused, or a channel of it cannot join.
    """
    listed = additions.listed(settings.channels)
    imported = opml.read(opml.load(file), str(file), defaults, [c.name for c in listed])
    new: list[Channel] = []
    rows = []
    for channel in imported.channels:
        reason = additions.clash([*listed, *new], channel)
        rows.append((channel.name, channel.address, f"left out: {reason}" if reason else "added"))
        new += [] if reason else [channel]
    if new:
        additions.add(settings.channels, new)
    return rows + [("", address, f"left out: {reason}") for address, reason in imported.left_out]


def _discovered(settings: Settings, url: str, anyway: bool, now: datetime) -> list[Checked]:
    try:
        return discover(settings, url, now=now)
    except (NoFeed, NothingReached) as error:
        if not anyway:
            raise type(error)(f"{error}; `--anyway` adds it as it stands") from None
        show.say(f"{error}; added all the same")
        return []


def _insist(tried: Checked, anyway: bool) -> None:
    """A subreddit that cannot be tried without keys may join; one that answered badly may not."""
    result = tried.result
    if tried.delivered:
        return
    if result.state == "no_keys" or anyway:
        show.say(f"r/{tried.channel.name} was not read ({result.reason}); added all the same")
        return
    line = f"r/{tried.channel.name}: {result.reason or result.state}; `--anyway` adds it as it stands"
    raise NothingReached(line) if tried.unreached else NoFeed(line)


def _subreddit(name: str, wish: Wish) -> Channel:
    return Channel(name, "subreddit", wish.community, name, wish.keep, wish.comments)


def _feed(url: str, wish: Wish, listed: Iterable[Channel]) -> Channel:
    name = wish.name or _name(url, {c.name.lower() for c in listed})
    return Channel(name, "feed", wish.community, url, wish.keep, fulltext=wish.fulltext)


def _name(url: str, taken: Collection[str]) -> str:
    """A name after the host; after host and path where that is taken."""
    short = opml.named_after(url) or "feed"
    return opml.slug(f"{short} {urlsplit(url).path}") if short in taken else short


def _fit(channel: Channel, listed: Iterable[Channel]) -> Channel:
    """The channel, if the list can take it."""
    table = {"name": channel.name, "url": channel.address, "community": channel.community, "keep": channel.keep}
    if problem := fault(channel.kind, table):
        raise ChannelsError(f"{problem[0]}: {problem[1]}")
    if reason := additions.clash(listed, channel):
        raise ChannelsError(reason)
    return channel
