"""Brings model and index up, off the event loop, and then keeps the index equal to the database.

`open_index` (see `bot/index_opening.py`) does the loading. While it fails, the process stays alive and not ready, the
webhooks it receives are kept, and it tries again: a model that is being prepared is found as soon as it is there.

When another model is adopted, it is loaded beside the one in use, which goes on answering and following until the other
is as far; then they change places between two messages. One that cannot be loaded here changes nothing. It is
the same when this process was without its database for longer than the change log is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.collector import put_aside
from bot.index_follower import FollowedIndex, IndexFollower
from bot.index_listener import listening
from bot.logs import class_name
from bot.matching import Matching, TextMatcher
from bot.metrics import Metrics
from retrieval.calibration import same_model
from retrieval.model_manifest import ModelError
from retrieval.types import Encoder
from storage.database import Database
from storage.index_entries import adopted_model

TRY_AGAIN_S = 5.0
WATCH_S = 1.0
"""How often the adopted model is looked at."""
RETIRE_S = 60.0
"""How long a matcher that was replaced may finish what it is at; a handler has half of it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OpenedIndex:
    """What was loaded. The index may be behind the database; the follower sees to that."""

    index: FollowedIndex
    encoder: Encoder
    matcher: TextMatcher
    close: Callable[[], None] = lambda: None
    """Lets the threads of matcher and encoder end."""


OpenIndex = Callable[[], Awaitable[OpenedIndex]]


@dataclass(frozen=True, slots=True)
class _InUse:
    opened: OpenedIndex
    follower: IndexFollower


class IndexKeeper:
    """One process' index, from the start of the process to its end. `folder_of` says where a model's snapshot lies."""

    def __init__(
        self,
        *,
        database: Database,
        matching: Matching,
        metrics: Metrics,
        folder_of: Callable[[str], Path],
        open_index: OpenIndex,
    ) -> None:
        self._database = database
        self._matching = matching
        self._metrics = metrics
        self._folder_of = folder_of
        self._open_index = open_index
        self._in_use: _InUse | None = None
        self._loading = asyncio.Lock()
        self.problem: str | None = None
        """Why the index is not there yet, in a word; None while all is well."""

    async def run(self) -> None:
        """Load, then follow for ever, with whichever model is adopted."""
        in_use = await self._load_at_last()
        async with listening(self._database, self._wake):
            while True:
                following = asyncio.create_task(in_use.follower.run(), name="follower")
                try:
                    in_use = await self._next(in_use)
                finally:
                    following.cancel()
                    # Not a suppressed CancelledError: it might be our own, and then nothing would ever stop us.
                    await asyncio.gather(following, return_exceptions=True)

    async def load(self) -> IndexFollower:
        """Load model and index once, take in what changed since the snapshot, and begin to match."""
        return (await self._load()).follower

    async def save_snapshot(self) -> int:
        """Save the index as it is now, loading it first where it is not; returns the change it stands at."""
        in_use = await self._load()
        return await in_use.follower.save_snapshot(self._folder_of(in_use.opened.encoder.model_id))

    async def _load(self) -> _InUse:
        async with self._loading:
            if self._in_use is None:
                self._use(await self._open())
            assert self._in_use is not None
            return self._in_use

    async def _open(self) -> _InUse:
        opened = await self._open_index()
        follower = IndexFollower(
            database=self._database, index=opened.index, encoder=opened.encoder, metrics=self._metrics
        )
        while await follower.catch_up():
            pass
        return _InUse(opened, follower)

    def _use(self, loaded: _InUse) -> None:
        """Match with this one from now on, and let what was used before end when nothing can be under way in it."""
        before, self._in_use = self._in_use, loaded
        put_aside()
        self._matching.use(loaded.opened.matcher, loaded.opened.encoder.model_id)
        if before is not None:
            asyncio.get_running_loop().call_later(RETIRE_S, before.opened.close)
        log.info(
            "index_loaded",
            model=loaded.opened.encoder.model_id,
            entries=len(loaded.opened.index),
            seq=loaded.opened.index.seq,
        )

    async def _next(self, in_use: _InUse) -> _InUse:
        """Wait until another model is adopted, or this index cannot follow any more; load, and use that."""
        pause = WATCH_S
        while True:
            await asyncio.sleep(pause)
            pause = WATCH_S
            try:
                async with self._database.reading() as session:
                    adopted = await adopted_model(session)
                is_adopted = adopted is None or same_model(adopted, in_use.opened.encoder.model_id)
                if is_adopted and not in_use.follower.is_cut_off:
                    continue
                loaded = await self._open()
            except Exception as error:
                pause = TRY_AGAIN_S
                log.error("adopted_model_not_loaded", error=class_name(error), **_explain(error))
                continue
            async with self._loading:
                self._use(loaded)
            return loaded

    def _wake(self) -> None:
        if self._in_use is not None:
            self._in_use.follower.wake.set()

    async def _load_at_last(self) -> _InUse:
        while True:
            try:
                in_use = await self._load()
            except Exception as error:
                self.problem = class_name(error).rpartition(".")[2]
                if isinstance(error, ModelError):  # it says what to do: no trace tells more
                    log.error("index_not_loaded", error=class_name(error), **_explain(error))
                else:
                    log.exception("index_not_loaded")
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                self.problem = None
                return in_use


def _explain(error: Exception) -> dict[str, str]:
    """What is wrong and what to do about it, apart: the log leaves out a value that is long."""
    reason, _, advice = str(error).partition(". ")
    return {"reason": reason, "advice": advice} if advice else {"reason": reason}
