"""The pipe over what real servers answered: a news feed of 69 items, and Reddit's own recordings.

The recordings lie beside the checkout and are no part of it; without them there is nothing to run here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from sample.server import Answer, Request, hosting
from tests import reddit_replay
from tests.flows.command import oresight
from tests.flows.test_demo import ask

FEED = Path(__file__).parents[3] / "shared" / "samples" / "real-cnn.rss"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(200),
    pytest.mark.skipif(
        not FEED.exists() or reddit_replay.RECORDINGS is None, reason="the recordings of real servers are not here"
    ),
]


class World(NamedTuple):
    """A home and the environment that points at the servers."""

    home: Path
    env: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both servers, and a channels.toml that names them."""
    folder = tmp_path_factory.mktemp("real")
    feed = FEED.read_bytes()

    def answer(request: Request) -> Answer:
        return Answer(200, feed, {"Content-Type": "text/xml"}) if request.path == "/cnn.rss" else Answer(404)

    with hosting(answer) as feeds, reddit_replay.replay() as reddit:
        channels = folder / "channels.toml"
        channels.write_text(
            f'[[feed]]\nname = "cnn"\nurl = "{feeds}/cnn.rss"\ncommunity = "general-press"\nkeep = "all"\n'
            f'[[feed]]\nname = "absent"\nurl = "{feeds}/none.rss"\ncommunity = "general-press"\n'
            '[[subreddit]]\nname = "askreddit"\ncommunity = "regional"\nkeep = "all"\n'
        )
        yield World(
            folder / "var",
            {
                "ORESIGHT_CHANNELS": str(channels),
                "ORESIGHT_ALLOW_HOSTS": urlsplit(feeds).netloc,
                "ORESIGHT_REDDIT_URL": reddit,
                "REDDIT_CLIENT_ID": "recorded",
                "REDDIT_CLIENT_SECRET": "recorded",
            },
        )


def test_everything_recorded_is_in_the_store_after_one_run_and_nothing_new_after_two(world: World) -> None:
    """All 69 feed items, all submissions and comments come with the first run; the second adds nothing."""
    first = oresight("run", home=world.home, env=world.env)
    assert first.returncode == 4, first.stderr.decode()
    expected = {"cnn": 69, "askreddit": _recorded()}
    assert _counts(world.home) == expected
    second = oresight("collect", "--all", home=world.home, env=world.env)
    assert second.returncode == 4, second.stderr.decode()
    assert b"collected 0 new and 0 changed items; 2 of 3 channels due delivered" in second.stderr
    assert _counts(world.home) == expected


def test_coverage_tells_the_truth(world: World) -> None:
    """Two runs of three channels leave six rows: what came is counted, the missing feed says why."""
    rows = ask(
        world.home,
        "select channel, state, new, reason from coverage join runs using (run_id) order by channel, runs.started_at",
    )
    told = [(r["channel"], r["state"], int(r["new"])) for r in rows]
    assert told[:2] == [("absent", "hard", 0)] * 2
    assert [new for channel, _, new in told if channel == "askreddit"] == [_recorded(), 0]
    assert [(state, new) for channel, state, new in told if channel == "cnn"] == [("ok", 69), ("not_modified", 0)]
    assert "404" in rows[0]["reason"]


def test_no_author_is_stored_by_name(world: World) -> None:
    """No name of a recorded author stands anywhere in the home."""
    told = [c["data"] for c in reddit_replay.comments().values()]
    names = {c["author"] for c in told if len(c.get("author") or "") > 9}
    authored = b"".join(p.read_bytes() for p in world.home.rglob("*.duckdb") if not p.is_symlink())
    texts = " ".join(str(c.get("body")) for c in told)
    assert len(names) > 50
    assert [n for n in names if n.encode() in authored and n not in texts and n not in _other_texts()] == []


def _other_texts() -> str:
    return " ".join(
        f"{s['data'].get('title')} {s['data'].get('selftext')} {s['data'].get('permalink')}"
        for s in reddit_replay.submissions().values()
    )


def _counts(home: Path) -> dict[str, int]:
    return {r["channel"]: int(r["n"]) for r in ask(home, "select channel, count(*) n from items group by 1")}


def _recorded() -> int:
    """Submissions of the listing, the tree's own submission, and every comment, the deleted ones without words."""
    return len(reddit_replay.submissions()) + 1 + len(reddit_replay.comments())
