"""What the queue's tasks are made from: the tasks as they are stored, and what is known of each message."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.benefit import BUCKETS
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleType,
    Category,
    Rating,
    ReplyRequest,
    ReplyState,
    ReviewTask,
    Status,
    TaskState,
)

MAX_TASKS = 2_000
"""So many tasks with something to do are looked at, those asked about last."""
MAX_DONE = 500
"""And so many that are done, so that neither pushes the other out: what spreads may have been answered long ago."""
DONE = frozenset({TaskState.VERIFIED, TaskState.REJECTED})


Row = tuple[
    str,
    str,
    TaskState,
    str | None,
    datetime | None,
    datetime,
    str | None,
    ArticleType,
    datetime | None,
    datetime | None,
]


@dataclass(frozen=True, slots=True)
class Asks:
    total: int
    by_age: tuple[int, ...]
    before: int


NO_ASKS = Asks(0, (0,) * len(BUCKETS), 0)


@dataclass(frozen=True, slots=True)
class Link:
    state: ReplyState
    liked: int
    disliked: int
    contributor: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """Tasks as they are stored, and by message what is known of it."""

    rows: Sequence[Row]
    asks: Mapping[str, Asks]
    answers: Mapping[str, Sequence[Link]]
    raters: Mapping[str, Sequence[str]]
    categories: Mapping[str, Sequence[tuple[str, str]]]


async def load_known(session: AsyncSession, now: datetime) -> Known:
    """What the tasks are made from. Six statements, whatever their number; the last four look at those tasks only."""
    is_done = col(ReviewTask.state).in_(DONE)
    to_do, done = await _load_rows(session, ~is_done, MAX_TASKS), await _load_rows(session, is_done, MAX_DONE)
    return await _load_about(session, [*to_do, *done], now)


async def load_known_of(session: AsyncSession, editor_id: str, now: datetime) -> Known:
    """The same of what somebody works on or has answered, however long ago."""
    answered = select(col(ArticleReply.article_id)).where(col(ArticleReply.contributor) == editor_id)
    is_theirs = (col(ReviewTask.claimed_by) == editor_id) | col(ReviewTask.article_id).in_(answered)
    return await _load_about(session, await _load_rows(session, is_theirs, MAX_TASKS), now)


async def _load_rows(session: AsyncSession, which: ColumnElement[bool], at_most: int) -> Sequence[Row]:
    found = await session.execute(
        select(  # columns, not objects: making two thousand of those is most of the reading
            col(ReviewTask.id),
            col(ReviewTask.article_id),
            col(ReviewTask.state),
            col(ReviewTask.claimed_by),
            col(ReviewTask.lease_until),
            col(ReviewTask.created_at),
            col(Article.text),
            col(Article.type),
            col(Article.created_at),
            col(Article.last_requested_at),
        )
        .join(Article, col(Article.id) == col(ReviewTask.article_id))
        .where(col(Article.status) == Status.NORMAL, which)
        .order_by(func.coalesce(col(Article.last_requested_at), col(ReviewTask.created_at)).desc())
        .limit(at_most)
    )
    return found.tuples().all()


async def _load_about(session: AsyncSession, rows: Sequence[Row], now: datetime) -> Known:
    articles = [row[1] for row in rows]
    return Known(
        rows,
        await _load_asks(session, articles, now),
        await _load_answers(session, articles),
        await _load_raters(session, articles),
        await _load_categories(session, articles),
    )


async def _load_asks(session: AsyncSession, articles: Sequence[str], now: datetime) -> dict[str, Asks]:
    since = [now - timedelta(days=days) for days, _ in BUCKETS]
    at = col(ReplyRequest.created_at)
    newer = [func.sum(case((at > moment, 1), else_=0)) for moment in since]
    before = func.sum(case(((at <= now - timedelta(days=1)) & (at > now - timedelta(days=8)), 1), else_=0))
    rows = await session.execute(
        select(col(ReplyRequest.article_id), func.count(), before, *newer)
        .where(col(ReplyRequest.article_id).in_(articles), col(ReplyRequest.status) == Status.NORMAL)
        .group_by(col(ReplyRequest.article_id))
    )
    return {article_id: Asks(total, _to_buckets(counts), past) for article_id, total, past, *counts in rows}


def _to_buckets(newer: Sequence[Any]) -> tuple[int, ...]:
    """From "at most so old" to "of this age"."""
    counts = [int(count or 0) for count in newer]
    return tuple(count - smaller for count, smaller in zip(counts, [0, *counts], strict=False))


async def _load_answers(session: AsyncSession, articles: Sequence[str]) -> dict[str, list[Link]]:
    rows = await session.execute(
        select(
            col(ArticleReply.article_id),
            col(ArticleReply.state),
            col(ArticleReply.positive_feedback_count),
            col(ArticleReply.negative_feedback_count),
            col(ArticleReply.contributor),
        ).where(col(ArticleReply.article_id).in_(articles), col(ArticleReply.status) == Status.NORMAL)
    )
    links: dict[str, list[Link]] = defaultdict(list)
    for article_id, state, liked, disliked, contributor in rows:
        links[article_id].append(Link(state, liked, disliked, contributor))
    return links


async def _load_raters(session: AsyncSession, articles: Sequence[str]) -> dict[str, list[str]]:
    rows = await session.execute(
        select(col(Rating.article_id), col(Rating.rater)).where(col(Rating.article_id).in_(articles))
    )
    raters: dict[str, list[str]] = defaultdict(list)
    for article_id, rater in rows:
        raters[article_id].append(rater)
    return raters


async def _load_categories(session: AsyncSession, articles: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    rows = await session.execute(
        select(col(ArticleCategory.article_id), col(Category.id), col(Category.title))
        .join(Category, col(Category.id) == col(ArticleCategory.category_id))
        .where(col(ArticleCategory.article_id).in_(articles), col(ArticleCategory.status) == Status.NORMAL)
        .order_by(col(Category.title))
    )
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for article_id, category_id, title in rows:
        found[article_id].append((category_id, title))
    return found
