"""Statistics: how many ask and are answered, how long they wait, who is at work."""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from moderation.console.access import requires
from moderation.console.charts import draw_bars, draw_line
from moderation.console.context import get_context
from moderation.console.permissions import Permission
from moderation.console.rendering import find_words, render
from moderation.console.wording import marked
from storage.statistics import Week, find_waiting, load_most_asked, load_weeks, measure_queue

WEEKS = 12

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
        asked = await load_most_asked(session, (now - timedelta(days=28)).date(), now.date(), 10)
    labels = [f"{week.monday.month}/{week.monday.day}" for week in weeks]
    charts = []
    for title, pick, are_bars in CHARTS:
        values = [pick(week) for week in weeks]
        draw = (
            draw_bars(words(title), labels, [value or 0 for value in values])
            if are_bars
            else draw_line(words(title), labels, values)
        )
        charts.append((words(title), draw, list(zip(labels, values, strict=True))))
    return render(
        request,
        "statistics.html",
        charts=charts,
        waiting=waiting,
        queue=queue,
        oldest=_days(now, queue.oldest_at),
        median=_days(now, queue.median_at),
        asked=asked,
        hours=_hours,
    )


def _days(now: datetime, moment: datetime | None) -> int:
    return (now - moment).days if moment else 0


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


routes = [web.get("/statistics", show)]
