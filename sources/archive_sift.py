"""Which rows of an archive become items, as they would have if they had been read live.

    submissions -> about minerals by their own words?                            -> items; their titles into the join
    comments    -> by their own words, their thread's, or what they answer?      -> items, with that as their context

A channel that keeps everything gets everything. Words that are gone at Reddit become neither items nor contexts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape

from records import DELETED, Channel, Item, Thread
from sources.archive_join import Around, Join, Said, kept_of
from sources.archive_rows import Row, fullname
from sources.reddit_items import SITE, Desk

Judge = Callable[[str], bool]
Answers = Callable[[], Sequence[bool]]
Ask = Callable[[Sequence[str]], Answers]
_NOBODY = Around(None, None, about=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of the archives. `begin` and `end`: seconds since 1970, the end excluded."""

    channels: Mapping[str, Channel]  # by the subreddit's name in small letters
    author_key: bytes
    now: datetime
    about: Judge  # whether a text is about minerals
    ask: Ask  # the same of several texts, answered later: in the meantime someone else may think
    begin: int = 0
    end: int = 1 << 40
    everything: bool = False  # whatever it is about


@dataclass(slots=True)
class Found:
    """Items, and what is gone with the reason, by fullname."""

    items: list[Item] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)


class Sift:
    """Sifts the rows of one dump; what other rows need of them goes into the join."""

    def __init__(self, asked: Asked, join: Join) -> None:
        self._asked, self._join = asked, join
        self._desks = {key: Desk(channel, asked.author_key, asked.now) for key, channel in asked.channels.items()}
        self._all = {key for key, channel in asked.channels.items() if asked.everything or channel.keep == "all"}

    def submissions(self, rows: Sequence[tuple[Row, bytes]]) -> Found:
        """Sift submissions."""
        found = Found()
        put: dict[int, tuple[int, str | None, str | None, bool]] = {}
        gone_before = {n for n, t in self._join.threads([row.number for row, _ in rows]).items() if t.words is None}
        for row, _ in rows:
            item = None if row.gone else self._desks[row.key].submission(row.data())
            if row.gone or (item and DELETED in item.flags):
                found.gone[row.name] = row.gone or "deleted"
                put[row.number] = (row.number, None, None, False)
            if item is None or row.number in gone_before or row.number in put:
                continue
            about = self._asked.about(item.text)
            put[row.number] = (row.number, item.title, item.url, about)
            if row.created >= self._asked.begin and (about or row.key in self._all):
                found.items.append(item)
        self._join.put_threads(put.values())
        return found

    def ask(self, rows: Sequence[tuple[Row, bytes]]) -> Answers:
        """Begin to find out which comments are about minerals by their own words."""
        return self._asked.ask([said(row) for row, _ in rows])

    def comments(self, rows: Sequence[tuple[Row, bytes]], about: Sequence[bool], *, last: bool = False) -> Found:
        """Sift comments, given which are `about` minerals by their own words.

        One whose parent has not come yet waits, unless this is the `last` time it is looked at.
        """
        around = _Around(self._join, [row for row, _ in rows])
        found, waiting = Found(), []
        for (row, line), itself in zip(rows, about, strict=True):
            earlier, parent = around.find(row.number), around.find(row.parent)
            if row.gone:
                found.gone[row.name] = row.gone
                around.new[row.number] = (row.number, row.created, False, None)
            elif earlier is None or earlier.words is not None:
                if earlier is None:
                    around.new[row.number] = (row.number, row.created, itself, kept_of(row.fields.body))
                if row.created < self._asked.begin:
                    continue
                if row.parent is not None and parent is None and not last:
                    waiting.append((row.number, line))
                elif (item := self._kept(row, around, parent or _NOBODY, itself)) is not None:
                    found.items.append(item)
        self._join.put_comments(around.new.values())
        self._join.put_waiting(waiting)
        return found

    def _kept(self, row: Row, around: _Around, parent: Around, itself: bool) -> Item | None:
        """The item, if it is to be kept."""
        thread = around.threads.get(row.thread, _NOBODY)
        if itself or thread.about or row.key in self._all:
            return self._item(row, thread, parent)
        if parent.about:
            item = self._item(row, thread, parent)
            return item if item and item.context and self._asked.about(item.context) else None
        return None

    def _item(self, row: Row, thread: Around, parent: Around) -> Item | None:
        name = fullname("t3", row.thread)
        url = thread.url or row.thread_url() or f"{SITE}/comments/{name.removeprefix('t3_')}/_/"
        opened = Thread(name, thread.words or "", url, datetime.fromtimestamp(row.created, UTC))
        parents = {row.parent_name: {"body": parent.words}} if parent.words else {}
        item = self._desks[row.key].comment(row.data(), opened, parents)
        if item is None or DELETED in item.flags:
            return None
        return item if item.context else replace(item, context=None)


def said(row: Row) -> str:
    """A comment's words; none where they are gone."""
    if row.gone:
        return ""
    body: str = row.fields.body
    return unescape(body) if "&" in body else body


class _Around:
    """Threads and parents of some comments: what the join knows, and what they are to one another."""

    def __init__(self, join: Join, rows: Sequence[Row]) -> None:
        numbers = {row.number for row in rows}
        self.threads = join.threads({row.thread for row in rows})
        self._known = join.comments(numbers | {row.parent for row in rows if row.parent is not None})
        self.new: dict[int, Said] = {}

    def find(self, number: int | None) -> Around | None:
        """The comment, if it is known; a thread's opening, which has no number here, is none."""
        if number is None:
            return None
        new = self.new.get(number)
        return Around(new[3], None, new[2]) if new else self._known.get(number)
