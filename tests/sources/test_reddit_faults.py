"""What Reddit and the line to it can do wrong, and the state with a reason that each becomes."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import prawcore
import pytest
import requests

from flows.settings import ROOT
from records import Channel, ChannelState, FetchResult
from sample.server import Answer, Request, hosting, reddit_answer
from sources import reddit
from sources.reddit_http import BoundedRequestor, TooLarge
from tests.reddit_failures import CASES, FORUM, LATER, rows, run_all
from tests.reddit_world import CHANNEL, NOW, told

Fault = Callable[[Request, int], Answer | None]
"""(request, how many like it came before) -> the answer; PASS for the true one, None hangs up."""
PASS = Answer(0)


def run(fault: Fault, *, keys: reddit.Keys | None = None) -> list[FetchResult]:
    """Collect once from a server that has this fault; the token is always given out."""
    seen: dict[str, int] = {}

    def answer(request: Request) -> Answer | None:
        before = seen.get(request.path, 0)
        seen[request.path] = before + 1
        given = fault(request, before)
        return reddit_answer(FORUM, request) if given is PASS else given

    with hosting(answer) as base_url:
        client = reddit.connect(keys or reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
        state = ChannelState("mining", watermark=NOW - timedelta(days=1))
        return list(reddit.pages(client, CHANNEL, state, known=lambda _: set(), author_key=b"k", now=NOW))


@pytest.fixture(scope="module")
def ended() -> list[list[FetchResult]]:
    """The results of every failure, in the order of CASES."""
    return run_all()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.what for case in CASES])
def test_failures_are_states(ended: list[list[FetchResult]], number: int) -> None:
    """Each failure of the listing is a result with its state and reason; one that lasts brings and moves nothing."""
    case, results = CASES[number], ended[number]
    last = results[-1]
    assert (last.state, case.reason in last.reason) == (case.state, True), last.reason
    assert last.retry_at == (None if case.retry_s is None else NOW + timedelta(seconds=case.retry_s))
    read = {item.guid for result in results for item in result.items}
    if case.state == "ok":
        assert (last.reason, last.watermark) == ("", NOW)
        assert read == {"t3_p0", "t3_p1", "t3_p2", "t1_cp0", "t1_cp1", "t1_cp2"}
    else:
        assert (len(results), last.watermark, read) == (1, None, set())


def test_the_documents_show_the_table(ended: list[list[FetchResult]]) -> None:
    """docs/reddit-failures.md holds what the cases come to, line by line."""
    shown = (ROOT / "docs" / "reddit-failures.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in shown if line.startswith("|")] == rows(results[-1] for results in ended)


SIGN_IN = [
    (told(401), "blocked", "Reddit refused the keys (HTTP 401)"),
    (told(200, {"error": "invalid_grant"}), "blocked", "Reddit refused the keys (invalid_grant)"),
    (told(429, retry_after="300"), "soft", "Reddit asks for fewer requests (HTTP 429)"),
    (told(404), "soft", "Reddit's sign-in answered HTTP 404"),
    (Answer(302, headers={"Location": "http://192.0.2.1/"}), "soft", "Reddit's sign-in answered HTTP 302"),
    (Answer(200, b"<html>"), "soft", ""),
    (told(200, {"access_token": "a"}), "soft", "not what Reddit sends"),
    (told(200, {"access_token": "a", "expires_in": "x", "scope": "*"}), "soft", "not what Reddit sends"),
]


@pytest.mark.parametrize(("answer", "state", "reason"), SIGN_IN)
def test_signing_in_can_fail_too(answer: Answer, state: str, reason: str) -> None:
    """Refused keys are `blocked`; a sign-in that is out of order is `soft` and says nothing of the subreddit."""
    (result,) = run(lambda request, _: answer if "access_token" in request.path else PASS)
    assert result.state == state
    assert result.reason.startswith(reason)


def test_wrong_keys_are_told() -> None:
    """The server that knows the client as wrong makes the channel blocked."""
    (result,) = run(lambda *_: PASS, keys=reddit.Keys("wrong", "secret"))
    assert (result.state, result.reason) == ("blocked", "Reddit refused the keys (HTTP 401)")


def test_users_sign_in_with_their_password() -> None:
    """With a username and password the password grant is asked for, without them the application's own."""
    forms: list[dict[str, str]] = []

    def fault(request: Request, _: int) -> Answer:
        if request.form and "token" in request.path:
            forms.append(dict(request.form))
        return PASS

    run(fault, keys=reddit.Keys("id", "secret", "ada", "pass"))
    run(fault)
    assert forms == [
        {"grant_type": "password", "username": "ada", "password": "pass"},
        {"grant_type": "client_credentials"},
    ]


