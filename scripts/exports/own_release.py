"""An instance's own release, which only an instance that is rebuilt from it may take in.

Where people are at work already, their questions, ratings and votes are here under other names than the release gives
them: taken in, each would count twice, and what was forgotten or hidden since would be back.
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.exports.answers import REPLIES
from storage.exports.cleaning import HERE
from storage.exports.columns import ExportTable
from storage.exports.content import ARTICLES
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.readers import read_table
from storage.tables import Article, Asker, Rating, Reply

LOOKED_AT = 500
"""Rows in which an instance that has another name by now is known again."""


async def refuse_own(database: Database, folder: Path, manifest: Manifest, own_name: str) -> None:
    """Raise ReleaseError where the release was made of this very database, and people have used that since.

    An instance that is being rebuilt, or whose rebuilding was interrupted, has nobody of its own yet.
    """
    async with database.reading() as session:
        if not await _has_people(session):
            return
        is_own = manifest.instance == own_name or await _holds_rows_of_ours(session, folder, manifest)
    if is_own:
        raise ReleaseError(
            f"{manifest.release} is this instance's own ({manifest.instance}), and people use it: taken in, their "
            "questions, ratings and votes would count twice, and what was forgotten since would be back. To rebuild "
            "the instance, take it into an empty database; should it be another's, give each its own INSTANCE_NAME"
        )


async def _has_people(session: AsyncSession) -> bool:
    """Whether anybody has asked, written or rated here. Rows from a release name people as it does, or nobody."""
    queries = (
        select(col(Asker.id)),
        select(col(Article.id)).where(col(Article.source) == HERE, _is_of_here(Article.contributor)),
        select(col(Reply.id)).where(col(Reply.source) == HERE, _is_of_here(Reply.contributor)),
        select(col(Rating.id)).where(_is_of_here(Rating.rater)),
    )
    for query in queries:
        if (await session.execute(query.limit(1))).first() is not None:
            return True
    return False


def _is_of_here(person: Any) -> Any:
    """A condition: somebody is named, and not by a pseudonym that a release gave them (`pseudonyms.PUBLIC`)."""
    return col(person).is_not(None) & col(person).not_like("____Q_.%") & col(person).not_like("undated.%")


async def _holds_rows_of_ours(session: AsyncSession, folder: Path, manifest: Manifest) -> bool:
    """Whether what the release calls its instance's own was written here: ids are never given twice."""
    for table, model in ((ARTICLES, Article), (REPLIES, Reply)):
        found: Sequence[str] = _own_ids(folder, manifest, table)
        own = select(col(model.id)).where(col(model.id).in_(found), col(model.source) == HERE)
        if (await session.execute(own.limit(1))).first() is not None:
            return True
    return False


def _own_ids(folder: Path, manifest: Manifest, table: ExportTable) -> list[str]:
    source = table.names.index("source")
    own = (row[0] for row in read_table(folder, manifest, table) if row[source] == manifest.instance)
    return list(islice(own, LOOKED_AT))
