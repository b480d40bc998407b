"""A week's own words: the surest passages of each stance.

labels with evidence -> one a story, surest first, of readable length if any -> Quotation, text[start:end]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import duckdb

from records import CONTEXT_SEPARATOR, STANCES, Query, Quotation
from storage.rows import utc
from storage.weekly import quoted

HANDLE: Final = r"(?i)(^|[^\w/])/?u(ser)?/[\w-]{2,}|(^|[^\w.+-])@\w{2,}"
"""A user named in a text, as Reddit (u/name) and most others (@name) write it: such an item is not quoted."""

_PASSAGE = "substring(items.text, labels.evidence_start + 1, labels.evidence_end - labels.evidence_start)"
_CANDIDATES = f"""
    SELECT items.item_id, labels.stance, labels.confidence,
           labels.evidence_end - labels.evidence_start BETWEEN 40 AND 400 AS readable,
           coalesce(items.story_id, items.thread_id, items.item_id) AS story
    FROM base.labels AS labels JOIN base.items AS items USING (item_id, version)
    WHERE strftime(labels.day, '%G-W%V') = $week AND labels.stance = $stance AND NOT labels.abstained
      AND labels.evidence_end > labels.evidence_start
      AND items.relevant AND items.deleted_at IS NULL AND NOT list_contains(items.flags, 'forgotten')
      AND NOT regexp_matches(concat_ws(' ', items.title, items.context, {_PASSAGE}), $handle)
"""  # noqa: S608  only this module's own text
_SUREST = f"""
    WITH candidates AS ({_CANDIDATES}), told_once AS (
        SELECT * FROM candidates
        QUALIFY row_number() OVER (PARTITION BY story ORDER BY readable DESC, confidence DESC, item_id) = 1
    ), picked AS (
        SELECT * FROM told_once ORDER BY readable DESC, confidence DESC, item_id LIMIT $number
    )
    SELECT picked.stance, items.text, labels.evidence_start, labels.evidence_end, items.title, threads.title,
           items.context, items.channel, items.url, items.published_at, items.source_kind, items.community,
           items.item_id
    FROM picked JOIN base.items AS items USING (item_id) JOIN base.labels AS labels USING (item_id)
    LEFT JOIN base.items AS threads
           ON threads.item_id = items.thread_id AND threads.item_id <> items.item_id AND threads.deleted_at IS NULL
    ORDER BY picked.readable DESC, picked.confidence DESC, picked.item_id
"""  # noqa: S608  only this module's own text
_QUOTED: Final = """SELECT stance, confidence, title, channel, url, published_at,
       substring(text, evidence_start + 1, evidence_end - evidence_start) AS passage
FROM labels JOIN items USING (item_id)
WHERE item_id IN ({items})
ORDER BY stance, confidence DESC"""


def quotations(con: duckdb.DuckDBPyConnection, week: str, per_stance: int = 1) -> tuple[Quotation, ...]:
    """Up to `per_stance` verbatim passages for each of records.STANCES, the surest first.

    A story or thread is quoted once a stance; passages of 40 to 400 characters go first. A comment bears its thread's
    title. Items that name a user are not quoted.
    """
    return tuple(_quotations(con, week, per_stance))


def _quotations(con: duckdb.DuckDBPyConnection, week: str, per_stance: int) -> Iterator[Quotation]:
    for stance in STANCES:
        rows = con.execute(_SUREST, {"week": week, "stance": stance, "number": per_stance, "handle": HANDLE}).fetchall()
        yield from map(quotation, rows)


def quotation(row: tuple[Any, ...]) -> Quotation:
    """A quotation of a row in the order of the queries above."""
    stance, text, start, end, title, thread_title, context, channel, url, at, source_kind, community, item_id = row
    # Sliced here, not in SQL: offsets count Python's code points.
    return Quotation(
        stance=stance,
        text=text[start:end],
        title=_first((thread_title, title, (context or "").split(CONTEXT_SEPARATOR)[0])),
        channel=channel,
        url=url,
        published_at=utc(at) or at,
        source_kind=source_kind,
        community=community,
        item_id=str(item_id),
        start=start,
        end=end,
    )


def _first(titles: Iterable[str | None]) -> str:
    return next((title for title in titles if title), "")


def query(quotations: Iterable[Quotation]) -> tuple[Query, ...]:
    """The SQL that reads these quotations from their items; nothing where there are none."""
    items = ", ".join(quoted(one.item_id) for one in quotations)
    return (Query("Quotations", _QUOTED.format(items=items)),) if items else ()
