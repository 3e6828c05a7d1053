"""Brings model and index up, off the event loop, and then keeps the index equal to the database.

`open_index` (see `bot/index_opening.py`) does the loading. While it fails, the process stays alive and not ready, the
webhooks it receives are kept, and it tries again: a model that is being prepared is found as soon as it is there.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.index_follower import FollowedIndex, IndexFollower
from bot.index_listener import listening
from bot.logs import class_name
from bot.matching import Matching, TextMatcher
from bot.metrics import Metrics
from retrieval.types import Encoder
from storage.database import Database

TRY_AGAIN_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OpenedIndex:
    """What was loaded. The index may be behind the database; the follower sees to that."""

    index: FollowedIndex
    encoder: Encoder
    matcher: TextMatcher


OpenIndex = Callable[[], Awaitable[OpenedIndex]]


class IndexKeeper:
    """One process' index, from the start of the process to its end."""

    def __init__(
        self, *, database: Database, matching: Matching, metrics: Metrics, folder: Path, open_index: OpenIndex
    ) -> None:
        self._database = database
        self._matching = matching
        self._metrics = metrics
        self._folder = folder
        self._open_index = open_index
        self._follower: IndexFollower | None = None
        self._loading = asyncio.Lock()
        self.problem: str | None = None
        """Why the index is not there yet, in a word; None while all is well."""

    async def run(self) -> None:
        """Load, then follow for ever."""
        follower = await self._load_at_last()
        async with listening(self._database, follower.wake.set):
            await follower.run()

    async def load(self) -> IndexFollower:
        """Load model and index once, take in what changed since the snapshot, and begin to match."""
        async with self._loading:
            if self._follower is None:
                opened = await self._open_index()
                follower = IndexFollower(
                    database=self._database, index=opened.index, encoder=opened.encoder, metrics=self._metrics
                )
                while await follower.catch_up():
                    pass
                self._follower = follower
                gc.freeze()  # the index stays: no later collection has to walk through it while someone waits
                self._matching.use(opened.matcher, opened.encoder.model_id)
                log.info("index_loaded", entries=len(opened.index), seq=opened.index.seq)
            return self._follower

    async def save_snapshot(self) -> int:
        """Save the index as it is now, loading it first where it is not; returns the change it stands at."""
        follower = await self.load()
        return await follower.save_snapshot(self._folder)

    async def _load_at_last(self) -> IndexFollower:
        while True:
            try:
                follower = await self.load()
            except Exception as error:
                self.problem = class_name(error).rpartition(".")[2]
                log.exception("index_not_loaded")
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                self.problem = None
                return follower
