"""The ways to read: a session, `look` in one change of threads, and `look_once` for the one statement of an answer."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.askers import ensure_asker, find_asker, read_asker, set_language
from storage.database import Database
from storage.tables import Asker

Look = Callable[[Database, Callable[[Connection], Any]], Coroutine[Any, Any, Any]]
NEW = ("asker", "2026-01-01 00:00:00.000000")
EITHER_WAY = pytest.mark.parametrize("look", [Database.look, Database.look_once])


@EITHER_WAY
async def test_it_looks_at_what_was_committed_a_moment_ago(database: Database, look: Look) -> None:
    for language in ("ja", "en"):
        async with database.transaction() as session:
            await ensure_asker(session, "asker", "U1")
            await set_language(session, "asker", language)
        seen = await look(database, lambda connection: read_asker(connection, "asker"))
        async with database.reading() as session:
            stored = await find_asker(session, "asker")
        assert seen is not None
        assert stored is not None
        assert seen.language == language
        assert seen.model_dump() == stored.model_dump()


@EITHER_WAY
async def test_it_finds_nobody_who_is_not_there(database: Database, look: Look) -> None:
    assert await look(database, lambda connection: read_asker(connection, "nobody")) is None


@EITHER_WAY
async def test_a_look_waits_for_no_writer(database: Database, look: Look) -> None:
    async with database.transaction() as session:
        session.add(Asker(id="asker"))
        await session.flush()
        async with asyncio.timeout(60):
            assert await look(database, lambda connection: read_asker(connection, "asker")) is None


@EITHER_WAY
async def test_a_look_that_fails_hinders_no_other(database: Database, look: Look) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        await look(database, fail)
    assert await look(database, lambda connection: connection.scalar(text("SELECT 1"))) == 1


@EITHER_WAY
async def test_looks_end_with_the_database(database: Database, look: Look) -> None:
    await look(database, lambda connection: connection.scalar(text("SELECT 1")))
    await database.close()
    if database.is_sqlite:
        with pytest.raises(RuntimeError):
            await look(database, lambda connection: connection.scalar(text("SELECT 1")))


async def test_a_reading_sees_nothing_that_is_written_meanwhile(database: Database) -> None:
    async with database.reading() as session:
        assert await find_asker(session, "asker") is None
        async with database.transaction() as writing:
            writing.add(Asker(id="asker"))
        assert await find_asker(session, "asker") is None


async def test_a_look_sees_nothing_that_is_written_between_its_statements(sqlite_database: Database) -> None:
    def read_twice(connection: Connection) -> list[bool]:
        found = [read_asker(connection, "asker") is not None]
        with sqlite3.connect(str(sqlite_database.path)) as writing:
            writing.execute("INSERT INTO asker (id, follows, large_text, created_at) VALUES (?, 1, 0, ?)", NEW)
        return [*found, read_asker(connection, "asker") is not None]

    assert await sqlite_database.look(read_twice) == [False, False]
    assert await sqlite_database.look_once(lambda connection: read_asker(connection, "asker")) is not None


async def test_a_look_keeps_no_view_once_it_has_ended(sqlite_database: Database) -> None:
    """Else the journal could never be emptied, and what is erased would stay in it."""
    await sqlite_database.look(lambda connection: read_asker(connection, "asker"))
    await sqlite_database.look_once(lambda connection: read_asker(connection, "asker"))
    with sqlite3.connect(str(sqlite_database.path)) as writing:
        writing.execute("CREATE TABLE something (id)")
        writing.commit()
        assert writing.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


@pytest.mark.postgres
async def test_postgresql_is_told_with_the_begin_that_a_look_only_reads_and_sees_one_moment(
    postgres_database: Database,
) -> None:
    def look(connection: Connection) -> tuple[object, ...]:
        names = ("transaction_isolation", "transaction_read_only")
        return tuple(connection.scalar(text(f"SHOW {name}")) for name in names)

    assert await postgres_database.look(look) == ("repeatable read", "on")
    async with postgres_database.transaction() as session:  # of the same pool
        assert (await session.scalar(text("SHOW transaction_isolation"))) == "read committed"
        assert (await session.scalar(text("SHOW transaction_read_only"))) == "off"
