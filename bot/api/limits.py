"""How often one client may ask. A client is an address."""

import ipaddress
import math
import time
from collections.abc import Callable

from bot.api.errors import TooManyRequestsError
from moderation.token_buckets import Limit, TokenBuckets


class RateLimit:
    """So many requests a second for each client, and a burst of so many at once."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = Limit(burst, burst / per_second)
        self._buckets = TokenBuckets(clock)

    def take(self, client: str, cost: float = 1) -> None:
        """Let one request through, or raise TooManyRequestsError with the seconds to wait."""
        wait = self._buckets.take(self._limit, client, cost)
        if wait > 0:
            raise TooManyRequestsError(retry_after_s=math.ceil(wait))


def client_of(address: str | None) -> str:
    """Whom an address counts for. A whole IPv6 /64 is one client: it usually is one household."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return (address or "")[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
