"""One run's calls to Reddit: counted, and every failure sorted into a state with a reason.

    Calls.get / Calls.post -> JSON value | Refused(state, reason, retry_at)

| what happened                                  | state     |
| ---------------------------------------------- | --------- |
| 401, or the token is refused                   | blocked   |
| 403 (private, quarantined), 451                | blocked   |
| 404 (banned), a redirect (no such subreddit)   | hard      |
| 429, with retry_at where it is said            | soft      |
| 5xx, time-out, reset, too large                | soft      |
| 200 with HTML, or JSON of another shape        | soft      |
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import praw
import prawcore
import requests
from praw.exceptions import PRAWException, RedditAPIException

from records import State
from sources.reddit_http import MAX_BODY, TooLarge, retry_at

_RAISED = (
    prawcore.PrawcoreException,
    PRAWException,
    # praw and prawcore read answers trustingly; over an odd one they raise any of these.
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)


class Refused(Exception):
    """A call that brought nothing. `stops`: no other call of this run would fare better."""

    def __init__(
        self, state: State, reason: str, *, brief: str = "", retry_at: datetime | None = None, stops: bool = False
    ) -> None:
        super().__init__(reason)
        self.state, self.reason, self.retry_at, self.stops = state, reason, retry_at, stops
        self.brief = brief or reason


class Calls:
    """A praw client with a budget of calls. `left` is what remains of it; prawcore's own retries are not counted."""

    def __init__(self, reddit: praw.Reddit, budget: int, now: datetime) -> None:
        self._reddit, self._now, self.budget, self.left = reddit, now, budget, budget

    def get(self, path: str, params: Mapping[str, str | int]) -> Any:
        """Return the JSON value found at `path`; Refused where there is none."""
        return self._call(method="GET", path=path, params=dict(params))

    def post(self, path: str, data: Mapping[str, str]) -> Any:
        """Return the JSON answer to a form; Refused where there is none."""
        return self._call(method="POST", path=path, data=dict(data))

    def _call(self, **request: Any) -> Any:
        if self.left <= 0:
            raise Refused("soft", f"the budget of {self.budget} calls is used up", stops=True)
        self.left -= 1
        try:
            return self._reddit.request(**request)
        except _RAISED as error:
            raise refusal(error, self._now) from None


def odd(what: str) -> Refused:
    """Return what to raise over JSON of another shape than Reddit's."""
    return Refused("soft", f"not what Reddit sends: {what}", brief="odd JSON")


def refusal(error: Exception, now: datetime) -> Refused:
    """Sort what praw raised."""
    if isinstance(error, prawcore.RequestException):
        return _unanswered(error.original_exception)
    if isinstance(error, prawcore.OAuthException):
        return Refused("blocked", f"Reddit refused the keys ({_word(error.error)})", stops=True)
    if isinstance(error, prawcore.BadJSON):
        return Refused("soft", "Reddit answered with something other than JSON", brief="not JSON")
    if isinstance(error, prawcore.ResponseException):
        return _answered(error.response, now)
    if isinstance(error, RedditAPIException):
        return Refused("soft", f"Reddit reported {_word(error.items[0].error_type) if error.items else 'an error'}")
    return odd(f"praw cannot read it ({type(error).__name__})")


def _unanswered(cause: Exception) -> Refused:
    if isinstance(cause, TooLarge):
        return Refused("soft", f"Reddit's answer is larger than {MAX_BODY >> 20} MB", brief="too large")
    if isinstance(cause, requests.exceptions.ContentDecodingError):
        return Refused("soft", "Reddit's answer is not compressed as it says", brief="badly compressed")
    if isinstance(cause, requests.exceptions.Timeout):
        return Refused("soft", "no answer from Reddit in time", brief="no answer in time")
    if isinstance(cause, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return Refused("soft", "no connection to Reddit, or it broke off", brief="no connection")
    return Refused("soft", f"Reddit could not be asked ({type(cause).__name__})")


def _answered(response: requests.Response, now: datetime) -> Refused:
    status, brief = response.status_code, f"HTTP {response.status_code}"
    if status == 401:
        return Refused("blocked", "Reddit refused the keys (HTTP 401)", brief=brief, stops=True)
    if status == 429:
        at = retry_at(response, now)
        return Refused("soft", "Reddit asks for fewer requests (HTTP 429)", brief=brief, retry_at=at, stops=True)
    if urlsplit(response.url).path.endswith("/access_token"):
        return Refused("soft", f"Reddit's sign-in answered {brief}", brief=brief, stops=True)
    if 300 <= status < 400:
        return Refused("hard", f"no such subreddit (HTTP {status}, to {_path(response)})", brief=brief)
    state, reason = _BY_STATUS.get(status, ("soft", "Reddit answered"))
    return Refused(state, f"{_forbidden(response) if status == 403 else reason} ({brief})", brief=brief)


_BY_STATUS: dict[int, tuple[State, str]] = {
    403: ("blocked", "Reddit refused access"),
    404: ("hard", "no such subreddit, or it is banned"),
    410: ("hard", "no longer there"),
    451: ("blocked", "withheld for legal reasons"),
}


def _forbidden(response: requests.Response) -> str:
    reason = ""
    with suppress(ValueError, AttributeError, RecursionError):
        reason = response.json().get("reason", "")
    if reason in {"private", "quarantined", "gold_only", "gated"}:
        return f"the subreddit is {reason.replace('_', ' ')}"
    return "Reddit refused access: a private or quarantined subreddit, or a blocked client"


def _path(response: requests.Response) -> str:
    path = urlsplit(response.headers.get("location", "")).path
    return "".join(c for c in path if c.isprintable())[:60]


def _word(value: object) -> str:
    return "".join(c for c in str(value) if c.isalnum() or c in "_- ")[:40]
