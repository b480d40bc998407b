"""What counts as deleted on Reddit, and what does not: above all, no failure does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from sample.server import Answer, Request, hosting
from sources import reddit
from sources.reddit_deletion import FEW, Answered, ask, reason
from tests import reddit_replay

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
Json = dict[str, Any]
TOKEN = {"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": "*"}


def post(name: str, **data: object) -> Json:
    """A submission as Reddit gives it."""
    return {"kind": "t3", "data": {"name": name, "title": "T", "selftext": "S", "author": "Ada", **data}}


def listing(things: Sequence[object], after: str | None = None) -> Json:
    """A listing of these."""
    return {"kind": "Listing", "data": {"children": list(things), "after": after}}


def asked(
    answer: Callable[[list[str], int], object], *batches: Sequence[str], calls: int = 9, trusting: bool = False
) -> tuple[list[Answered], list[list[str]]]:
    """What `ask` makes of a server that answers with (names, how many calls before) -> JSON or an Answer."""
    seen: list[list[str]] = []

    def serve(request: Request) -> Answer:
        if request.path.endswith("access_token"):
            return Answer(200, json.dumps(TOKEN).encode(), {"Content-Type": "application/json"})
        seen.append(request.query["id"].split(","))
        given = answer(seen[-1], len(seen) - 1)
        return given if isinstance(given, Answer) else Answer(200, json.dumps(given).encode())

    with hosting(serve) as base:
        client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base)
        return list(ask(client, batches, calls=calls, now=NOW, trusting=trusting)), seen


def gone(answers: Sequence[Answered]) -> dict[str, str]:
    """Everything that was told to be gone."""
    return {name: why for answered in answers for name, why in answered.gone.items()}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"title": "T", "selftext": "S", "author": "Ada"}, ""),
        ({"title": "T", "selftext": "", "author": "Ada", "removed_by_category": None}, ""),
        ({"title": "T", "selftext": "[deleted]", "author": "[deleted]"}, "[deleted]"),
        ({"title": "T", "selftext": " [removed]\n"}, "[removed]"),
        ({"title": "[deleted by user]", "selftext": ""}, "[deleted by user]"),
        ({"title": "T", "selftext": "S", "removed_by_category": "moderator"}, "removed: moderator"),
        ({"title": "T", "selftext": "S", "removed_by_category": "deleted"}, "deleted"),
        ({"title": "T", "selftext": "S", "removed_by_category": "<b>\n"}, "removed: b"),
        ({"title": "T", "selftext": "S", "removed_by_category": {"a": 1}}, ""),
        ({"title": "T", "selftext": "S", "author": "[deleted]"}, ""),
        ({"title": None, "selftext": 7, "author": []}, ""),
    ],
)
def test_reasons_of_submissions(data: Json, why: str) -> None:
    """Marks in place of the words and a removal's category count; an account that left, or odd fields, do not."""
    assert reason("t3_a", data) == why


@pytest.mark.parametrize(("body", "why"), [("Words", ""), ("[removed]", "[removed]"), ("[deleted]", "[deleted]")])
def test_reasons_of_comments(body: str, why: str) -> None:
    """A comment's words are its body."""
    assert reason("t1_a", {"body": body, "title": "[deleted]"}) == why


def test_vanished_is_believed_the_second_time() -> None:
    """A name that is missing is asked for again beside one that is there; only then has it vanished."""
    answers, seen = asked(lambda names, _: listing([post(n) for n in names if n != "t3_b"]), ["t3_a", "t3_b"])
    assert seen == [["t3_a", "t3_b"], ["t3_b", "t3_a"]]
    assert gone(answers[:1]) == {}
    assert gone(answers) == {"t3_b": "vanished"}
    assert [a.there for a in answers] == [("t3_a",), ()]


def test_missing_once_is_not_gone() -> None:
    """What is back in the second answer is there."""
    answers, _ = asked(lambda names, n: listing([post(x) for x in names if n or x != "t3_b"]), ["t3_a", "t3_b"])
    assert gone(answers) == {}
    assert [a.there for a in answers] == [("t3_a",), ("t3_b",)]


MANY = [f"t3_{n}" for n in range(FEW)]


@pytest.mark.parametrize(
    ("names", "trusting", "erased"), [(MANY, False, 0), (MANY[1:], False, FEW - 1), (MANY, True, FEW)]
)
def test_an_answer_that_holds_nothing(names: list[str], trusting: bool, erased: int) -> None:
    """Many things gone at once without a witness are not believed, unless a person says so; a few are."""
    answers, _ = asked(lambda *_: listing([]), names, trusting=trusting)
    assert len(gone(answers)) == erased
    assert bool(answers[-1].refused) == (not erased)


def test_a_witness_that_vanishes_discredits_the_answer() -> None:
    """Where the second answer lacks what the first one gave, neither is believed."""
    answers, _ = asked(lambda names, n: listing([] if n else [post(names[0])]), MANY)
    assert gone(answers) == {}
    assert "not believed" in answers[-1].refused


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, b"{}"),
        Answer(404, b"{}"),
        Answer(429, b"{}"),
        Answer(200, b"<html>"),
        Answer(200, b"[]"),
        Answer(200, b'{"data": {"children": 7}}'),
        listing([{"kind": "t3", "data": {}}]),
        listing([7]),
        listing([post("t3_b")], after="t3_b"),
    ],
    ids=["403", "404", "429", "page", "array", "odd", "nameless", "no thing", "cut off"],
)
def test_a_failing_call_is_no_deletion(answer: object) -> None:
    """Whatever a call fails of, it tells of nothing there and nothing gone, and why."""
    answers, _ = asked(lambda *_: answer, ["t3_a", "t3_b"])
    assert [(a.there, dict(a.gone), bool(a.refused)) for a in answers] == [((), {}, True)]


def test_a_failing_call_costs_the_others_nothing() -> None:
    """The other batches are asked for all the same; what stops every call ends the run."""
    answers, _ = asked(lambda names, n: listing([post(names[0])]) if n else Answer(403, b"{}"), ["t3_a"], ["t3_b"])
    assert [a.there for a in answers] == [(), ("t3_b",)]
    answers, seen = asked(lambda *_: Answer(429, b"{}"), ["t3_a"], ["t3_b"])
    assert (len(seen), answers[-1].ends) == (1, True)
    answers, seen = asked(lambda *_: Answer(403, b"{}"), *([f"t3_{n}"] for n in range(9)))
    assert len(seen) == 5


def test_strangers_in_an_answer_change_nothing() -> None:
    """Only what was asked for counts."""
    answers, _ = asked(lambda *_: listing([post("t3_a"), post("t3_z", selftext="[removed]")]), ["t3_a"])
    assert [(a.there, dict(a.gone)) for a in answers] == [(("t3_a",), {})]


def test_a_deleted_account() -> None:
    """Words without an author are there; their author is not."""
    answers, _ = asked(lambda *_: listing([post("t3_a", author="[deleted]"), post("t3_b")]), ["t3_a", "t3_b"])
    assert (answers[0].there, answers[0].nameless) == (("t3_a", "t3_b"), ("t3_a",))


@pytest.mark.skipif(reddit_replay.RECORDINGS is None, reason="Reddit's recordings are not here")
def test_real_things_are_there() -> None:
    """Every recorded comment that is not marked as deleted counts as there."""
    recorded = {name: thing["data"] for name, thing in reddit_replay.comments().items()}
    told = {name for name, data in recorded.items() if reason(name, data)}
    assert told == {name for name, data in recorded.items() if data["body"] in {"[deleted]", "[removed]"}}
    assert len(told) < len(recorded) / 2
