"""What people send in: a new article, another wording of one, a request for an answer.

Nothing here publishes an answer; what it stores was agreed to by the person who sent it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.discounted import choose_status
from moderation.backlog import ensure_work
from moderation.variants import Because, VariantError, attach_variant
from storage.articles import resolve_article
from storage.askers import SOURCE
from storage.index_changes import Change, append_changes
from storage.tables import (
    Article,
    ArticleVariant,
    ChangeKind,
    ReplyRequest,
    ReviewTask,
    Status,
    utc_now,
)

APP_ID = "CHAMING_LINE_BOT"
"""`app_id` of what arrives through our own bot, in the manner of Cofacts' app ids."""


class UnknownArticleError(Exception):
    """There is no such article, or it was removed."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class RequestReceipt:
    """What a person who asked is told: they are the `nth` to wait for this article."""

    article_id: str
    nth: int
    is_new: bool


async def add_article(
    session: AsyncSession,
    *,
    text: str,
    matching_key_hash: str | None,
    contributor: str | None,
    source: str = SOURCE,
    app_id: str | None = APP_ID,
) -> Article:
    """Store a message as an article, or return the one that has the same matching key, as its own or a variant's.

    The one returned may be BLOCKED: sending a blocked message again does not bring it back. A message without a
    matching key (None) equals no other.
    """
    existing = await _find_equal(session, matching_key_hash) if matching_key_hash else None
    if existing is not None:
        return existing
    article = Article(
        text=text, matching_key_hash=matching_key_hash, contributor=contributor, source=source, app_id=app_id
    )
    session.add(article)
    await session.flush()
    session.add(ReviewTask(article_id=article.id))
    await append_changes(session, [Change(article.id, ChangeKind.ADDED)])
    return article


@dataclass(frozen=True, slots=True)
class SureMatch:
    """An article that the matcher is sure is the message, by which encoder and how sure."""

    article_id: str
    model_id: str
    probability: float


async def take_in_message(
    session: AsyncSession,
    *,
    text: str,
    matching_key_hash: str | None,
    contributor: str | None,
    sure: Sequence[SureMatch] = (),
) -> Article:
    """The article for a message whose publication was agreed to: one that says the same, else a new one.

    Where the matcher is sure of an article, best first, the text becomes a wording of that one, unless it contradicts
    it or an editor has said that it is not one: so that fifty people who forward a rumour in their own words make one
    task.
    """
    existing = await _find_equal(session, matching_key_hash) if matching_key_hash else None
    for match in () if existing else sure:
        because = Because.of_match(match.model_id, match.probability)
        with suppress(VariantError):
            await attach_variant(
                session,
                match.article_id,
                text=text,
                matching_key_hash=matching_key_hash,
                contributor=contributor,
                because=because,
            )
            return await session.get_one(Article, match.article_id)
    return existing or await add_article(
        session, text=text, matching_key_hash=matching_key_hash, contributor=contributor
    )


async def request_reply(
    session: AsyncSession,
    *,
    article_id: str,
    asker_id: str,
    reason: str | None = None,
    matching_key_hash: str | None = None,
) -> RequestReceipt:
    """Let this person wait for an answer to the article; asked again, a new reason replaces the old one.

    `matching_key_hash` is that of the words the person sent and agreed to publish: the request remembers which of the
    article's wordings they are, so that they can be taken back.
    """
    article_id = await resolve_article(session, article_id)
    article = await session.get(Article, article_id)
    if article is None or article.status != Status.NORMAL:
        raise UnknownArticleError
    is_new = await _insert_request(session, article_id, asker_id, reason)
    if is_new:
        article.last_requested_at = utc_now()
        session.add(article)
        await ensure_work(session, article_id)
    own = await find_request(session, article_id, asker_id)
    if own is None:
        raise UnknownArticleError
    if reason is not None and own.reason != reason:
        own.reason = reason
    own.variant_id = await _find_wording(session, article_id, matching_key_hash) or own.variant_id
    session.add(own)
    nth = select(func.count()).where(
        col(ReplyRequest.article_id) == article_id,
        col(ReplyRequest.status) == Status.NORMAL,
        or_(col(ReplyRequest.id) <= own.id, col(ReplyRequest.source) != SOURCE),
    )
    return RequestReceipt(article_id, await session.scalar(nth) or 1, is_new)


async def _find_equal(session: AsyncSession, matching_key_hash: str) -> Article | None:
    if session.get_bind().dialect.name == "postgresql":  # two people send the same message at the same moment
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:k, 7))"), {"k": matching_key_hash})
    rows = await session.scalars(
        select(Article)
        .where(
            col(Article.matching_key_hash) == matching_key_hash,
            col(Article.status).in_([Status.NORMAL, Status.BLOCKED, Status.MERGED]),
        )
        .order_by(col(Article.status).desc(), col(Article.created_at), col(Article.id))
        .limit(1)
    )
    equal = rows.first()
    if equal is not None:
        return await session.get_one(Article, await resolve_article(session, equal.id))
    return await _find_worded(session, matching_key_hash)


async def _find_worded(session: AsyncSession, matching_key_hash: str) -> Article | None:
    rows = await session.scalars(
        select(Article)
        .join(ArticleVariant, col(ArticleVariant.article_id) == col(Article.id))
        .where(
            col(ArticleVariant.matching_key_hash) == matching_key_hash,
            col(ArticleVariant.detached_at).is_(None),
            col(Article.status).in_([Status.NORMAL, Status.BLOCKED]),
        )
        .order_by(col(Article.status).desc(), col(Article.id))
        .limit(1)
    )
    return rows.first()


async def _find_wording(session: AsyncSession, article_id: str, matching_key_hash: str | None) -> str | None:
    """The article's wording with this matching key; None when they are its own words."""
    if matching_key_hash is None:
        return None
    return await session.scalar(
        select(col(ArticleVariant.id)).where(
            col(ArticleVariant.article_id) == article_id, col(ArticleVariant.matching_key_hash) == matching_key_hash
        )
    )


async def _insert_request(session: AsyncSession, article_id: str, asker_id: str, reason: str | None) -> bool:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    inserted = await session.execute(
        insert(ReplyRequest)
        .values(
            article_id=article_id,
            contributor=asker_id,
            reason=reason,
            status=await choose_status(session, asker_id),
            source=SOURCE,
            app_id=APP_ID,
            positive_feedback_count=0,
            negative_feedback_count=0,
            created_at=utc_now(),
        )
        .on_conflict_do_nothing()
        .returning(col(ReplyRequest.id))
    )
    return inserted.first() is not None


async def find_request(session: AsyncSession, article_id: str, asker_id: str) -> ReplyRequest | None:
    """This person's request about the article."""
    rows = await session.scalars(
        select(ReplyRequest).where(
            col(ReplyRequest.article_id) == article_id,
            col(ReplyRequest.contributor) == asker_id,
            col(ReplyRequest.source) == SOURCE,
        )
    )
    return rows.first()
