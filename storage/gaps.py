"""Weeks of a community that are gaps: too few of its channels delivered, or too much of what they had was lost.

coverage, gaps, channels -> judge -> base.series_gaps; where that is news, weeks whose volumes rest on it are touched

A week is no gap where 80 % of the channels that were asked delivered and lost no more than a day; before anything was
ever asked, as in archives, none is one. Before a community was first told of it is unknown, which counts as a gap.
"""

from __future__ import annotations

import duckdb

from records import DELIVERED

BACK = 26
"""Weeks before a week that its volumes are held against."""

_FRESH = f"""
    CREATE OR REPLACE TEMP TABLE fresh_gaps AS
    WITH known AS (
        SELECT community, min(week_start) AS first_told FROM base.series_tallies WHERE dimension = 'all' GROUP BY ALL
    ), span AS (
        SELECT min(week_start) AS first, max(week_start) AS last FROM base.series_tallies
    ), weeks AS (
        SELECT unnest(range(first, last + 1, INTERVAL 7 DAY))::DATE AS week_start FROM span
    ), homes AS (
        SELECT channel, any_value(community ORDER BY community) AS community FROM base.channels GROUP BY channel
    ), lost AS (
        SELECT DISTINCT week_start, channel FROM weeks JOIN base.gaps AS gaps
          ON filled_at IS NULL
             AND least(gaps.to_at AT TIME ZONE 'UTC', week_start + INTERVAL 7 DAY)
                 - greatest(coalesce(gaps.from_at AT TIME ZONE 'UTC', week_start), week_start) > INTERVAL 1 DAY
    ), asked AS (
        SELECT date_trunc('week', recorded_at AT TIME ZONE 'UTC')::DATE AS week_start, channel,
               bool_or(state IN {DELIVERED}) AS delivered
        FROM base.coverage GROUP BY ALL
    ), answered AS (
        SELECT week_start, coalesce(homes.community, '') AS community,
               delivered AND (week_start, channel) NOT IN (SELECT (week_start, channel) FROM lost) AS whole
        FROM asked LEFT JOIN homes USING (channel)
    ), covered AS (
        SELECT week_start, coalesce(community, 'all') AS community, avg(whole::INTEGER) >= 0.8 AS enough
        FROM answered GROUP BY GROUPING SETS ((week_start, community), (week_start))
    ), begun AS (
        SELECT date_trunc('week', min(recorded_at) AT TIME ZONE 'UTC')::DATE AS first_asked FROM base.coverage
    )
    SELECT weeks.week_start, known.community,
           NOT coalesce(covered.enough, first_asked IS NULL OR weeks.week_start < first_asked) AS gap
    FROM known JOIN weeks ON weeks.week_start >= first_told CROSS JOIN begun
    LEFT JOIN covered ON covered.community = known.community AND covered.week_start = weeks.week_start
"""  # noqa: S608  only this module's own text
_NEWS = """
    INSERT INTO base.touched_weeks
    WITH news AS (
        SELECT week_start FROM (FROM fresh_gaps EXCEPT FROM base.series_gaps)
        UNION SELECT week_start FROM (FROM base.series_gaps EXCEPT FROM fresh_gaps)
    )
    SELECT DISTINCT week_start + (7 * n)::INTEGER, 'volumes' FROM news, range($back + 1) AS weeks(n)
    WHERE week_start + (7 * n)::INTEGER <= (SELECT max(week_start) FROM base.series_tallies)
      AND (week_start + (7 * n)::INTEGER, 'volumes') NOT IN (SELECT (week_start, what) FROM base.touched_weeks)
"""


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """Bring the gaps up to date, as part of a refresh and after its tallies."""
    con.execute(_FRESH)
    con.execute(_NEWS, {"back": BACK})
    con.execute("DELETE FROM base.series_gaps")
    con.execute("INSERT INTO base.series_gaps FROM fresh_gaps ORDER BY ALL")
    con.execute("DROP TABLE fresh_gaps")
