"""A new key for the authors' hash: what was stored under the old one can be linked to nobody any more.

begin (pending) -> a new key -> hashes replaced -> flows.cleaning: no file holds an old hash

In the store each author has another random value each week: a poster's share of a week can still be capped, and that
is all. A kill leaves the change pending; `oresight purge` or another `oresight forget` makes it whole.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flows import author_key, show
from flows.cleaning import PATIENCE_S, clean
from flows.settings import Settings
from flows.version import VERSION
from storage import database, erasure, items


def forget_authors(settings: Settings, *, now: datetime) -> int:
    """Change the key, replace the hashes, clean the files; returns how many items had an author.

    Raises:
        storage.errors.StorageError: the store cannot be written.
    """
    count = rotate(settings, now=now)
    clean(settings, job="forget", now=now)
    return count


def rotate(settings: Settings, *, now: datetime) -> int:
    """The part before the cleaning; doing it twice does no harm."""
    with database.open_live(settings.home, job="forget", now=now, wait_s=PATIENCE_S) as con:
        run_id = items.start_run(con, "forget", now=now, version=VERSION)
        erasure.begin_unlinking(con, run_id, now=now)
        author_key.renew(settings.home)
        count = erasure.unlink_authors(con)
        items.finish_run(con, run_id, "done", now=datetime.now(UTC))
    return count


def forget_and_tell(settings: Settings, *, now: datetime) -> None:
    """`forget_authors`, told in lines; where the key is the user's own, what is left to do."""
    count = forget_authors(settings, now=now)
    show.say(f"the authors of {count} items have new values: none can be linked to a name, an older copy or a new item")
    if settings.author_key is not None:
        show.say(
            "The key itself is yours: it stands in ORESIGHT_AUTHOR_KEY. Before the next collection set it to a new "
            "value (`openssl rand -hex 32` makes one), or take it out: then a key is made in the home."
        )
