"""The matcher as the handlers see it: not there while model and index are being loaded, then there."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from bot.metrics import Metrics
from bot.search import Search
from retrieval.types import Band, Match, TellCopies

MOST_MATCHES = 10
HEAD_START_KEPT_S = 0.25
"""How long matches that were begun ahead are good for: the index changes meanwhile, and disks are seldom slower."""


class TextMatcher(Protocol):
    """What `retrieval.matcher.Matcher` is, and what a test puts in its place."""

    def match_words(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
        """The articles that say the very same as `text`, decoration aside; takes next to no time."""
        ...

    async def match(
        self, text: str, *, limit: int = MOST_MATCHES, tell_copies: TellCopies | None = None
    ) -> list[Match]:
        """The articles that may make the same claim as `text`, best first.

        `tell_copies` is given those that are an answer without the encoder, as soon as they are known.
        """
        ...


class NotReadyError(Exception):
    """Model and index are still being loaded."""


class Matching:
    """Holds the matcher once it is loaded, and measures it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._matcher: TextMatcher | None = None
        self.model_id = ""
        """The encoder the matcher in use works with."""
        self._loaded = asyncio.Event()
        self._begun: dict[str, Search] = {}

    @property
    def ready(self) -> bool:
        return self._matcher is not None

    async def wait_ready(self) -> None:
        await self._loaded.wait()

    def use(self, matcher: TextMatcher, model_id: str = "") -> None:
        """Match with this one from now on."""
        self._matcher, self.model_id = matcher, model_id
        for text in list(self._begun):
            self._give_up(text)
        self._loaded.set()
        self._metrics.ready.set(1)

    def match_words(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
        if self._matcher is None:
            raise NotReadyError
        if text in self._begun:  # it was looked for these words just now, and would not have begun if they were known
            return []
        return self._matcher.match_words(text, limit=limit)

    def begin(self, text: str) -> None:
        """Start on a text that will be asked for in a moment, when its message is on disk; one at a time."""
        if self._matcher is None or self._begun or self._matcher.match_words(text):
            return
        self._begun[text] = self._start(self._matcher, text, MOST_MATCHES)
        asyncio.get_running_loop().call_later(HEAD_START_KEPT_S, self._give_up, text)

    @asynccontextmanager
    async def searching(self, text: str, *, limit: int = MOST_MATCHES) -> AsyncIterator[Search]:
        """Match the text while the block lasts, and measure how long what was asked for took."""
        if self._matcher is None:
            raise NotReadyError
        began = self._begun.pop(text, None) if limit == MOST_MATCHES else None
        search = began or self._start(self._matcher, text, limit)
        try:
            yield search
        finally:
            search.stop()

    async def match(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
        """Everything that is found, best first."""
        async with self.searching(text, limit=limit) as search:
            with self._metrics.step_seconds.labels("match").time():
                matches = await search.matches()
        self.count(matches)
        return matches

    def count(self, matches: Sequence[Match]) -> None:
        """Count the matches that were decided on, by the best one's band."""
        self._metrics.matches.labels(matches[0].band if matches else Band.NOTHING).inc()

    def _give_up(self, text: str) -> None:
        if (search := self._begun.pop(text, None)) is not None:
            search.stop()

    def _start(self, matcher: TextMatcher, text: str, limit: int) -> Search:
        async def match(tell_copies: TellCopies) -> list[Match]:
            began_at = time.perf_counter()
            matches = await matcher.match(text, limit=limit, tell_copies=tell_copies)
            self._metrics.match_seconds.observe(time.perf_counter() - began_at)  # of what was stopped, nothing
            return matches

        return Search(match)
