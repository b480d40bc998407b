"""`oresight purge` and `oresight forget`: what others took back, and who said it."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from flows.settings import load


@click.command()
@click.option("--calls", type=click.IntRange(min=1), help="At most so many calls of 100 items; default: 600.")
@click.option("--trusting", is_flag=True, help="Believe Reddit where its answers hold nothing at all, twice.")
def purge(calls: int | None, trusting: bool) -> int:
    """Honour Reddit's deletions: check what is kept, erase what is gone from every file of the home.

    Every item is asked for again after 20 hours, the longest unchecked first: run it once a day. A call that
    fails is no deletion.

    \b
    Examples:
      oresight purge
      oresight sql "select * from purges order by noticed_at desc"
    """
    from flows import purge as job

    return job.purge_and_tell(load(), now=datetime.now(UTC), calls=calls or job.CALLS, trusting=trusting)


@click.command()
@click.option("--author-key-rotation", is_flag=True, help="A new key for the authors' hash; old hashes replaced.")
def forget(author_key_rotation: bool) -> None:
    """Make what is stored of authors unlinkable: to their names, to older copies, to what comes later.

    \b
    Example:
      oresight forget --author-key-rotation
    """
    from flows.forget import forget_and_tell

    if not author_key_rotation:
        raise click.UsageError("nothing to forget: say --author-key-rotation")
    forget_and_tell(load(), now=datetime.now(UTC))
