"""What the archive tells of a year: one query for each kind of page, whatever the number of pages.

    refreshes -> span (the weeks that are over) -> series_weekly -> {kind: {name: its weeks}}
    labels with evidence -> the surest of an entity, a stance and a week -> the newest few -> {name: quotations}

Nothing here reads a clock: a week is over when the series were refreshed after its end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final

import duckdb

from records import STANCES, Breakdown, Query, Quotation
from storage.quotations import HANDLE, quotation
from storage.rows import utc
from storage.weekly import FIGURES, breakdown, monday, quoted

WEEKS: Final = 52
KINDS: Final = ("mineral", "country", "community")

_SERIES = f"""
    SELECT if(dimension = 'all', 'community', dimension) AS kind, if(dimension = 'all', community, entity) AS name,
           week, stance, {FIGURES}
    FROM series_weekly
    WHERE week BETWEEN $first AND $last AND stance <> 'abstained'
      AND (community = 'all' AND dimension IN ('mineral', 'country') OR community <> 'all' AND dimension = 'all')
    ORDER BY kind, name, week
"""  # noqa: S608  only this module's own text
_SERIES_OF_ONE: Final = """SELECT week, stance, {figures}
FROM series_weekly
WHERE {where}
  AND week BETWEEN {first} AND {last} AND stance <> 'abstained'
ORDER BY week, stance"""
_OF_COMMUNITY = "SELECT *, community AS name, true AS named_here FROM quotable"
_OF_NAMED = """
    SELECT quotable.*, entity AS name, span_start >= evidence_start AND span_end <= evidence_end AS named_here
    FROM quotable JOIN base.mentions USING (item_id) WHERE type = $kind
"""
_QUOTED = """
    WITH quotable AS (
        SELECT items.item_id, labels.stance, labels.community, labels.confidence, labels.evidence_start,
               labels.evidence_end, date_trunc('week', labels.day) AS week,
               labels.evidence_end - labels.evidence_start BETWEEN 40 AND 400 AS readable,
               coalesce(items.story_id, items.thread_id, items.item_id) AS story,
               substring(items.text, evidence_start + 1, evidence_end - evidence_start) AS passage,
               items.title, items.context
        FROM base.labels AS labels JOIN base.items AS items USING (item_id, version)
        WHERE labels.day >= $since AND labels.day < $until AND NOT labels.abstained AND labels.stance IN $stances
          AND labels.evidence_end > labels.evidence_start AND items.relevant AND items.deleted_at IS NULL
          AND NOT list_contains(items.flags, 'forgotten')
    ), named AS ({named}), told_once AS (
        FROM named
        QUALIFY row_number() OVER (PARTITION BY name, stance, story
                                   ORDER BY named_here DESC, readable DESC, confidence DESC, item_id) = 1
    ), decent AS (
        FROM told_once WHERE NOT regexp_matches(concat_ws(' ', title, context, passage), $handle)
    ), surest AS (
        FROM decent
        QUALIFY row_number() OVER (PARTITION BY name, stance, week
                                   ORDER BY named_here DESC, readable DESC, confidence DESC, item_id) = 1
    ), newest AS (
        FROM surest QUALIFY row_number() OVER (PARTITION BY name, stance ORDER BY week DESC) <= $number
    )
    SELECT newest.name, newest.stance, items.text, newest.evidence_start, newest.evidence_end, items.title,
           threads.title, items.context, items.channel, items.url, items.published_at, items.source_kind,
           items.community, items.item_id
    FROM newest JOIN base.items AS items USING (item_id)
    LEFT JOIN base.items AS threads
           ON threads.item_id = items.thread_id AND threads.item_id <> items.item_id AND threads.deleted_at IS NULL
    ORDER BY newest.name, list_position($stances, newest.stance), newest.week DESC
"""
_LABELLED = """
    SELECT strftime(day, '%G-W%V') AS week, epoch_us(max(labelled_at)) FROM base.labels GROUP BY week
"""
_REFRESHED = "SELECT DISTINCT epoch_us(refreshed_at) FROM base.refreshes ORDER BY 1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def span(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The ISO weeks that are told, oldest first: from the first that has items, `WEEKS` at most, all of them over."""
    first, refreshed = con.execute(
        "SELECT (SELECT min(day) FROM base.series_daily), (SELECT max(refreshed_at) FROM base.refreshes)"
    ).fetchall()[0]
    if first is None or refreshed is None:
        return ()
    last = refreshed.astimezone(UTC).date() - timedelta(days=7)
    last -= timedelta(days=last.weekday())
    mondays = (last - timedelta(weeks=back) for back in reversed(range(WEEKS)))
    return tuple(f"{day:%G-W%V}" for day in mondays if day + timedelta(days=7) > first)


