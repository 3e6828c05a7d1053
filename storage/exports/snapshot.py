"""Reading the database for a release: all of it as it was at one moment, and whether it is still the same later."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from storage.database import Database
from storage.exports.cleaning import HERE
from storage.exports.licences import COFACTS
from storage.exports.manifest import SourceLicence
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleDay,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    Category,
    Hyperlink,
    ImportedRelease,
    IndexChange,
    MatchDecision,
    MediaHash,
    Rating,
    Reply,
    ReplyRequest,
    ReplyVersion,
    ThemeMap,
    Tombstone,
    VerificationDecision,
)

READ: tuple[type[SQLModel], ...] = (
    Category,
    Article,
    ArticleVariant,
    Hyperlink,
    ArticleCategory,
    Reply,
    ReplyVersion,
    ArticleReply,
    VerificationDecision,
    Rating,
    ReplyRequest,
    ArticleReplyFeedback,
    MatchDecision,
    ArticleDay,
    MediaHash,
    ThemeMap,
    Tombstone,
    IndexChange,
)
TELLING = ("updated_at", "chosen_at", "detached_at", "created_at")
"""Columns whose newest value rises when a row is changed in place."""


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that sees the database as it is now, whatever others write meanwhile."""
    async with database.engine.connect() as connection:
        options: dict[str, Any] = {"reading": True}
        if not database.is_sqlite:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        yield await connection.execution_options(**options)


async def fingerprint(connection: AsyncConnection) -> list[str]:
    """Differs after anything that a release shows was added, changed or taken back."""
    found = []
    for model in READ:
        table: Table = model.__table__  # type: ignore[attr-defined]
        numbered = table.autoincrement_column
        looked_at = [func.count(), *(func.max(column) for column in [numbered] if column is not None)]
        looked_at += [func.max(table.c[name]) for name in TELLING if name in table.c]
        looked_at += [func.count(column) for column in table.c if column.nullable]  # what a person took back is empty
        if model is IndexChange:
            looked_at = [func.max(table.c.seq)]  # old changes are trimmed, which changes nothing that is shown
        row = (await connection.execute(select(*looked_at).select_from(table))).one()
        found.append(f"{table.name} " + " ".join(str(value) for value in row))
    return found


async def load_sources(connection: AsyncConnection, instance: str) -> tuple[SourceLicence, ...]:
    """The terms of every other source whose rows are here."""
    found: set[str] = set()
    for source in (col(Article.source), col(Reply.source)):
        found |= set((await connection.scalars(select(source).distinct())).all())
    columns = (ImportedRelease.instance, ImportedRelease.licence, ImportedRelease.attribution)
    imported = await connection.execute(select(*columns).order_by(col(ImportedRelease.as_of)))  # type: ignore[call-overload]
    known = {row[0]: SourceLicence(source=row[0], licence=row[1], attribution=row[2]) for row in imported}
    known[COFACTS.source] = COFACTS
    return tuple(known[name] for name in sorted(found - {HERE, instance}) if name in known)
