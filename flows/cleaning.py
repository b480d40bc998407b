"""After an erasure: every file of the home that may hold a trace of it is made anew.

storage.scrub: live file, the one snapshot -> the weeks concerned -> their pages, the archive -> erasures done

Pages that were written elsewhere, and whatever was sent, are out of reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from flows import show
from flows.archive import FOLDER
from flows.report import FORMATS, write_archive, write_pages
from flows.settings import Settings
from sources.archive_join import drop
from storage.scrub import scrubbed

PATIENCE_S = 60.0


def clean(settings: Settings, *, job: str, now: datetime) -> tuple[Path, ...]:
    """Returns the pages that were written again; a kill leaves the erasures pending, for the next call to finish.

    Raises:
        storage.errors.StorageError: there is no room, or another job is writing.
    """
    drop(settings.home / "backfill" / "join.sqlite")  # words of archives that are half read; they are read again
    with scrubbed(settings.home, job=job, now=now, wait_s=PATIENCE_S) as weeks:
        pages = rewrite(settings, weeks)
    for page in pages:
        show.say(f"written again without what was erased: {page}")
    return pages


def rewrite(settings: Settings, weeks: Iterable[str]) -> tuple[Path, ...]:
    """Write the pages of these weeks again that lie in the home, each in the formats that are there, and the archive.

    Raises:
        storage.errors.StorageError: the snapshot cannot be read.
    """
    folder = settings.home / "digests"
    pages: list[Path] = []
    for week in weeks:
        for page in (*folder.glob(f".{week}.*"), *folder.glob(f"{week}.as-of-*")):  # half a page; one of the past
            page.unlink(missing_ok=True)
        formats = [fmt for fmt in FORMATS if (folder / f"{week}.{fmt}").exists()]
        pages += write_pages(settings, week=week, formats=formats) if formats else ()
    return (*pages, write_archive(settings)) if (settings.home / FOLDER).exists() else tuple(pages)
