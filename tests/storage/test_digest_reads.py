"""What a week's page reads beside its shares: themes, movers, drift, quotable passages, and the SQL of all of it."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, timedelta
from math import log

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2  # type: ignore[import-untyped]

from records import Mention, Scan, WeekShare, WeekVolume
from storage import drift, health, movers, quotations, series, shares, themes, weekly
from tests.storage.made import KEY, NOW, PASSAGE, comment, fill, item, label, post, scan

WEEK, MONDAY = "2026-W47", date(2026, 11, 16)
STOCKPILE = {"kind": "element", "instruments": ["stockpile"], "stages": ["stockpiling"], "phrases": []}


def test_every_theme_is_told_and_its_moves(con: duckdb.DuckDBPyConnection) -> None:
    """Elements come first, themes without items have zeros, and a share bears its changes with their verdicts."""
    given = [{**STOCKPILE, "theme": "stockpiling"}, {**STOCKPILE, "theme": "research", "stages": ["research"]},
             {**STOCKPILE, "theme": "energy cost", "kind": "watch point", "stages": ["energy"]}]  # fmt: skip
    mapped = [{"theme": "stockpiling", "type": "stage", "entity": "stockpiling"}]
    themes.define(con, "1", themes=given, entities=mapped)
    fill(con, [scan(item(n), "skeptic", mentions=(Mention("stage", "stockpiling", "x", 0, 1),)) for n in range(2)])
    share = (MONDAY, "all", "theme", "stockpiling", "skeptic", 0.9, 0.7, 1.0, 0.2, "up", 0.1, "no detectable change")
    shares.put(con, MONDAY, [WeekShare(*share)])  # type: ignore[arg-type]
    found = weekly.themes(con, WEEK)
    assert [(t.kind, t.breakdown.name, t.breakdown.counts) for t in found] == [
        ("element", "stockpiling", (0, 0, 2, 0)), ("element", "research", (0, 0, 0, 0)),
        ("watch point", "energy cost", (0, 0, 0, 0)),
    ]  # fmt: skip
    told = found[0].breakdown
    assert (told.shares[2].value, told.shares[2].n, told.effective_n) == (0.9, 2, 2.0)
    assert astuple(told.moves[2]) == (0.2, "up", 0.1, "no detectable change")
    assert astuple(told.moves[0]) == (None, "too little data", None, "too little data")


def moving(con: duckdb.DuckDBPyConnection, volume: str, verdict: str) -> None:
    """A week whose volume of lithium, and whose skeptics about Chile, have these verdicts."""
    story = [item(n, url="https://news.example/one", channel=f"feed-{n}") for n in range(3)]
    talk = [post("thread", title="A thread about lithium"), comment("answer", "thread")]
    named = post("named", title="u/rock_hound on lithium")
    gone = item("gone", title="Gone....")
    fill(con, [scan(one, "skeptic") for one in (*story, *talk, named, gone)])
    con.execute("UPDATE base.items SET deleted_at = now(), title = '', text = '', url = NULL WHERE title = 'Gone....'")
    shares.put_volumes(con, MONDAY, [
        WeekVolume(MONDAY, "all", dimension, entity, 5, 1.5, told)  # type: ignore[arg-type]
        for dimension, entity, told in (("mineral", "lithium", volume), ("country", "CHL", "as usual"))
    ])  # fmt: skip
    share = (MONDAY, "all", "country", "CHL", "skeptic", 0.9, 0.8, 1.0, 0.2, verdict, None, None)
    shares.put(con, MONDAY, [WeekShare(*share)])  # type: ignore[arg-type]


def test_movers_have_bursts_or_verdicts_and_tell_a_story_once(con: duckdb.DuckDBPyConnection) -> None:
    """A story in three feeds is one, so is a thread; neither a user nor what was deleted is named."""
    moving(con, "burst", "up")
    chile, lithium = movers.movers(con, WEEK)
    assert (lithium.breakdown.name, lithium.burst, lithium.expected) == ("lithium", True, 1.5)
    assert (chile.breakdown.name, chile.burst, chile.breakdown.moves[2].verdict) == ("CHL", False, "up")
    first, second, *others = lithium.stories
    assert (first.channels, first.items, first.url) == (3, 3, "https://news.example/one")
    assert (second.title, second.channels, second.items) == ("A thread about lithium", 1, 2)
    assert [(one.title, one.url, one.items) for one in others] == [("", None, 1)] * 2


@pytest.mark.parametrize("verdict", ["no detectable change", "too little data"])
def test_what_did_not_move_is_no_mover(con: duckdb.DuckDBPyConnection, verdict: str) -> None:
    """Neither a usual volume nor a change that is not detectable makes a mover; nor does another week's burst."""
    moving(con, "as usual", verdict)
    assert movers.movers(con, WEEK) == ()
    assert len(movers.queries(WEEK, ())) == 1
    assert movers.movers(con, "2026-W46") == ()


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        (f"{PASSAGE}.", True),
        (f"{PASSAGE}, as u/rock_hound says.", False),
        (f"{PASSAGE}, as /user/rock_hound says.", False),
        (f"@rockhound, {PASSAGE}.", False),
        (f"{PASSAGE} at 12 $/t or mail@mine.example", True),
        (f"{PASSAGE} under CRMA/u/24", True),
    ],
)
def test_no_user_is_named(con: duckdb.DuckDBPyConnection, words: str, quoted: bool) -> None:
    """A passage that names a user is not quoted; an address or a path is no user."""
    one = post(1, text=f"{'.' * 10}{words}", title="")
    fill(con, [scan(one, label=label(evidence=(10, 10 + len(words))))])
    assert (series.quotations(con, WEEK) != ()) is quoted


