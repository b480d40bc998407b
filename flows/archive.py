"""HOME/site: the archive of weeks, minerals, countries and communities, brought up to date.

    snapshot -> storage.site, a Digest for each week -> digest.site.sheets -> those that changed -> HOME/site/

A page ends with a hash over what it was made of: one that would be made of the same is left as it is. Each page is
replaced whole, and pages of what is no longer told are removed. The same store gives the same bytes, whenever it is
told and whatever lay there before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from digest import site
from digest.site_page import Topic, titled
from flows import events, whole
from flows.settings import Settings
from records import Digest, Quotation
from storage import database, quotations
from storage import site as stored

FOLDER = "site"
_HALF = re.compile(r"\.[^.]+\.(html|xml)\.[0-9]+")

Read = Callable[[Any, Settings, str], Digest]
"""Makes the Digest of a week from a connection to the store."""


def refresh(settings: Settings, read: Read, names: Mapping[str, str]) -> Path:
    """Bring the archive up to date; `names` gives countries in words, by code. Returns its first page.

    Raises:
        flows.errors.EventsError: a line of the list of events cannot be used.
        storage.errors.StorageError: nothing is published yet, or the snapshot cannot be read.
    """
    folder = settings.home / FOLDER
    with database.open_snapshot(settings.home) as con:
        told = gather(con, settings, read, names)
    sheets = {sheet.path: sheet for sheet in site.sheets(told)}
    _sweep(folder, set(sheets))
    for path, sheet in sheets.items():
        if _made_of(folder / path) != sheet.inputs:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            whole.put(folder / path, sheet.text())
    return folder / "index.html"


def gather(con: Any, settings: Settings, read: Read, names: Mapping[str, str]) -> site.Archive:
    """Everything that the archive tells, from a store."""
    weeks = stored.span(con)
    settled = stored.told_at(con, weeks)
    # What a page rests on is told as of then, not as of now: else every run would change every page.
    digests = tuple(
        replace(read(con, settings, week), as_of=settled[week], run=stored.last_run(con, settled[week]))
        for week in weeks
    )
    first, last = (digests[0].first_day, digests[-1].last_day) if digests else (None, None)
    return site.Archive(
        identity=stored.identity(con),
        sample=settings.is_sample,
        weeks=digests,
        topics=_topics(con, weeks, names) if weeks else (),
        events=tuple(e for e in events.load(settings) if first and last and first <= e.day <= last),
        names=names,
        as_of=stored.told_at(con, weeks[-1:], back=len(weeks))[weeks[-1]] if weeks else None,
        zone=settings.timezone,
    )


def _topics(con: Any, weeks: Sequence[str], names: Mapping[str, str]) -> tuple[Topic, ...]:
    words = {kind: stored.quotations(con, weeks, kind) for kind in stored.KINDS}
    return tuple(
        _topic(kind, name, history, words[kind].get(name, ()), weeks, names)
        for (kind, name), history in sorted(stored.histories(con, weeks).items())
    )


def _topic(
    kind: str, name: str, history: Any, words: tuple[Quotation, ...], weeks: Sequence[str], names: Mapping[str, str]
) -> Topic:
    queries = (stored.query(kind, name, weeks), *quotations.query(words))
    return Topic(kind, name, titled(kind, name, names), history, words, queries)


def _made_of(path: Path) -> str | None:
    """What a page was made of, as its last bytes tell; None where there is none, nothing where it is not ours."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - site.TAIL))
            return site.made_of(file.read())
    except FileNotFoundError:
        return None


def _sweep(folder: Path, kept: set[str]) -> None:
    """Remove pages of what is no longer told, and halves of pages from killed runs; other files are not ours."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            continue
        if _HALF.fullmatch(path.name) or (path.relative_to(folder).as_posix() not in kept and _made_of(path)):
            path.unlink(missing_ok=True)
