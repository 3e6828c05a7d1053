"""Statistics: how many ask and are answered, how long they wait, who is at work."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from aiohttp import web
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from moderation.console.access import requires
from moderation.console.charts import draw_bars, draw_line
from moderation.console.context import get_context
from moderation.console.labels import VERDICTS
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from moderation.console.wording import marked
from storage.articles import PUBLISHED
from storage.statistics import Week, find_waiting, load_most_asked, load_weeks, measure_queue
from storage.statistics.counts import SMALLEST_CROWD
from storage.tables import Article, ArticleReply, DailyCount, Measure, Reply, Status

WEEKS = 12
MONTH = timedelta(days=28)
REACHING = 10
"""How many of the answers that reached most are listed."""

CHARTS: tuple[tuple[str, Callable[[Week], float | None], bool], ...] = (
    (marked("People who asked"), lambda week: week.askers, True),
    (marked("Answers"), lambda week: week.answers, True),
    (marked("Messages answered at once, %"), lambda week: _percent(week.hit_rate), False),
    (
        marked("Hours to the first answer, median"),
        lambda week: _hours(week.waiting.median_s if week.waiting else None),
        False,
    ),
    (
        marked("Hours to the first answer, of nine in ten"),
        lambda week: _hours(week.waiting.p90_s if week.waiting else None),
        False,
    ),
    (marked("Volunteers at work"), lambda week: week.volunteers, True),
)


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, words = get_context(request), find_words(request)
    now = context.now()
    async with context.database.reading() as session:
        weeks = await load_weeks(session, (now - timedelta(weeks=WEEKS - 1)).date(), now.date())
        waiting = await find_waiting(session)
        queue = await measure_queue(session)
        asked = await load_most_asked(session, (now - MONTH).date(), now.date(), 10)
        reached = await load_reach(session, (now - MONTH).date(), now.date())
    labels = [f"{week.monday.month}/{week.monday.day}" for week in weeks]
    charts = []
    for title, pick, are_bars in CHARTS:
        values = [pick(week) for week in weeks]
        draw = (
            draw_bars(words(title), labels, [value or 0 for value in values])
            if are_bars
            else draw_line(words(title), labels, values)
        )
        kind = "bars" if are_bars else "line"
        charts.append((words(title), kind, draw, list(zip(labels, values, strict=True))))
    return render(
        request,
        "statistics.html",
        charts=charts,
        waiting=waiting,
        queue=queue,
        oldest=_days(now, queue.oldest_at),
        median=_days(now, queue.median_at),
        asked=asked,
        reached=reached,
        verdicts=VERDICTS,
        hours=_hours,
    )


async def load_reach(session: AsyncSession, since: date, until: date) -> list[tuple[Reply, str, int]]:
    """The answers shown for most messages in a period: each with one message it answers, and for how many it was.

    What came in before the day on which an answer was first shown reached it in no way.
    """
    messages, shown_at = func.sum(col(DailyCount.count)), col(ArticleReply.published_at)
    rows = await session.execute(
        select(Reply, func.min(col(ArticleReply.article_id)), messages)
        .join(ArticleReply, col(ArticleReply.reply_id) == col(Reply.id))
        .join(DailyCount, col(DailyCount.key) == col(ArticleReply.article_id))
        .join(Article, col(Article.id) == col(ArticleReply.article_id))
        .where(
            col(DailyCount.measure) == Measure.ARTICLE_MESSAGES,
            col(DailyCount.day).between(since, until),
            shown_at.is_(None) | (col(DailyCount.day) >= _to_day_in_taiwan(session, shown_at)),
            col(ArticleReply.state).in_(PUBLISHED),
            col(ArticleReply.status) == Status.NORMAL,
            col(Article.status) == Status.NORMAL,
        )
        .group_by(col(Reply.id))
        .having(messages >= SMALLEST_CROWD)
        .order_by(messages.desc(), col(Reply.id))
        .limit(REACHING)
    )
    return [(reply, article_id, int(number)) for reply, article_id, number in rows]


def _to_day_in_taiwan(session: AsyncSession, moment: Mapped[datetime | None]) -> ColumnElement[date]:
    if session.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone("Asia/Taipei", moment))
    return func.date(moment, "+8 hours")


def _days(now: datetime, moment: datetime | None) -> int:
    return (now - moment).days if moment else 0


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


routes = [web.get("/statistics", show)]
