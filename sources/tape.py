"""A run's exchanges kept on disk, and played again without a socket.

    Recorder.get(url) -> Http.get(url) -> answer --> FOLDER/<hash of the address>-000.json   all but the body
                                                     FOLDER/<hash of the address>-000.body   the body, unpacked
    Player.get(url) <- answer <------------------------'

A tape holds no credentials: cookies, headers that name keys or tokens, passwords in addresses and the values of
query parameters that look like secrets are left out before anything is written.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sources.errors import SourceError
from sources.fetch import Answer, Failure, Http, NotModified, Page

FORMAT = 1
LARGEST_HEAD = 1_000_000
LARGEST_BODY = 20_000_000
"""Bytes; more than one GET may bring."""

_KINDS: dict[str, type[Page | NotModified | Failure]] = {"page": Page, "not-modified": NotModified, "failure": Failure}
_SECRET = re.compile(
    r"(?<![a-z])(?:set-?)?(?:cookie2?|auth|authorization|authenticate|authentication|[a-z]*token|secret|session(?:id)?|sid"
    r"|pass|passwd|password|pwd|credentials?|[a-z]*key|csrf|xsrf|sig|signature)(?![a-z])",
    re.I,
)
_STEM = re.compile(r"([0-9a-f]{32})-\d{3,6}")
_BODY = ("body", "body_hash")


class TapeError(SourceError):
    """A folder cannot be recorded into, or holds no tape that can be played."""


class Recorder(Http):
    """A client that keeps every answer in `folder`, a new or empty one.

    It never sends validators: a tape on which servers only say "not modified" could not be played anywhere else. For
    the same reason an address that a channel was found to have moved to is kept under the one in `aliases`, that of
    the channel's list.

    Raises:
        TapeError: the folder holds something already.
    """

    def __init__(self, folder: Path, aliases: Mapping[str, str], user_agent: str, **bounds: Any) -> None:
        super().__init__(user_agent, **bounds)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise TapeError(f"{folder} holds something already; record into a new folder")
        self._folder = folder
        self._aliases = aliases
        self._takes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None, now: datetime) -> Answer:
        """Fetch `url` whole, keep the answer, hand it on; the validators are left unsent."""
        answer = super().get(url, now=now)
        name = stem(self._aliases.get(url, url))
        with self._lock:
            take = self._takes[name]
            self._takes[name] += 1
        _keep(self._folder / f"{name}-{take:03d}", url, answer, now)
        return answer


class Player(Http):
    """Answers from a tape; what is not on it is a Failure, and no socket is ever opened.

    An address that was asked several times answers in the same order, then with its last answer again.

    Raises:
        TapeError: the folder holds no tape, or one that cannot be read.
    """

    def __init__(self, folder: Path, user_agent: str) -> None:
        super().__init__(user_agent)
        self._takes: dict[str, list[Path]] = {}
        self._played: Counter[str] = Counter()
        self._lock = threading.Lock()
        moments = []
        for path in sorted(folder.glob("*.json")):
            if found := _STEM.fullmatch(path.stem):
                moments.append(_moment(path))
                self._takes.setdefault(found[1], []).append(path)
        if not moments:
            raise TapeError(f"{folder} holds no tape; make one with `oresight collect --record {folder}`")
        self.recorded_at: datetime = min(moments)

    def holds(self, url: str) -> bool:
        """Whether the tape knows an answer for this address."""
        return stem(url) in self._takes

    def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None, now: datetime) -> Answer:
        """The recorded answer, whatever the validators say."""
        name = stem(url)
        takes = self._takes.get(name)
        if not takes:
            return Failure("hard", "the tape holds no answer for this address")
        with self._lock:
            take = min(self._played[name], len(takes) - 1)
            self._played[name] += 1
        return _answer(takes[take], url)


def stem(url: str) -> str:
    """How the files of an address are named: 32 hexadecimal digits, whatever stands in the address."""
    return hashlib.blake2b(_anonymous(url).encode("utf-8", "replace"), digest_size=16).hexdigest()


def public(url: str) -> str:
    """An address without name, password and the values of query parameters that look like secrets."""
    try:
        parts = urlsplit(_anonymous(url))
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "an address that cannot be read"
    if not any(_SECRET.search(name) for name, _ in query):
        return parts.geturl()
    return parts._replace(query=urlencode([(n, "hidden" if _SECRET.search(n) else v) for n, v in query])).geturl()


def _anonymous(url: str) -> str:
    return re.sub(r"(//)[^/?#]*@", r"\1", url, count=1)


def _keep(path: Path, url: str, answer: Answer, now: datetime) -> None:
    """The body first, then the head, each under its name only when whole: a kill leaves no half exchange."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(answer, cls))
    told = {f.name: getattr(answer, f.name) for f in fields(answer) if f.name not in _BODY}
    told |= {name: public(told[name]) for name in ("url", "final_url", "moved_to") if told.get(name)}
    told["headers"] = [(n, v) for n, v in told.get("headers", ()) if not _SECRET.search(n)]
    if isinstance(answer, Page):
        _write(path.with_suffix(".body"), answer.body)
    head = {"tape": FORMAT, "url": public(url), "asked_at": now.isoformat(), "answer": kind, "fields": told}
    _write(path.with_suffix(".json"), json.dumps(head, indent=1, default=_tagged).encode())


def _write(path: Path, data: bytes) -> None:
    half = path.with_suffix(path.suffix + ".half")
    half.write_bytes(data)
    half.rename(path)


def _tagged(value: object) -> dict[str, Any]:
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    raise TypeError(f"a tape cannot hold a {type(value).__name__}")


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_untagged, value))
    if isinstance(value, dict):
        return datetime.fromisoformat(value["time"]) if "time" in value else timedelta(seconds=value["seconds"])
    return value


def _moment(path: Path) -> datetime:
    """When the exchange was recorded; reading it proves that the whole head can be played."""
    head = _head(path)
    _answer(path, "")
    try:
        moment = datetime.fromisoformat(head["asked_at"])
    except (KeyError, TypeError, ValueError):
        raise TapeError(f"{path}: its time cannot be read; record it anew") from None
    if moment.tzinfo is None:
        raise TapeError(f"{path}: its time has no zone; record it anew")
    return moment


def _head(path: Path) -> Mapping[str, Any]:
    try:
        head = json.loads(_bounded(path, LARGEST_HEAD))
    except (ValueError, RecursionError):
        raise TapeError(f"{path}: not a head of a tape; record it anew") from None
    if not isinstance(head, dict) or head.get("tape") != FORMAT:
        raise TapeError(f"{path}: not a head of a tape that this version can play; record it anew")
    return head


def _answer(path: Path, url: str) -> Answer:
    head = _head(path)
    try:
        cls = _KINDS[head["answer"]]
        known = {f.name for f in fields(cls)}
        given = {name: _untagged(value) for name, value in head["fields"].items() if name in known}
        if cls is Page:
            body = _bounded(path.with_suffix(".body"), LARGEST_BODY)
            given |= {"url": url, "body": body, "body_hash": hashlib.blake2b(body, digest_size=16).hexdigest()}
        return cls(**given)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TapeError(f"{path}: the answer on the tape is not whole; record it anew") from None


def _bounded(path: Path, limit: int) -> bytes:
    """A file of the tape itself: no link that leads out of the folder, and no more than an exchange can hold."""
    if path.is_symlink() or not path.is_file():
        raise TapeError(f"{path}: missing, or not a plain file; record it anew")
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TapeError(f"{path}: larger than any exchange can be; record it anew")
    return data
