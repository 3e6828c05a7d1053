"""One database, two kinds of transaction: `transaction()` writes, `reading()` only looks.

SQLite allows one writer at a time. A transaction that reads first and writes later would be refused as soon as anyone
else wrote in between, so `transaction()` takes the write lock when it begins; `reading()` takes none and never waits.
`look()` reads too, in one change of threads where a session on SQLite makes a dozen for two statements. `look_once()`
is the same for one statement, without BEGIN and ROLLBACK around it, which cost as much: an answer makes two such looks.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

T = TypeVar("T")

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another one; far above any transaction here, an import's batches included."""

SWITCH_PAUSE_S = 0.01

CHECKPOINT_PAGES = 2000
"""Pages of the journal (8 MB) after which the commit that filled it carries them over. Nobody's webhook is acknowledged
meanwhile: 9 ms; with four times as many, 35 ms, and just as many webhooks a second."""

SQLITE_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    "PRAGMA cache_size = -65536",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)

SQLITE_READER = {"reading": True}
POSTGRESQL_READER = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Said in the BEGIN itself, so it costs nothing; without it, each statement would see what was committed before it."""


class DatabaseError(Exception):
    """The database cannot be used."""


class Database:
    """The engine and its transactions. Made by `open_database`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.url: URL = engine.url
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writing = async_sessionmaker(engine, expire_on_commit=False)
        self._reader = engine.execution_options(**(SQLITE_READER if self.is_sqlite else POSTGRESQL_READER))
        self._reading = async_sessionmaker(self._reader, expire_on_commit=False)
        self._statements = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._looking = _LookingThread(engine.url) if self.is_sqlite else None

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that commits when the block ends and rolls back when it raises."""
        return self._writing.begin()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads: one consistent view, no write lock."""
        async with self._reading() as session:
            yield session

    async def look(self, read: Callable[[Connection], T]) -> T:
        """Return what `read` finds, in one consistent view; it runs where it may wait for the disk."""
        if self._looking is not None:
            return await self._looking.run(read, in_one_view=True)
        async with self._reader.connect() as connection:
            return await connection.run_sync(read)

    async def look_once(self, read: Callable[[Connection], T]) -> T:
        """The same for a `read` of one statement, which is one view by itself."""
        if self._looking is not None:
            return await self._looking.run(read, in_one_view=False)
        async with self._statements.connect() as connection:
            return await connection.run_sync(read)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.close()
        await self.engine.dispose()


class _LookingThread:
    """A thread with a SQLite connection of its own, opened when it is first needed and kept."""

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(url.set(drivername="sqlite"), isolation_level="AUTOCOMMIT")
        event.listen(self._engine, "connect", lambda connection, _: prepare_sqlite(connection))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="looking")
        self._opened: Connection | None = None

    async def run(self, read: Callable[[Connection], T], *, in_one_view: bool) -> T:
        how = self._in_one_view if in_one_view else self._read
        return await asyncio.get_running_loop().run_in_executor(self._thread, how, read)

    def close(self) -> None:
        with suppress(RuntimeError):  # closed before
            self._thread.submit(self._close)
        self._thread.shutdown()

    def _read(self, read: Callable[[Connection], T]) -> T:
        if self._opened is None:
            self._opened = self._engine.connect()
        return read(self._opened)

    def _in_one_view(self, read: Callable[[Connection], T]) -> T:
        def within(connection: Connection) -> T:
            connection.exec_driver_sql("BEGIN")
            try:
                return read(connection)
            finally:
                connection.connection.rollback()

        return self._read(within)

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._engine.dispose()


def open_database(url: str | URL) -> Database:
    """Open `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`; connects on first use."""
    parsed = make_url(url)
    if parsed.drivername == "sqlite+aiosqlite":
        return Database(_open_sqlite(parsed))
    if parsed.drivername == "postgresql+asyncpg":
        return Database(create_async_engine(parsed, pool_size=10, max_overflow=10, pool_pre_ping=True))
    raise DatabaseError(
        f"{parsed.drivername} is not a database chaming knows: use sqlite+aiosqlite:///FILE or postgresql+asyncpg://…"
    )


def prepare_sqlite(connection: SqliteConnection | Any) -> None:
    """Set what every SQLite connection here relies on."""
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """Keep a write-ahead log. The first to open a new file switches; SQLite lets nobody wait for that to be over."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(SWITCH_PAUSE_S)


def _open_sqlite(url: URL) -> AsyncEngine:
    """Have each connection prepared; what may write takes the write lock as it begins."""
    if not url.database or url.database == ":memory:":
        raise DatabaseError("an in-memory SQLite database would lose what was answered 200: name a file")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(dbapi_connection: Any, _: object) -> None:
        dbapi_connection.isolation_level = None
        prepare_sqlite(dbapi_connection)

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
