"""Outbreaks: messages that many more people ask about than usual."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.benefit import is_spreading, measure_growth
from moderation.console.access import requires
from moderation.console.charts import draw_bars
from moderation.console.context import get_context
from moderation.console.labels import TASK_STATES
from moderation.console.looking import look
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
    since = now - timedelta(days=DAYS)
    counts = await look(
        context.database, partial(_count_asks, articles=[task.article_id for task in growing], since=since)
    )
    outbreaks = []
    for task in growing:
        values = [counts[task.article_id, day] for day in days]
        title = words("Asks a day, the last {days} days", days=DAYS)
        labels = [f"{day.month}/{day.day}" for day in days]
        chart = draw_bars(title, labels, values, usual=task.facts.asks_before / 7)
        outbreaks.append((task, chart, list(zip(labels, values, strict=True))))
    return render(request, "watch.html", outbreaks=outbreaks, states=TASK_STATES, growth=measure_growth)


def _count_asks(session: Session, articles: Sequence[str], since: datetime) -> Counter[tuple[str, date]]:
    """By message and day."""
    rows = session.execute(
        select(col(ReplyRequest.article_id), col(ReplyRequest.created_at)).where(
            col(ReplyRequest.article_id).in_(articles),
            col(ReplyRequest.created_at) > since,
            col(ReplyRequest.status) == Status.NORMAL,
        )
    )
    return Counter((article_id, at.astimezone(TAIPEI).date()) for article_id, at in rows if at)


routes = [web.get("/watch", show)]
