"""What people send in: a new article, a request for an answer, and taking either back.

Nothing here publishes an answer; what it stores was agreed to by the person who sent it.
"""

from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.askers import SOURCE, erase_asker, load_asked_articles
from storage.index_changes import Change, append_changes
from storage.index_entries import delete_embeddings
from storage.match_decisions import find_decision, unlink_decision, unlink_decisions_of
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    ChangeKind,
    Hyperlink,
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
    """Store a message as an article, or return the one with the same matching key.

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


async def request_reply(
    session: AsyncSession, *, article_id: str, asker_id: str, reason: str | None = None
) -> RequestReceipt:
    """Let this person wait for an answer to the article; asked again, a new reason replaces the old one."""
    article = await session.get(Article, article_id)
    if article is None or article.status != Status.NORMAL:
        raise UnknownArticleError
    is_new = await _insert_request(session, article_id, asker_id, reason)
    if is_new:
        article.last_requested_at = utc_now()
        session.add(article)
    own = await _find_request(session, article_id, asker_id)
    if own is None:
        raise UnknownArticleError
    if reason is not None and own.reason != reason:
        own.reason = reason
        session.add(own)
    nth = select(func.count()).where(
        col(ReplyRequest.article_id) == article_id,
        col(ReplyRequest.status) == Status.NORMAL,
        or_(col(ReplyRequest.id) <= own.id, col(ReplyRequest.source) != SOURCE),
    )
    return RequestReceipt(article_id, await session.scalar(nth) or 1, is_new)


async def take_back_request(session: AsyncSession, *, article_id: str, asker_id: str) -> bool:
    """Remove the person's request and reason, and the article with them when nobody is left who sent it.

    An article stays when someone else sent the same message or a reply to it is published: then only the link to this
    person goes. Imported articles are public already and stay. False when there was nothing to take back.
    """
    own = await _find_request(session, article_id, asker_id)
    article = await session.get(Article, article_id)
    is_sender = article is not None and article.contributor == asker_id and article.source == SOURCE
    if own is None and not is_sender:
        return False
    if own is not None:
        await session.delete(own)
        await session.flush()
    if article is None or article.source != SOURCE:
        return True
    if is_sender:
        article.contributor = None
        session.add(article)
    if article.contributor is None and not await _is_needed(session, article_id):
        await _remove_article(session, article)
    return True


async def take_back_message(session: AsyncSession, *, decision_id: str, asker_id: str) -> bool:
    """Take back what this person asked with one message, and forget that it was theirs; False when nothing is known."""
    decision = await find_decision(session, decision_id)
    if decision is None or decision.asker_id != asker_id:
        return False
    if decision.asked_article_id is not None:
        await take_back_request(session, article_id=decision.asked_article_id, asker_id=asker_id)
    await unlink_decision(session, decision_id)
    return True


async def forget_asker(session: AsyncSession, asker_id: str) -> None:
    """Take back everything a person sent in, and forget the person."""
    contributed = await session.scalars(
        select(col(Article.id)).where(col(Article.contributor) == asker_id, col(Article.source) == SOURCE)
    )
    for article_id in dict.fromkeys([*contributed, *await load_asked_articles(session, asker_id)]):
        await take_back_request(session, article_id=article_id, asker_id=asker_id)
    await unlink_decisions_of(session, asker_id)
    await erase_asker(session, asker_id)


async def _find_equal(session: AsyncSession, matching_key_hash: str) -> Article | None:
    if session.get_bind().dialect.name == "postgresql":  # two people send the same message at the same moment
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:k, 7))"), {"k": matching_key_hash})
    rows = await session.scalars(
        select(Article)
        .where(
            col(Article.matching_key_hash) == matching_key_hash,
            col(Article.status).in_([Status.NORMAL, Status.BLOCKED]),
        )
        .order_by(col(Article.status).desc(), col(Article.created_at), col(Article.id))
        .limit(1)
    )
    return rows.first()


async def _insert_request(session: AsyncSession, article_id: str, asker_id: str, reason: str | None) -> bool:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    inserted = await session.execute(
        insert(ReplyRequest)
        .values(
            article_id=article_id,
            contributor=asker_id,
            reason=reason,
            status=Status.NORMAL,
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


async def _find_request(session: AsyncSession, article_id: str, asker_id: str) -> ReplyRequest | None:
    rows = await session.scalars(
        select(ReplyRequest).where(
            col(ReplyRequest.article_id) == article_id,
            col(ReplyRequest.contributor) == asker_id,
            col(ReplyRequest.source) == SOURCE,
        )
    )
    return rows.first()


async def _is_needed(session: AsyncSession, article_id: str) -> bool:
    """Someone else asked about it, or people are shown an answer to it."""
    request = select(col(ReplyRequest.id)).where(col(ReplyRequest.article_id) == article_id)
    reply = select(col(ArticleReply.article_id)).where(
        col(ArticleReply.article_id) == article_id, col(ArticleReply.state).in_(PUBLISHED)
    )
    return bool(await session.scalar(select(or_(request.exists(), reply.exists()))))


async def _remove_article(session: AsyncSession, article: Article) -> None:
    """Erase the text and what was made from it; the row stays, so that its id is never given away again."""
    article.status, article.text, article.matching_key_hash = Status.DELETED, None, None
    article.updated_at = utc_now()
    session.add(article)
    await session.execute(delete(ArticleVariant).where(col(ArticleVariant.article_id) == article.id))
    await session.execute(delete(Hyperlink).where(col(Hyperlink.article_id) == article.id))
    await session.execute(delete(ReviewTask).where(col(ReviewTask.article_id) == article.id))
    await delete_embeddings(session, article.id)
    await append_changes(session, [Change(article.id, ChangeKind.REMOVED)])
