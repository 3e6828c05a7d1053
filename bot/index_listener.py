"""On PostgreSQL, hear of a change at once instead of at the next poll. A help, never relied on: the poll goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import structlog

from storage.database import Database
from storage.index_changes import CHANNEL

RECONNECT_S = 5.0

log = structlog.get_logger()


@asynccontextmanager
async def listening(database: Database, heard: Callable[[], None]) -> AsyncIterator[None]:
    """Call `heard` for each notification while the block lasts; on SQLite there is nothing to hear."""
    if database.is_sqlite:
        yield
        return
    task = asyncio.create_task(_listen_for_ever(database, heard), name="index-listener")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _listen_for_ever(database: Database, heard: Callable[[], None]) -> None:
    dsn = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            await _listen(dsn, heard)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            log.warning("index_listener_disconnected")
        await asyncio.sleep(RECONNECT_S)


async def _listen(dsn: str, heard: Callable[[], None]) -> None:
    """Listen until the connection ends."""
    ended = asyncio.Event()
    connection = await asyncpg.connect(dsn)
    try:
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, lambda *_: heard())
        heard()  # what happened before we listened
        await ended.wait()
    finally:
        await connection.close()
