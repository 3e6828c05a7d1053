"""Outbreaks: messages that many more people ask about than usual."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.benefit import is_spreading, measure_growth
from moderation.console.access import requires
from moderation.console.charts import draw_bars
from moderation.console.context import get_context
from moderation.console.labels import TASK_STATES
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from storage.tables import ReplyRequest, Status

DAYS = 14
SHOWN = 12
TAIPEI = ZoneInfo("Asia/Taipei")


@requires(Permission.READ)
async def show(request: web.Request) -> web.StreamResponse:
    context, words = get_context(request), find_words(request)
    now = context.now()
    growing = [each.task for each in await context.tasks.load() if is_spreading(each.task.facts)]
    growing.sort(key=lambda task: (-measure_growth(task.facts), -task.facts.asks_today))
    growing = growing[:SHOWN]
    days = [(now.astimezone(TAIPEI) - timedelta(days=n)).date() for n in reversed(range(DAYS))]
    async with context.database.reading() as session:
        counts = await count_asks(session, [task.article_id for task in growing], days)
    outbreaks = []
    for task in growing:
        values = counts.get(task.article_id, [0] * DAYS)
        title = words("Asks a day, the last {days} days", days=DAYS)
        labels = [f"{day.month}/{day.day}" for day in days]
        chart = draw_bars(title, labels, values, usual=task.facts.asks_before / 7)
        outbreaks.append((task, chart, list(zip(labels, values, strict=True))))
    return render(request, "watch.html", outbreaks=outbreaks, states=TASK_STATES, growth=measure_growth)


async def count_asks(
    session: AsyncSession, articles: Sequence[str], days: Sequence[date]
) -> Mapping[str, Sequence[int]]:
    """By message, on each of these days in Taiwan; counted by the database, since an outbreak has many thousand."""
    asked = col(ReplyRequest.created_at)
    starts = [datetime.combine(day, time(), TAIPEI) for day in days]
    on_days = [func.count(case(((asked >= start) & (asked < start + timedelta(days=1)), 1))) for start in starts]
    rows = await session.execute(
        select(col(ReplyRequest.article_id), *on_days)
        .where(
            col(ReplyRequest.article_id).in_(articles),
            asked >= starts[0],
            col(ReplyRequest.status) == Status.NORMAL,
        )
        .group_by(col(ReplyRequest.article_id))
    )
    return {article_id: counts for article_id, *counts in rows}


routes = [web.get("/watch", show)]
