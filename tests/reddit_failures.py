"""What Reddit and the line to it can do wrong: each case with the state and the reason that it must become.

CASES -> run -> FetchResult      rows(results) -> the lines of docs/reddit-failures.md
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NamedTuple

from records import ChannelState, FetchResult, State
from sample.forum import Forum, Note, Post
from sample.server import Answer, Request, Route, hosting, reddit_answer
from sources import reddit
from tests.reddit_world import CHANNEL, NOW, Reddit, told
from tests.servers import drip

POSTS = [Post(f"p{n}", "mining", f"Title {n}", "", "Ada", NOW - timedelta(hours=n)) for n in range(3)]
FORUM = Forum(POSTS, [Note(f"c{p.id}", p.id, p.fullname, "Ben", "Words", NOW) for p in POSTS])
DEADLINE = 5.0
"""Seconds for one answer, in place of the product's sixty."""
LATER = NOW + timedelta(minutes=5)
HTTP_DATE = LATER.strftime("%a, %d %b %Y %H:%M:%S GMT")
HTML = {"Content-Type": "text/html"}
GZIP = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
ALWAYS = 99


class Case(NamedTuple):
    """`what` the listing answers so many `times`; the run's state, a part of its reason, when it may be asked again."""

    what: str
    answer: Answer | Route | None
    state: State
    reason: str
    retry_s: int | None = None
    times: int = ALWAYS


def limited(**limits: str) -> Answer:
    """The true listing under other rate-limit headers."""
    asked = Request("GET", "/r/mining/new", {"limit": "100"}, {}, {"authorization": "bearer x"})
    true = reddit_answer(FORUM, asked)
    given = {f"x-ratelimit-{name}": value for name, value in limits.items()}
    return Answer(true.status, true.body, {**true.headers, **given})


def moved(status: int, to: str | None) -> Answer:
    """A redirect."""
    return Answer(status, headers={} if to is None else {"Location": to})


CASES = (
    Case("503 once", told(503), "ok", "", times=1),
    Case("503 three times", told(503), "soft", "Reddit answered (HTTP 503)"),
    Case("connection reset once", None, "ok", "", times=1),
    Case("connection reset three times", None, "soft", "no connection to Reddit, or it broke off"),
    Case("401 once", told(401), "ok", "", times=1),
    Case("401 three times", told(401), "blocked", "Reddit refused the keys (HTTP 401)"),
    Case("403, private", told(403, {"reason": "private"}), "blocked", "the subreddit is private (HTTP 403)"),
    Case("403, quarantined", told(403, {"reason": "quarantined"}), "blocked", "the subreddit is quarantined"),
    Case("403, an HTML page", Answer(403, b"<html>", HTML), "blocked", "Reddit refused access"),
    Case("403 with a bare scheme", told(403, www_authenticate="Bearer"), "blocked", "Reddit refused access"),
    Case("404, banned", told(404, {"reason": "banned"}), "hard", "no such subreddit, or it is banned (HTTP 404)"),
    Case("410", told(410), "hard", "no longer there (HTTP 410)"),
    Case("451", told(451), "blocked", "withheld for legal reasons (HTTP 451)"),
    Case("302, a missing subreddit", moved(302, "/subreddits/search?q=x"), "hard", "to /subreddits/search"),
    Case("301 to another machine", moved(301, "http://192.0.2.1/x"), "hard", "no such subreddit"),
    Case("302 to nowhere", moved(302, None), "hard", "no such subreddit"),
    Case("307", moved(307, "/x"), "hard", "no such subreddit"),
    Case("429 with seconds", told(429, retry_after="300"), "soft", "fewer requests (HTTP 429)", 300),
    Case("429 with a fraction", told(429, retry_after="299.5"), "soft", "fewer requests (HTTP 429)", 300),
    Case("429 with an HTTP date", told(429, retry_after=HTTP_DATE), "soft", "fewer requests (HTTP 429)", 300),
    Case("429 with a past date", told(429, retry_after="Mon, 01 Jan 2001 00:00:00 GMT"), "soft", "HTTP 429", 0),
    Case("429 for three years", told(429, retry_after="99999999"), "soft", "HTTP 429", 86_400),
    Case("429 with neither", told(429, retry_after="soon", x_ratelimit_reset="x"), "soft", "HTTP 429"),
    Case("400", told(400, {"reason": "x", "fields": ["a", "b"]}), "soft", "AssertionError"),
    Case("400, an HTML page", Answer(400, b"<html>", HTML), "soft", "Reddit reported"),
    Case("415", Answer(415, b"<html>", HTML), "soft", "not what Reddit sends"),
    Case("418", Answer(418), "soft", "HTTP 418"),
    Case("200 with HTML", Answer(200, b"<html>We'll be back</html>", HTML), "soft", "other than JSON"),
    Case("200, empty", Answer(200), "soft", "not what Reddit sends"),
    Case("200 with a list", told(200, []), "soft", "not what Reddit sends"),
    Case("200 with a number", told(200, 7), "soft", "not what Reddit sends"),
    Case("200 with an error", told(200, {"json": {"errors": [["A", "b", "c"]]}}), "soft", "not what Reddit sends"),
    Case("200 with odd children", told(200, {"data": {"children": {"a": 1}}}), "soft", "not what Reddit sends"),
    Case("200, JSON 100,000 deep", Answer(200, b"[" * 100_000), "soft", "RecursionError"),
    Case("204", Answer(204), "soft", "not what Reddit sends"),
    Case("rate limit: a fraction", limited(remaining="599.0", used="1", reset="0.7"), "ok", ""),
    Case("rate limit: in part", limited(remaining="10"), "ok", ""),
    Case("rate limit: nonsense", limited(remaining="nan", used="many", reset="-1"), "ok", ""),
    Case("200, 20 MB in 20 kB of gzip", Answer(200, gzip.compress(bytes(20 << 20)), GZIP), "soft", "larger than 16 MB"),
    Case("200, no gzip though it says so", Answer(200, b"{}", GZIP), "soft", "not compressed as it says"),
    Case("a body that drips", drip(0.05), "soft", "no answer from Reddit in time"),
    Case("a head that drips", drip(0.05, head=True), "soft", "no answer from Reddit in time"),
)


def run(case: Case) -> list[FetchResult]:
    """Collect once from a server whose listing fails like this."""
    world = Reddit(FORUM)
    world.fail("/new", case.answer, case.times)
    with hosting(world) as base_url:
        keys = reddit.Keys("id", "secret")
        client = reddit.connect(keys, user_agent="oresight-tests", base_url=base_url, deadline=DEADLINE)
        state = ChannelState("mining", watermark=NOW - timedelta(days=1))
        return list(reddit.pages(client, CHANNEL, state, known=lambda _: set(), author_key=b"k", now=NOW))


def run_all() -> list[list[FetchResult]]:
    """Every case at once, for prawcore waits up to six seconds between its tries."""
    with ThreadPoolExecutor(len(CASES)) as pool:
        return list(pool.map(run, CASES))


def rows(ended: Iterable[FetchResult]) -> list[str]:
    """The table, in Markdown: what the listing answers, and what its run came to."""
    lines = ["| Reddit's answer | state | reason | asked again after |", "| --- | --- | --- | --- |"]
    for case, last in zip(CASES, ended, strict=True):
        wait = "" if last.retry_at is None else f"{(last.retry_at - NOW).total_seconds():.0f} s"
        lines.append(f"| {case.what} | `{last.state}` | {last.reason} | {wait} |")
    return lines
