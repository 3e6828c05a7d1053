"""Token buckets: how often somebody may do something. The one implementation for chats, the API, the console and LINE.

In memory, each process for itself: what is counted is over in minutes, a restart forgives, and counting costs about a
microsecond and no query. Keys are bounded, so a flood of made-up addresses costs no memory. (The libraries for this
keep every key until a timer comes by, or want a Redis.)
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

MAX_KEYS = 10_000


class Limit(NamedTuple):
    """At most `number` at once, and one more each `seconds / number`. A tuple, since it is hashed for each event."""

    number: float
    seconds: float


class TokenBucket:
    """One, full at the start."""

    __slots__ = ("_limit", "_tokens", "_updated")

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.number)
        self._updated = now

    def take(self, now: float, cost: float = 1.0) -> float:
        """Take tokens and return 0.0, or take none and return the seconds until there will be enough."""
        missing = cost - self._refill(now)
        if missing > 0:
            return self._seconds_for(missing)
        self._tokens -= cost
        return 0.0

    def has(self, now: float) -> bool:
        """Whether one could be taken now."""
        return self._refill(now) >= 1

    def reserve(self, now: float) -> float:
        """Take a token, one that is still to come if need be, and return the seconds until it is there."""
        self._tokens = self._refill(now) - 1
        return self._seconds_for(max(0.0, -self._tokens))

    def _refill(self, now: float) -> float:
        elapsed = max(0.0, now - self._updated)
        self._tokens = min(self._limit.number, self._tokens + elapsed * self._limit.number / self._limit.seconds)
        self._updated = now
        return self._tokens

    def _seconds_for(self, tokens: float) -> float:
        return tokens * self._limit.seconds / self._limit.number


class TokenBuckets:
    """A bucket for each limit and key. Those untouched for longest are forgotten, which are full again by then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._buckets: OrderedDict[tuple[Limit, str], TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, limit: Limit, key: str, cost: float = 1.0) -> float:
        """Take tokens and return 0.0, or take none and return the seconds until there will be enough."""
        now = self._clock()
        bucket = self._buckets.pop((limit, key), None) or TokenBucket(limit, now)
        self._buckets[limit, key] = bucket
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return bucket.take(now, cost)

    def has(self, limit: Limit, key: str) -> bool:
        """Whether one could be taken now; none is."""
        bucket = self._buckets.get((limit, key))
        return bucket is None or bucket.has(self._clock())
