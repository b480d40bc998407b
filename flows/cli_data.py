"""`oresight sql`, `event`, `export`: what others make of the published snapshot. Nothing here writes to the store."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from flows import show
from flows.settings import load

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("query", default="-")
@click.option(
    "--format", "fmt", type=click.Choice(["table", "csv", "json", "parquet"]), help="Default: table, or as FILE ends."
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A file instead of stdout."
)
@click.option("--history", is_flag=True, help="What was asked before, the newest last; runs no query.")
def sql(query: str, fmt: str | None, output: Path | None, history: bool) -> None:
    """Read-only SQL on the published snapshot; `-` or nothing reads the query from stdin.

    30 seconds and 1 GB of memory a query; a terminal shows 200 rows. docs/sql.md answers twenty questions.

    \b
    Examples:
      oresight sql "select week, stance, items from series_weekly where dimension = 'all' and community = 'all'"
      oresight sql "select * from mentions" --format csv > mentions.csv
      oresight sql "from labels" --output labels.parquet
    """
    from flows.ask import ask, tell_history

    if history:
        tell_history(load())
    else:
        ask(load(), _stdin() if query == "-" else query, fmt, sys.stdout.buffer, output, now=datetime.now(UTC))


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="The events that can be named.")
@click.option("--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--output", type=FOLDER, metavar="DIR", help="Write NAME.html, NAME.svg and NAME.json there.")
def event(name: str | None, listing: bool, fmt: str, output: Path | None) -> None:
    """Compare stance in the seven days before an event and the fourteen from its day on, by community.

    The change is held against the changes at some 200 other dates of the same series. Below 15 effective items a side
    it says too little data. Events are those of config/events.toml, or of events.toml in the home.

    \b
    Examples:
      oresight event --list
      oresight event project-vault
      oresight event project-vault --format json --output events
    """
    from flows import events

    if listing:
        events.listed(load())
    elif name is None:
        raise click.UsageError("name an event, or say --list")
    else:
        events.tell(load(), name, fmt, output)


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
def export(folder: Path) -> None:
    """Write series and labels as Parquet files by ISO week to DIR/current; no texts, no addresses.

    A killed export leaves the one before. Run it once a day: what was deleted since is then in no export.

    \b
    Examples:
      oresight export parquet
      duckdb -c "select week, count(*) from read_parquet('parquet/current/labels/*/*.parquet') group by all"
    """
    from storage.export import export as write

    done = write(load().home, folder)
    show.say("; ".join(f"{name} {rows:,}" for name, rows in done.rows.items()))
    click.echo(str(done.path))


COMMANDS = (sql, event, export)


def _stdin() -> str:
    if sys.stdin.isatty():
        show.say("reading a query from the keyboard; end it with Ctrl-D")
    return sys.stdin.read()
