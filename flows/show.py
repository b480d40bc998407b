"""What a person sees while a job works: bars and tables on a terminal, plain lines in a pipe.

Everything here goes to stderr unless it is the data asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Advance = Callable[[int], None]
WIDE = 120
"""Characters of a terminal's line from which a table may have its spare columns."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that says one thing to a person, in a style of rich's, and another to a program that reads the pipe."""

    shown: str
    style: str
    plain: str


def say(line: str) -> None:
    """One line for a person."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that prints for people


@contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """A bar with count, elapsed and remaining time on a terminal; nothing in a pipe, where `say` tells the result."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.update(task, advance=steps)


def table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None, spare: Collection[str] = ()
) -> None:
    """Data asked for: a table on a terminal, tab-separated lines in a pipe; both on stdout.

    `spare` columns are left out where a terminal has fewer than WIDE characters.
    """
    console = Console()
    if not console.is_terminal:
        for row in (columns, *rows):
            print("\t".join(_flat(cell) for cell in row))  # noqa: T201
        return
    kept = [i for i, name in enumerate(columns) if console.width >= WIDE or name not in spare]
    grid = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for i in kept:
        grid.add_column(columns[i], justify="right" if _is_number(rows, i) else "left")
    for row in rows:
        grid.add_row(*(_text(row[i]) for i in kept))
    console.print(grid, markup=False)


def blank() -> None:
    """An empty line between two tables in a pipe; on a terminal they stand apart already."""
    if not Console().is_terminal:
        print()  # noqa: T201


def _is_number(rows: Sequence[Sequence[object]], column: int) -> bool:
    return bool(rows) and all(isinstance(row[column], int | float | None) for row in rows)


def _flat(cell: object) -> str:
    return " ".join(_plain(cell).split())


def _text(cell: object) -> Text:
    """A cell without control characters or markup: an outside text must not steer the terminal."""
    shown, style = (cell.shown, cell.style) if isinstance(cell, Cell) else (_plain(cell), "")
    return Text("".join(c if c.isprintable() else " " for c in shown), style)


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Cell):
        return cell.plain
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return str(cell)
