"""A short message to the chats and services of ORESIGHT_NOTIFY_URLS, through Apprise.

    settings -> addresses -> tell each -> () | (Failure, ...)

An address holds tokens and passwords: no part of it stands in a failure, and Apprise's own log, which shows addresses,
is caught and read for the cause alone.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from apprise import Apprise, AppriseAsset
from apprise.common import NotifyFormat

from flows.settings import Settings

# A comma may stand inside an address; a new one begins with its scheme.
_BETWEEN: Final = re.compile(r"[,\s]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}(?=://)")
_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
_LATER: Final = frozenset({408, 425, 429})
_UNKNOWN: Final = "Apprise cannot read this address; see https://appriseit.com and mend ORESIGHT_NOTIFY_URLS"
_SILENT: Final = "it did not take the message, or cannot be reached"
_LOGGERS: Final = ("apprise", "urllib3", "requests")
_CATCHING: Final = threading.RLock()


@dataclass(frozen=True, slots=True)
class Failure:
    """A service that did not take a message: its kind and place in the list, why, and whether another try may help."""

    target: str
    reason: str
    temporary: bool

    def __str__(self) -> str:
        return f"{self.target}: {self.reason}"


def notify(settings: Settings, title: str, body: str) -> tuple[Failure, ...]:
    """Send a message to every address of ORESIGHT_NOTIFY_URLS; returns those that failed, and raises nothing."""
    told = (tell(name, address, title, body) for name, address in addresses(settings))
    return tuple(failure for failure in told if failure)


def addresses(settings: Settings) -> tuple[tuple[str, str], ...]:
    """What each address is called where people see it (`slack (2)`), and the address: keep that one secret."""
    whole = settings.notify_urls.get_secret_value().strip(", \t\r\n") if settings.notify_urls else ""
    found = _BETWEEN.split(whole) if whole else []
    return tuple((f"{_scheme(address)} ({place})", address) for place, address in enumerate(found, 1))


def _scheme(address: str) -> str:
    known = _SCHEME.match(address)
    return known[0].lower() if known else "chat"


def tell(name: str, address: str, title: str, body: str) -> Failure | None:
    """Send one message to one address; None where it was taken."""
    asset = AppriseAsset(app_id="Oresight", app_desc="Oresight", storage_mode="memory", async_mode=False)
    with _caught() as lines:
        service = Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if service is None:
            return Failure(name, _UNKNOWN, temporary=False)
        chat = Apprise(asset=asset)
        chat.add(service)
        if chat.notify(title=title, body=body, body_format=NotifyFormat.TEXT):
            return None
    return _failure(name, lines)


def _failure(name: str, lines: list[str]) -> Failure:
    status = next((int(found[1]) for line in lines if (found := _STATUS.search(line))), None)
    if status is None:
        return Failure(name, _SILENT, temporary=True)
    meaning = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return Failure(name, f"it answered HTTP {status} {meaning}".rstrip(), temporary=status >= 500 or status in _LATER)


class _Lines(logging.Handler):
    """Keeps what is logged, to be read here and shown nowhere."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _caught() -> Iterator[list[str]]:
    """What Apprise and its HTTP client log meanwhile, kept from every handler and level that others have set."""
    kept = _Lines()
    with _CATCHING:
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        before = [(logger, logger.propagate, logger.level, logger.handlers) for logger in loggers]
        for logger in loggers:
            logger.propagate, logger.handlers = False, [kept]
            logger.setLevel(logging.WARNING)
        try:
            yield kept.lines
        finally:
            for logger, propagate, level, handlers in before:
                logger.propagate, logger.handlers = propagate, handlers
                logger.setLevel(level)
