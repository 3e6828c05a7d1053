"""What a release held and the database no longer shows: said in every later release, so that copies can follow.

Nobody who erases anything has to think of it: the last release is held against the database before the next is made.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import delete, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.exports.catalogue import BY_NAME
from storage.exports.manifest import Manifest
from storage.exports.naming import NAMINGS, Namer, first_of, make_namer, name_row
from storage.exports.pseudonyms import EpochPseudonyms
from storage.exports.readers import read_table
from storage.tables import Article, Tombstone

AT_ONCE = 500


async def note_tombstones(
    database: Database, folder: Path, last: Manifest, now: datetime, pseudonyms: EpochPseudonyms
) -> int:
    """Write a tombstone for each row that the last release held and none may hold now; returns how many are new."""
    noted = 0
    for kind in NAMINGS:
        namer = make_namer(kind, pseudonyms)
        names = _names_in(folder, last, kind)
        while part := list(islice(names, AT_ONCE)):
            async with database.reading() as session:
                shown = await _load_shown(session, namer, part)
            if gone := [name for name in dict.fromkeys(part) if name not in shown]:
                async with database.transaction() as session:
                    noted += await _note(session, kind, gone, now)
        await _raise_the_returned(database, namer)
    return noted


def _names_in(folder: Path, release: Manifest, kind: str) -> Iterator[str]:
    table = BY_NAME[kind]
    for row in read_table(folder, release, table):
        yield name_row(kind, dict(zip(table.names, row, strict=True)))


async def _load_shown(session: AsyncSession, namer: Namer, names: Collection[str]) -> set[str]:
    """The names of all rows that are public now and share the first column with one of these."""
    table = namer.table
    values = [column.value for column in table.columns]
    query = table.narrow(select(*values, null() if table.dated is None else table.dated))
    rows = await session.execute(query.where(values[0].in_({first_of(namer.kind, name) for name in names})))
    return set(namer.names_of(tuple(row) for row in rows))


async def _note(session: AsyncSession, kind: str, ids: Collection[str], now: datetime) -> int:
    known = set(
        await session.scalars(select(col(Tombstone.id)).where(col(Tombstone.kind) == kind, col(Tombstone.id).in_(ids)))
    )
    merged = await session.execute(select(col(Article.id), col(Article.merged_into)).where(col(Article.id).in_(ids)))
    into = {id_: target for id_, target in merged if kind == "articles"}
    new = [Tombstone(kind=kind, id=one, merged_into=into.get(one), removed_at=now) for one in ids if one not in known]
    session.add_all(new)
    return len(new)


async def _raise_the_returned(database: Database, namer: Namer) -> None:
    """What is shown again, an article that was unblocked or parted, is no longer gone."""
    of_kind, last = col(Tombstone.kind) == namer.kind, ""
    while True:
        async with database.reading() as session:
            page = select(col(Tombstone.id)).where(of_kind, col(Tombstone.id) > last).order_by(col(Tombstone.id))
            ids = list(await session.scalars(page.limit(AT_ONCE)))
            shown = (await _load_shown(session, namer, ids)).intersection(ids) if ids else ()
        if shown:
            async with database.transaction() as session:
                await session.execute(delete(Tombstone).where(of_kind, col(Tombstone.id).in_(shown)))
        if len(ids) < AT_ONCE:
            return
        last = ids[-1]
