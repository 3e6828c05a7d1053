"""Hearing of changes on PostgreSQL: at once, only once they are committed, and again after the connection was cut."""

import asyncio

import pytest
from sqlalchemy import text

from bot import index_listener
from bot.index_listener import listening
from storage.database import Database
from storage.index_changes import Change, append_changes
from storage.tables import ChangeKind

WITHIN_S = 60.0
CHANGE = [Change("article", ChangeKind.PUBLISHED)]
CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
)


class Ear:
    """Hears, and says when it has."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def __call__(self) -> None:
        self._heard.set()

    async def hears(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self._heard.wait()
        self._heard.clear()

    @property
    def is_silent(self) -> bool:
        return not self._heard.is_set()


@pytest.mark.postgres
async def test_it_hears_of_a_change_when_it_is_committed_and_not_before(postgres_database: Database) -> None:
    ear = Ear()
    async with listening(postgres_database, ear):
        await ear.hears()  # it listens from here on
        async with postgres_database.transaction() as session:
            await append_changes(session, CHANGE)
            await session.flush()
            await asyncio.sleep(0.1)
            assert ear.is_silent
        await ear.hears()


@pytest.mark.postgres
async def test_it_listens_again_after_the_connection_was_cut(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_listener, "RECONNECT_S", 0.05)
    ear = Ear()
    async with listening(postgres_database, ear):
        await ear.hears()
        async with postgres_database.reading() as session:
            assert (await session.execute(CUT)).all()
        await ear.hears()  # what happened meanwhile is looked for
        async with postgres_database.transaction() as session:
            await append_changes(session, CHANGE)
        await ear.hears()


async def test_there_is_nothing_to_hear_on_sqlite(sqlite_database: Database) -> None:
    ear = Ear()
    async with listening(sqlite_database, ear):
        async with sqlite_database.transaction() as session:
            await append_changes(session, CHANGE)
        await asyncio.sleep(0.05)
        assert ear.is_silent
