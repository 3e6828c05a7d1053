"""How often one client may ask. A client is an address."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.api.errors import TooManyRequestsError

MAX_CLIENTS = 10_000
"""Those who have not asked for longest are forgotten: a bucket that old is full again anyway."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    updated: float


class RateLimit:
    """A token bucket for each client."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str, cost: float = 1) -> None:
        """Let one request through, or raise TooManyRequestsError with the seconds to wait."""
        now = self._clock()
        bucket = self._buckets.pop(client, None) or _Bucket(self._burst, now)
        self._buckets[client] = bucket
        while len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.updated) * self._rate)
        bucket.updated = now
        if bucket.tokens < cost:
            raise TooManyRequestsError(retry_after_s=math.ceil((cost - bucket.tokens) / self._rate))
        bucket.tokens -= cost


def client_of(address: str | None) -> str:
    """Whom an address counts for. A whole IPv6 /64 is one client: it usually is one household."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return (address or "")[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
