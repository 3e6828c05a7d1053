"""Webhooks that come in one turn of the event loop are read and stored together: one way through the inbox for all.

The way to the disk costs the same for one request and for sixty. What each needs for itself, its signature and its
JSON, is done for one after another too: such a step takes half the time right after itself that it takes between
others. No group waits for the one before it: the inbox commits together what has come meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from bot.metrics import Metrics
from storage.inbox import IncomingEvent

R = TypeVar("R")
Receive = Callable[[Sequence[IncomingEvent]], Awaitable[None]]
"""Stores events durably before it returns; when it raises, they can be given to it again."""
Choose = Callable[[Sequence[IncomingEvent]], Sequence[IncomingEvent]]
"""The events of a request that are to be stored; it may count them, so it is asked once."""


class _Arrival(NamedTuple):
    events: Sequence[IncomingEvent]
    stored: asyncio.Future[None]


class Arrivals(Generic[R]):
    """Reads the requests that wait, at the loop's next turn, and gives `receive` their events.

    `read` returns a request's events; what it raises is that request's result, and no other hears of it.
    """

    def __init__(
        self, read: Callable[[R], Sequence[IncomingEvent]], receive: Receive, metrics: Metrics, choose: Choose = list
    ) -> None:
        self._read = read
        self._receive = receive
        self._choose = choose
        self._metrics = metrics
        self._accepted = metrics.webhooks.labels("accepted")
        self._waiting: list[tuple[R, asyncio.Future[None]]] = []
        self._since = 0.0
        self._storing: set[asyncio.Task[None]] = set()

    def store(self, request: R) -> asyncio.Future[None]:
        """Return what is done once the events are on disk, or has the exception that says why they are not."""
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        if not self._waiting:
            self._since = time.perf_counter()
            loop.call_soon(self._take_turn)
        self._waiting.append((request, stored))
        return stored

    def _take_turn(self) -> None:
        waiting, self._waiting = self._waiting, []
        if group := self._read_all(waiting):
            task = asyncio.get_running_loop().create_task(self._store_timed(group, self._since), name="arrivals")
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def _store_timed(self, group: Sequence[_Arrival], since: float) -> None:
        await self._store(group)
        self._metrics.store_seconds.observe(time.perf_counter() - since)

    def _read_all(self, waiting: Sequence[tuple[R, asyncio.Future[None]]]) -> list[_Arrival]:
        received, group = 0, []
        for request, stored in waiting:
            try:
                events = self._read(request)
                group.append(_Arrival(self._choose(events), stored))
            except Exception as error:
                _tell(stored, error)
                continue
            received += len(events)
        self._metrics.events_received.inc(received)
        self._metrics.events_dropped.inc(received - sum(len(arrival.events) for arrival in group))
        return group

    async def _store(self, group: Sequence[_Arrival]) -> None:
        try:
            await self._receive([event for arrival in group for event in arrival.events])
        except Exception as error:
            if len(group) > 1:  # each for itself, so that only the guilty one hears of it
                await asyncio.gather(*(self._store([arrival]) for arrival in group))
            else:
                _tell(group[0].stored, error)
            return
        self._accepted.inc(len(group))
        for arrival in group:
            _tell(arrival.stored)


def _tell(stored: asyncio.Future[None], error: Exception | None = None) -> None:
    if stored.done():  # the sender has gone
        return
    if error is None:
        stored.set_result(None)
    else:
        stored.set_exception(error)
