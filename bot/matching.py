"""The matcher as the handlers see it: not there while model and index are being loaded, then there."""

import asyncio
from typing import Protocol

from bot.metrics import Metrics
from retrieval.types import Band, Match


class TextMatcher(Protocol):
    """What `retrieval.matcher.Matcher` is, and what a test puts in its place."""

    def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
        """The articles that say the very same as `text`, decoration aside; takes next to no time."""
        ...

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        """The articles that may make the same claim as `text`, best first."""
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

    @property
    def ready(self) -> bool:
        return self._matcher is not None

    async def wait_ready(self) -> None:
        await self._loaded.wait()

    def use(self, matcher: TextMatcher, model_id: str = "") -> None:
        """Match with this one from now on."""
        self._matcher, self.model_id = matcher, model_id
        self._loaded.set()
        self._metrics.ready.set(1)

    def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
        if self._matcher is None:
            raise NotReadyError
        return self._matcher.match_words(text, limit=limit)

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        if self._matcher is None:
            raise NotReadyError
        with self._metrics.match_seconds.time():
            matches = await self._matcher.match(text, limit=limit)
        self._metrics.matches.labels(matches[0].band if matches else Band.NOTHING).inc()
        return matches
