"""Outbreaks: messages that many more people ask about than usual."""

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import select
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
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    async with context.database.reading() as session:
        rows = await session.execute(
            select(col(ReplyRequest.article_id), col(ReplyRequest.created_at)).where(
                col(ReplyRequest.article_id).in_([task.article_id for task in growing]),
                col(ReplyRequest.created_at) > now - timedelta(days=DAYS),
                col(ReplyRequest.status) == Status.NORMAL,
            )
        )
        for article_id, at in rows:
            day = _day(at or now)
            counts[article_id][day] = counts[article_id].get(day, 0) + 1
    outbreaks = []
    for task in growing:
        values = [counts[task.article_id].get(day.isoformat(), 0) for day in days]
        title = words("Asks a day, the last {days} days", days=DAYS)
        labels = [f"{day.month}/{day.day}" for day in days]
        chart = draw_bars(title, labels, values, usual=task.facts.asks_before / 7)
        outbreaks.append((task, chart, list(zip(labels, values, strict=True))))
    return render(request, "watch.html", outbreaks=outbreaks, states=TASK_STATES, growth=measure_growth)


def _day(moment: datetime) -> str:
    return moment.astimezone(TAIPEI).date().isoformat()


routes = [web.get("/watch", show)]
