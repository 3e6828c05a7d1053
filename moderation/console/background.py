"""What a page has begun and nobody waits for: looking at the pages that an answer cites."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog
from aiohttp import web

from moderation.console.context import CONTEXT, get_context
from moderation.writing.references import check_references

log = structlog.get_logger()

MAX_WAITING = 50
"""Beyond it addresses wait for the job that looks at all pages."""


class Background:
    """Tasks of this process; what is not finished when it ends is found and done by the job."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def check(self, request: web.Request, urls: Sequence[str]) -> None:
        """Look at these pages soon."""
        context = get_context(request)
        if not urls or len(self._tasks) >= MAX_WAITING:
            return

        async def run() -> None:
            try:
                await check_references(context.database, context.fetcher, urls, context.now())
            except Exception:
                log.exception("references_not_checked", number=len(urls))

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


BACKGROUND: web.AppKey[Background] = web.AppKey("console-background", Background)


async def in_background(app: web.Application) -> AsyncIterator[None]:
    """Begin with the console and end with it."""
    assert CONTEXT in app
    app[BACKGROUND] = Background()
    yield
    await app[BACKGROUND].close()
