"""What the API refuses, and how it says so.

ApiError
├── BadRequestError
├── NotThereError
├── TooManyRequestsError
└── NotReadyError
"""

from typing import ClassVar


class ApiError(Exception):
    """Answered as a problem document; `detail` is for whoever wrote the request."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(detail or self.__doc__)
        self.detail = str(self)
        self.retry_after_s = retry_after_s


class BadRequestError(ApiError):
    """A parameter cannot be read."""

    status = 400
    title = "Bad request"


class NotThereError(ApiError):
    """There is nothing under this address, or it is not public."""

    status = 404
    title = "Not found"


class TooManyRequestsError(ApiError):
    """Too many requests from this address; wait as long as Retry-After says."""

    status = 429
    title = "Too many requests"


class NotReadyError(ApiError):
    """Model and index are still being loaded, or the matcher is busy; try again soon."""

    status = 503
    title = "Not ready"