def histories(con: duckdb.DuckDBPyConnection, weeks: Sequence[str]) -> Mapping[tuple[str, str], tuple[Breakdown, ...]]:
    """By kind of KINDS and name: every one of these weeks, zeros where a week has no items."""
    found: dict[tuple[str, str], dict[str, Breakdown]] = defaultdict(dict)
    rows = con.execute(_SERIES, {"first": weeks[0], "last": weeks[-1]}).fetchall()
    for (kind, name, week), some in groupby(rows, key=lambda row: row[:3]):
        found[kind, name][week] = breakdown(week, (row[3:] for row in some))
    return {one: tuple(told.get(week) or breakdown(week, ()) for week in weeks) for one, told in found.items()}


def quotations(
    con: duckdb.DuckDBPyConnection, weeks: Sequence[str], kind: str, number: int = 3
) -> Mapping[str, tuple[Quotation, ...]]:
    """By name: for each of records.STANCES the surest passage of each of the newest `number` weeks that have one.

    A passage that names the entity goes before others of its item's kind; a story or thread is quoted once; items
    that are deleted, or that name a user, are not quoted.
    """
    named = _OF_COMMUNITY if kind == "community" else _OF_NAMED
    asked = {
        "since": monday(weeks[0]), "until": monday(weeks[-1]) + timedelta(days=7), "stances": list(STANCES),
        "handle": HANDLE, "number": number,
    } | ({} if kind == "community" else {"kind": kind})  # fmt: skip
    rows = con.execute(_QUOTED.replace("{named}", named), asked).fetchall()
    return {name: tuple(quotation(row[1:]) for row in some) for name, some in groupby(rows, key=lambda row: row[0])}


def query(kind: str, name: str, weeks: Sequence[str]) -> Query:
    """The SQL of one entity's weeks over the promised view, runnable with `oresight sql`."""
    one = {"community": "all", "dimension": kind, "entity": name}
    if kind == "community":
        one = {"community": name, "dimension": "all"}
    where = " AND ".join(f"{column} = {quoted(value)}" for column, value in one.items())
    sql = _SERIES_OF_ONE.format(figures=FIGURES, where=where, first=quoted(weeks[0]), last=quoted(weeks[-1]))
    return Query("Stance by week", sql)


def told_at(con: duckdb.DuckDBPyConnection, weeks: Sequence[str], back: int = 26) -> Mapping[str, datetime]:
    """By week: since when its figures stand, which also look `back` weeks back.

    That is the first refresh after the week's end and after the last label of any item in these weeks; where there is
    none yet, the last refresh.
    """
    labelled = dict(con.execute(_LABELLED).fetchall())
    refreshed = [at for (at,) in con.execute(_REFRESHED).fetchall()]
    return {
        week: _EPOCH + timedelta(microseconds=_first_after(refreshed, _settled(week, labelled, back))) for week in weeks
    }


def _settled(week: str, labelled: Mapping[str, int], back: int) -> int:
    first = monday(week)
    names = (f"{first - timedelta(weeks=step):%G-W%V}" for step in range(back))
    return max(_microseconds(first + timedelta(days=7)), *(labelled.get(name, 0) for name in names))


def _first_after(moments: Sequence[int], at: int) -> int:
    return moments[min(bisect_left(moments, at), len(moments) - 1)]


def _microseconds(day: date) -> int:
    return (datetime.combine(day, time(), UTC) - _EPOCH) // timedelta(microseconds=1)


def identity(con: duckdb.DuckDBPyConnection) -> str:
    """What tells this store from every other, for good: the id of its first run; empty where it has none."""
    row: tuple[Any, ...] | None = con.execute("SELECT arg_min(run_id, (started_at, run_id)) FROM base.runs").fetchone()
    return str(row[0]) if row and row[0] else ""


def last_run(con: duckdb.DuckDBPyConnection, at: datetime) -> str:
    """The last run that had begun by then: its kind, identity and version; empty where there is none."""
    sql = "SELECT arg_max(concat_ws(' ', kind, run_id, version), (started_at, run_id)) FROM runs WHERE started_at <= ?"
    row: tuple[Any, ...] | None = con.execute(sql, [utc(at)]).fetchone()
    return row[0] if row and row[0] else ""
