"""Webhooks that come while others are being stored are stored together: one way through the inbox for all of them.

A commit costs the same for one request and for sixty, and so does most of the way to it. Who waits alone waits no
longer: the first request of a quiet moment goes at the loop's next turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from bot.metrics import Metrics
from storage.inbox import IncomingEvent

Receive = Callable[[Sequence[IncomingEvent]], Awaitable[None]]
"""Stores events durably before it returns; when it raises, they can be given to it again."""
Choose = Callable[[Sequence[IncomingEvent]], Sequence[IncomingEvent]]
"""The events of a request that are to be stored; it may count them, so it is asked once."""


class _Arrival(NamedTuple):
    received: int
    events: Sequence[IncomingEvent]
    stored: asyncio.Future[None]


class Arrivals:
    """Gives `receive` the events of all requests that wait, one group after another."""

    def __init__(self, receive: Receive, metrics: Metrics, choose: Choose = list) -> None:
        self._receive = receive
        self._choose = choose
        self._metrics = metrics
        self._waiting: list[_Arrival] = []
        self._since = 0.0
        self._storing: asyncio.Task[None] | None = None

    def store(self, events: Sequence[IncomingEvent]) -> asyncio.Future[None]:
        """Return what is done once these events are on disk, or has the exception that says why they are not."""
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            self._since = time.perf_counter()
        self._waiting.append(_Arrival(len(events), self._choose(events), stored))
        if self._storing is None or self._storing.done():
            self._storing = loop.create_task(self._store_waiting(), name="arrivals")
        return stored

    async def _store_waiting(self) -> None:
        while self._waiting:
            group, self._waiting, since = self._waiting, [], self._since
            received = sum(arrival.received for arrival in group)
            self._metrics.events_received.inc(received)
            self._metrics.events_dropped.inc(received - sum(len(arrival.events) for arrival in group))
            await self._store(group)
            self._metrics.store_seconds.observe(time.perf_counter() - since)

    async def _store(self, group: Sequence[_Arrival]) -> None:
        try:
            await self._receive([event for arrival in group for event in arrival.events])
        except Exception as error:
            if len(group) > 1:  # each for itself, so that only the guilty one hears of it
                await asyncio.gather(*(self._store([arrival]) for arrival in group))
            elif not group[0].stored.done():
                group[0].stored.set_exception(error)
            return
        # Not now: the next group is on its way to the disk before these requests are answered.
        asyncio.get_running_loop().call_soon(_tell, group)


def _tell(group: Sequence[_Arrival]) -> None:
    for arrival in group:
        if not arrival.stored.done():
            arrival.stored.set_result(None)
