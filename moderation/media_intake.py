"""A picture, video or recording that somebody agreed to publish becomes an article of its kind."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.intake import APP_ID
from retrieval.pictures.hashing import VERSION
from storage.articles import resolve_article
from storage.askers import SOURCE
from storage.index_changes import Change, append_changes
from storage.media import find_article_with_bytes, save_media
from storage.tables import Article, ArticleMedia, ArticleType, ChangeKind, HashKind, ReviewTask


@dataclass(frozen=True, slots=True)
class MediaToPublish:
    """What becomes public, and what it is found by."""

    type: ArticleType
    text: str | None
    """The words that were read or heard in it, exactly as the person was shown them."""
    content_type: str
    data: bytes
    """Without what a camera or a phone had written into it."""
    sha256: bytes
    """Of the file as it came: the next one who sends the very same is known to."""
    hashes: Collection[tuple[HashKind, bytes]]
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    read_with: str | None = None


async def take_in_media(session: AsyncSession, media: MediaToPublish, *, contributor: str | None) -> Article:
    """The article with these bytes, or a new one with a review task.

    Its text leads to it like any other's. It has no matching key of its own: the same words in another picture, or
    without one, are another article until an editor says otherwise.
    """
    if session.get_bind().dialect.name == "postgresql":  # two people agree to the same picture at the same moment
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:k, 8))"), {"k": media.sha256.hex()})
    existing = await find_article_with_bytes(session, media.sha256)
    if existing is not None:
        return await session.get_one(Article, await resolve_article(session, existing.id))
    article = Article(type=media.type, text=media.text, contributor=contributor, source=SOURCE, app_id=APP_ID)
    session.add(article)
    await session.flush()
    shown = ArticleMedia(
        article_id=article.id,
        content_type=media.content_type,
        data=media.data,
        width=media.width,
        height=media.height,
        duration_ms=media.duration_ms,
        read_with=media.read_with if media.text else None,
        hashed_with=VERSION,
    )
    await save_media(session, shown, [(HashKind.BYTES, media.sha256), *media.hashes])
    session.add(ReviewTask(article_id=article.id))
    await append_changes(session, [Change(article.id, ChangeKind.ADDED)])
    return article
