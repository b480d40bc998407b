"""The main job, step by step, with one line for each step and one exit code for the whole.

collect -> label -> refresh -> digest
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from flows import channels, show, weeks
from flows.client import client
from flows.collect import Collected, collect_channels, only
from flows.errors import UsageError
from flows.label import label_items
from flows.refresh import refresh_series
from flows.report import write_digest
from flows.settings import Settings
from flows.store import learned_moves
from records import DELIVERED
from sources.tape import Player, Recorder, TapeError

DONE, DEGRADED = 0, 4


def run(settings: Settings, *, now: datetime) -> tuple[int, tuple[Path, ...]]:
    """Collect what is due, label it, refresh the series, write the last complete week's digest.

    Returns:
        The exit code and the paths of the pages.

    Raises:
        flows.errors.NothingReached: channels were due and none delivered.
    """
    code = collect(settings, (), everything=False, now=now)
    label(settings, None, now=now)
    refresh(settings, now=now)
    return code, write_digest(settings, week=weeks.last_complete(now))


def collect(settings: Settings, names: Sequence[str], *, everything: bool, now: datetime) -> int:
    """Collect, and say what came and what did not."""
    listed = channels.load(settings.channels)
    return _told(collect_channels(settings, listed, now=now, names=names, everything=everything))


def record(settings: Settings, names: Sequence[str], folder: Path, *, everything: bool, now: datetime) -> int:
    """Collect as always, and keep what every feed's server answered in a new `folder`.

    Raises:
        UsageError: the folder holds something already.
    """
    listed = channels.load(settings.channels)
    try:
        http = client(settings, partial(Recorder, folder, _aliases(settings)))
    except TapeError as error:
        raise UsageError(str(error)) from None
    code = _told(collect_channels(settings, listed, now=now, names=names, everything=everything, http=http))
    show.say(f"what the feeds answered lies in {folder}: `oresight collect --replay {folder}` plays it again")
    return code


def _aliases(settings: Settings) -> dict[str, str]:
    """The addresses that channels have moved to for good, each with the one that the list has."""
    learned = learned_moves(settings)
    return {learned[c.name]: c.address for c in channels.load(settings.channels) if c.name in learned}


def replay(settings: Settings, names: Sequence[str], folder: Path) -> int:
    """Collect from a tape and no socket: the feeds that it holds, due or not, with its own time as the clock.

    Raises:
        UsageError: the folder holds no tape, or none of these channels.
    """
    listed = channels.load(settings.channels)
    try:
        tape = Player(folder, settings.user_agent)
    except TapeError as error:
        raise UsageError(str(error)) from None
    held = [c.name for c in only(listed, names) if c.kind == "feed" and tape.holds(c.address)]
    if not held:
        raise UsageError(f"{folder} holds no answer for any of these channels; see {settings.channels}")
    return _told(collect_channels(settings, listed, now=tape.recorded_at, names=held, everything=True, http=tape))


def _told(collected: Collected) -> int:
    for name, page in sorted(collected.states.items()):
        if page.state not in DELIVERED:
            show.say(f"  {name}: {page.state}: {page.reason}")
    show.say(summary(collected))
    return DEGRADED if collected.outcome == "degraded" else DONE


def summary(collected: Collected) -> str:
    """One line for what a run yielded."""
    if collected.outcome == "idle":
        return "collected nothing: no channel is due (`oresight collect --all` asks all the same)"
    line = f"collected {collected.new} new and {collected.updated} changed items"
    line += f"; {collected.delivered} of {len(collected.states)} channels due delivered"
    return line + (" (degraded: fewer than 80 %)" if collected.outcome == "degraded" else "")


def label(settings: Settings, limit: int | None, *, now: datetime) -> None:
    """Label what waits, and say how many and how fast."""
    began = time.monotonic()
    count = label_items(settings, channels.load(settings.channels), now=now, limit=limit)
    seconds = time.monotonic() - began
    show.say(f"read {count} items in {seconds:.1f} s ({count / seconds:.0f} items/s)" if count else "nothing to label")


def relabel(settings: Settings, *, now: datetime) -> None:
    """Label again what other models or gazetteers have read, so that the series do not break where they changed."""
    count = label_items(settings, channels.load(settings.channels), now=now, again=True)
    show.say(f"labelled {count} items again" if count else "nothing to label again: all is the current model's")


def refresh(settings: Settings, *, now: datetime, whole: bool = False) -> None:
    """Refresh the series, and say how many days changed."""
    show.say(f"refreshed {refresh_series(settings, now=now, whole=whole)} days of the series")
