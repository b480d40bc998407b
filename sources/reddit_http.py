"""The line to Reddit: a praw client that cannot hang, swell or wander.

    Keys -> connect -> praw.Reddit (its requests go through BoundedRequestor)

What praw leaves open is closed here: a total deadline and a cap on the decompressed body (praw has neither), no
redirects, no settings from a praw.ini, the environment or ~/.netrc, and headers that praw would stumble over are mended
or taken off. praw spreads its calls by the rate-limit headers; after a 429 nobody is asked until its time is over.
"""

from __future__ import annotations

import configparser
import logging
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.resources import files
from io import BytesIO
from threading import Lock
from typing import Any

import praw
import praw.config
import prawcore
import requests
import urllib3

from sources.reddit_deadline import bounded, until

MAX_BODY = 16 * 2**20
CONNECT_TIMEOUT, READ_TIMEOUT, DEADLINE = 10.0, 16.0, 60.0
GIVE_UP_AFTER = 3
RETRY_AT = "x-retry-at"
"""Where an HTTP-date `Retry-After` is kept: prawcore takes the header for a number."""
_LIMITS = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset")
_LONGEST_WAIT = 600  # Reddit's window, seconds
_PEACE = timedelta(minutes=1)
"""How long to leave Reddit alone after a 429 that does not say."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What Reddit gave out to this user; without username and password only the application signs in."""

    client_id: str
    client_secret: str = field(repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


class SharedReddit(praw.Reddit):  # type: ignore[misc]  # praw's types are not followed
    """A praw client that threads may share: its calls go one after another, at the pace that Reddit sets.

    When Reddit could not be reached for several calls in a row, or asked for fewer, the calls that wait fail at once.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        self._turn = Lock()
        self._lost: list[Exception] = []  # the latest calls that found nobody, each tried three times by prawcore
        self._refused: tuple[datetime, requests.Response] | None = None  # the last 429, and how long it holds
        super().__init__(*args, **settings)

    def request(self, **request: Any) -> Any:
        """Return the JSON value that Reddit answers; waits for its turn."""
        with self._turn:
            if self._refused and self._refused[0] > datetime.now(UTC):
                raise prawcore.TooManyRequests(self._refused[1])
            lost, self._lost = self._lost, []
            if len(lost) >= GIVE_UP_AFTER:
                self._lost = lost
                raise prawcore.RequestException(lost[-1], (), {})
            try:
                return super().request(**request)
            except prawcore.RequestException as error:
                self._lost = [*lost, error.original_exception]
                raise
            except prawcore.TooManyRequests as error:
                now = datetime.now(UTC)
                self._refused = (retry_at(error.response, now) or now + _PEACE, error.response)
                raise


class TooLarge(requests.exceptions.RequestException):
    """An answer went over MAX_BODY."""


class BoundedRequestor(prawcore.Requestor):  # type: ignore[misc]  # praw's types are not followed
    """Sends praw's requests within bounds: of time in all, of size, of place."""

    max_body = MAX_BODY
    timeouts = (CONNECT_TIMEOUT, READ_TIMEOUT)

    def __init__(self, *, session: requests.Session | None = None, deadline: float = DEADLINE, **settings: Any) -> None:
        super().__init__(session=bounded(session or requests.Session()), **settings)
        self.deadline = deadline

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request and read its whole answer; prawcore.RequestException where that cannot be done."""
        moment = time.monotonic() + self.deadline
        bounds = {"timeout": self.timeouts, "allow_redirects": False, "stream": True}
        try:
            with until(moment):
                response: requests.Response = super().request(*args, **{**kwargs, **bounds})
        except prawcore.RequestException as error:
            late = time.monotonic() >= moment
            cause = requests.exceptions.Timeout() if late else error.original_exception
            raise prawcore.RequestException(cause, (), {}) from None
        try:
            body = _read(response, self.max_body, moment)
        except requests.exceptions.RequestException as error:
            # Without the arguments: they hold the keys.
            raise prawcore.RequestException(error, (), {}) from None
        finally:
            response.close()
        response.raw = BytesIO(body)
        _mend(response)
        return response


def connect(keys: Keys, *, user_agent: str, base_url: str | None = None, deadline: float = DEADLINE) -> praw.Reddit:
    """Return a client for Reddit, or for another server that speaks its API at `base_url`; opens no connection yet.

    No answer takes longer than `deadline` seconds. Threads may share it.

    Raises:
        praw.exceptions.MissingRequiredAttributeException: without a client id.
    """
    # praw would read ./praw.ini and ~/.config/praw.ini, which may name another server for the keys to go to.
    praw.config.Config.CONFIG = _own_defaults()
    logging.getLogger("prawcore").addHandler(logging.NullHandler())
    base = base_url.rstrip("/") if base_url else None
    return SharedReddit(
        "DEFAULT",
        client_id=keys.client_id,
        client_secret=keys.client_secret,
        username=keys.username or None,
        password=keys.password or None,
        refresh_token=None,
        redirect_uri=None,
        user_agent=user_agent,
        reddit_url=base or "https://www.reddit.com",
        oauth_url=f"{base}/" if base else "https://oauth.reddit.com",
        check_for_updates=False,
        check_for_async=False,
        requestor_class=BoundedRequestor,
        requestor_kwargs={"session": _session(direct=base is not None), "deadline": deadline},
    )


def _own_defaults() -> configparser.ConfigParser:
    defaults = configparser.ConfigParser(interpolation=None)
    defaults.read_string(files("praw").joinpath("praw.ini").read_text(encoding="utf-8"))
    return defaults


def _session(*, direct: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = not direct  # a server of the user's own is reached without a proxy
    session.auth = _as_given  # or requests would put ~/.netrc over the token
    return session


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(response: requests.Response, cap: int, until: float) -> bytes:
    """Read the decompressed body piece by piece, as it comes."""
    body = bytearray()
    try:
        while piece := response.raw.read1(2**16, decode_content=True):
            body += piece
            if len(body) > cap:
                raise TooLarge
            if time.monotonic() > until:
                raise requests.exceptions.Timeout
    except urllib3.exceptions.DecodeError:
        raise requests.exceptions.ContentDecodingError from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _broken(error) from None
    return bytes(body)


def _broken(error: Exception) -> requests.exceptions.RequestException:
    """Name a failure as prawcore knows it; it tries again after these two."""
    if isinstance(error, requests.exceptions.RequestException):
        return error
    timed_out = isinstance(error, urllib3.exceptions.TimeoutError)
    return requests.exceptions.ReadTimeout() if timed_out else requests.exceptions.ConnectionError()


def _mend(response: requests.Response) -> None:
    headers = response.headers
    _mend_limits(headers)
    _mend_retry(headers)
    if response.status_code == 401:
        headers["www-authenticate"] = 'Bearer error="invalid_token"'
    elif response.status_code == 403:
        scope = "insufficient_scope" in headers.pop("www-authenticate", "")
        headers.update({"www-authenticate": 'Bearer error="insufficient_scope"'} if scope else {})
    elif response.is_redirect or response.status_code in {301, 302}:
        headers.setdefault("location", "/")


def _mend_limits(headers: Any) -> None:
    """Make the rate-limit headers three whole numbers, or none at all; what is used up may be left unsaid."""
    remaining, used, reset = (_number(headers.pop(name, None)) for name in _LIMITS)
    if remaining is None or reset is None:
        return
    wait = min(math.ceil(reset), _LONGEST_WAIT)
    for name, value in zip(_LIMITS, (int(remaining), int(used or 0), wait), strict=True):
        headers[name] = str(value)


def retry_at(response: requests.Response, now: datetime) -> datetime | None:
    """When a server that answered 429 may be asked again, a day from `now` at most; None where it does not say."""
    headers, longest = response.headers, now + timedelta(days=1)
    seconds, at = headers.get("retry-after"), headers.get(RETRY_AT)
    if at and not seconds:
        moment = datetime.fromisoformat(at)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return min(max(moment, now), longest)
    seconds = seconds or headers.get("x-ratelimit-reset")
    return min(now + timedelta(seconds=int(seconds)), longest) if seconds else None


def _mend_retry(headers: Any) -> None:
    """Keep `Retry-After` where it is a number of seconds; move it where it is a date (RFC 9110, 10.2.3)."""
    headers.pop(RETRY_AT, None)
    given = headers.pop("retry-after", None)
    seconds = _number(given)
    if seconds is not None:
        headers["retry-after"] = str(math.ceil(seconds))
        return
    try:
        headers[RETRY_AT] = parsedate_to_datetime(given or "").isoformat()
    except ValueError:
        return


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 1e9 else None
