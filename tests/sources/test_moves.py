"""Addresses that change for good, from redirects to what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records import Channel, ChannelState, FetchResult
from sources import health, moves
from sources.feeds import pull
from sources.fetch import Http
from tests.servers import Server, answer, conditional, redirect

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
FEED = b'<rss version="2.0"><channel><item><title>Tin</title><guid>1</guid></item></channel></rss>'


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose feed has moved from /old to /new."""
    with Server({"/old": redirect("/new", 301), "/new": conditional(FEED, '"a"')}) as server:
        yield server


class Runs:
    """One channel, run after run."""

    def __init__(self, server: Server, path: str = "/old") -> None:
        self.server, self.now = server, NOW
        self.channel = Channel("served", "feed", "official", server.url(path))
        self.state = ChannelState("served")

    def run(self, times: int = 1) -> FetchResult:
        """Pull an hour after the last time, and remember."""
        for _ in range(times):
            with Http("Oresight tests", allow_hosts=self.server.allow, host_delay=0, total_s=5) as http:
                found = pull(self.channel, self.state, http, now=self.now)
            self.state = health.after(self.state, found, now=self.now, interval=QUARTER)
            self.now += timedelta(hours=1)
        return found

    @property
    def asked(self) -> list[str]:
        """The paths of all requests."""
        return [seen.path for seen in self.server.seen]


@pytest.mark.parametrize("status", [301, 308])
def test_a_move_is_learned_when_it_was_seen_three_times(server: Server, status: int) -> None:
    """Told as moved with the address; from then on the new address is asked, also by 304, and keeps being told."""
    server.routes["/old"] = redirect("/new", status)
    runs = Runs(server)
    assert [runs.run().state for _ in range(2)] == ["ok", "not_modified"]
    assert (runs.state.address, runs.state.candidate, runs.state.sightings) == (None, server.url("/new"), 2)
    told = runs.run()
    assert (told.state, runs.state.address) == ("moved", server.url("/new"))
    assert server.url("/new") in told.reason
    server.seen.clear()
    told = runs.run()
    assert (told.state, runs.asked) == ("moved", ["/new"])
    assert server.url("/new") in runs.state.reason


@pytest.mark.parametrize("chain", [[302], [301, 302], [302, 301], [303], [307], [308, 307]])
def test_a_chain_with_one_hop_that_is_not_permanent_is_never_learned(server: Server, chain: list[int]) -> None:
    """302 never, nor anything that passes through it."""
    for hop, status in enumerate(chain):
        server.routes["/old" if hop == 0 else f"/{hop}"] = redirect(f"/{hop + 1}", status)
    server.routes[f"/{len(chain)}"] = answer(FEED)
    runs = Runs(server)
    assert runs.run(5).state in ("ok", "not_modified")
    assert (runs.state.address, runs.state.candidate, runs.state.sightings) == (None, None, 0)


def test_a_chain_of_permanent_hops_is_learned(server: Server) -> None:
    """Every hop is permanent: the last address counts."""
    server.routes |= {"/old": redirect("/1", 301), "/1": redirect("/new", 308)}
    runs = Runs(server)
    runs.run(3)
    assert runs.state.address == server.url("/new")


def test_another_target_begins_anew(server: Server) -> None:
    """Twice here and twice there is not three times; nor is it when the feed has answered in its place between."""
    server.routes["/other"] = answer(FEED)
    runs = Runs(server)
    runs.run(2)
    server.routes["/old"] = redirect("/other", 301)
    runs.run(2)
    assert (runs.state.address, runs.state.sightings) == (None, 2)
    server.routes["/old"] = answer(FEED)
    runs.run()
    server.routes["/old"] = redirect("/other", 301)
    runs.run(2)
    assert (runs.state.address, runs.state.sightings) == (None, 2)


def test_a_failure_between_changes_nothing(server: Server) -> None:
    """A bad day of the server does not unlearn what was seen."""
    runs = Runs(server)
    runs.run(2)
    server.routes["/old"] = answer(b"", 503)
    runs.run()
    server.routes["/old"] = redirect("/new", 301)
    assert runs.run().state == "moved"


def test_a_new_address_in_the_list_forgets_the_learned_one(server: Server) -> None:
    """What a person writes wins: address, validators and the end of a feed that was gone are forgotten."""
    runs = Runs(server)
    runs.run(3)
    runs.channel = replace(runs.channel, address=server.url("/mine"))
    server.routes["/mine"] = answer(FEED)
    server.seen.clear()
    assert runs.run().state == "ok"
    assert runs.asked == ["/mine"]
    assert "If-None-Match" not in server.seen[0].headers
    assert (runs.state.address, runs.state.configured) == (None, server.url("/mine"))
    gone = ChannelState("served", "gone", configured=server.url("/old"))
    assert health.is_due(gone, NOW, server.url("/mine"))
    assert not health.is_due(gone, NOW, server.url("/old"))


@pytest.mark.parametrize("status", [404, 410])
def test_a_learned_address_that_is_lost_is_forgotten(server: Server, status: int) -> None:
    """The configured address is asked next; 410 at an address that nobody chose is not the end."""
    runs = Runs(server)
    runs.run(4)
    server.routes |= {"/new": answer(b"", status), "/old": answer(FEED)}
    lost = runs.run()
    assert (lost.state, runs.state.address) == ("hard", None)
    assert "the configured one is asked next" in lost.reason
    assert runs.state.next_due_at is not None
    assert runs.run().state in ("ok", "not_modified")


def test_a_learned_address_that_stays_silent_is_forgotten(server: Server) -> None:
    """After three failures of any kind in a row the configured address is worth another try."""
    runs = Runs(server)
    runs.run(4)
    server.routes["/new"] = answer(b"", 500)
    runs.run(2)
    assert runs.state.address is not None
    runs.run()
    assert runs.state.address is None


def test_a_state_without_an_address_is_kept() -> None:
    """What was remembered before addresses were is not thrown away."""
    state = ChannelState("c", etag='"a"')
    assert moves.before(state, "http://e.com/") == state
