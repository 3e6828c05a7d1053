"""From the inbox to the handlers: what was just stored is handed over in memory, the rest is claimed by a poller.

Every row held here is claimed in the database for this process, and its lease is renewed while it is held. At most one
row of a chat is claimed at a time, oldest first, so the events of a chat are handled in the order of LINE's clock.
Nothing is claimed before the matcher is ready, nor beyond `CAPACITY`: what arrives then is stored for later, or for
another process.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.bursts import BURST, IMAGE_SET, LOOK_AGAIN_S, may_join, most_of, pictures_expected
from bot.events import Event
from bot.head_start import give_head_start
from bot.limits import Limits
from bot.matching import Matching
from bot.metrics import Metrics
from bot.processing import Processor, read_event
from storage.inbox import Inbox, InboxRow, IncomingEvent
from storage.tables import utc_now

CONCURRENCY = 32
"""Handlers at a time. Most of their time is waiting: for the encoder's batch and for LINE."""
CAPACITY = 256
"""Rows held at a time, running and queued."""
MAX_WAITING_CHATS = 4 * CAPACITY
POLL_S = 0.25
LEASE = timedelta(seconds=20)
"""How long a killed process keeps its events from the others: well within a reply token's minute."""
RENEW_EVERY_S = LEASE.total_seconds() / 4
DEPTH_EVERY_S = 5.0
DRAIN_S = 8.0
"""How long a stopping process lets running handlers come to their end; hosting platforms kill after ten seconds."""

log = structlog.get_logger()


class _Gathering:
    """What came at once with one row, held with it."""

    def __init__(self, inbox: Inbox, waiting_chats: set[str], held: set[int]) -> None:
        self._inbox = inbox
        self._waiting_chats = waiting_chats
        self._held = held
        self.gathered: list[int] = []

    def is_more_in(self, row: InboxRow, event: Event) -> bool:
        """Whether more of the chat is in; of pictures that were sent together, that more will come."""
        return row.chat in self._waiting_chats or pictures_expected(event) > 1

    async def __call__(self, row: InboxRow, event: Event) -> list[InboxRow]:
        """Wait until half a second after the row came, longer for a picture's fellows, and claim what is in by then."""
        expected = pictures_expected(event)
        rows: list[InboxRow] = []
        await _sleep_until(row.received_at + BURST)
        while True:
            more = await self._inbox.claim_following(
                [row, *rows][-1], most_of(event) - 1 - len(rows), lambda found: came_together(row, found)
            )
            rows += more
            self.gathered += [one.id for one in more]
            self._held.update(self.gathered)
            if len(rows) + 1 >= expected or utc_now() >= row.received_at + IMAGE_SET:
                return rows
            await asyncio.sleep(LOOK_AGAIN_S)


def came_together(first: InboxRow, later: InboxRow) -> bool:
    """Whether they were sent as one; what gathered while nobody worked is answered one by one, by tokens of its own."""
    apart_ms = later.timestamp - first.timestamp
    return apart_ms <= IMAGE_SET.total_seconds() * 1000 and may_join(read_event(later))


async def _sleep_until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - utc_now()).total_seconds()))


