"""What is said of a mineral in a country: items that name both, by week, community and stance.

    part_days (a table of days) -> recount -> base.series_pairs -> pairs_weekly (a view)

Kept sorted by mineral and country within what is counted at once, so that a series of one pair is found without
reading the others.
"""

from __future__ import annotations

import duckdb

__all__ = ["forget", "recount"]

_RECOUNT = """
    INSERT INTO base.series_pairs
    WITH days AS (
        SELECT DISTINCT date_trunc('week', day)::DATE + n::INTEGER AS day FROM part_days, range(7) AS days(n)
    ), counted AS (
        SELECT labels.item_id, date_trunc('week', labels.day)::DATE AS week_start, labels.community,
               CASE WHEN labels.abstained THEN 'abstained' ELSE labels.stance END AS stance
        FROM base.labels AS labels JOIN base.items AS items USING (item_id)
        WHERE items.relevant AND items.date_quality NOT IN ('first_seen', 'clamped')
          AND labels.day IN (SELECT day FROM days) AND items.day IN (SELECT day FROM days)
    ), named AS (
        SELECT DISTINCT item_id, type, entity FROM base.mentions
        WHERE day IN (SELECT day FROM days) AND type IN ('mineral', 'country')
    )
    SELECT metal.entity AS mineral, place.entity AS country, week_start, community, stance, count(*) AS items
    FROM counted
    JOIN named AS metal ON metal.item_id = counted.item_id AND metal.type = 'mineral'
    JOIN named AS place ON place.item_id = counted.item_id AND place.type = 'country'
    GROUP BY ALL ORDER BY ALL
"""


def recount(con: duckdb.DuckDBPyConnection) -> None:
    """Count the weeks of these days anew."""
    con.execute(
        "DELETE FROM base.series_pairs WHERE week_start IN (SELECT date_trunc('week', day)::DATE FROM part_days)"
    )
    con.execute(_RECOUNT)


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Start anew."""
    con.execute("DELETE FROM base.series_pairs")
