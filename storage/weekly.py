"""What the digest says of weeks, entities and themes, with the SQL that says it.

    week -> SQL over the promised views -> rows, one a name and stance -> Breakdown, Theme

The SQL is the very text that `queries` hands out, to be run with `oresight sql`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

import duckdb

from records import LABELS, STANCES, Breakdown, Move, Query, Share, Theme

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
FIGURES: Final = "items, effective_n, share, low, high, change, verdict, change_8_weeks, verdict_8_weeks"
"""The columns of `series_weekly` that a breakdown is made of, after its name and the stance."""

_OF_STANCE = f"""SELECT {{name}}, stance, {FIGURES}
FROM series_weekly
WHERE {{where}} AND stance <> 'abstained'
ORDER BY {{order}}, stance"""  # noqa: S608  only this module's own text
_MOST_FIRST = "sum(items) OVER (PARTITION BY {name}) DESC, {name}"
_THEMES = """SELECT kind, theme, stance, {figures}
FROM themes LEFT JOIN series_weekly
  ON entity = theme AND dimension = 'theme' AND community = 'all' AND week = {week} AND stance <> 'abstained'
ORDER BY kind, sum(items) OVER (PARTITION BY theme) DESC NULLS LAST, theme, stance"""


def counts(
    con: duckdb.DuckDBPyConnection, week: str, dimension: str, *, community: str = "all"
) -> tuple[Breakdown, ...]:
    """Items of a week by entity, most items first; `dimension` is one of storage.series.DIMENSIONS."""
    return _run(con, _counts_sql(week, dimension, community))


def community_counts(con: duckdb.DuckDBPyConnection, week: str) -> tuple[Breakdown, ...]:
    """Items of a week by community, most items first."""
    return _run(con, _communities_sql(week))


def history(con: duckdb.DuckDBPyConnection, last_week: str, weeks: int = 26) -> tuple[Breakdown, ...]:
    """Items of each of the `weeks` ISO weeks up to and with `last_week`, oldest first, zeros where there are none."""
    span = _span(last_week, weeks)
    found = {week.name: week for week in _run(con, _history_sql(span))}
    return tuple(found.get(week) or breakdown(week, ()) for week in span)


def themes(con: duckdb.DuckDBPyConnection, week: str) -> tuple[Theme, ...]:
    """Every theme of the list: elements first, then watch points, most items first, zeros where there are none."""
    rows = con.execute(_themes_sql(week)).fetchall()
    return tuple(
        Theme(kind, breakdown(name, (row[2:] for row in some)))
        for (kind, name), some in groupby(rows, key=lambda row: (row[0], row[1]))
    )


def queries(week: str) -> tuple[Query, ...]:
    """The SQL of the week's figures over the promised views, runnable with `oresight sql`."""
    return (
        Query("Stance of the week", _counts_sql(week, "all", "all")),
        Query("Stance by week, the last 26 weeks", _history_sql(_span(week, 26))),
        Query("Stance by community", _communities_sql(week)),
        Query("Stance by theme", _themes_sql(week)),
        Query("Stance by mineral", _counts_sql(week, "mineral", "all")),
        Query("Stance by country", _counts_sql(week, "country", "all")),
    )


def breakdown(name: str, rows: Iterable[Sequence[Any]]) -> Breakdown:
    """A breakdown of rows (stance, *FIGURES); a stance without a row has no items."""
    of = {row[0]: row[1:] for row in rows if row[0] is not None}
    numbers = {stance: of[stance][0] if stance in of else 0 for stance in LABELS}
    taking = sum(numbers[stance] for stance in STANCES)
    none = (None,) * 8
    effective = next((row[1] for row in of.values()), None)
    told = [of[stance][1:] if stance in of else none for stance in STANCES]
    first, second, third = (Share(row[1], row[2], row[3], taking) for row in told)
    one, two, three = (Move(*row[4:8]) for row in told)
    realist, collaboration, skeptic, no_stance = (numbers[stance] for stance in LABELS)
    shares, moves = (first, second, third), (one, two, three)
    return Breakdown(name, (realist, collaboration, skeptic, no_stance), shares, effective, moves)


def _run(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Breakdown, ...]:
    return tuple(found for found in _breakdowns(con.execute(sql).fetchall()) if found.items)


def _breakdowns(rows: Sequence[Sequence[Any]]) -> Iterator[Breakdown]:
    for name, some in groupby(rows, key=lambda row: row[0]):
        yield breakdown(name, (row[1:] for row in some))


def _counts_sql(week: str, dimension: str, community: str) -> str:
    where = {"week": checked(week), "community": community, "dimension": dimension}
    return _figures("entity", " AND ".join(f"{column} = {quoted(value)}" for column, value in where.items()))


def _communities_sql(week: str) -> str:
    return _figures("community", f"week = {quoted(checked(week))} AND community <> 'all' AND dimension = 'all'")


def _history_sql(span: Sequence[str]) -> str:
    between = f"week BETWEEN {quoted(span[0])} AND {quoted(span[-1])}"
    return _figures("week", f"{between} AND community = 'all' AND dimension = 'all'", order="week")


def _themes_sql(week: str) -> str:
    return _THEMES.format(figures=FIGURES, week=quoted(checked(week)))


def _figures(name: str, where: str, order: str = _MOST_FIRST) -> str:
    return _OF_STANCE.format(name=name, where=where, order=order.format(name=name))


def quoted(value: str) -> str:
    """A value as SQL text."""
    return "'" + value.replace("'", "''") + "'"


def checked(week: str) -> str:
    """The week itself. Raises ValueError where it is none."""
    monday(week)
    return week


def monday(week: str) -> date:
    """The first day of an ISO week such as 2026-W47. Raises ValueError for anything else."""
    found = _WEEK.fullmatch(week)
    if not found:
        raise ValueError(f"'{week}' is not an ISO week such as 2026-W47")
    return date.fromisocalendar(int(found[1]), int(found[2]), 1)


def within(week: str, column: str = "published_at", weeks_before: int = 0) -> str:
    """SQL: a time lies in the week, or in one of the weeks before it."""
    first = monday(week)
    since, until = first - timedelta(weeks=weeks_before), first + timedelta(weeks=1)
    return f"{column} >= TIMESTAMPTZ '{since} 00:00:00+00' AND {column} < TIMESTAMPTZ '{until} 00:00:00+00'"


def _span(last_week: str, weeks: int) -> tuple[str, ...]:
    last = monday(last_week)
    days = (last - timedelta(weeks=back) for back in reversed(range(weeks)))
    return tuple(f"{day.isocalendar().year}-W{day.isocalendar().week:02}" for day in days)
