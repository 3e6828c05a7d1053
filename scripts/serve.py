"""What `chaming serve` and `chaming worker` run: one process, from its start to a stop that loses nothing.

With SQLite one process does everything, and a lock file keeps a second one out. With PostgreSQL any number of web and
worker processes share one inbox; the web processes handle events too, and the jobs run in the workers.
"""

import asyncio
import fcntl
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import click
import structlog
import uvloop
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.app import build_app
from bot.services import open_services
from bot.settings import Settings
from bot.worker import working
from scripts.scheduler import running_scheduler
from storage.database import DatabaseError
from storage.migrations import OutdatedSchemaError, check_schema, migrate

LOCK_FILE = "serve.lock"
LOCK_WAIT_S = 15.0
"""An old process that is being replaced may take this long to let its answers end."""
OPEN_REQUESTS_S = 3.0
SWITCH_INTERVAL_S = 0.0005
"""How long a thread keeps the interpreter while another one wants it. With Python's 5 ms, encoder and inbox writer, who
need it for moments between long waits, wait for it half as long as an answer takes."""

WORKER_NEEDS_POSTGRESQL = (
    "The worker needs PostgreSQL (DATABASE_URL=postgresql+asyncpg://…): with SQLite it lives in `chaming serve`."
)

log = structlog.get_logger()


def run_serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    with only_process(settings):
        _run(_serve(settings, host, port))


def run_worker(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM."""
    if settings.uses_sqlite:
        raise click.ClickException(WORKER_NEEDS_POSTGRESQL)
    _run(_work(settings))


@contextmanager
def only_process(settings: Settings) -> Iterator[None]:
    """With SQLite: hold the data directory's lock, so that no two processes handle the same inbox."""
    if not settings.uses_sqlite:
        yield
        return
    with _open_lock(settings.data_dir) as lock:
        end = time.monotonic() + LOCK_WAIT_S
        while not _locked(lock.fileno()):
            if time.monotonic() > end:
                raise click.ClickException(f"Another `chaming serve` is using {settings.data_dir}: stop it first.")
            time.sleep(0.1)
        yield


def _open_lock(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / LOCK_FILE).open("w")
    except OSError as error:
        raise click.ClickException(f"DATA_DIR cannot be used ({error.strerror}). Example: DATA_DIR=./data") from None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(main: Coroutine[Any, Any, None]) -> None:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        uvloop.run(main)
    except OutdatedSchemaError as error:
        raise click.ClickException(str(error)) from None
    except (DatabaseError, SQLAlchemyError) as error:
        first_line = str(error).partition("\n")[0]
        raise click.ClickException(f"The database cannot be used ({first_line}). See DATABASE_URL.") from None


async def _serve(settings: Settings, host: str, port: int) -> None:
    async with open_services(settings) as services:
        if settings.uses_sqlite:
            await migrate(services.database)
        else:
            await check_schema(services.database)  # several processes share it: `release` migrates, once
        runner = web.AppRunner(build_app(services), access_log=None, shutdown_timeout=OPEN_REQUESTS_S)
        await runner.setup()
        try:
            async with AsyncExitStack() as stack:
                await _listen(runner, host, port)
                if settings.uses_sqlite:
                    await stack.enter_async_context(running_scheduler(services))
                await _until_stopped()
        finally:
            await runner.cleanup()


async def _work(settings: Settings) -> None:
    async with open_services(settings) as services:
        await check_schema(services.database)
        async with working(services), running_scheduler(services):
            log.info("worker_started")
            await _until_stopped()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise click.ClickException(f"Cannot listen on {host}:{port} ({reason}). Example: --port 8090") from None
    log.info("server_started", host=host, port=runner.addresses[0][1])


async def _until_stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    log.info("stopping")
