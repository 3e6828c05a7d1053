"""The two ways to read: a session, and `look` for the few statements that every answer needs."""

import asyncio

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.askers import ensure_asker, find_asker, read_asker, set_language
from storage.database import Database
from storage.tables import Asker


async def test_it_looks_at_what_was_committed_a_moment_ago(database: Database) -> None:
    for language in ("ja", "en"):
        async with database.transaction() as session:
            await ensure_asker(session, "asker", "U1")
            await set_language(session, "asker", language)
        seen = await database.look(lambda connection: read_asker(connection, "asker"))
        async with database.reading() as session:
            stored = await find_asker(session, "asker")
        assert seen is not None
        assert stored is not None
        assert seen.language == language
        assert seen.model_dump() == stored.model_dump()


async def test_it_finds_nobody_who_is_not_there(database: Database) -> None:
    assert await database.look(lambda connection: read_asker(connection, "nobody")) is None


async def test_a_look_waits_for_no_writer(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Asker(id="asker"))
        await session.flush()
        async with asyncio.timeout(60):
            assert await database.look(lambda connection: read_asker(connection, "asker")) is None


async def test_a_look_that_fails_hinders_no_other(database: Database) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        await database.look(fail)
    assert await database.look(lambda connection: connection.scalar(text("SELECT 1"))) == 1


async def test_looks_end_with_the_database(database: Database) -> None:
    await database.look(lambda connection: connection.scalar(text("SELECT 1")))
    await database.close()
    if database.is_sqlite:
        with pytest.raises(RuntimeError):
            await database.look(lambda connection: connection.scalar(text("SELECT 1")))


async def test_a_reading_sees_nothing_that_is_written_meanwhile(database: Database) -> None:
    async with database.reading() as session:
        assert await find_asker(session, "asker") is None
        async with database.transaction() as writing:
            writing.add(Asker(id="asker"))
        assert await find_asker(session, "asker") is None


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
