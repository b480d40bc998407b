"""The comments of threads that are due, and of stubs that earlier runs left, as far as the calls last.

    [Thread] -> reddit_visits.in_order -> reddit_tree -> FetchResult(comments, thread as it stands), one for each call

What a call brought is handed over at once together with what is still to be read, so that a killed run's successor
goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from records import DELETED, FetchResult, Item, Thread
from sources import reddit_visits
from sources.reddit_calls import Calls, Refused
from sources.reddit_items import Data, Desk
from sources.reddit_tree import Known, Tree, look_up_parents, read_stubs, read_tree

FAILURES_IN_A_ROW = 5


@dataclass(slots=True)
class Threads:
    """The reading of many threads. `listed`: fullnames that this run's listing has just shown."""

    calls: Calls
    desk: Desk
    known: Known
    listed: Collection[str]
    unread: Counter[str] = field(default_factory=Counter)  # threads, by reason
    failed: list[Thread] = field(default_factory=list)  # told with the next result: each by itself would be a commit
    planned: int = 0
    unvisited: int = 0
    stubs_left: int = 0
    given_up: int = 0
    stopped: Refused | None = None

    def read(self, threads: Sequence[Thread]) -> Iterator[FetchResult]:
        """Yield what each call brought; Refused where no other call would fare better."""
        plan = reddit_visits.in_order(threads, self.desk.now)
        waiting = self.planned = sum(reddit_visits.is_due(t, self.desk.now) for t in plan)
        failures = 0
        for thread in plan:
            is_due = reddit_visits.is_due(thread, self.desk.now)
            waiting -= is_due
            if self.calls.left <= 0:
                self._passed_over(thread, is_due=is_due)
                continue
            try:
                yield from self._visit(thread, is_due=is_due, reserve=waiting)
                failures = 0
            except Refused as no:
                failures += no.state == "soft"
                self._missed(thread, no)
                self.stopped = no if no.stops or failures >= FAILURES_IN_A_ROW else None
            if self.stopped:
                break
        if self.failed:
            yield self._result(())
        if self.stopped:
            raise self.stopped

    def _missed(self, thread: Thread, no: Refused) -> None:
        self.unread[no.brief] += 1
        self.failed.append(_failed(thread, no, self.desk.now))

    def _passed_over(self, thread: Thread, *, is_due: bool) -> None:
        self.unvisited += is_due
        self.stubs_left += 0 if is_due else len(thread.stubs)

    def _visit(self, thread: Thread, *, is_due: bool, reserve: int) -> Iterator[FetchResult]:
        tree = Tree(thread.guid.removeprefix("t3_"), self.known if thread.read_at else None)
        tree.add(thread.stubs)
        if is_due:
            found = read_tree(self.calls, tree)
            head = tree.submission and self.desk.submission(tree.submission)
            shown = (head,) if head and thread.guid not in self.listed else ()
            if head and DELETED in head.flags:
                yield self._result((reddit_visits.ended(thread, self.desk.now),), shown, fetched=len(shown))
                return
            thread = reddit_visits.read(thread, self.desk.now)
            yield self._batch(thread, tree, found, shown)
        yield from self._behind(thread, tree, reserve)

    def _behind(self, thread: Thread, tree: Tree, reserve: int) -> Iterator[FetchResult]:
        told = tree.stubs
        for found in read_stubs(self.calls, tree, reserve=reserve):
            look_up_parents(self.calls, tree, found, reserve=reserve)
            yield self._batch(thread, tree, found)
            told = tree.stubs
        if tree.stubs != told:  # some led nowhere
            yield self._batch(thread, tree, [])
        self.stubs_left += len(tree.stubs)
        self.given_up += tree.given_up
        self.stopped = tree.refused

    def _batch(self, thread: Thread, tree: Tree, found: list[Data], shown: tuple[Item, ...] = ()) -> FetchResult:
        made = (self.desk.comment(data, thread, tree.texts) for data in found)
        items = (*shown, *(item for item in made if item is not None))
        nameless, tree.nameless = tree.nameless, 0
        return self._result((replace(thread, stubs=tree.stubs),), items, fetched=len(shown) + len(found) + nameless)

    def _result(self, threads: tuple[Thread, ...], items: tuple[Item, ...] = (), fetched: int = 0) -> FetchResult:
        failed, self.failed = tuple(self.failed), []
        dropped = fetched - len(items)
        return FetchResult(
            self.desk.channel.name, "ok", items=items, fetched=fetched, dropped=dropped, threads=(*failed, *threads)
        )


def _failed(thread: Thread, no: Refused, now: datetime) -> Thread:
    """A thread that could not be read: due still where that may pass, else at its next visit."""
    return reddit_visits.missed(thread, now) if no.state == "soft" else reddit_visits.read(thread, now, thread.stubs)
