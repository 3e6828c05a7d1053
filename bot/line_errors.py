"""What can go wrong when LINE is called, and whether trying again can help.

LineError
├── LineUnreachableError      no connection, or no answer in time          may retry
├── LineServerError           5xx                                          may retry
├── RateLimitedError          429, too many requests                       may retry
├── UnauthorizedError         401, 403: the token is wrong or has expired  may retry (a token can be mended)
└── RefusedError              any other 4xx: what we sent was wrong
    ├── InvalidReplyTokenError    400: used before, or too old
    └── QuotaExceededError        429: this month's pushes are used up
"""

from collections.abc import Mapping

MAX_REASON = 120
INVALID_REPLY_TOKEN = "invalid reply token"
MONTHLY_LIMIT = "monthly limit"


class LineError(Exception):
    """LINE could not be asked, or said no."""

    may_retry = False

    def __init__(self, *, status: int | None = None, reason: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(f"{self.__doc__} (HTTP {status}: {reason})" if status else self.__doc__)
        self.status = status
        self.reason = reason[:MAX_REASON]
        """LINE's own words about the request's form; they repeat property names, never a message's text."""
        self.retry_after_s = retry_after_s

    @property
    def code(self) -> str:
        """A short stable word for metrics and the inbox: `RateLimitedError:429`."""
        return f"{type(self).__name__}:{self.status}" if self.status else type(self).__name__


class LineUnreachableError(LineError):
    """LINE gave no answer: no connection, or a timeout."""

    may_retry = True


class LineServerError(LineError):
    """LINE has a fault of its own."""

    may_retry = True


class RateLimitedError(LineError):
    """LINE wants fewer requests a second."""

    may_retry = True


class UnauthorizedError(LineError):
    """LINE does not accept the channel access token."""

    may_retry = True


class RefusedError(LineError):
    """LINE does not accept the request."""


class InvalidReplyTokenError(RefusedError):
    """The reply token was used before, or is too old."""


class QuotaExceededError(RefusedError):
    """This month's quota of pushed messages is used up."""


def to_line_error(status: int, body: object, headers: Mapping[str, str]) -> LineError:
    """The error for an answer of 300 or above."""
    reason = describe_body(body)
    kind = _choose_kind(status, reason.lower())
    return kind(status=status, reason=reason, retry_after_s=read_retry_after(headers.get("Retry-After")))


def describe_body(body: object) -> str:
    """LINE's error message and the names of the properties it is about."""
    if not isinstance(body, dict):
        return ""
    details = body.get("details")
    named = [one.get("property", "") for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    return " ".join(map(str, [body.get("message") or body.get("error_description") or "", *named])).strip()


def read_retry_after(value: str | None) -> float | None:
    return float(value) if value is not None and value.isdecimal() else None


def _choose_kind(status: int, reason: str) -> type[LineError]:
    if status >= 500:
        return LineServerError
    if status == 429:
        return QuotaExceededError if MONTHLY_LIMIT in reason else RateLimitedError
    if status in (401, 403):
        return UnauthorizedError
    if status == 400 and INVALID_REPLY_TOKEN in reason:
        return InvalidReplyTokenError
    return RefusedError
