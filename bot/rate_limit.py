"""A token bucket: at most so many calls a second, a second's worth at once."""

import asyncio
import time
from collections.abc import Callable


class TokenBucket:
    """`await bucket.take()` returns at once while the rate holds, and otherwise when it is this caller's turn."""

    def __init__(self, per_second: float, *, burst: float | None = None, clock: Callable[[], float] = time.monotonic):
        self._rate = per_second
        self._burst = per_second if burst is None else burst
        self._clock = clock
        self._tokens = self._burst
        self._updated = clock()

    async def take(self) -> None:
        wait = self._reserve()
        if wait > 0:
            await asyncio.sleep(wait)

    def _reserve(self) -> float:
        """Take a token, one that is still to come if need be, and return the seconds until it is there."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
        self._updated = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)
