"""One line of an archive, in every year's manner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sources.archive_rows import Bad, Row, Sieve, base36, number_of, read
from tests.sources.dumps import BEGAN, comment, line, submission, without

THREAD, PARENT, OWN = int("abc", 36), int("k1", 36), int("k2", 36)


def told(row: dict[str, Any]) -> Row:
    """The row of a comment that can be read."""
    found = read(line(row), "comments")
    assert isinstance(found, Row), found
    return found


@pytest.mark.parametrize("created", [BEGAN, float(BEGAN), str(BEGAN), f"{BEGAN}.0"])
def test_time_in_every_type(created: object) -> None:
    """Seconds come as a number or as text, by the year."""
    assert told(comment("k2", created_utc=created)).created == BEGAN


@pytest.mark.parametrize(
    ("changes", "thread", "parent"),
    [
        ({"link_id": "t3_abc", "parent_id": "t1_k1"}, THREAD, PARENT),
        ({"link_id": "abc", "parent_id": "k1"}, THREAD, PARENT),
        ({"link_id": "t3_abc", "parent_id": "t3_abc"}, THREAD, None),
        ({"link_id": "t3_abc", "parent_id": "abc"}, THREAD, None),
        ({"link_id": "t3_abc", "parent_id": PARENT}, THREAD, PARENT),
        ({"link_id": THREAD, "parent_id": THREAD}, THREAD, None),
        ({"link_id": "t3_abc", "parent_id": None}, THREAD, None),
        ({"link_id": "t3_abc", "parent_id": "t1_abc"}, THREAD, THREAD),
    ],
)
def test_links_in_every_form(changes: dict[str, Any], thread: int, parent: int | None) -> None:
    """Ids come with and without their prefix, or as the number that they stand for."""
    row = told(comment("k2", **changes))
    assert (row.number, row.thread, row.parent) == (OWN, thread, parent)


@pytest.mark.parametrize("missing", ["name", "id", "author", "permalink", "edited", "score", "retrieved_on"])
def test_fields_that_came_late_may_be_missing(missing: str) -> None:
    """Early years lack fields that later ones have."""
    assert told(without(comment("k2"), missing)).name == "t1_k2"


@pytest.mark.parametrize(
    "changes", [{"author": None}, {"edited": 1420070400.0}, {"score": None}, {"subreddit": "InVesting"}]
)
def test_odd_values_are_taken(changes: dict[str, Any]) -> None:
    """A missing author, an edit's time, a missing score and other capitals are no faults."""
    assert told(comment("k2", **changes)).key == "investing"


def test_a_link_has_no_text() -> None:
    """A submission whose selftext is null or missing is one without a text."""
    for row in (submission(selftext=None), without(submission(), "selftext")):
        found = read(line(row), "submissions")
        assert isinstance(found, Row)
        assert found.name == "t3_abc"


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({}, ""),
        ({"body": "[deleted]"}, "[deleted]"),
        ({"body": " [removed] "}, "[removed]"),
        ({"body": "[link](https://example.com) to lithium"}, ""),
        ({"_meta": {"was_deleted_later": True}}, "deleted later"),
        ({"_meta": {"removal_type": "moderator"}}, "removed: moderator"),
        ({"_meta": {"retrieved_2nd_on": 1}}, ""),
        ({"removed_by_category": "author"}, "deleted"),
        ({"body": None, "_meta": {"was_deleted_later": True}}, "deleted later"),
    ],
)
def test_what_is_gone_is_told(changes: dict[str, Any], gone: str) -> None:
    """Every sign that the words were taken back counts."""
    assert told(comment("k2", **changes)).gone == gone


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"not json at all", "not JSON"),
        (b'{"id": "k2", "subreddit"', "not JSON"),
        (b"[1, 2]", "not an object"),
        (b'{"subreddit":"investing","body":"\xff"}', "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (line(without(comment("k2"), "subreddit")), "no subreddit"),
        (line(without(comment("k2"), "id", "name")), "no id"),
        (line(comment("k2", id="k2' or 1=1")), "no id"),
        (line(comment("k2", id="z" * 13)), "no id"),
        (line(comment("k2", created_utc="yesterday")), "no time of creation"),
        (line(comment("k2", created_utc=1e400)), "no time of creation"),
        (line(comment("k2", created_utc=0)), "no time of creation"),
        (line(comment("k2", link_id=None)), "no link_id"),
        (line(without(comment("k2"), "body")), "no body"),
    ],
)
def test_a_bad_line_has_a_reason(raw: bytes, reason: str) -> None:
    """What cannot be used says why."""
    assert read(raw, "comments") == Bad(reason)


def test_half_a_surrogate_pair_is_mended() -> None:
    """What a strict reader of JSON refuses is read all the same."""
    row = told(json.loads(json.dumps(comment("k2"))) | {"body": "lithium \ud83d"})
    assert row.fields.body == "lithium ?"


@pytest.mark.parametrize(
    ("raw", "passes"),
    [
        (line(comment("k2")), True),
        (line(comment("k2", subreddit="INVESTING")), True),
        (line(comment("k2", subreddit="pics")), False),
        (line(comment("k2", subreddit="pics", body='"subreddit":"investing"')), False),
        (line(submission(subreddit="pics", crosspost_parent_list=[submission()])), True),
        (json.dumps(comment("k2", subreddit="pics")).encode(), True),
        (line(comment("k2", subreddit="pics"))[:-5], True),
        (b"", True),
    ],
)
def test_the_sieve_lets_nothing_wanted_slip(raw: bytes, passes: bool) -> None:
    """By bytes alone only whole lines of other subreddits are passed over; what is unsure is looked at."""
    assert Sieve(["Investing"]).passes(raw) is passes


def test_the_threads_address_is_read_off_a_comments() -> None:
    """A comment's address holds its thread's; one of another form gives none."""
    assert told(comment("k2")).thread_url() == "https://www.reddit.com/r/investing/comments/abc/daily/"
    assert told(comment("k2", permalink="/r/investing/comments/other/daily/k2/")).thread_url() is None
    assert told(without(comment("k2"), "permalink")).thread_url() is None


def test_ids_go_there_and_back() -> None:
    """Base 36 as Reddit writes it."""
    assert [base36(n) for n in (0, 35, 36, OWN)] == ["0", "z", "10", "k2"]
    assert (number_of("t1_k2"), number_of("guid")) == (OWN, None)
