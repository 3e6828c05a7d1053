"""How much one person or group may ask for, and who is not answered at all.

Counted in this process' memory, a bucket for each chat: it fills again by itself, and a restart forgives. Beyond it a
person is told once, politely, and then the bot keeps quiet until the bucket has filled. Far beyond it nothing is even
stored, so that a flood of junk from one account fills neither queue nor disk; what takes something back always is.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import structlog

from bot.events import Event, Follow, Join, Leave, MemberChange, Unfollow, Unsend
from storage.blocked_chats import load_blocked
from storage.database import Database
from storage.inbox import IncomingEvent
from storage.tables import utc_now

STORED_BEYOND = 6
"""So many times a minute's messages of one chat are stored; what is more is dropped."""
GROUP_FACTOR = 4
"""Many people talk in a group, and whoever calls the bot there should be heard."""
MAX_CHATS = 20_000
FOLLOW_S = 5.0
FREE = (Unsend, Unfollow, Follow, Join, Leave, MemberChange)
"""Never counted: nobody can be kept from taking something back."""
KEPT = (b'"unsend"', b'"unfollow"', b'"leave"')
"""What an event's JSON holds that is stored whatever comes with it."""

log = structlog.get_logger()


class Judgement(Enum):
    FINE = "fine"
    TELL = "tell"
    """Too much, and not told yet."""
    QUIET = "quiet"
    BLOCKED = "blocked"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    updated: float
    was_told: bool = False

    def take(self, now: float, per_minute: float, most: float) -> bool:
        self.tokens = min(most, self.tokens + (now - self.updated) * per_minute / 60)
        self.updated = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Limits:
    """Judges events of a chat; `run` keeps it knowing whom an administrator has blocked."""

    def __init__(self, database: Database, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._per_minute = per_minute
        self._clock = clock
        self._answered: OrderedDict[str, _Bucket] = OrderedDict()
        self._stored: OrderedDict[str, _Bucket] = OrderedDict()
        self._blocked: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Follow the block list for ever; a database that is away for a while is waited for."""
        while True:
            try:
                await self.catch_up()
            except Exception:
                log.exception("block_list_not_read")
            await asyncio.sleep(FOLLOW_S)

    async def catch_up(self) -> None:
        async with self._database.reading() as session:
            self._blocked = frozenset(await load_blocked(session, utc_now()))

    def choose_stored(self, events: Sequence[IncomingEvent]) -> list[IncomingEvent]:
        """The events that go to disk: all of them, but for a flood."""
        if not self._per_minute:
            return list(events)
        most = float(self._per_minute * STORED_BEYOND)
        return [
            event
            for event in events
            if self._take(self._stored, event.chat, most, most) or any(kind in event.payload for kind in KEPT)
        ]

    def judge(self, event: Event, messages: int = 1) -> Judgement:
        """Whether to answer this event, which may be several messages."""
        if isinstance(event, FREE):
            return Judgement.FINE
        if event.chat in self._blocked:
            return Judgement.BLOCKED
        if not self._per_minute:
            return Judgement.FINE
        most = float(self._per_minute * (1 if event.source_kind == "user" else GROUP_FACTOR))
        if all(self._take(self._answered, event.chat, most, most) for _ in range(messages)):
            self._answered[event.chat].was_told = False
            return Judgement.FINE
        bucket = self._answered[event.chat]
        was_told, bucket.was_told = bucket.was_told, True
        return Judgement.QUIET if was_told else Judgement.TELL

    def _take(self, buckets: OrderedDict[str, _Bucket], chat: str, per_minute: float, most: float) -> bool:
        now = self._clock()
        bucket = buckets.get(chat)
        if bucket is None:
            bucket = buckets[chat] = _Bucket(most, now)
            if len(buckets) > MAX_CHATS:
                buckets.popitem(last=False)
        return bucket.take(now, per_minute, most)
