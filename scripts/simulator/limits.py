"""What LINE counts: messages a month, requests a second, and retry keys it has already honoured."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from scripts.simulator.clock import Clock
from scripts.simulator.errors import MONTHLY_LIMIT, RATE_LIMIT, RETRY_KEY_ACCEPTED, LineError
from scripts.simulator.problems import JSON

RETRY_KEY_SECONDS = 24 * 3600
BILLING_ZONE = timezone(timedelta(hours=9))
"""LINE's month begins in Japan."""

RATE_LIMITS: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", "/v2/bot/message/multicast"): (200, 1),
    ("POST", "/v2/bot/message/broadcast"): (60, 3600),
    ("POST", "/v2/bot/chat/loading/start"): (100, 1),
    ("POST", "/v2/bot/channel/webhook/test"): (60, 3600),
    ("GET", "/v2/bot/channel/webhook/endpoint"): (1000, 60),
    ("PUT", "/v2/bot/channel/webhook/endpoint"): (1000, 60),
}
OTHER_RATE_LIMIT = (2000, 1.0)
"""Requests and seconds, from LINE's "Rate limits"."""


@dataclass(slots=True)
class Quota:
    """The month's messages that are not replies, one for each person reached. `limit` None: a plan without one."""

    clock: Clock
    limit: int | None = 200
    _used: Counter[str] = field(default_factory=Counter)

    def spend(self, people: int) -> None:
        """Count messages to so many people; raise LINE's 429 when the month has not enough left."""
        if self.limit is not None and self.used + people > self.limit:
            raise LineError(429, MONTHLY_LIMIT)
        self._used[self._month()] += people

    @property
    def used(self) -> int:
        return self._used[self._month()]

    def _month(self) -> str:
        return datetime.fromtimestamp(self.clock.now(), UTC).astimezone(BILLING_ZONE).strftime("%Y-%m")


class RateLimits:
    """Requests per operation in a sliding window."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.limits = dict(RATE_LIMITS)

    def count(self, method: str, template: str) -> None:
        """Count one request; raise LINE's 429 when the operation's window is full."""
        most, seconds = self.limits.get((method, template), OTHER_RATE_LIMIT)
        seen = self._seen[method, template]
        now = self._clock.now()
        while seen and seen[0] <= now - seconds:
            seen.popleft()
        if len(seen) >= most:
            raise LineError(429, RATE_LIMIT)
        seen.append(now)


@dataclass(frozen=True, slots=True)
class _Accepted:
    request_id: str
    answer: JSON
    at: float


class RetryKeys:
    """Remembers accepted requests by retry key for a day: the same key again is 409 and sends nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accepted: dict[str, _Accepted] = {}

    def check(self, key: str | None) -> None:
        """Raise LINE's 409, naming the accepted request, when this key was honoured within a day."""
        accepted = self._accepted.get(key or "")
        if accepted is None or self._clock.now() - accepted.at > RETRY_KEY_SECONDS:
            return
        error = LineError(409, RETRY_KEY_ACCEPTED, **accepted.answer)
        error.headers["X-Line-Accepted-Request-Id"] = accepted.request_id
        raise error

    def accept(self, key: str | None, request_id: str, answer: JSON) -> None:
        if key is not None:
            self._accepted[key] = _Accepted(request_id, answer, self._clock.now())
