"""What the archive reads: weeks that are over, the surest passages of the newest, and since when figures stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from records import Mention, Scan
from storage import series, site
from tests.storage.made import NOW, add_page, add_scans, comment, item_id, label, post, scan

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def add(con: duckdb.DuckDBPyConnection, *scans: Scan, at: datetime = NOW, refreshed: bool = True) -> None:
    """Items with their labels, given at that time, and the series refreshed then."""
    add_page(con, [one.item for one in scans])
    add_scans(con, scans, now=at)
    if refreshed:
        series.refresh(con, now=at)


def said(name: str, days: int = 6, confidence: float = 0.7, **changes: object) -> Scan:
    """A realist post of so many days ago."""
    made = post(name, published_at=NOW - days * DAY, thread_id=item_id(name), **changes)
    return scan(made, label=label(confidence=confidence))


def told(con: duckdb.DuckDBPyConnection, kind: str, name: str) -> list[str]:
    """The ids of the posts that are quoted, in order."""
    names = {str(item_id(known)): known for known in ("old", "new", "surer", "ann", "gone", "aside", "named", "c")}
    return [names[one.item_id] for one in site.quotations(con, site.span(con), kind).get(name, ())]


@pytest.mark.parametrize(("refreshed", "expected"), [
    (MONDAY - DAY / 86400, ()),
    (MONDAY, ("2026-W47",)),
    (MONDAY + 8 * DAY, ("2026-W47", "2026-W48")),
    (MONDAY + 400 * DAY, None),
])  # fmt: skip
def test_weeks_are_told_when_they_are_over(
    con: duckdb.DuckDBPyConnection, refreshed: datetime, expected: tuple[str, ...] | None
) -> None:
    """From the first week with items to the last that ended before the last refresh, 52 at most."""
    add(con, said("one"), at=refreshed)
    weeks = site.span(con)
    assert weeks == expected if expected is not None else (len(weeks), weeks[-1]) == (52, "2027-W51")


def test_an_empty_store_tells_nothing(con: duckdb.DuckDBPyConnection) -> None:
    """Without items or refresh there are no weeks, and no identity."""
    assert (site.span(con), site.identity(con)) == ((), "")


def test_every_entity_has_every_week(con: duckdb.DuckDBPyConnection) -> None:
    """Minerals, countries and communities tell the same weeks, zeros where they have none."""
    add(con, said("old", 20), said("new"))
    weeks = site.span(con)
    found = site.histories(con, weeks)
    assert set(found) == {("mineral", "lithium"), ("country", "CHL"), ("community", "investor")}
    assert all([week.name for week in history] == list(weeks) for history in found.values())
    assert [week.items for week in found["mineral", "lithium"]] == [1, 0, 1]


def test_the_surest_of_each_of_the_newest_weeks_is_quoted(con: duckdb.DuckDBPyConnection) -> None:
    """One passage a week, the newest week first; what names a user, and what is deleted, is not quoted."""
    add(con, said("old", 13), said("new", confidence=0.5), said("surer", confidence=0.6),
        said("ann", confidence=0.9, title="Ask u/ann"), said("gone", confidence=0.9))  # fmt: skip
    con.execute("UPDATE base.items SET deleted_at = ? WHERE item_id = ?", [NOW, item_id("gone")])
    assert told(con, "mineral", "lithium") == told(con, "community", "investor") == ["surer", "old"]


def test_a_passage_that_names_the_entity_goes_first(con: duckdb.DuckDBPyConnection) -> None:
    """Of two items on graphite, the one whose passage says so is quoted, though the other is surer."""
    aside, named = said("aside", confidence=0.9), said("named", confidence=0.5)
    (start, end) = named.label.evidence if named.label and named.label.evidence else (0, 0)
    add(con, with_mention(aside, 0, 5), with_mention(named, start, end))
    assert told(con, "mineral", "graphite") == ["named"]
    assert told(con, "mineral", "lithium") == ["aside"]


def with_mention(of: Scan, start: int, end: int) -> Scan:
    """The same, with graphite found there too."""
    more = Mention("mineral", "graphite", of.item.text[start:end], start, end)
    return Scan(of.item, True, "en", mentions=(*of.mentions, more), label=of.label)


def test_a_comment_is_quoted_under_its_threads_title(con: duckdb.DuckDBPyConnection) -> None:
    """Its own title is empty; the passage is the item's text at the label's offsets."""
    add(con, scan(comment("c", "t"), label=label()))
    (one,) = site.quotations(con, site.span(con), "country")["CHL"]
    assert (one.title, one.text) == ("Title of t", comment("c", "t").text[one.start : one.end])


def test_figures_stand_since_the_first_refresh_after_their_last_label(con: duckdb.DuckDBPyConnection) -> None:
    """Later refreshes do not move it; a late label within the weeks looked back on does, and no other."""
    add(con, said("old", 13), at=MONDAY - 6 * DAY)
    for days in (1, 2, 3):
        series.refresh(con, now=MONDAY + days * DAY)
    weeks = ("2026-W46", "2026-W47")
    assert list(site.told_at(con, weeks).values()) == [MONDAY - 6 * DAY, MONDAY + DAY]
    add(con, said("new"), at=MONDAY + 2.5 * DAY, refreshed=False)
    assert list(site.told_at(con, weeks).values()) == [MONDAY - 6 * DAY, MONDAY + 3 * DAY]


def test_the_sql_of_a_page_gives_its_figures(con: duckdb.DuckDBPyConnection) -> None:
    """The query of an entity runs over the promised view, and gives a row a week and stance."""
    add(con, said("new"))
    for kind, name in (("mineral", "lithium"), ("community", "investor")):
        rows = con.execute(site.query(kind, name, site.span(con)).sql).fetchall()
        assert [(row[0], row[1], row[2]) for row in rows if row[2]] == [("2026-W47", "realist", 1)]
