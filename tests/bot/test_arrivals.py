"""Webhooks that arrive together: stored together, each told for itself, and none told too early."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.arrivals import Arrivals
from bot.limits import STORED_BEYOND, Limits
from bot.metrics import Metrics
from storage.database import Database
from storage.inbox import Inbox, IncomingEvent


def event(event_id: str, timestamp: int = 1) -> IncomingEvent:
    return IncomingEvent(event_id, f"chat of {event_id}", timestamp, b"{}")


class SlowDisk:
    """Stores when it is let, and refuses every group with an event called "bad"."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.may_go = asyncio.Event()

    async def receive(self, events: Sequence[IncomingEvent]) -> None:
        group = [event.event_id for event in events]
        self.groups.append(group)
        await self.may_go.wait()
        if "bad" in group:
            raise OSError("disk full")


async def test_it_stores_together_what_came_at_once_and_the_next_without_waiting() -> None:
    disk, metrics = SlowDisk(), Metrics()
    arrivals = Arrivals(list, disk.receive, metrics)
    requests = [arrivals.store([event("e1")]), arrivals.store([event("e2"), event("e3")])]
    await asyncio.sleep(0.01)
    requests.append(arrivals.store([event("e4")]))
    await asyncio.sleep(0.01)
    assert disk.groups == [["e1", "e2", "e3"], ["e4"]]
    assert not any(request.done() for request in requests)
    disk.may_go.set()
    await asyncio.gather(*requests)
    assert metrics.registry.get_sample_value("chaming_webhooks_total", {"result": "accepted"}) == 3
    assert metrics.registry.get_sample_value("chaming_events_received_total") == 4
    assert metrics.registry.get_sample_value("chaming_store_seconds_count") == 2


async def test_it_stores_the_others_when_a_request_cannot_be_read() -> None:
    def read(request: str) -> list[IncomingEvent]:
        if request == "bad":
            raise ValueError(request)
        return [event(request)]

    disk, metrics = SlowDisk(), Metrics()
    disk.may_go.set()
    arrivals = Arrivals(read, disk.receive, metrics)
    results = await asyncio.gather(*(arrivals.store(name) for name in ("e1", "bad", "e2")), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    assert disk.groups == [["e1", "e2"]]
    assert metrics.registry.get_sample_value("chaming_webhooks_total", {"result": "accepted"}) == 2


async def test_it_stores_the_others_when_it_cannot_choose_among_a_requests_events() -> None:
    def choose(events: Sequence[IncomingEvent]) -> Sequence[IncomingEvent]:
        if events[0].event_id == "odd":
            raise ValueError
        return events

    disk = SlowDisk()
    disk.may_go.set()
    arrivals = Arrivals(list, disk.receive, Metrics(), choose)
    results = await asyncio.gather(
        arrivals.store([event("odd")]), arrivals.store([event("e1")]), return_exceptions=True
    )
    assert [type(result) for result in results] == [ValueError, type(None)]
    assert disk.groups == [["e1"]]


async def test_it_tells_only_the_guilty_one() -> None:
    disk = SlowDisk()
    disk.may_go.set()
    arrivals = Arrivals(list, disk.receive, Metrics())
    results = await asyncio.gather(
        *(arrivals.store([event(event_id)]) for event_id in ("e1", "bad", "e2")), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), OSError, type(None)]
    assert disk.groups[1:] == [["e1"], ["bad"], ["e2"]]


async def test_a_group_that_is_refused_costs_nobody_more_of_what_they_may_send(sqlite_database: Database) -> None:
    disk, metrics, limits = SlowDisk(), Metrics(), Limits(sqlite_database, 1)
    disk.may_go.set()
    arrivals = Arrivals(list, disk.receive, metrics, limits.choose_stored)
    innocent = [f"e{number}" for number in range(STORED_BEYOND)]
    results = await asyncio.gather(
        arrivals.store([IncomingEvent(event_id, "innocent", 1, b"{}") for event_id in innocent]),
        arrivals.store([event("bad")]),
        arrivals.store([IncomingEvent("one too many", "innocent", 1, b"{}")]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), OSError, type(None)]
    assert disk.groups == [[*innocent, "bad"], innocent, ["bad"], []]
    assert metrics.registry.get_sample_value("chaming_events_received_total") == STORED_BEYOND + 2
    assert metrics.registry.get_sample_value("chaming_events_dropped_total") == 1


async def test_it_goes_on_when_a_sender_has_gone_away() -> None:
    disk = SlowDisk()
    arrivals = Arrivals(list, disk.receive, Metrics())
    gone, waiting = arrivals.store([event("e1")]), arrivals.store([event("e2")])
    gone.cancel()
    disk.may_go.set()
    await waiting
    await arrivals.store([event("e3")])
    assert disk.groups == [["e1", "e2"], ["e3"]]


async def test_it_stores_the_others_of_a_group_that_the_database_refuses(database: Database) -> None:
    inbox = Inbox(database, encryption_key=b"k" * 32, owner="test", lease=timedelta(seconds=30))
    await inbox.start()

    async def receive(events: Sequence[IncomingEvent]) -> None:
        await inbox.store(events)

    arrivals = Arrivals(list, receive, Metrics())
    requests = [arrivals.store([event(f"e{number}")]) for number in range(20)]
    refused = arrivals.store([event("bad", timestamp=2**80)])
    with pytest.raises(Exception, match=r"(?i)int"):
        await refused
    await asyncio.gather(*requests)
    assert await inbox.depth() == {"pending": 0, "claimed": 20, "failed": 0}
    await inbox.close()
