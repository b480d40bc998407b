"""The polite HTTP client that the settings describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flows.settings import Settings
from sources.fetch import Http

Client = TypeVar("Client", bound=Http)


def client(settings: Settings, make: Callable[..., Client]) -> Client:
    """A client of this make, which takes what `sources.fetch.Http` takes."""
    return make(settings.user_agent, allow_hosts=settings.allowed, host_delay=settings.host_delay)
