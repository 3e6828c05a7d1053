"""What is asked most, how one article spread, and the queue of those without an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.statistics.counts import BY_ARTICLE, COUNT_COLUMNS, SMALLEST_CROWD, Count, to_monday
from storage.tables import Article, ArticleReply, DailyCount, Measure, Reply, Status, Verdict

MORE = 100
"""A few articles too many are looked at, as some may be public no more: looking at all would take seconds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An article's id with how many messages were it, and how many people asked about it, in a period."""

    article_id: str
    messages: int
    requests: int


@dataclass(frozen=True, slots=True)
class MostAsked:
    """An article with how many messages were it, and how many people asked about it, in a period."""

    article_id: str
    text: str | None
    messages: int
    requests: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class SpreadWeek:
    monday: date
    messages: int
    requests: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How one article went round; `weeks` is None when it is too few people's doing to be shown."""

    article_id: str
    total: int
    weeks: tuple[SpreadWeek, ...] | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The articles that wait for an answer, and since when."""

    waiting: int
    oldest_at: datetime | None
    median_at: datetime | None


async def load_most_asked(session: AsyncSession, since: date, until: date, limit: int = 20) -> list[MostAsked]:
    """The articles that most messages were, or most people asked about, the answered and the open ones."""
    return await show_asked(session, await count_asked(session, since, until, 2 * limit + MORE), limit)


async def count_asked(session: AsyncSession, since: date, until: date, limit: int) -> list[Asked]:
    """The busiest articles of a period, public or not. On a large instance this reads hundreds of thousands of rows."""
    measure, total = col(DailyCount.measure), func.sum(col(DailyCount.count))
    rows = await session.execute(
        select(
            col(DailyCount.key),
            func.sum(col(DailyCount.count)).filter(measure == Measure.ARTICLE_MESSAGES),
            func.sum(col(DailyCount.count)).filter(measure == Measure.ARTICLE_REQUESTS),
        )
        .where(measure.in_(BY_ARTICLE), col(DailyCount.day).between(since, until))
        .group_by(col(DailyCount.key))
        .order_by(total.desc(), col(DailyCount.key))
        .limit(limit)
    )
    return [Asked(key, int(messages or 0), int(requests or 0)) for key, messages, requests in rows]


async def show_asked(session: AsyncSession, asked: Sequence[Asked], limit: int) -> list[MostAsked]:
    """The first of them that are public, with text and verdicts as they are now."""
    rows = await session.execute(
        select(col(Article.id), col(Article.text)).where(
            col(Article.id).in_([each.article_id for each in asked]), col(Article.status) == Status.NORMAL
        )
    )
    texts = {row.id: row.text for row in rows}
    shown = [each for each in asked if each.article_id in texts][:limit]
    verdicts = await _load_verdicts(session, [each.article_id for each in shown])
    return [
        MostAsked(id_, texts[id_], each.messages, each.requests, verdicts.get(id_, ()))
        for each in shown
        for id_ in [each.article_id]
    ]


async def load_spread(session: AsyncSession, article_id: str) -> Spread:
    """How often one article was sent in and asked about, by week from its first to its last."""
    weeks: dict[date, list[int]] = {}
    rows = await session.execute(
        select(*COUNT_COLUMNS).where(col(DailyCount.measure).in_(BY_ARTICLE), col(DailyCount.key) == article_id)
    )
    for count in map(Count._make, rows):
        weeks.setdefault(to_monday(count.day), [0, 0])[BY_ARTICLE.index(count.measure)] += count.number
    total = sum(map(sum, weeks.values()))
    if total < SMALLEST_CROWD:
        return Spread(article_id, total, None)
    mondays = _every_monday(min(weeks), max(weeks))
    return Spread(article_id, total, tuple(SpreadWeek(monday, *weeks.get(monday, (0, 0))) for monday in mondays))


async def measure_queue(session: AsyncSession) -> Queue:
    """How many articles have no published answer, and how old they are, now."""
    answered = (
        select(col(ArticleReply.article_id))
        .where(
            col(ArticleReply.article_id) == col(Article.id),
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
        .exists()
    )
    waiting = (col(Article.status) == Status.NORMAL, col(Article.created_at).is_not(None), ~answered)
    count, oldest = (
        await session.execute(select(func.count(), func.min(col(Article.created_at))).where(*waiting))
    ).one()
    in_order = select(col(Article.created_at)).where(*waiting).order_by(col(Article.created_at))
    median = await session.scalar(in_order.offset((count - 1) // 2).limit(1)) if count else None
    return Queue(count, oldest, median)


async def _load_verdicts(session: AsyncSession, article_ids: Sequence[str]) -> dict[str, tuple[Verdict, ...]]:
    rows = await session.execute(
        select(col(ArticleReply.article_id), col(Reply.verdict))
        .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
        .where(
            col(ArticleReply.article_id).in_(article_ids),
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
    )
    found: dict[str, set[Verdict]] = {}
    for article_id, verdict in rows:
        found.setdefault(article_id, set()).add(verdict)
    return {article_id: tuple(sorted(verdicts)) for article_id, verdicts in found.items()}


def _every_monday(first: date, last: date) -> list[date]:
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
