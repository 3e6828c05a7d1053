"""Rate limits: so many of something per person and time. Kept in memory, each process for itself."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_KEYS = 10_000
"""Beyond it the longest untouched are forgotten: a flood of addresses costs no memory."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `number` at once, and one more each `seconds / number`."""

    number: int
    seconds: float


SIGN_IN = Limit(10, 600)
"""Attempts to sign in, from one network."""
MAIL = Limit(3, 3600)
"""Sign-in mails to one address."""
ACTS = Limit(120, 60)
"""What one person does by pressing something."""
PAGES = Limit(600, 60)
"""Pages for one network."""
REPORTS = Limit(5, 3600)
"""Reports and appeals of one person or network."""
REPORTS_FROM_OUTSIDE = Limit(60, 3600)
"""Of all people without an account together."""
BURST = Limit(40, 60)
"""Acts after which a passkey is asked for again."""


class RateLimits:
    """Token buckets by name and key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[Limit, str], tuple[float, float]] = OrderedDict()

    def take(self, limit: Limit, key: str) -> bool:
        """Whether one more is allowed now; a refused one costs nothing."""
        now = self._clock()
        tokens, since = self._buckets.pop((limit, key), (float(limit.number), now))
        tokens = min(limit.number, tokens + (now - since) * limit.number / limit.seconds)
        allowed = tokens >= 1
        self._buckets[limit, key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)
        return allowed
