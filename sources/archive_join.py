"""What a comment needs of its surroundings, on disk: its thread's title, and what the comment before it said.

    submissions, comments (as they are read) -> Join -> thread and parent of each comment, whatever the dump's size
    comments whose parent has not come yet   -> waiting, until the file is through

A SQLite file that goes when the work is done. Losing it costs time: the archive is then read from its beginning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from sources.archive_zstd import ArchiveError

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS threads (id INTEGER PRIMARY KEY, title TEXT, url TEXT, about INTEGER);
    CREATE TABLE IF NOT EXISTS comments (id INTEGER PRIMARY KEY, created INTEGER, about INTEGER, body TEXT);
    CREATE TABLE IF NOT EXISTS waiting (id INTEGER PRIMARY KEY, line BLOB);
    CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT);
"""
_ENOUGH: Final = 4000
"""Characters of a comment that are kept: its context has 400 of them."""
_AT_ONCE: Final = 250
"""Rows in one statement."""
_rows_of = msgspec.json.Decoder(list[list[Any]])
_REPLIES_END_S: Final = 200 * 86400
"""Reddit closes threads after six months: nobody answers an older comment."""


Said = tuple[int, int, bool, str | None]
"""A comment's id, time, relevance, and what of its body is kept; None where it is gone."""


class Around(NamedTuple):
    """A thread, or a comment that was answered: its words (None where they are gone), whether they are relevant."""

    words: str | None
    url: str | None
    about: bool


class Join:
    """Threads and comments of the wanted subreddits, by the value of their ids. Commits when told to."""

    def __init__(self, path: Path) -> None:
        self._con = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._con.executescript(_SCHEMA)
        self._con.execute("PRAGMA synchronous = OFF")  # a kill loses nothing; after a power cut the work begins anew
        self._con.execute("PRAGMA cache_size = -16384")  # KiB
        self._con.execute("BEGIN")

    def commit(self) -> None:
        """Make what was put last."""
        self._con.execute("COMMIT")
        self._con.execute("BEGIN")

    def close(self) -> None:
        """Let go of the file; what was not committed is lost."""
        self._con.close()

    def note(self, name: str, value: str) -> None:
        """Remember a fact about the work."""
        self._con.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        """The fact of that name."""
        found = self._con.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else None

    def put_threads(self, rows: Iterable[tuple[int, str | None, str | None, bool]]) -> None:
        """Id, title (None where it is gone), address, relevance. What is gone stays gone."""
        self._con.executemany(
            "INSERT INTO threads VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title, "
            "url = excluded.url, about = excluded.about WHERE excluded.title IS NULL",
            rows,
        )

    def put_comments(self, rows: Iterable[Said]) -> None:
        """Comments; what is gone stays gone."""
        left = list(rows)
        while left:
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            values = ", ".join(["(?, ?, ?, ?)"] * len(some))
            self._con.execute(
                f"INSERT INTO comments VALUES {values} ON CONFLICT (id) DO UPDATE SET about = excluded.about, "  # noqa: S608
                "body = excluded.body WHERE excluded.body IS NULL",
                list(chain.from_iterable(some)),
            )

    def threads(self, numbers: Collection[int]) -> dict[int, Around]:
        """Those of these threads that are known."""
        rows = self._rows("id, title, url, about", "threads", numbers)
        return {number: Around(title, url, bool(about)) for number, title, url, about in rows}

    def comments(self, numbers: Collection[int]) -> dict[int, Around]:
        """Those of these comments that are known."""
        rows = self._rows("id, body, about", "comments", numbers)
        return {number: Around(body, None, bool(about)) for number, body, about in rows}

    def _rows(self, columns: str, table: str, numbers: Collection[int]) -> list[list[Any]]:
        """All in one value: for every row that it steps to, sqlite3 lets other threads in, and then waits for them."""
        ids = ",".join(map(str, numbers))
        sql = f"SELECT json_group_array(json_array({columns})) FROM {table} WHERE id IN ({ids})"  # noqa: S608 - numbers
        return _rows_of.decode(self._con.execute(sql).fetchone()[0])

    def put_waiting(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Comments, as their lines, whose parent may yet come."""
        self._con.executemany("INSERT OR REPLACE INTO waiting VALUES (?, ?)", rows)

    def waiting(self, at_once: int) -> Iterator[list[bytes]]:
        """The lines that wait, some at a time."""
        last = -1
        sql = "SELECT id, line FROM waiting WHERE id > ? ORDER BY id LIMIT ?"
        while rows := self._con.execute(sql, (last, at_once)).fetchall():
            yield [line for _, line in rows]
            last = rows[-1][0]

    def end_waiting(self) -> None:
        """Take all lines off the list, once what came of them is stored; drop comments too old to be answered."""
        self._con.execute("DELETE FROM waiting")
        self._forget_old()

    def _forget_old(self) -> None:
        newest = self._con.execute("SELECT max(created) FROM comments").fetchone()[0]
        if newest is not None:
            self._con.execute("DELETE FROM comments WHERE created < ?", (newest - _REPLIES_END_S,))


def kept_of(text: str) -> str:
    """As much of a comment as others need; SQLite's JSON would end it at a NUL."""
    return text[:_ENOUGH].replace("\0", "")


def open_join(path: Path, work: str) -> tuple[Join, bool]:
    """The join of this `work` (whatever names it), and whether it goes on from an earlier run.

    Raises:
        ArchiveError: no file can be made there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(sqlite3.DatabaseError):
            if path.exists():
                join = Join(path)
                if join.noted("work") == work:
                    return join, True
                join.close()
        drop(path)
        join = Join(path)
        join.note("work", work)
        return join, False
    except (OSError, sqlite3.OperationalError) as error:
        raise ArchiveError(f"cannot write to {path.parent}: {error}") from None


def drop(path: Path) -> None:
    """Remove a join's files."""
    for name in (path.name, f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm"):
        (path.parent / name).unlink(missing_ok=True)
