"""The people in the chats: where a notice goes, for as long as they let us."""

from sqlalchemy import Connection, Table, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Article, ArticleVariant, Asker, ReplyRequest, utc_now

SOURCE = "chaming"
"""`ReplyRequest.source` of people who asked here; imported requests carry the pseudonyms of their own source."""

_asker: Table = Asker.__table__  # type: ignore[attr-defined]
_ASKER = select(_asker).where(_asker.c.id == bindparam("asker_id"))


async def ensure_asker(session: AsyncSession, asker_id: str, line_user_id: str | None) -> None:
    """Remember where this person can be reached; called again, it refreshes the address."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(
        insert(Asker)
        .values(id=asker_id, line_user_id=line_user_id, follows=True, created_at=utc_now())
        .on_conflict_do_update(
            index_elements=["id"],
            set_={"line_user_id": line_user_id, "updated_at": utc_now()},
            where=or_(col(Asker.line_user_id).is_(None), col(Asker.line_user_id) != line_user_id),
        )
    )


async def set_follows(session: AsyncSession, asker_id: str, follows: bool) -> None:
    """Record that the person follows the bot, or has blocked it and cannot be pushed to."""
    await session.execute(update(Asker).where(col(Asker.id) == asker_id).values(follows=follows, updated_at=utc_now()))


async def set_language(session: AsyncSession, asker_id: str, language: str | None) -> None:
    await session.execute(
        update(Asker).where(col(Asker.id) == asker_id).values(language=language, updated_at=utc_now())
    )


async def learn_language(session: AsyncSession, asker_id: str, language: str) -> None:
    """Store a language for somebody who has chosen none; of whoever is not known yet only that is written down."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(
        insert(Asker)
        .values(id=asker_id, language=language, created_at=utc_now())
        .on_conflict_do_update(
            index_elements=["id"],
            set_={"language": language, "updated_at": utc_now()},
            where=col(Asker.language).is_(None),
        )
    )


async def set_large_text(session: AsyncSession, asker_id: str, large_text: bool) -> None:
    await session.execute(
        update(Asker).where(col(Asker.id) == asker_id).values(large_text=large_text, updated_at=utc_now())
    )


async def find_asker(session: AsyncSession, asker_id: str) -> Asker | None:
    return await session.get(Asker, asker_id)


def read_asker(connection: Connection, asker_id: str) -> Asker | None:
    """The same for `Database.look_once`, as each answer reads it."""
    row = connection.execute(_ASKER, {"asker_id": asker_id}).first()
    return None if row is None else Asker(**row._mapping)


async def find_line_user_id(session: AsyncSession, asker_id: str) -> str | None:
    """Where to push to this person; None when unknown, forgotten or not following."""
    return await session.scalar(
        select(col(Asker.line_user_id)).where(col(Asker.id) == asker_id, col(Asker.follows).is_(True))
    )


async def load_asked_articles(session: AsyncSession, asker_id: str) -> list[str]:
    """The articles this person asked about."""
    rows = await session.scalars(
        select(col(ReplyRequest.article_id))
        .where(col(ReplyRequest.contributor) == asker_id, col(ReplyRequest.source) == SOURCE)
        .order_by(col(ReplyRequest.id))
    )
    return list(rows)


async def find_asked_article(session: AsyncSession, asker_id: str, matching_key_hash: str) -> str | None:
    """The article with these words, as its own or as a variant's, that this person asked about."""
    worded = select(col(ArticleVariant.article_id)).where(col(ArticleVariant.matching_key_hash) == matching_key_hash)
    return await session.scalar(
        select(col(Article.id))
        .join(ReplyRequest, col(ReplyRequest.article_id) == col(Article.id))
        .where(
            or_(col(Article.matching_key_hash) == matching_key_hash, col(Article.id).in_(worded)),
            col(ReplyRequest.contributor) == asker_id,
            col(ReplyRequest.source) == SOURCE,
        )
        .limit(1)
    )


async def erase_asker(session: AsyncSession, asker_id: str) -> None:
    """Forget the person: the address, and every request with its reason.

    What they sent in is moderation's to judge: `moderation.intake.forget_asker` takes it back first.
    """
    await session.execute(
        delete(ReplyRequest).where(col(ReplyRequest.contributor) == asker_id, col(ReplyRequest.source) == SOURCE)
    )
    await session.execute(delete(Asker).where(col(Asker.id) == asker_id))
