"""One text being matched: by its words first, which is sometimes enough, and by its meaning too."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from retrieval.types import Match, TellCopies


class Search:
    """Begins at once. `near_copies` are there before the encoder is; `matches` are everything that was found."""

    def __init__(self, begin: Callable[[TellCopies], Coroutine[Any, Any, list[Match]]]) -> None:
        self._copies: asyncio.Future[list[Match]] = asyncio.get_running_loop().create_future()
        self._wanted = asyncio.Event()
        self._everything = asyncio.create_task(begin(self._tell), name="search")
        self._everything.add_done_callback(self._ended)

    async def near_copies(self) -> list[Match]:
        """Return the articles that are an answer whatever the encoder would say; empty where it must be asked.

        To be awaited by one task.
        """
        return await self._copies

    async def matches(self) -> list[Match]:
        """Return everything that was found, best first. Raises what the matcher raises."""
        self._wanted.set()
        return await self._everything

    def stop(self) -> None:
        """Ask no more: a text that still waits for the encoder is not encoded."""
        self._everything.cancel()

    async def _tell(self, copies: list[Match]) -> None:
        """Return when `matches` is asked for; at once where there are no copies, since it will be."""
        if not self._copies.done():
            self._copies.set_result(copies)
        if copies:
            await self._wanted.wait()

    def _ended(self, everything: asyncio.Task[list[Match]]) -> None:
        """Whoever asks for the matches hears of a failure; where nobody does, it is of no interest."""
        if not everything.cancelled():
            everything.exception()
        if not self._copies.done():
            self._copies.set_result([])
