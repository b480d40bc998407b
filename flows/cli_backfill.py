"""`oresight backfill DUMP...`: what Reddit's archives hold of the listed subreddits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows import show
from flows.settings import load

if TYPE_CHECKING:
    from flows.backfill import Reaped

DONE, FAILED = 0, 1
DUMP = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("dumps", nargs=-1, required=True, type=DUMP)
@click.option("--subreddit", "names", multiple=True, metavar="NAME", help="Just this one of the list; repeatable.")
@click.option("--from", "first", type=DAY, metavar="DATE", help="What was written on this day (UTC) or later.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="What was written on this day (UTC) or before.")
@click.option("--all-text", is_flag=True, help='Whatever it is about, as for channels with keep = "all".')
@click.option("--dry-run", is_flag=True, help="Count what would be kept; store nothing.")
def backfill(
    dumps: tuple[Path, ...],
    names: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    all_text: bool,
    dry_run: bool,
) -> int:
    """Read Reddit archives of Arctic Shift or Pushshift: RS_*.zst, RC_*.zst, *_submissions.zst, *_comments.zst.

    Give submissions and comments together: comments are kept with their thread's title and what they answer. A run
    that was stopped goes on where it was when the same command is given again. `oresight label` and `oresight
    refresh` do the rest.

    \b
    Examples:
      oresight backfill RS_2026-0*.zst RC_2026-0*.zst
      oresight backfill lithium_submissions.zst lithium_comments.zst --subreddit lithium --from 2025-01-01
      oresight sql "select file, line, reason from quarantine"
    """
    from flows import backfill as job
    from flows.channels import load as load_channels

    if first and last and first > last:
        raise click.UsageError("--from is later than --to: nothing lies between them")
    settings = load()
    wish = job.Wish(names, first and first.date(), last and last.date(), all_text, dry_run)
    reaped = job.backfill(settings, load_channels(settings.channels), dumps, wish, now=datetime.now(UTC))
    for one in reaped:
        show.say(_line(one, dry=dry_run))
    _table(reaped)
    return FAILED if any(one.damage for one in reaped) else DONE


def _line(one: Reaped, *, dry: bool) -> str:
    name = one.dump.path.name
    if one.skipped:
        return f"{name}: {one.skipped}"
    kept = f"{one.kept.total():,} would be kept" if dry else f"{one.kept.total():,} kept, {one.new:,} of them new"
    told = f"{name}: {one.lines:,} lines in {one.seconds:.1f} s, {one.seen.total():,} of these subreddits, {kept}"
    if one.bad:
        told += f"; {one.bad:,} bad lines, in the view quarantine" if not dry else f"; {one.bad:,} bad lines"
    if one.damage:
        told += f"; the file is damaged ({one.damage}): what was read is kept, fetch it again for the rest"
    return told


def _table(reaped: list[Reaped]) -> None:
    """Rows for each channel and file that had anything."""
    rows = [
        (one.dump.path.name, channel, seen, one.kept[channel])
        for one in reaped
        for channel, seen in sorted(one.seen.items())
    ]
    show.table(("file", "channel", "lines", "kept"), rows)
