"""What a GET comes to: a page, nothing new, or no usable answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from records import State


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with a body. `truncated`: less came than was announced, and there are no validators.

    `moved`: there were redirects, and every one of them was permanent (301, 308).
    """

    url: str
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes
    body_hash: str
    etag: str | None
    last_modified: str | None
    truncated: bool = False
    moved: bool = False

    def header(self, name: str) -> str:
        """The first header of that name (lower case), or an empty string."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: what we have is still right. The validators are those of this answer, where it carries any.

    `headers` are those about freshness; `moved_to` is where permanent redirects led, if there were any and no other.
    """

    etag: str | None = None
    last_modified: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """No usable answer; `retry_at` where the server asked for peace."""

    state: State
    reason: str
    retry_at: datetime | None = None


Answer = Page | NotModified | Failure
