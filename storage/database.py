"""One database, two kinds of transaction: `transaction()` writes, `reading()` only looks.

SQLite allows one writer at a time. A transaction that reads first and writes later would be refused as soon as anyone
else wrote in between, so `transaction()` takes the write lock when it begins; `reading()` takes none and never waits.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another one; far above any transaction here, an import's batches included."""

SWITCH_PAUSE_S = 0.01

SQLITE_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA wal_autocheckpoint = 8000",
    "PRAGMA cache_size = -65536",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
)


class DatabaseError(Exception):
    """The database cannot be used."""


class Database:
    """The engine and its transactions. Made by `open_database`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.url: URL = engine.url
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writing = async_sessionmaker(engine, expire_on_commit=False)
        reader = engine.execution_options(reading=True, postgresql_readonly=True)
        self._reading = async_sessionmaker(reader, expire_on_commit=False)

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

    async def close(self) -> None:
        await self.engine.dispose()


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
    """Set what every SQLite connection here relies on, and leave BEGIN to us."""
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
