"""The migrated schema is the tables' schema, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from storage.database import Database, DatabaseError, open_database
from storage.migrations import OutdatedSchemaError, UnknownRevisionError, check_schema, migrate
from storage.tables import Article, ArticleReply


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Article.metadata))


async def test_it_migrates_to_exactly_the_tables(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_it_never_numbers_two_changes_alike(sqlite_database: Database) -> None:
    insert = text("INSERT INTO index_change (article_id, kind, created_at) VALUES ('a', 'added', '2025-01-01') ")
    async with sqlite_database.transaction() as session:
        await session.execute(insert)
        await session.execute(text("DELETE FROM index_change"))
        await session.execute(insert)
        assert await session.scalar(text("SELECT seq FROM index_change")) == 2


async def test_it_does_nothing_the_second_time(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO category (id, title) VALUES ('c', '疾病')"))
    await migrate(database)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT title FROM category")) == "疾病"


FIRST_ROWS = (
    "INSERT INTO article (id, type, status, text, source) VALUES ('a', 'TEXT', 'NORMAL', '喝醋可以治百病', 'cofacts')",
    "INSERT INTO asker (id, follows, created_at) VALUES ('asker', true, '2025-01-01')",
    "INSERT INTO reply (id, verdict, text, source) VALUES ('r', 'RUMOR', '沒有根據', 'cofacts')",
    "INSERT INTO article_reply (article_id, reply_id, state, status, positive_feedback_count, negative_feedback_count) "
    "VALUES ('a', 'r', 'imported', 'NORMAL', 3, 0)",
)


@pytest.fixture
async def bare(database: Database, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without a table, on each engine in turn."""
    if not database.is_sqlite:
        async with database.transaction() as session:
            await session.execute(text("DROP SCHEMA public CASCADE"))
            await session.execute(text("CREATE SCHEMA public"))
        yield database
        return
    opened = open_database(f"sqlite+aiosqlite:///{tmp_path}/bare.db")
    yield opened
    await opened.close()


async def test_it_brings_the_rows_of_the_first_version_along(bare: Database) -> None:
    await migrate(bare, "0001")
    async with bare.transaction() as session:
        for statement in FIRST_ROWS:
            await session.execute(text(statement))
    await migrate(bare)
    async with bare.reading() as session:
        [(article, link)] = (await session.execute(select(Article, ArticleReply).join(ArticleReply))).tuples()
    assert (article.text, link.positive_feedback_count) == ("喝醋可以治百病", 3)


@pytest.mark.slow
async def test_it_lets_several_processes_start_together(tmp_path: object) -> None:
    opened = [open_database(f"sqlite+aiosqlite:///{tmp_path}/together.db") for _ in range(6)]
    await asyncio.gather(*map(migrate, opened))
    async with opened[-1].engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    for database in opened:
        await database.close()


async def test_it_refuses_a_database_from_a_newer_version(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnknownRevisionError, match="newer version"):
        await migrate(database)


@pytest.mark.parametrize("revision", [None, "0001"])
async def test_it_sees_that_a_database_was_not_migrated_yet(database: Database, revision: str | None) -> None:
    await check_schema(database)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM alembic_version"))
        if revision:
            await session.execute(text("INSERT INTO alembic_version VALUES (:one)"), {"one": revision})
    with pytest.raises(OutdatedSchemaError, match="chaming migrate"):
        await check_schema(database)


async def test_it_lets_a_process_of_the_version_before_start_once_more(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await check_schema(database)


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "mysql+aiomysql://x/y"])
def test_it_refuses_a_database_it_cannot_keep_promises_on(url: str) -> None:
    with pytest.raises(DatabaseError):
        open_database(url)
