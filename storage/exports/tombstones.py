"""What a release held and the database no longer shows: said in every later release, so that copies can follow.

Nobody who erases anything has to think of it: the last release is held against the database before the next is made.
"""

from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.exports.catalogue import BY_NAME
from storage.exports.columns import ExportTable
from storage.exports.manifest import Manifest
from storage.exports.readers import read_table
from storage.tables import Article, Tombstone

KINDS = ("articles", "replies")
AT_ONCE = 500


async def note_tombstones(database: Database, folder: Path, last: Manifest, now: datetime) -> int:
    """Write a tombstone for each id that the last release held and none may hold now; returns how many are new."""
    noted = 0
    for kind in KINDS:
        ids = (str(row[0]) for row in read_table(folder, last, BY_NAME[kind]))
        while part := list(islice(ids, AT_ONCE)):
            async with database.reading() as session:
                gone = await _gone(session, BY_NAME[kind], part)
            if gone:
                async with database.transaction() as session:
                    noted += await _note(session, kind, gone, now)
    async with database.transaction() as session:
        await _raise_the_returned(session)
    return noted


async def _gone(session: AsyncSession, table: ExportTable, ids: list[str]) -> list[str]:
    id_ = table.columns[0].value
    shown = set(await session.scalars(table.narrow(select(id_)).where(id_.in_(ids))))
    return [one for one in ids if one not in shown]


async def _note(session: AsyncSession, kind: str, ids: list[str], now: datetime) -> int:
    known = set(
        await session.scalars(select(col(Tombstone.id)).where(col(Tombstone.kind) == kind, col(Tombstone.id).in_(ids)))
    )
    merged = await session.execute(select(col(Article.id), col(Article.merged_into)).where(col(Article.id).in_(ids)))
    into = {id_: target for id_, target in merged if kind == "articles"}
    new = [Tombstone(kind=kind, id=one, merged_into=into.get(one), removed_at=now) for one in ids if one not in known]
    session.add_all(new)
    return len(new)


async def _raise_the_returned(session: AsyncSession) -> None:
    """What is shown again, an article that was unblocked or parted, is no longer gone."""
    for kind in KINDS:
        table = BY_NAME[kind]
        shown = table.narrow(select(table.columns[0].value))
        await session.execute(delete(Tombstone).where(col(Tombstone.kind) == kind, col(Tombstone.id).in_(shown)))
