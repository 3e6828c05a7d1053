"""What is stored of pictures, videos and recordings: hashes to find them by, and bytes to show."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, delete, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Article, ArticleMedia, HashKind, MediaHash, Status

PAGE = 500
"""Article ids in one statement: SQLite takes a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class StoredHash:
    """A hash, and the article it leads to: where its own was merged into another, that one."""

    article_id: str
    kind: HashKind
    value: bytes


@dataclass(frozen=True, slots=True)
class ShownMedia:
    """What a page needs to know to show an article's picture, video or recording; the bytes are read apart."""

    content_type: str
    width: int | None
    height: int | None


async def save_media(session: AsyncSession, media: ArticleMedia, hashes: Collection[tuple[HashKind, bytes]]) -> None:
    """Store what is shown of an article and what it is found by."""
    session.add(media)
    session.add_all(MediaHash(article_id=media.article_id, kind=kind, value=value) for kind, value in hashes)
    await session.flush()


async def load_hashed_before(session: AsyncSession, version: int, limit: int) -> list[str]:
    """Ids of articles whose pictures were hashed by an older version of hashing."""
    query = select(col(ArticleMedia.article_id)).where(col(ArticleMedia.hashed_with) < version)
    query = query.order_by(col(ArticleMedia.hashed_with), col(ArticleMedia.article_id)).limit(limit)
    return list(await session.scalars(query))


async def add_picture_hashes(
    session: AsyncSession, article_id: str, hashes: Collection[bytes], version: int
) -> str | None:
    """Note that a picture was hashed by this version, and add what is new; the article that now has more, if any.

    None has less: of a picture that parts were covered of, the older hashes are of what was under the covers.
    """
    media = await session.get(ArticleMedia, article_id, with_for_update=True)
    if media is None or media.hashed_with >= version:
        return None
    media.hashed_with = version
    of_picture = (col(MediaHash.article_id) == article_id, col(MediaHash.kind) == HashKind.PICTURE)
    known = set(await session.scalars(select(col(MediaHash.value)).where(*of_picture)))
    new = [value for value in dict.fromkeys(hashes) if value not in known]
    session.add_all(MediaHash(article_id=article_id, kind=HashKind.PICTURE, value=value) for value in new)
    await session.flush()
    article = await session.get_one(Article, article_id)
    return (article.merged_into or article_id) if new else None


async def delete_media(session: AsyncSession, article_id: str) -> None:
    """Erase bytes and hashes."""
    await session.execute(delete(ArticleMedia).where(col(ArticleMedia.article_id) == article_id))
    await session.execute(delete(MediaHash).where(col(MediaHash.article_id) == article_id))


async def find_shown_media(session: AsyncSession, article_id: str) -> ShownMedia | None:
    row = (
        await session.execute(
            select(col(ArticleMedia.content_type), col(ArticleMedia.width), col(ArticleMedia.height)).where(
                col(ArticleMedia.article_id) == article_id
            )
        )
    ).first()
    return ShownMedia(*row) if row else None


async def find_media_bytes(session: AsyncSession, article_id: str) -> tuple[str, bytes] | None:
    """Content type and bytes of a NORMAL article's media: what was taken down or taken back is not served."""
    row = (
        await session.execute(
            select(col(ArticleMedia.content_type), col(ArticleMedia.data))
            .join(Article, col(Article.id) == col(ArticleMedia.article_id))
            .where(col(Article.id) == article_id, col(Article.status) == Status.NORMAL)
        )
    ).first()
    return (row.content_type, row.data) if row else None


async def find_stored_media(session: AsyncSession, article_id: str) -> tuple[str, bytes] | None:
    """Content type and bytes as they are stored, whatever became of the article."""
    media = await session.get(ArticleMedia, article_id)
    return (media.content_type, media.data) if media else None


async def find_article_with_bytes(session: AsyncSession, sha256: bytes) -> Article | None:
    """The article whose file had exactly these bytes; one that is BLOCKED is found as well, to stay blocked."""
    rows = await session.scalars(
        select(Article)
        .join(MediaHash, col(MediaHash.article_id) == col(Article.id))
        .where(
            text("media_hash.kind = 'sha256'"),  # word for word what its partial index says
            col(MediaHash.value) == sha256,
            col(Article.status).in_([Status.NORMAL, Status.BLOCKED, Status.MERGED]),
        )
        .order_by(col(Article.created_at), col(Article.id))
        .limit(1)
    )
    return rows.first()


async def load_media_hashes(session: AsyncSession, article_ids: Sequence[str]) -> dict[str, list[StoredHash]]:
    """The hashes that lead to each of these articles, its own and those of articles merged into it.

    An article that may not be matched has none.
    """
    found: dict[str, list[StoredHash]] = {article_id: [] for article_id in article_ids}
    for start in range(0, len(article_ids), PAGE):
        page = article_ids[start : start + PAGE]
        is_named = or_(
            and_(col(Article.id).in_(page), col(Article.status) == Status.NORMAL),
            and_(col(Article.merged_into).in_(page), col(Article.status) == Status.MERGED),
        )
        for row in await session.execute(_hashes().where(is_named)):
            found.setdefault(row.leads_to, []).append(StoredHash(row.leads_to, row.kind, row.value))
    return await _without_hidden(session, found)


async def load_hashed_articles(session: AsyncSession) -> list[str]:
    """The ids of all articles that hashes may lead to."""
    return list(await session.scalars(_hashes().order_by(None).with_only_columns(_leads_to()).distinct()))


def _leads_to() -> ColumnElement[str]:
    return case((col(Article.status) == Status.MERGED, col(Article.merged_into)), else_=col(Article.id))


def _hashes() -> Select[str, HashKind, bytes]:
    return (
        select(_leads_to().label("leads_to"), col(MediaHash.kind), col(MediaHash.value))
        .join(Article, col(Article.id) == col(MediaHash.article_id))
        .where(col(Article.status).in_([Status.NORMAL, Status.MERGED]))
        .order_by(col(MediaHash.id))
    )


async def _without_hidden(session: AsyncSession, found: dict[str, list[StoredHash]]) -> dict[str, list[StoredHash]]:
    """A merged article's hashes lead nowhere once the article it was merged into was taken down."""
    ids = [article_id for article_id, hashes in found.items() if hashes]
    shown: set[str] = set()
    for start in range(0, len(ids), PAGE):
        shown.update(
            await session.scalars(
                select(col(Article.id)).where(
                    col(Article.id).in_(ids[start : start + PAGE]), col(Article.status) == Status.NORMAL
                )
            )
        )
    return {article_id: hashes if article_id in shown else [] for article_id, hashes in found.items()}
