"""What a person sees while a job works: bars and tables on a terminal, plain lines in a pipe.

Everything here goes to stderr unless it is the data asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

Advance = Callable[[int], None]


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


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Data asked for: a table on a terminal, tab-separated lines in a pipe; both on stdout."""
    console = Console()
    if not console.is_terminal:
        for row in (columns, *rows):
            print("\t".join(_flat(cell) for cell in row))  # noqa: T201
        return
    grid = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        grid.add_row(*(_safe(cell) for cell in row))
    console.print(grid, markup=False)


def _flat(cell: object) -> str:
    return " ".join(_plain(cell).split())


def _safe(cell: object) -> str:
    """A cell without control characters or markup: an outside text must not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in _plain(cell)).replace("[", "\\[")


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return str(cell)
