"""Parsers in processes of their own, which can be ended: what a server sends may keep one busy for ever.

    page -> a free bench (two at most, kept warm) -> sources.bench -> drafts
                     '-- ten seconds have passed: killed, told, replaced by a fresh one

The two sides speak JSON over pipes, and nothing that comes back is run or unpickled: a parser that was taken over by
what it read can lie about a feed and do nothing else. It knows no secrets, for it is given no environment.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from records import Channel, FetchResult
from sources import wire
from sources.errors import ParserEnded
from sources.page import Page

_BENCH = Path(__file__).with_name("bench.py")


class Workshop:
    """Up to `benches` parsers at once, for any number of threads; `close` it, or use it with `with`.

    A task may take `seconds`, counted from its start, and the process `memory_mb` of address space.
    """

    def __init__(self, *, benches: int = 2, seconds: float = 10.0, memory_mb: int = 1024) -> None:
        self._seconds, self._memory_mb = seconds, memory_mb
        self._places = threading.BoundedSemaphore(benches)
        self._lock = threading.Lock()
        self._idle: list[_Bench] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the parsers that wait for work; one that is at work ends with it."""
        with self._lock:
            idle, self._idle = self._idle, []
        for bench in idle:
            bench.close()

    def draft(self, page: Page, channel: Channel, *, now: datetime) -> FetchResult:
        """What `sources.parse.draft` makes of the page, or a soft failure that says why it was ended."""
        task = {"task": "feed", "page": wire.from_page(page), "now": now.isoformat()}
        try:
            return wire.to_result(self._do(task, page.body), channel, now)
        except ParserEnded as error:
            return FetchResult(channel.name, "soft", str(error))

    def article(self, html: bytes, url: str) -> str:
        """What `sources.article.paragraphs` reads on a page, one paragraph a line. Raises ParserEnded."""
        told = self._do({"task": "article", "url": url}, html).get("text")
        return told if isinstance(told, str) else ""

    def _do(self, task: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        with self._places:
            bench = self._take()
            try:
                answer = bench.do(task, body, self._seconds)
            except BaseException:
                bench.kill()
                raise
            with self._lock:
                self._idle.append(bench)
        return answer

    def _take(self) -> _Bench:
        with self._lock:
            while self._idle:
                bench = self._idle.pop()
                if bench.alive:
                    return bench
                bench.close()
        return _Bench(self._seconds, self._memory_mb)


class _Bench:
    """One process and its pipes."""

    def __init__(self, seconds: float, memory_mb: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script, no shell
            [sys.executable, "-I", str(_BENCH), str(seconds), str(memory_mb)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={},
        )  # fmt: skip
        self._late = threading.Event()

    @property
    def alive(self) -> bool:
        """Whether the process still stands."""
        return self._process.poll() is None

    def do(self, task: Mapping[str, Any], body: bytes, seconds: float) -> dict[str, Any]:
        """Hand over one task and wait for its answer; raises ParserEnded, and RuntimeError for a bug in the parser."""
        into, out_of = self._pipes()
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            wire.send(into, task, body)
            answer = wire.receive(out_of)[0]
        except (OSError, EOFError, ValueError) as error:
            raise ParserEnded(self._why(seconds)) from error
        finally:
            timer.cancel()
        if "bug" in answer:
            raise RuntimeError(f"the parser failed: {answer['bug']}")
        if "ended" in answer:
            raise ParserEnded(str(answer["ended"]))
        return answer

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise ParserEnded("the parser broke down")
        return self._process.stdin, self._process.stdout

    def _end(self) -> None:
        self._late.set()
        self._process.kill()

    def _why(self, seconds: float) -> str:
        return f"the parser was ended after {seconds:g} s" if self._late.is_set() else "the parser broke down"

    def close(self) -> None:
        """Let the process end: it does at the end of its input."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()
        self.close()


class _Shared:
    lock = threading.Lock()
    workshop: Workshop | None = None


def shared() -> Workshop:
    """The workshop of this process, opened when it is first needed; its parsers end with the process."""
    with _Shared.lock:
        if _Shared.workshop is None:
            _Shared.workshop = Workshop()
        return _Shared.workshop
