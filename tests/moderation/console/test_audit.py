"""The audit log: nobody can change it unseen."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moderation.console.audit import holds_hash, record, verify
from storage.database import Database


async def write(database: Database, number: int) -> None:
    async with database.transaction() as session:
        await record(session, "someone", "claim", f"task:{number}", {"number": number})


async def test_it_chains_what_many_write_at_once(database: Database) -> None:
    await asyncio.gather(*(write(database, number) for number in range(12)))
    async with database.reading() as session:
        found = await verify(session)
        assert (found.entries, found.broken_at) == (12, None)
        assert await holds_hash(session, found.last_hash)
        assert not await holds_hash(session, "0" * 64)


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_entry WHERE seq = 2"])
async def test_the_database_refuses_to_change_it(database: Database, statement: str) -> None:
    await write(database, 1)
    await write(database, 2)
    with pytest.raises(DBAPIError, match="only added to"):
        async with database.transaction() as session:
            await session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entry SET act = 'read' WHERE seq = 2", 2),
        ("DELETE FROM audit_entry WHERE seq = 2", 2),
        ("UPDATE audit_entry SET details = '{\"number\": 9}' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 1", 1),
    ],
)
async def test_it_finds_what_was_changed_behind_its_back(
    sqlite_database: Database, statement: str, broken_at: int
) -> None:
    for number in range(4):
        await write(sqlite_database, number)
    async with sqlite_database.transaction() as session:
        await session.execute(text("DROP TRIGGER audit_entry_no_update"))
        await session.execute(text("DROP TRIGGER audit_entry_no_delete"))
        await session.execute(text(statement))
    async with sqlite_database.reading() as session:
        assert (await verify(session)).broken_at == broken_at
