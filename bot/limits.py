"""How much one person or group may ask for, and who is not answered at all.

A bucket for each chat, which fills again by itself (`moderation/token_buckets.py`). When it is empty a person is told,
politely and once a minute at most, and otherwise the bot keeps quiet. Far beyond it nothing is even
stored, so that a flood of junk from one account fills neither queue nor disk; what takes something back always is.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import Enum

import structlog

from bot.events import Event, Follow, Join, Leave, MemberChange, Unfollow, Unsend
from moderation.token_buckets import Limit, TokenBuckets
from storage.blocked_chats import load_blocked
from storage.database import Database
from storage.inbox import IncomingEvent
from storage.tables import utc_now

STORED_BEYOND = 6
"""So many times a minute's messages of one chat are stored; what is more is dropped."""
GROUP_FACTOR = 4
"""Many people talk in a group, and whoever calls the bot there should be heard."""
TOLD = Limit(1, 60)
"""How often somebody is told that it is too much."""
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
    """Too much, and not told within the last minute."""
    QUIET = "quiet"
    BLOCKED = "blocked"


class Limits:
    """Judges events of a chat; `run` keeps it knowing whom an administrator has blocked."""

    def __init__(self, database: Database, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._per_minute = per_minute
        self._person = Limit(per_minute, 60)
        self._group = Limit(per_minute * GROUP_FACTOR, 60)
        self._stored = Limit(per_minute * STORED_BEYOND, 60)
        self._answers = TokenBuckets(clock, MAX_CHATS)
        self._tellings = TokenBuckets(clock, MAX_CHATS)
        self._stores = TokenBuckets(clock, MAX_CHATS)
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
        return [
            event
            for event in events
            if not self._stores.take(self._stored, event.chat) or any(kind in event.payload for kind in KEPT)
        ]

    def would_answer(self, chat: str) -> bool:
        """Whether a message of this person would be answered now; asking costs nothing."""
        return chat not in self._blocked and (not self._per_minute or self._answers.has(self._person, chat))

    def judge(self, event: Event, messages: int = 1) -> Judgement:
        """Whether to answer this event, which may be several messages."""
        if isinstance(event, FREE):
            return Judgement.FINE
        if event.chat in self._blocked:
            return Judgement.BLOCKED
        if not self._per_minute:
            return Judgement.FINE
        limit = self._person if event.source_kind == "user" else self._group
        if not any(self._answers.take(limit, event.chat) for _ in range(messages)):
            return Judgement.FINE
        return Judgement.QUIET if self._tellings.take(TOLD, event.chat) else Judgement.TELL
