"""`oresight channels ...`: look after the list of channels. Nothing here writes to the store."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows import show
from flows.settings import Settings, load
from records import COMMUNITIES

if TYPE_CHECKING:
    from flows.check import Checked
    from records import Channel

DONE = 0
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _either(kind: str) -> str:
    return ", ".join(COMMUNITIES[kind])


keep_option = click.option(
    "--keep", type=click.Choice(["relevant", "all"]), default="relevant", show_default=True, help="What stays of items."
)


@click.group()
def channels() -> None:
    """Look after the list of channels: try it, find feeds, add them, exchange it with feed readers.

    \b
    Examples:
      oresight channels check
      oresight channels add https://www.mining-technology.com/ --community trade-press
      oresight channels export-opml channels.opml
    """


@channels.command()
@click.option("--only", "names", multiple=True, metavar="NAME", help="Just this channel; may be given again.")
@click.argument("file", type=FILE, required=False)
def check(names: tuple[str, ...], file: Path | None) -> int:
    """Try the whole list, or an OPML file or channels.toml, in parallel; the store stays as it is.

    \b
    Examples:
      oresight channels check
      oresight channels check --only mining-weekly
      oresight channels check subscriptions.opml
    """
    from flows import told
    from flows.check import check_list, outcome, pick, show_checked

    settings = load()
    checked = check_list(settings, pick(_listed(settings, file), names), now=_now())
    show_checked(checked)
    show.say(told.summary(c.word for c in checked))
    return outcome(checked)


@channels.command()
@click.argument("url")
def discover(url: str) -> int:
    """Find the feeds that a web page offers: those it names, those it links to, else the usual addresses.

    \b
    Example:
      oresight channels discover www.mining-technology.com
    """
    from flows.discover import discover as feeds

    _show_found(feeds(load(), url, now=_now()))
    return DONE


@channels.command()
@click.argument("address")
@click.option("--community", required=True, help=f"Of a feed {_either('feed')}; of a subreddit {_either('subreddit')}.")
@click.option("--name", help="Lower-case words joined by hyphens; default: after the host.")
@keep_option
@click.option("--fulltext", is_flag=True, help="Read each article's own page too.")
@click.option("--comments/--no-comments", default=True, help="Of a subreddit.")
@click.option("--anyway", is_flag=True, help="Add it though it cannot be read now.")
def add(address: str, anyway: bool, **wish: str | bool | None) -> int:
    """Try a feed, a web page that leads to one, or r/NAME, and add it to the end of the list.

    \b
    Examples:
      oresight channels add https://www.mining-technology.com/feed/ --community trade-press --keep all
      oresight channels add r/RareEarths --community investor
    """
    from flows.joining import Wish, join

    settings = load()
    channel, tried = join(settings, address, Wish(**wish), anyway=anyway, now=_now())  # type: ignore[arg-type]
    if tried:
        _show_found(tried)
    show.say(f"added '{channel.name}' ({channel.address}) to {settings.channels}")
    if len(tried) > 1:
        show.say("the page offers more feeds: name another's address if you meant that")
    return DONE


@channels.command()
@click.argument("file", type=FILE)
@click.option("--community", help="For feeds whose outline, category or folder names none.")
@keep_option
def import_opml(file: Path, community: str | None, keep: str) -> int:
    """Add the feeds of an OPML file that are not listed yet. They are not tried: `channels check` does that.

    \b
    Examples:
      oresight channels import-opml subscriptions.opml --community general-press
    """
    from flows.joining import bring_in
    from flows.opml import Defaults

    settings = load()
    rows = bring_in(settings, file, Defaults(community, keep))
    show.table(("channel", "address", "outcome"), rows)
    show.say(f"added {sum(row[2] == 'added' for row in rows)} of {len(rows)} to {settings.channels}")
    return DONE


@channels.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export_opml(file: Path | None) -> int:
    """Write the list as OPML 2.0, to a file or to stdout; our settings come back with `import-opml`.

    \b
    Examples:
      oresight channels export-opml channels.opml
    """
    from flows import opml

    data = opml.write(_listed(load(), None))
    if file is None:
        sys.stdout.buffer.write(data)
    else:
        file.write_bytes(data)
        show.say(f"wrote {file}")
    return DONE


def _listed(settings: Settings, file: Path | None) -> tuple[Channel, ...]:
    from flows import opml
    from flows.channels import load as load_list

    if file is None:
        return load_list(settings.channels)
    data = opml.load(file)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return opml.read(data, str(file), opml.Defaults("official")).channels
    return load_list(file)


def _show_found(found: list[Checked]) -> None:
    from flows.check import COLUMNS, rows

    found_rows = [(c.channel.address, *row[2:]) for c, row in zip(found, rows(found), strict=True)]
    show.table(("address", *COLUMNS[2:]), found_rows)


def _now() -> datetime:
    return datetime.now(UTC)
