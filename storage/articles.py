"""What an answer and a public page need to know about articles."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleType,
    ArticleVariant,
    Category,
    Hyperlink,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
)

PUBLISHED = (ReplyState.VERIFIED, ReplyState.IMPORTED, ReplyState.PROVISIONAL)
"""The states in which a reply is shown to people who ask."""


MAX_MERGES = 20
"""How far a chain of merged articles is followed: far more than editors make, and an end to any loop."""


@dataclass(frozen=True, slots=True)
class ReplySummary:
    """One published reply to one article."""

    reply_id: str
    verdict: Verdict
    text: str
    reference: str | None
    state: ReplyState
    source: str
    contributor: str | None
    positive_feedback_count: int
    negative_feedback_count: int
    created_at: datetime | None
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article with its published replies, in no particular order."""

    article_id: str
    text: str | None
    type: ArticleType
    status: Status
    source: str
    created_at: datetime | None
    last_requested_at: datetime | None
    request_count: int
    replies: tuple[ReplySummary, ...] = ()


@dataclass(frozen=True, slots=True)
class WithdrawnReply:
    """A reply that once was published here, until a person or the ratings took it back.

    That it was, and when it ended, but no longer what it said.
    """

    reply_id: str
    verdict: Verdict
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class PageLink:
    """A URL inside the message, with its page's title."""

    url: str
    title: str | None


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Everything the public page of one article shows."""

    summary: ArticleSummary
    withdrawn: tuple[WithdrawnReply, ...]
    hyperlinks: tuple[PageLink, ...]
    categories: tuple[str, ...]
    variants: tuple[str, ...]


_article: Table = Article.__table__  # type: ignore[attr-defined]
_reply: Table = Reply.__table__  # type: ignore[attr-defined]
_link: Table = ArticleReply.__table__  # type: ignore[attr-defined]
_request: Table = ReplyRequest.__table__  # type: ignore[attr-defined]

# Built once, and over plain columns: putting it together takes longer than running it, and each answer reads it. One
# statement for articles and replies, its columns in the order of the summaries' fields. An article's
# requests are counted for each of its replies anew, in an index.
SUMMARIES = (
    select(
        *(_article.c[name] for name in ("id", "text", "type", "status", "source", "created_at", "last_requested_at")),
        select(func.count())
        .where(_request.c.article_id == _article.c.id, _request.c.status == Status.NORMAL)
        .scalar_subquery(),
        _link.c.reply_id,
        *(_reply.c[name] for name in ("verdict", "text", "reference")),
        _link.c.state,
        _reply.c.source,
        func.coalesce(_reply.c.contributor, _link.c.contributor),
        *(_link.c[name] for name in ("positive_feedback_count", "negative_feedback_count")),
        _reply.c.created_at,
        _link.c.published_at,
        _reply.c.updated_at,
    )
    .select_from(_article)
    .outerjoin(
        _link,
        and_(
            _link.c.article_id == _article.c.id,
            _link.c.status == Status.NORMAL,
            or_(*(_link.c.state == state for state in PUBLISHED)),
        ),
    )
    .outerjoin(_reply, _reply.c.id == _link.c.reply_id)
    .where(_article.c.id.in_(bindparam("article_ids", expanding=True)))
)
_OF_ARTICLE = len(fields(ArticleSummary)) - 1
"""The columns of an article; those of a reply follow, empty where it has none."""


async def load_article_summaries(session: AsyncSession, article_ids: Collection[str]) -> dict[str, ArticleSummary]:
    """Summaries by article id, whatever the article's status; unknown ids are missing. One statement."""
    return await (await session.connection()).run_sync(read_article_summaries, article_ids)


def read_article_summaries(connection: Connection, article_ids: Collection[str]) -> dict[str, ArticleSummary]:
    """The same for `Database.look_once`, as each answer reads them."""
    if not article_ids:
        return {}
    articles: dict[str, tuple[Any, ...]] = {}
    replies: dict[str, list[ReplySummary]] = {}
    for row in connection.execute(SUMMARIES, {"article_ids": list(article_ids)}):
        article_id, reply_id = row[0], row[_OF_ARTICLE]
        articles[article_id] = row[:_OF_ARTICLE]
        found = replies.setdefault(article_id, [])
        if reply_id is not None:
            found.append(ReplySummary(*row[_OF_ARTICLE:]))
    return {name: ArticleSummary(*(*article, tuple(replies[name]))) for name, article in articles.items()}


async def resolve_article(session: AsyncSession, article_id: str) -> str:
    """The article this one was merged into, however often; its own id when it was not."""
    for _ in range(MAX_MERGES):
        merged_into = await session.scalar(
            select(col(Article.merged_into)).where(col(Article.id) == article_id, col(Article.status) == Status.MERGED)
        )
        if merged_into is None:
            break
        article_id = merged_into
    return article_id


async def find_article_page(session: AsyncSession, article_id: str) -> ArticlePage | None:
    """The public page's content, or None when there is no such article.

    The caller looks at `summary.status`: what is not NORMAL has a page that says so and shows nothing.
    """
    summary = (await load_article_summaries(session, [article_id])).get(article_id)
    if summary is None:
        return None
    return ArticlePage(
        summary=summary,
        withdrawn=await _load_withdrawn(session, article_id),
        hyperlinks=await _load_hyperlinks(session, article_id),
        categories=await _load_categories(session, article_id),
        variants=await _load_variants(session, article_id),
    )


async def _load_withdrawn(session: AsyncSession, article_id: str) -> tuple[WithdrawnReply, ...]:
    rows = await session.execute(
        select(col(Reply.id), col(Reply.verdict), col(ArticleReply.withdrawn_at))
        .join(ArticleReply, col(ArticleReply.reply_id) == col(Reply.id))
        .where(
            col(ArticleReply.article_id) == article_id,
            col(ArticleReply.state).in_([ReplyState.WITHDRAWN, ReplyState.REJECTED]),
            col(ArticleReply.withdrawn_at).is_not(None),
        )
        .order_by(col(ArticleReply.withdrawn_at))
    )
    return tuple(WithdrawnReply(*row) for row in rows)


async def _load_hyperlinks(session: AsyncSession, article_id: str) -> tuple[PageLink, ...]:
    rows = await session.execute(
        select(col(Hyperlink.url), col(Hyperlink.title))
        .where(col(Hyperlink.article_id) == article_id)
        .order_by(col(Hyperlink.id))
    )
    return tuple(PageLink(*row) for row in rows)


async def _load_categories(session: AsyncSession, article_id: str) -> tuple[str, ...]:
    rows = await session.scalars(
        select(col(Category.title))
        .join(ArticleCategory, col(ArticleCategory.category_id) == col(Category.id))
        .where(col(ArticleCategory.article_id) == article_id, col(ArticleCategory.status) == Status.NORMAL)
        .order_by(col(Category.title))
    )
    return tuple(rows)


async def _load_variants(session: AsyncSession, article_id: str) -> tuple[str, ...]:
    rows = await session.scalars(
        select(col(ArticleVariant.text))
        .where(col(ArticleVariant.article_id) == article_id, col(ArticleVariant.detached_at).is_(None))
        .order_by(col(ArticleVariant.created_at), col(ArticleVariant.id))
    )
    return tuple(rows)
