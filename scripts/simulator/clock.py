"""The simulator's clock. Tests move a manual one, since a reply token's minute is too long to wait for."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells Unix time in seconds."""

    def now(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()


class ManualClock:
    """Stands still until it is moved. Starts at the real time, since bots compare timestamps with their own clock."""

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


def milliseconds(clock: Clock) -> int:
    """Return the clock's time as LINE writes it in events."""
    return int(clock.now() * 1000)
