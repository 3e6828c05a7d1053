"""The matcher as the handlers see it: not there while model and index are being loaded, then there."""

import asyncio
from typing import Protocol

from bot.metrics import Metrics
from retrieval.types import Band, Match

MOST_MATCHES = 10
HEAD_START_KEPT_S = 0.25
"""How long matches that were begun ahead are good for: the index changes meanwhile, and disks are seldom slower."""


class TextMatcher(Protocol):
    """What `retrieval.matcher.Matcher` is, and what a test puts in its place."""

    def match_words(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
        """The articles that say the very same as `text`, decoration aside; takes next to no time."""
        ...

    async def match(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
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
        self._begun: dict[str, asyncio.Task[list[Match]]] = {}

    @property
    def ready(self) -> bool:
        return self._matcher is not None

    async def wait_ready(self) -> None:
        await self._loaded.wait()

    def use(self, matcher: TextMatcher, model_id: str = "") -> None:
        """Match with this one from now on."""
        self._matcher, self.model_id = matcher, model_id
        self._begun.clear()
        self._loaded.set()
        self._metrics.ready.set(1)

    def match_words(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
        if self._matcher is None:
            raise NotReadyError
        return self._matcher.match_words(text, limit=limit)

    def begin(self, text: str) -> None:
        """Start on a text that will be asked for in a moment, when its message is on disk; one at a time."""
        if self._matcher is None or self._begun or self._matcher.match_words(text):
            return
        task = self._begun[text] = asyncio.create_task(
            self._match(self._matcher, text, MOST_MATCHES), name="head-start"
        )
        task.add_done_callback(_take_exception)
        asyncio.get_running_loop().call_later(HEAD_START_KEPT_S, self._begun.pop, text, None)

    async def match(self, text: str, *, limit: int = MOST_MATCHES) -> list[Match]:
        if self._matcher is None:
            raise NotReadyError
        with self._metrics.step_seconds.labels("match").time():
            begun = self._begun.pop(text, None) if limit <= MOST_MATCHES else None
            matches = (await begun)[:limit] if begun else await self._match(self._matcher, text, limit)
        self._metrics.matches.labels(matches[0].band if matches else Band.NOTHING).inc()
        return matches

    async def _match(self, matcher: TextMatcher, text: str, limit: int) -> list[Match]:
        with self._metrics.match_seconds.time():
            return await matcher.match(text, limit=limit)


def _take_exception(task: asyncio.Task[list[Match]]) -> None:
    """Whoever asks for the text hears of it; where nobody does, it is of no interest."""
    if not task.cancelled():
        task.exception()