class Dispatcher:
    """Runs handlers for inbox rows. `receive` is what the webhook calls."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        processor: Processor,
        matching: Matching,
        metrics: Metrics,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits
        self._inbox = inbox
        self._processor = processor
        self._matching = matching
        self._metrics = metrics
        self._held: set[int] = set()
        self._queue: deque[InboxRow] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._waiting_chats: set[str] = set()
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False

    async def receive(self, events: Sequence[IncomingEvent]) -> None:
        """Store events durably; start on those that nothing stands before."""
        has_room = self._has_room()
        if has_room and not self._held and self._would_answer(events):
            asyncio.get_running_loop().call_soon(give_head_start, self._matching, events)
        rows = await self._inbox.store(events, claim=has_room)
        if has_room and len(rows) < len(events):
            self._note_waiting(events, rows)
        if rows:
            self._metrics.events_stored.inc(len(rows))
            self._take(rows, "handed_over")

    def start(self) -> None:
        """Begin to handle; before the matcher is ready, nothing is claimed."""
        loops = (self._poll_for_ever, self._renew_for_ever, self._measure_for_ever)
        self._loops = [asyncio.create_task(loop(), name=loop.__name__) for loop in loops]

    async def stop(self) -> None:
        """Take nothing new, let running handlers end, and leave the rest to whoever comes next."""
        self._stopping = True
        self._queue.clear()
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_S)
        for task in [*self._running, *self._loops]:
            task.cancel()
        await asyncio.gather(*self._running, *self._loops, return_exceptions=True)
        with suppress(Exception):  # without a database there is nothing to release: the leases run out
            await self._inbox.release_all()

    def _has_room(self) -> bool:
        return self._matching.ready and not self._stopping and len(self._held) < CAPACITY

    def _would_answer(self, events: Sequence[IncomingEvent]) -> bool:
        """No work is begun for whoever is blocked, or has asked for too much."""
        return self._limits is None or all(self._limits.would_answer(event.chat) for event in events)

    def _note_waiting(self, events: Sequence[IncomingEvent], rows: Sequence[InboxRow]) -> None:
        """Remember chats with a next event, to claim it once the one before it has ended, and not at the next poll."""
        claimed = {row.event_id for row in rows}
        if len(self._waiting_chats) > MAX_WAITING_CHATS:
            self._waiting_chats.clear()  # chats that another process works on would gather here
        self._waiting_chats.update(event.chat for event in events if event.event_id not in claimed)

    def _take(self, rows: Sequence[InboxRow], how: str) -> None:
        fresh = [row for row in rows if row.id not in self._held]  # held: its lease ran out under our hands
        self._metrics.events_claimed.labels(how).inc(len(fresh))
        self._held.update(row.id for row in fresh)
        self._queue.extend(fresh)
        asyncio.get_running_loop().call_soon(self._start_queued)  # behind the 200 of the webhook that brought them

    def _start_queued(self) -> None:
        while self._queue and len(self._running) < CONCURRENCY and not self._stopping:
            task = asyncio.create_task(self._run(self._queue.popleft()))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, row: InboxRow) -> None:
        turn = _Gathering(self._inbox, self._waiting_chats, self._held)
        try:
            await self._processor.process(row, turn)
        except Exception:
            # Not even the failure could be recorded; the lease runs out and the row is claimed again.
            log.exception("event_not_recorded", event_id=row.event_id)
        finally:
            self._held -= {row.id, *turn.gathered}
            if row.chat in self._waiting_chats:
                self._waiting_chats.discard(row.chat)
                self._wake.set()
            asyncio.get_running_loop().call_soon(self._start_queued)

    async def _poll_for_ever(self) -> None:
        await self._matching.wait_ready()
        while True:
            room = CONCURRENCY - len(self._held)
            if room <= 0 or await self._poll(room) < room:
                with suppress(TimeoutError):  # not `wait_for`: Python 3.11's may swallow the cancellation that stops us
                    async with asyncio.timeout(POLL_S):
                        await self._wake.wait()
            self._wake.clear()

    async def _poll(self, room: int) -> int:
        try:
            rows = await self._inbox.claim(room)
        except Exception:
            log.exception("inbox_not_read")
            return 0
        self._waiting_chats.update(row.chat for row in rows)  # the chat may hold more: look again when this one ends
        self._take(rows, "polled")
        return len(rows)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                if self._held:
                    await self._inbox.renew(list(self._held))
            except Exception:
                log.exception("leases_not_renewed", rows=len(self._held))

    async def _measure_for_ever(self) -> None:
        while True:
            try:
                for state, rows in (await self._inbox.depth()).items():
                    self._metrics.inbox_depth.labels(state).set(rows)
            except Exception:
                log.exception("inbox_not_counted")
            await asyncio.sleep(DEPTH_EVERY_S)
