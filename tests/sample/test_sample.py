"""The bundled sample: true formats, eight weeks, the same every time."""

from __future__ import annotations

import json
import tomllib
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import COMMUNITIES
from sample.channels import OUTLETS, SUBREDDITS, channels_toml
from sample.choose import AUTHORED, EXTRAS, choose
from sample.rows import ITEMS, load, moment, week_end
from sample.server import forum, serve

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def get(url: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> Any:
    """Return the server's answer; raises HTTPError on all but success."""
    return urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=5)  # noqa: S310


def read_lines(path: Any) -> list[dict[str, Any]]:
    """Return the rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_sample_is_large_and_mixed_enough() -> None:
    """Twelve feeds or more in three formats, four subreddits or more, every community, 640 items or more."""
    working = [o for o in OUTLETS if not o.broken]
    assert len(working) >= 12
    assert {o.format for o in working} == {"rss", "atom", "json"}
    assert {o.community for o in working} == set(COMMUNITIES["feed"])
    assert {s.community for s in SUBREDDITS} == set(COMMUNITIES["subreddit"])
    assert len(load()) >= 640
    assert {row.channel for row in load()} == {o.name for o in working} | {s.name for s in SUBREDDITS}


def test_choosing_again_gives_the_same_file() -> None:
    """The committed rows are what the script chooses from the authored texts."""
    assert tuple(choose(read_lines(AUTHORED), read_lines(EXTRAS))) == load(ITEMS)


def test_every_week_has_its_own_mix() -> None:
    """Half of each week takes no position, and skeptics outnumber collaborators in one week and not in another."""
    stances = {text["id"]: text["stance"] for text in read_lines(AUTHORED)}
    weeks = {w: Counter(stances[r.source] for r in load() if r.week == w and r.source in stances) for w in range(1, 9)}
    assert all(0.4 <= mix["none"] / mix.total() <= 0.6 for mix in weeks.values())
    balance = [mix["skeptic"] - mix["industrial_collaboration"] for mix in weeks.values()]
    assert min(balance) < -3 < 3 < max(balance)


@given(MOMENTS)
def test_the_eighth_week_is_the_last_complete_one(now: datetime) -> None:
    """Whatever the day, every row lies in one of the eight complete ISO weeks before it."""
    end = week_end(now)
    assert end <= now < end + timedelta(days=7)
    assert end.isoweekday() == 1
    for row in load():
        at = moment(row, now)
        assert end - timedelta(weeks=9 - row.week) <= at < end - timedelta(weeks=8 - row.week)


def test_a_comment_comes_after_what_it_answers() -> None:
    """Threads are whole and run forward in time."""
    rows = {row.id: row for row in load()}
    assert len(rows) == len(load())
    for row in rows.values():
        if row.kind == "comment":
            assert row.thread is not None
            assert row.parent is not None
            assert rows[row.thread].kind == "submission"
            assert moment(rows[row.parent], NOW) <= moment(row, NOW)


def test_feeds_are_whole_and_say_what_they_are() -> None:
    """Every row of a feed is on its page, in the format that the content type names."""
    with serve(NOW) as base_url:
        for outlet in (o for o in OUTLETS if not o.broken):
            answer = get(base_url + outlet.path)
            body, kind = answer.read(), answer.headers["Content-Type"]
            names = {row.id for row in load() if row.channel == outlet.name}
            if outlet.format == "json":
                assert kind == "application/feed+json"
                found = {entry["id"] for entry in json.loads(body)["items"]}
            else:
                parsed = feedparser.parse(body)
                assert not parsed.bozo
                assert parsed.version == {"rss": "rss20", "atom": "atom10"}[outlet.format]
                found = {entry.id.rpartition(":")[2] for entry in parsed.entries}
            assert found == names


def test_a_page_that_is_known_is_not_sent_again() -> None:
    """The ETag of a page brings 304; another brings the page."""
    with serve(NOW) as base_url:
        url = base_url + OUTLETS[0].path
        etag = get(url).headers["ETag"]
        assert get(url, {"If-None-Match": '"other"'}).status == 200
        with pytest.raises(urllib.error.HTTPError, match="304") as error:
            get(url, {"If-None-Match": etag})
        error.value.close()


def test_one_feed_is_broken_on_purpose() -> None:
    """A feed of the list answers 503."""
    with serve(NOW) as base_url, pytest.raises(urllib.error.HTTPError, match="503") as error:
        get(base_url + next(o.path for o in OUTLETS if o.broken))
    error.value.close()


def test_the_channels_file_names_every_channel() -> None:
    """It is TOML, and its addresses lead to the server."""
    channels = tomllib.loads(channels_toml("http://127.0.0.1:1"))
    assert [f["url"] for f in channels["feed"]] == [f"http://127.0.0.1:1{o.path}" for o in OUTLETS]
    assert [(s["name"], s["community"]) for s in channels["subreddit"]] == [(s.name, s.community) for s in SUBREDDITS]


def test_reddit_wants_a_token() -> None:
    """Credentials are exchanged for a token, the client "wrong" is refused, and data needs the token."""
    with serve(NOW) as base_url:
        token_url, new = f"{base_url}/api/v1/access_token", f"{base_url}/r/OreInvestors/new?limit=2"
        for refused in (
            lambda: get(new),
            lambda: get(token_url, {"Authorization": "Basic d3Jvbmc6eA=="}, b"grant_type=client_credentials"),
        ):
            with pytest.raises(urllib.error.HTTPError, match="401") as error:
                refused()
            error.value.close()
        token = json.load(get(token_url, {"Authorization": "Basic aWQ6eA=="}, b"grant_type=client_credentials"))
        page = json.load(get(new, {"Authorization": f"bearer {token['access_token']}"}))
        assert len(page["data"]["children"]) == 2
        assert page["data"]["after"] == page["data"]["children"][-1]["data"]["name"]


def test_some_comments_hide_behind_stubs() -> None:
    """Long threads show a few replies and a `more` stub, whose children are served flat."""
    reddit = forum(NOW)
    longest = max(reddit.posts, key=lambda post: sum(note.thread == post for note in reddit.notes.values()))
    stub = reddit.tree(longest)[1]["data"]["children"][-1]
    assert stub["kind"] == "more"
    things = reddit.morechildren(longest, stub["data"]["children"])["json"]["data"]["things"]
    assert len(things) == stub["data"]["count"]
