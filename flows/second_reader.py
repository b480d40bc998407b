"""A reader in a process of its own: the texts of the next lines are judged while those of the last are sifted.

    texts -> ask -> (the child reads them) -> answers() -> whether each is about critical minerals

The child ends with its standard input, so also when this process is killed.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType

import msgspec

from flows.settings import GAZETTEERS, ROOT

PIPE = 1 << 20
_packed = msgspec.msgpack.Encoder()


class SecondReader:
    """One child; `ask` and the answers in the order of the questions."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "flows.second_reader"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        fcntl.fcntl(self._child.stdin, fcntl.F_SETPIPE_SZ, PIPE)  # type: ignore[arg-type]
        self._asked = 0
        self._answered: dict[int, list[bool]] = {}
        self._waiting: deque[int] = deque()

    def ask(self, texts: Sequence[str]) -> Callable[[], list[bool]]:
        """Hand over texts; the answer is to be called for once. Blocks while the child is far behind."""
        number, self._asked = self._asked, self._asked + 1
        if not texts:
            return list
        stdin = self._child.stdin
        assert stdin is not None  # noqa: S101 - it was asked for
        packed = _packed.encode(texts)
        stdin.write(len(packed).to_bytes(4, "big") + packed)
        stdin.flush()
        self._waiting.append(number)
        return lambda: self._answer(number)

    def _answer(self, number: int) -> list[bool]:
        stdout = self._child.stdout
        assert stdout is not None  # noqa: S101 - it was asked for
        while number not in self._answered:
            count = int.from_bytes(stdout.read(4), "big")
            flags = stdout.read(count)
            if not count or len(flags) < count:
                raise ReaderEnded("the second reader ended unexpectedly; run the same command again, it goes on")
            self._answered[self._waiting.popleft()] = [flag == 1 for flag in flags]
        return self._answered.pop(number)

    def __enter__(self) -> SecondReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._child.kill()
        self._child.communicate()


class ReaderEnded(Exception):
    """The child is gone; its work can be done again."""


def main() -> None:
    """Answer, line by line, until there are no more questions."""
    from nlp import gazetteer  # noqa: PLC0415 - the parent need not wait for this
    from nlp.mentions import Reader  # noqa: PLC0415
    from nlp.vocabulary import Vocabulary  # noqa: PLC0415

    words = Vocabulary(Reader(gazetteer.load(GAZETTEERS)))
    texts = msgspec.msgpack.Decoder(list[str])
    while head := sys.stdin.buffer.read(4):
        flags = bytes(map(words.about, texts.decode(sys.stdin.buffer.read(int.from_bytes(head, "big")))))
        sys.stdout.buffer.write(len(flags).to_bytes(4, "big") + flags)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
