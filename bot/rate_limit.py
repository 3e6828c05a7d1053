"""How fast we call LINE: at most so many calls a second, a second's worth at once; who comes too soon waits."""

import asyncio
import time
from collections.abc import Callable

from moderation.token_buckets import Limit, TokenBucket


class Pace:
    """`await pace.take()` returns at once while the rate holds, and otherwise when it is this caller's turn."""

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bucket = TokenBucket(Limit(per_second, 1), clock())

    async def take(self) -> None:
        wait = self._bucket.reserve(self._clock())
        if wait > 0:
            await asyncio.sleep(wait)
