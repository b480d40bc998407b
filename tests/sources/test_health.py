"""When channels are due, and what is remembered of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import DELIVERED, ChannelState, FetchResult, State
from sources.health import after, blames_the_network, heard, is_due, is_silent

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KNOWN = ChannelState("c", "ok", etag='"a"', last_modified="then", body_hash="h", watermark=NOW - HOUR, failures=2)
FAILURES: tuple[State, ...] = ("soft", "hard", "blocked", "not_a_feed")


def _after(result: FetchResult, previous: ChannelState = KNOWN, *, network: bool = False) -> ChannelState:
    return after(previous, result, now=NOW, interval=HOUR, network=network)


def _pause(state: ChannelState) -> timedelta:
    assert state.next_due_at is not None
    return state.next_due_at - NOW


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (None, True),
        (ChannelState("c"), True),
        (ChannelState("c", next_due_at=NOW), True),
        (ChannelState("c", next_due_at=NOW + HOUR), False),
        (ChannelState("c", "gone"), False),
        (ChannelState("c", "gone", next_due_at=NOW - HOUR), False),
    ],
)
def test_channels_fall_due(state: ChannelState | None, due: bool) -> None:
    """New channels at once, known ones at their time, gone ones never."""
    assert is_due(state, NOW) is due


@pytest.mark.parametrize("state", DELIVERED)
def test_success_starts_afresh(state: State) -> None:
    """Failures are forgotten; validators and watermark are the new ones."""
    result = FetchResult("c", state, etag='"b"', last_modified="now", body_hash="i", watermark=NOW)
    found = _after(result)
    assert (found.failures, found.etag, found.last_modified, found.body_hash) == (0, '"b"', "now", "i")
    assert (found.watermark, found.last_success_at, found.last_attempt_at) == (NOW, NOW, NOW)
    assert HOUR <= _pause(found) <= 1.1 * HOUR


def test_the_watermark_never_goes_back() -> None:
    """A page of old entries, or of none, leaves it where it was."""
    assert _after(FetchResult("c", "ok", watermark=NOW - 9 * HOUR)).watermark == NOW - HOUR
    assert _after(FetchResult("c", "empty")).watermark == NOW - HOUR


def test_a_page_without_validators_leaves_none() -> None:
    """After a truncated page, or from a server that stopped sending them, the next fetch is a whole one."""
    found = _after(FetchResult("c", "ok"))
    assert (found.etag, found.last_modified, found.body_hash) == (None, None, None)


@pytest.mark.parametrize("state", FAILURES)
def test_failure_keeps_what_is_known_and_backs_off(state: State) -> None:
    """Validators and watermark stay, the failure counts, and the pause grows with the count."""
    found = _after(FetchResult("c", state, "why"))
    assert (found.etag, found.watermark, found.failures, found.reason) == ('"a"', NOW - HOUR, 3, "why")
    assert found.last_success_at is None
    assert 3 * HOUR <= _pause(found) <= 3.3 * HOUR


@given(st.integers(0, 10_000), st.text(max_size=20))
def test_the_pause_grows_up_to_a_day(failures: int, name: str) -> None:
    """Never sooner than before, never longer than a day and its jitter: no feed is forgotten."""
    result = FetchResult(name, "soft", "why")
    pauses = [_pause(_after(result, ChannelState(name, failures=n))) for n in (failures, failures + 1)]
    assert pauses[0] <= pauses[1] <= 1.1 * timedelta(hours=24)


def test_the_jitter_is_the_channels_own() -> None:
    """The same channel waits the same, different ones differ, so that runs can be repeated and do not bunch."""
    pauses = {name: _pause(_after(FetchResult(name, "ok"), ChannelState(name))) for name in "abcdefgh"}
    assert len(set(pauses.values())) == 8
    assert pauses["a"] == _pause(_after(FetchResult("a", "ok"), ChannelState("a")))


@pytest.mark.parametrize("network", [False, True])
def test_a_request_for_peace_is_kept(network: bool) -> None:
    """Nothing is asked before the time that the server named."""
    result = FetchResult("c", "soft", "HTTP 429", retry_at=NOW + 9 * HOUR)
    assert _after(result, network=network).next_due_at == NOW + 9 * HOUR


def test_gone_is_gone_until_a_person_acts() -> None:
    """After 410 there is no next time."""
    found = _after(FetchResult("c", "gone", "HTTP 410"))
    assert (found.next_due_at, is_due(found, NOW + 9999 * HOUR)) == (None, False)


def test_the_network_is_nobodys_fault() -> None:
    """In an outage the failures stay as they were and the next try is soon."""
    found = _after(FetchResult("c", "soft", "connection refused"), network=True)
    assert (found.failures, found.state, found.etag) == (2, "soft", '"a"')
    assert _pause(found) <= timedelta(minutes=15)


def test_missing_keys_are_no_failure_of_the_channel() -> None:
    """A channel that nobody could ask is asked again at its usual time."""
    assert _after(FetchResult("c", "no_keys", "no keys")) == replace(
        KNOWN, state="no_keys", reason="no keys", last_attempt_at=NOW, next_due_at=NOW + HOUR
    )


DOWN = FetchResult("a", "soft", "name does not resolve")
REFUSED = FetchResult("b", "soft", "connection refused")


@pytest.mark.parametrize(
    ("results", "blamed"),
    [
        ([DOWN, REFUSED], True),
        ([DOWN], True),
        ([], False),
        ([DOWN, FetchResult("b", "ok")], False),
        ([DOWN, FetchResult("b", "soft", "HTTP 503")], False),
        ([DOWN, FetchResult("b", "blocked", "HTTP 403")], False),
        ([DOWN, FetchResult("b", "not_modified")], False),
    ],
)
def test_the_network_is_blamed_when_nobody_answers(results: list[FetchResult], blamed: bool) -> None:
    """One answer of any kind, even a refusal, shows that the network stands."""
    assert blames_the_network(results) is blamed


def test_old_failures_are_no_witnesses() -> None:
    """A channel that was dead before and falls due alone is not taken for a dead network."""
    dead, well = ChannelState("a", "soft", failures=3), ChannelState("b", "ok")
    assert not blames_the_network([DOWN], {"a": dead})
    assert blames_the_network([DOWN, REFUSED], {"a": dead, "b": well})


WEEK = [8, 9, 7, 10, 6, 0, 0]  # a trade paper's, from Monday


@pytest.mark.parametrize(
    ("counts", "fresh", "silent"),
    [
        ([10] * 40 + [0] * 6, 0, True),
        ([10] * 40 + [0] * 6, 1, True),
        ([10] * 40 + [0] * 6, 30, False),
        ([10] * 40 + [0] * 3, 0, False),
        ([10] * 40 + [0] * 5 + [6], 0, False),
        ([1] * 60 + [0] * 7, 0, False),
        ([1] * 60 + [0] * 8, 0, True),
        ([1, 0, 0, 0, 0, 0, 0] * 20 + [0] * 21, 0, False),
        ([1, 0, 0, 0, 0, 0, 0] * 20 + [0] * 29, 0, True),
        ([0] * 100 + [10] * 10 + [0] * 6, 0, False),
        ([0] * 168, 0, False),
        ([], 0, False),
        ([5], 0, False),
    ],
)
def test_silence_is_measured_by_the_feeds_own_median(counts: list[int], fresh: int, silent: bool) -> None:
    """Days without entries are silence in a busy feed and nothing in a slow one; a new feed has no median yet."""
    assert is_silent(counts, fresh) is silent


@pytest.mark.parametrize("today", range(7))
def test_weekends_and_long_holidays_are_no_silence(today: int) -> None:
    """A paper that rests from Friday to Monday, as at Easter, is not called silent on any day after."""
    counts = WEEK * 10 + [8, 9, 7, 10, 0, 0, 0] + [0, 9, 7, 10, 6, 0, 0][:today]
    assert not is_silent([*counts, 0])


@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.5, 2, 20]))
def test_a_feed_as_it_ever_was_is_not_silent(seed: int, a_day: float) -> None:
    """Chance alone hardly ever makes a steady feed silent: not once in half a year of its days."""
    chance = random.Random(seed)
    counts = [sum(chance.random() < a_day / 100 for _ in range(100)) for _ in range(168)]
    assert sum(is_silent(counts[:end]) for end in range(150, 169)) <= 12 * (a_day < 2)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=168), st.integers(0, 20))
def test_more_entries_never_make_silence(counts: list[int], more: int) -> None:
    """What breaks the silence is entries."""
    if not is_silent(counts):
        assert not is_silent(counts, more)
        assert not is_silent([*counts[:-1], counts[-1] + more])


QUIET = [10] * 40 + [0] * 6


@pytest.mark.parametrize("state", ["ok", "empty", "not_modified", "moved"])
def test_a_silent_channel_is_told(state: State) -> None:
    """A feed that answers as it should and brings nothing any more is delivered, and says so."""
    told = heard(FetchResult("c", state, "as before", known=0), QUIET)
    assert (told.state, told.state in DELIVERED) == ("silent", True)
    assert told.reason.endswith("as before")
    assert heard(FetchResult("c", state, known=0), [10] * 46).state == state


def test_only_those_that_answer_can_be_silent() -> None:
    """A failure has its own reason, and a channel whose page nobody compared has none."""
    for result in (FetchResult("c", "soft", "HTTP 500", known=0), FetchResult("c", "ok")):
        assert heard(result, QUIET) == result
