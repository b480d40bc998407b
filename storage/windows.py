"""What was answered in any stretches of days, by community: what weeks are to `tallies`, for other windows.

    [(first day, day after the last)] -> tallies -> {window: (Tally, ...)}

Units and weights are those of the weekly series: within a window an author counts 3 times at most, a story once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import pyarrow as pa

from records import Tally
from storage.rows import lent, table
from storage.tallies import _ASKED, _MEANS, _PRODUCTS, _SQUARED, _SUMS, CAP, UNIT, _scaled

Window = tuple[date, date]
"""First day, and the day after the last."""

_CELL = "number, model, source_kind, unit"
_TALLIES = f"""
    WITH days AS (
        SELECT number, unnest(range(since, until, INTERVAL 1 DAY))::DATE AS day FROM asked
    ), counted AS (
        SELECT labels.item_id, labels.day, labels.community, labels.model,
               labels.source_kind, labels.source_kind = 'social' AS social,
               coalesce(CASE WHEN social THEN items.author_hash ELSE items.story_id::VARCHAR END,
                        labels.item_id::VARCHAR) AS unit,
               {_ASKED}
        FROM base.labels AS labels JOIN base.items AS items USING (item_id)
        LEFT JOIN base.validations AS validations ON validations.model = labels.model
        WHERE labels.day IN (SELECT day FROM days) AND items.relevant
          AND items.date_quality NOT IN ('first_seen', 'clamped')
          AND (validations.model IS NOT NULL OR NOT labels.abstained)
    ), units AS (
        SELECT coalesce(community, 'all') AS community, {_CELL},
               CASE WHEN bool_or(social) THEN least(count(*), {CAP}) ELSE 1 END AS w, {_MEANS}
        FROM counted JOIN days USING (day) GROUP BY GROUPING SETS ((community, {_CELL}), ({_CELL}))
    )
    SELECT number, community, model, source_kind, sum(w)::BIGINT, sum(w * w)::BIGINT,
           [{_SUMS}], [{_SQUARED}], [{_PRODUCTS}]
    FROM units GROUP BY number, community, model, source_kind ORDER BY ALL
"""  # noqa: S608  only this room's own text
_ASKED_FOR = pa.schema([("number", pa.int32()), ("since", pa.date32()), ("until", pa.date32())])


def days(con: duckdb.DuckDBPyConnection) -> Window | None:
    """The first day that has items, and the day after the last; None where there are none."""
    rows = con.execute("SELECT min(day), max(day) + 1 FROM base.series_daily").fetchall()
    return None if rows[0][0] is None else rows[0]


def validations(con: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """By model that labelled anything: what is known of its errors, None where nothing is."""
    return dict(
        con.execute("SELECT model, record FROM base.models LEFT JOIN base.validations USING (model)").fetchall()
    )


def tallies(con: duckdb.DuckDBPyConnection, windows: Sequence[Window]) -> dict[Window, tuple[Tally, ...]]:
    """The tallies of each window, one a community (and `all`) and model; empty where nothing was said."""
    asked = table(
        ({"number": n, "since": since, "until": until} for n, (since, until) in enumerate(windows)), _ASKED_FOR
    )
    with lent(con, asked=asked):
        rows = con.execute(_TALLIES).fetchall()
    found: dict[Window, list[Tally]] = {window: [] for window in windows}
    for number, community, model, kind, weight, square, answers, squared, products in rows:
        found[windows[number]].append(
            Tally(windows[number][0], community, "all", "all", model, float(weight), float(square),
                  _scaled(answers, UNIT), _scaled(squared, UNIT), _scaled(products, UNIT**2), kind)
        )  # fmt: skip
    return {window: tuple(some) for window, some in found.items()}
