"""How far what the model reads has moved from the eight weeks before.

labelled items of nine weeks -> bins (deciles of the eight weeks before, or categories) -> PSI, its bound -> Drift

The population stability index of two samples over the same bins is the sum of (p - q) ln(p / q). Where nothing moved
it scatters as (1/n + 1/m) times a chi-squared with one degree less than bins (Yurdakul 2018, Statistical properties of
the population stability index); 0.1 and 0.25 are the customary marks (Siddiqi 2006, Credit Risk Scorecards).
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import duckdb

from records import Drift, Feature, Query
from storage.weekly import monday, quoted, within

FEATURES: Final[tuple[Feature, ...]] = ("length", "confidence", "source", "language")
BACK: Final = 8
MOVED: Final = 0.1
FAR: Final = 0.25
_Z: Final = 2.326347874  # 99 % of the standard normal

_PSI = """WITH read AS (
  SELECT {now} AS now, length(text)::DOUBLE AS length, community, coalesce(language, 'unknown') AS language,
         labels.model IS NOT NULL AND relevant AS labelled, {model} AS same_model, confidence
  FROM items LEFT JOIN labels USING (item_id)
  WHERE {nine_weeks} AND deleted_at IS NULL AND relevant IS NOT NULL
), cuts AS (
  SELECT list_distinct(quantile_disc(length, {deciles}) FILTER (labelled)) AS lengths,
         list_distinct(quantile_disc(confidence, {deciles}) FILTER (labelled AND same_model)) AS confidences
  FROM read WHERE NOT now
), binned AS (
  SELECT 'length' AS feature, now, list_sum([(length > cut)::INT FOR cut IN lengths])::VARCHAR AS bin
  FROM read, cuts WHERE labelled
  UNION ALL
  SELECT 'confidence', now, list_sum([(confidence > cut)::INT FOR cut IN confidences])::VARCHAR
  FROM read, cuts WHERE labelled AND same_model
  UNION ALL
  SELECT 'source', now, community FROM read WHERE labelled
  UNION ALL
  SELECT 'language', now, language FROM read
), counted AS (
  SELECT feature, bin, count(*) FILTER (now) AS n, count(*) FILTER (NOT now) AS m FROM binned GROUP BY feature, bin
), shares AS (
  SELECT feature, bin, n, m, (n + 0.5) / (sum(n) OVER of_feature + 0.5 * count(*) OVER of_feature) AS p,
         (m + 0.5) / (sum(m) OVER of_feature + 0.5 * count(*) OVER of_feature) AS q
  FROM counted WINDOW of_feature AS (PARTITION BY feature)
)
SELECT feature, sum(n)::BIGINT AS items, sum(m)::BIGINT AS before, count(*) AS bins,
       round(sum((p - q) * ln(p / q)), 4) AS psi
FROM shares GROUP BY feature ORDER BY feature"""
_DECILES: Final = "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]"


def drift(con: duckdb.DuckDBPyConnection, week: str, model: str) -> tuple[Drift, ...]:
    """Length, confidence and source of what was labelled, and language of all that was read, against eight weeks.

    Confidence is compared among the answers of `model` alone.
    """
    found = {row[0]: row[1:] for row in con.execute(_sql(week, model)).fetchall()}
    return tuple(judged(feature, *found.get(feature, (0, 0, 0, None))) for feature in FEATURES)


def query(week: str, model: str) -> Query:
    """The SQL of the indices."""
    return Query("Health: drift of the model's inputs", _sql(week, model))


def judged(feature: Feature, items: int, before: int, bins: int, psi: float | None) -> Drift:
    """Whether an index is more than chance and more than custom minds.

    Too little data is where chance alone would pass the higher mark.
    """
    if psi is None or not items or not before or bins < 1:
        return Drift(feature, items, before, bins, None, None, "too little data")
    bound = (1 / items + 1 / before) * _chi_squared(bins - 1)
    if bound > FAR:
        return Drift(feature, items, before, bins, psi, bound, "too little data")
    if psi <= max(MOVED, bound):
        return Drift(feature, items, before, bins, psi, bound, "steady")
    return Drift(feature, items, before, bins, psi, bound, "moved" if psi <= FAR else "moved far")


def _chi_squared(degrees: int) -> float:
    """The 99 % point of a chi-squared, to about 1 % (Wilson and Hilferty 1931); 0 without a degree of freedom."""
    if not degrees:
        return 0.0
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + _Z * sqrt(spread)) ** 3)


def _sql(week: str, model: str) -> str:
    return _PSI.format(
        now=f"published_at >= TIMESTAMPTZ '{monday(week)} 00:00:00+00'",
        model=f"labels.model IS NOT DISTINCT FROM {quoted(model)}",
        nine_weeks=within(week, weeks_before=BACK),
        deciles=_DECILES,
    )