def test_quotations_can_be_read_again_by_their_sql(con: duckdb.DuckDBPyConnection) -> None:
    """The SQL under the quotations gives the same passages, also behind letters outside the first plane."""
    fill(con, [scan(item(1, text=f"𝛌𝛌 first\n\n{PASSAGE}."), label=label(evidence=(10, 10 + len(PASSAGE))))])
    found = series.quotations(con, WEEK)
    (query,) = quotations.query(found)
    assert [row[-1] for row in con.execute(query.sql).fetchall()] == [q.text for q in found] == [PASSAGE]
    assert quotations.query(()) == ()


def test_health_is_what_its_sql_says(con: duckdb.DuckDBPyConnection) -> None:
    """Each number of a week's health stands in the answer to a query over the promised views."""
    fill(con, [scan(item(1)), scan(item(2), None), scan(item(3), label=label(abstained=True))])
    con.execute("INSERT INTO base.purges SELECT NULL, 'item', 'deleted', ?, NULL, uuid()", [NOW - timedelta(days=3)])
    told = health.health(con, WEEK)
    found = {query.title: con.execute(query.sql).fetchall() for query in health.queries(WEEK)}
    assert found["Health: items"] == [(told.items, told.labelled, told.abstained, 0, 0)] == [(3, 2, 1, 0, 0)]
    assert found["Health: items not labelled"] == list(told.skipped) == [("not relevant", 1)]
    assert found["Health: deletions"] == [(told.deletions,)] == [(1,)]
    assert [row[0] for row in found["Health: channels"]] == [c.channel for c in told.channels] == ["mining-weekly"]
    assert not any("base." in query.sql for query in health.queries(WEEK))


def weeks_of(lengths: list[int], before: list[int]) -> list[Scan]:
    """Items of these lengths in the week, and of those in the eight weeks before."""
    made = [item(f"n{n}", text=f"Title n.\n\n{PASSAGE}." + "x" * size) for n, size in enumerate(lengths)]
    past = [
        item(f"b{n}", text=f"Title b.\n\n{PASSAGE}." + "x" * size, published_at=NOW - timedelta(days=9 + n % 50))
        for n, size in enumerate(before)
    ]
    return [scan(one) for one in (*made, *past)]


def test_drift_sees_longer_texts_and_nothing_else(con: duckdb.DuckDBPyConnection) -> None:
    """Texts three times as long move far; confidence, source and language stay as they were."""
    fill(con, weeks_of([900 + n for n in range(160)], [100 + 5 * n for n in range(300)]))
    found = {one.feature: one for one in drift.drift(con, WEEK, KEY["model"])}
    assert (found["length"].items, found["length"].before, found["length"].verdict) == (160, 300, "moved far")
    assert {found[name].verdict for name in ("confidence", "source", "language")} == {"steady"}
    assert found["source"].psi == 0.0


def test_drift_of_like_weeks_is_chance(con: duckdb.DuckDBPyConnection) -> None:
    """The same mixture of lengths is steady; another model's confidence is not compared."""
    fill(con, weeks_of([100 + 5 * (n % 97) for n in range(200)], [100 + 5 * (n % 97) for n in range(400)]))
    found = {one.feature: one for one in drift.drift(con, WEEK, KEY["model"])}
    assert found["length"].verdict == "steady"
    other = {one.feature: one for one in drift.drift(con, WEEK, "another model")}
    assert (other["confidence"].verdict, other["confidence"].psi) == ("too little data", None)


def test_drift_is_silent_on_few_items(con: duckdb.DuckDBPyConnection) -> None:
    """A handful of texts proves nothing, however they differ."""
    fill(con, weeks_of([900] * 9, [100 + 5 * n for n in range(60)]))
    assert {one.verdict for one in drift.drift(con, WEEK, KEY["model"])} == {"too little data", "steady"}
    assert drift.drift(con, "2026-W20", KEY["model"])[0] == drift.judged("length", 0, 0, 0, None)


@given(st.integers(2, 60))
def test_the_bound_is_the_chi_squared_point(bins: int) -> None:
    """What chance passes once in a hundred times, to within 2 %, by Wilson and Hilferty."""
    found = drift.judged("length", 1000, 4000, bins, 0.01).bound
    assert found == pytest.approx((1 / 1000 + 1 / 4000) * chi2.ppf(0.99, bins - 1), rel=0.02)


def test_the_index_is_the_sum_of_its_definition(con: duckdb.DuckDBPyConnection) -> None:
    """Two sources with known counts give the index of a calculation by hand, smoothed by half an item a bin."""
    now = [item(n, channel=f"c{n % 2}", community=("official", "company")[n % 4 == 0]) for n in range(40)]
    past = [item(f"p{n}", channel=f"c{n % 2}", published_at=NOW - timedelta(days=20),
                 community=("official", "company")[n % 2 == 0]) for n in range(60)]  # fmt: skip
    fill(con, [scan(one) for one in (*now, *past)])
    p, q = [(n + 0.5) / 41 for n in (10, 30)], [(n + 0.5) / 61 for n in (30, 30)]
    by_hand = sum((a - b) * log(a / b) for a, b in zip(p, q, strict=True))
    found = {one.feature: one for one in drift.drift(con, WEEK, KEY["model"])}["source"]
    assert (found.bins, found.psi) == (2, pytest.approx(by_hand, abs=1e-4))
