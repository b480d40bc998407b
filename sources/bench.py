"""One parser in a process of its own, started by `sources.workshop` as a script.

    task, body (stdin) -> sources.parse.draft | sources.article.paragraphs -> answer (stdout)

It cannot grow past its memory, and an alarm ends it should the one who waits for it be gone.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).resolve().parent.parent)]

from records import Channel
from sources import wire
from sources.parse import draft

_LINGER_S = 2.0
_ANYONE = Channel("", "feed", "", "")
_RECURSION = 2000


def main(seconds: float, memory_mb: int) -> None:
    """Do tasks until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(_RECURSION)
    asked, told = os.fdopen(0, "rb", closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    while _next(asked, told, seconds + _LINGER_S):
        pass


def _next(asked: IO[bytes], told: IO[bytes], seconds: float) -> bool:
    try:
        task, body = wire.receive(asked)
    except EOFError:
        return False
    signal.setitimer(signal.ITIMER_REAL, seconds)  # nothing catches the alarm: it ends the process
    wire.send(told, _answer(task, body))
    signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def _answer(task: Mapping[str, Any], body: bytes) -> Mapping[str, Any]:
    try:
        if task["task"] == "article":
            from sources.article import paragraphs  # noqa: PLC0415 - a second's work that most runs never need

            return {"text": paragraphs(body, task["url"])}
        page = wire.to_page(task["page"], body)
        return wire.from_result(draft(page, _ANYONE, now=datetime.fromisoformat(task["now"])))
    except MemoryError:
        return {"ended": "the parser was ended: it needs more memory than it may have"}
    except Exception:  # a bug is told to the one who asked, and raised there
        return {"bug": traceback.format_exc(limit=-6)}


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
