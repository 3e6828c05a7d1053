"""The tasks in order, read once for everybody who looks within two seconds: ten consoles that reload cost one reading.

What decides is never read from here: a claim is a conditional update, and a task's own page reads the database.
"""

import asyncio
import time
from datetime import datetime

from moderation.known import Known, load_known
from moderation.queue import RankedTask, make_tasks, rank
from storage.database import Database
from storage.tables import utc_now

FRESH_FOR_S = 2.0


class TaskCache:
    """`load()` gives the tasks as they were at most two seconds ago; `forget()` after something here changed them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: list[RankedTask] = []
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def load(self) -> list[RankedTask]:
        async with self._reading:
            if time.monotonic() - self._read_at > FRESH_FOR_S:
                self._read_at = time.monotonic()  # before reading: what is forgotten meanwhile is read again
                try:
                    self._tasks = await self._read(utc_now())
                except BaseException:
                    self.forget()
                    raise
            return self._tasks

    async def _read(self, now: datetime) -> list[RankedTask]:
        async with self._database.reading() as session:
            known = await load_known(session, now)
        return await asyncio.to_thread(_rank, known, now)

    def forget(self) -> None:
        self._read_at = float("-inf")


def _rank(known: Known, now: datetime) -> list[RankedTask]:
    return rank(make_tasks(known, now))
