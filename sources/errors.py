"""What can go wrong inside this room; for the rest of the product each becomes a FetchResult with a reason.

SourceError
  +- NoAnswer          the server was not reached
  +- RefusedAddress    we will not go there
  +- BadBody           the answer cannot be unpacked within its bounds
  +- Stopped           the run ends
  +- ParserEnded       a page took its parser longer, or more memory, than it may
"""

from __future__ import annotations

UNREACHED = (
    "name does not resolve",
    "connection refused",
    "network is unreachable",
    "no connection",
    "connection broken off",
    "no answer",
)
"""How the reasons begin that a dead network gives as well as a dead server."""


class SourceError(Exception):
    """A channel could not be read; the message is a reason a person understands."""


class NoAnswer(SourceError):
    """The server was not reached."""


class RefusedAddress(SourceError):
    """The address is not one of the open internet, and not allowed by name."""


class BadBody(SourceError):
    """The body is too large or cannot be unpacked."""


class Stopped(SourceError):
    """The client was closed while a request waited for its turn."""


class ParserEnded(SourceError):
    """A page took its parser longer, or more memory, than it may."""
