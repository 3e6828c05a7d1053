"""What can be paged through from outside: public articles and replies, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.tables import Article, ArticleCategory, ArticleReply, Reply, Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """Which articles are wanted; None: all."""

    answered: bool | None = None
    category_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""


@dataclass(frozen=True, slots=True)
class PublicReply:
    """A reply with the articles it is published for."""

    reply_id: str
    verdict: Verdict
    text: str
    reference: str | None
    source: str
    created_at: datetime | None
    updated_at: datetime | None
    article_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """That a reply was published for an article, and when."""

    article_id: str
    reply_id: str
    published_at: datetime


async def load_article_ids(session: AsyncSession, wanted: ArticleFilter, limit: int, after: str | None) -> list[str]:
    """Ids of NORMAL articles, newest first, from the one after `after`; undated articles are left out."""
    statement = (
        select(col(Article.id))
        .where(col(Article.status) == Status.NORMAL, col(Article.created_at).is_not(None), *_conditions(wanted))
        .order_by(col(Article.created_at).desc(), col(Article.id).desc())
        .limit(limit)
    )
    if after is not None:
        moment = await session.scalar(select(col(Article.created_at)).where(col(Article.id) == after))
        statement = _continue(statement, Article.created_at, Article.id, moment, after)
    return list(await session.scalars(statement))


async def load_public_replies(session: AsyncSession, limit: int, after: str | None) -> list[PublicReply]:
    """Published replies, newest first, from the one after `after`; undated ones are left out."""
    statement = (
        select(col(Reply.id))
        .where(col(Reply.created_at).is_not(None), exists().where(_answers(col(Reply.id))))
        .order_by(col(Reply.created_at).desc(), col(Reply.id).desc())
        .limit(limit)
    )
    if after is not None:
        moment = await session.scalar(select(col(Reply.created_at)).where(col(Reply.id) == after))
        statement = _continue(statement, Reply.created_at, Reply.id, moment, after)
    return await load_replies(session, list(await session.scalars(statement)))


async def load_replies(session: AsyncSession, reply_ids: Sequence[str]) -> list[PublicReply]:
    """These replies in this order; one that is published for no public article is left out."""
    links = await session.execute(
        select(col(ArticleReply.reply_id), col(ArticleReply.article_id))
        .join(Article, col(Article.id) == col(ArticleReply.article_id))
        .where(col(ArticleReply.reply_id).in_(reply_ids), *_is_public())
        .order_by(col(ArticleReply.article_id))
    )
    articles: dict[str, list[str]] = {}
    for reply_id, article_id in links:
        articles.setdefault(reply_id, []).append(article_id)
    rows = {row.id: row for row in await session.scalars(select(Reply).where(col(Reply.id).in_(list(articles))))}
    return [_to_reply(rows[reply_id], articles[reply_id]) for reply_id in reply_ids if reply_id in rows]


async def load_publications(session: AsyncSession, limit: int) -> list[Publication]:
    """What was published last, newest first."""
    rows = await session.execute(
        select(col(ArticleReply.article_id), col(ArticleReply.reply_id), col(ArticleReply.published_at))
        .join(Article, col(Article.id) == col(ArticleReply.article_id))
        .where(col(ArticleReply.published_at).is_not(None), *_is_public())
        .order_by(col(ArticleReply.published_at).desc(), col(ArticleReply.article_id), col(ArticleReply.reply_id))
        .limit(limit)
    )
    return [Publication(row.article_id, row.reply_id, row.published_at) for row in rows if row.published_at]


def _conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.answered is not None:
        is_answered = exists().where(
            col(ArticleReply.article_id) == col(Article.id),
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
        found.append(is_answered if wanted.answered else ~is_answered)
    if wanted.category_id is not None:
        found.append(
            exists().where(
                col(ArticleCategory.article_id) == col(Article.id),
                col(ArticleCategory.category_id) == wanted.category_id,
                col(ArticleCategory.status) == Status.NORMAL,
            )
        )
    if wanted.since is not None:
        found.append(col(Article.created_at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(Article.created_at) < wanted.until)
    return found


def _continue(statement: Select[Any], moment: Any, id_: Any, last_moment: datetime | None, last_id: str) -> Select[Any]:
    """Go on after a row; after one that is not there, there is nothing."""
    if last_moment is None:
        return statement.where(col(id_).is_(None))
    return statement.where(or_(col(moment) < last_moment, and_(col(moment) == last_moment, col(id_) < last_id)))


def _answers(reply_id: Any) -> ColumnElement[bool]:
    return and_(col(ArticleReply.reply_id) == reply_id, col(Article.id) == col(ArticleReply.article_id), *_is_public())


def _is_public() -> tuple[ColumnElement[bool], ...]:
    return (
        col(Article.status) == Status.NORMAL,
        col(ArticleReply.status) == Status.NORMAL,
        col(ArticleReply.state).in_(PUBLISHED),
    )


def _to_reply(row: Reply, article_ids: Sequence[str]) -> PublicReply:
    return PublicReply(
        row.id,
        row.verdict,
        row.text,
        row.reference,
        row.source,
        row.created_at,
        row.updated_at,
        tuple(article_ids),
    )