def test_a_thread_that_cannot_be_read_costs_no_other() -> None:
    """Its failure is told at the end; the run stays well."""
    results = run(lambda request, _: told(404) if "/comments/p1" in request.path else PASS)
    assert (results[-1].state, results[-1].reason) == ("ok", "1 of 3 threads not read: HTTP 404")
    assert {i.guid for r in results for i in r.items} == {"t3_p0", "t3_p1", "t3_p2", "t1_cp0", "t1_cp2"}
    assert results[-1].watermark == NOW


def test_a_rate_limit_among_threads_ends_the_run() -> None:
    """What was read before it is kept, the watermark stays, and the wait is passed on."""
    results = run(lambda request, _: told(429, retry_after="300") if "/comments/p1" in request.path else PASS)
    assert {i.guid for r in results for i in r.items} == {"t3_p0", "t3_p1", "t3_p2", "t1_cp0"}
    assert (results[-1].state, results[-1].retry_at, results[-1].watermark) == ("soft", LATER, None)


def stub(*children: str) -> dict[str, object]:
    """Return a stub as Reddit words it."""
    more = {"id": "z1", "name": "t1_z1", "count": 1, "children": list(children), "parent_id": "t3_p0"}
    return {"kind": "more", "data": more}


def with_stub(request: Request, behind: Answer) -> Answer:
    """Answer p0's tree with a stub, and what it hides with `behind`."""
    if "morechildren" in request.path:
        return behind
    if "/comments/p0" not in request.path:
        return PASS
    tree = FORUM.tree("p0")
    tree[1]["data"]["children"].append(stub("z1"))
    return told(200, tree)


def test_a_rate_limit_behind_a_stub_keeps_the_tree() -> None:
    """The comments read before it are kept, the run ends, and the wait is passed on."""
    results = run(lambda request, _: with_stub(request, told(429, retry_after="300")))
    assert {i.guid for r in results for i in r.items} == {"t3_p0", "t3_p1", "t3_p2", "t1_cp0"}
    assert (results[-1].state, results[-1].retry_at, results[-1].watermark) == ("soft", LATER, None)
    assert results[-1].reason.endswith("; 1 more-stubs left")


@pytest.mark.parametrize(
    "behind",
    [
        told(200, {"json": {"data": {"things": [stub("z1")]}}}),
        told(200, {"json": {"data": {"things": {"a": 1}}}}),
        told(200, {"json": {"errors": [["A", "b", "c"]]}}),
        told(404),
    ],
    ids=["itself", "no list", "an error", "404"],
)
def test_a_stub_that_leads_nowhere_is_left(behind: Answer) -> None:
    """It is asked for once and told; the other threads are read."""
    asked: list[str] = []

    def fault(request: Request, _: int) -> Answer:
        asked.append(request.path)
        return with_stub(request, behind)

    results = run(fault)
    assert asked.count("/api/morechildren/") == 1
    assert (results[-1].state, results[-1].reason) == ("ok", "1 more-stubs left")
    assert {i.guid for r in results for i in r.items} >= {"t1_cp0", "t1_cp1", "t1_cp2"}


@pytest.mark.slow
def test_a_dead_reddit_is_not_asked_for_ever() -> None:
    """After three calls that found nobody, the rest of the client's calls fail at once."""
    asked: list[Request] = []
    with hosting(asked.append) as base_url:  # takes every request and hangs up
        client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=base_url)
        state, nothing = ChannelState("mining"), set[str]()
        for calls in (3, 6, 9, 9, 9):
            (result,) = reddit.pages(client, CHANNEL, state, known=lambda _: nothing, author_key=b"k", now=NOW)
            assert (result.state, result.reason) == ("soft", "no connection to Reddit, or it broke off")
            assert len(asked) == calls


def test_secrets_are_not_shown() -> None:
    """Keys print without secret, username and password."""
    shown = repr(reddit.Keys("id", "S3CRET", "ada", "PASSW0RD"))
    assert "id" in shown
    assert not any(word in shown for word in ("S3CRET", "ada", "PASSW0RD"))


@pytest.mark.parametrize("text", ["[DEFAULT]\nreddit_url=http://192.0.2.1\ntimeout=x\nusername=eve", "[[nonsense"])
def test_a_stray_praw_ini_changes_nothing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a praw.ini in the working directory nor praw's environment variables have a say."""
    (tmp_path / "praw.ini").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("praw_site", "elsewhere")
    monkeypatch.setenv("praw_username", "eve")
    client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url=None)
    assert client.config.reddit_url == "https://www.reddit.com"
    assert client.config.oauth_url == "https://oauth.reddit.com"
    assert client.config.username is None
    assert client.read_only


@pytest.mark.parametrize("name", ["a/../b", "mining+gold", "", "x?y"])
def test_a_name_is_a_name(name: str) -> None:
    """What cannot be a subreddit's name is never asked for."""
    client = reddit.connect(reddit.Keys("id", "secret"), user_agent="oresight-tests", base_url="http://127.0.0.1:9")
    channel = Channel("x", "subreddit", "investor", name)
    (result,) = reddit.pages(client, channel, ChannelState("x"), known=lambda _: set(), author_key=b"k", now=NOW)
    assert result.state == "hard"


@contextmanager
def requestor(**bounds: object) -> Iterator[BoundedRequestor]:
    """Give a requestor with tighter bounds, closed in the end."""
    made = BoundedRequestor(user_agent="oresight-tests")
    for name, value in bounds.items():
        setattr(made, name, value)
    yield made
    made.close()


def test_a_bomb_is_not_unpacked() -> None:
    """A small gzip body that swells past the cap is refused on the way."""
    bomb = Answer(200, gzip.compress(bytes(50 << 20)), {"Content-Encoding": "gzip"})
    assert len(bomb.body) < 60_000
    with hosting(lambda _: bomb) as url, requestor() as line, pytest.raises(prawcore.RequestException) as error:
        line.request("GET", url)
    assert isinstance(error.value.original_exception, TooLarge)


def test_broken_compression_is_told() -> None:
    """A body that is not what its Content-Encoding says is a failed request."""
    liar = Answer(200, b"not gzip", {"Content-Encoding": "gzip"})
    with hosting(lambda _: liar) as url, requestor() as line, pytest.raises(prawcore.RequestException) as error:
        line.request("GET", url)
    assert isinstance(error.value.original_exception, requests.exceptions.ContentDecodingError)


def test_a_dripping_server_meets_the_deadline() -> None:
    """A byte now and then keeps every packet in time; the deadline ends it, and it is not tried again."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(100):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return
                time.sleep(0.05)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with requestor(deadline=0.4) as line, pytest.raises(prawcore.RequestException) as error:
        line.request("GET", url)
    assert type(error.value.original_exception) is requests.exceptions.Timeout
    assert time.monotonic() - began < 2
    listener.close()
    thread.join()


def test_a_silent_server_times_out() -> None:
    """No answer within the read time-out is a failure that may be tried again."""

    def wait(_: Request) -> Answer:
        time.sleep(0.5)
        return Answer(200)

    with hosting(wait) as url, requestor(timeouts=(1, 0.1)) as line, pytest.raises(prawcore.RequestException) as error:
        line.request("GET", url)
    assert isinstance(error.value.original_exception, requests.exceptions.ReadTimeout)
