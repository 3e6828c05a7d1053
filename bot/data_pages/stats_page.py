"""`/stats`: the charts, each with its table, its file and the query behind it.

`/stats/spread/ID` shows one article's way.
"""

from dataclasses import dataclass

from aiohttp import web

from bot.data_pages.figures import Figures, FiguresReader
from bot.data_pages.site import HEADERS, Look, Site
from bot.data_pages.static_charts import draw
from bot.data_pages.stats_tables import HOUR_S, spread_by_week, to_tables
from bot.data_pages.tables import raw_cell, to_csv, write_cell
from bot.fit import clean
from bot.wording import Words, marked
from storage.articles import find_article_page
from storage.statistics.prepared import PERIODS
from storage.tables import MatchOutcome, Measure, Status

PERIOD_LABELS = {13: marked("Three months"), 53: marked("One year"), 520: marked("Ten years")}


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure in large type."""

    value: str
    label: str


class StatsPage:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._figures = FiguresReader(site.database)

    async def show(self, request: web.Request) -> web.Response:
        """All figures of a period."""
        period, figures = await self._read(request)
        words = self._site.words(request)
        return self._site.respond(
            request,
            "stats.html",
            period=period,
            periods={key: words(label) for key, label in PERIOD_LABELS.items()},
            figures=figures,
            headlines=to_headlines(words, figures),
            tables=to_tables(words, figures),
            write=write_cell,
            draw=draw,
            raw=raw_cell,
        )

    async def show_csv(self, request: web.Request) -> web.Response:
        """One table as a file."""
        _, figures = await self._read(request)
        tables = {table.name: table for table in to_tables(self._site.words(request), figures)}
        table = tables.get(request.match_info["name"])
        if table is None:
            return self._site.absent(request)
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="{table.name}.csv"'}
        return web.Response(text=to_csv(table), content_type="text/csv", charset="utf-8", headers=headers)

    async def show_spread(self, request: web.Request) -> web.Response:
        """How one article went round."""
        article_id = request.match_info["article_id"]
        if not article_id.isprintable():
            return self._site.absent(request)
        async with self._site.database.reading() as session:
            page = await find_article_page(session, article_id)
        if page is None or page.summary.status != Status.NORMAL:
            return self._site.absent(request)
        _, figures = await self._read(request)
        words, spread = self._site.words(request), await self._figures.read_spread(article_id)
        queries = tuple(figures.queries[each] for each in (Measure.ARTICLE_MESSAGES, Measure.ARTICLE_REQUESTS))
        return self._site.respond(
            request,
            "spread.html",
            article_id=article_id,
            text=clean(page.summary.text or "") or words("(a picture, video or sound)"),
            spread=spread,
            table=spread_by_week(words, spread, queries),
            write=write_cell,
            draw=draw,
            raw=raw_cell,
        )

    async def _read(self, request: web.Request) -> tuple[int, Figures]:
        for weeks in PERIODS:
            if request.query.get("weeks") == str(weeks):
                return weeks, await self._figures.read(weeks)
        return await self._figures.read_shortest()


def to_headlines(words: Words, figures: Figures) -> list[Headline]:
    """What one wants to know first."""
    look, weeks, waiting, queue = Look(words), figures.weeks, figures.waiting, figures.queue
    messages = sum(week.messages for week in weeks)
    hits = sum(week.outcomes.get(MatchOutcome.ANSWER, 0) for week in weeks)
    found = [
        Headline(look.number(messages), words("messages in this period")),
        Headline(look.share(hits / messages) if messages else "–", words("of them answered at once")),
        Headline(look.number(sum(week.articles for week in weeks)), words("new articles in this period")),
        Headline(look.number(sum(week.answers for week in weeks)), words("answers published in this period")),
    ]
    if waiting:
        hours = look.number(round(waiting.median_s / HOUR_S, 1))
        found.append(Headline(words("{hours} h", hours=hours), words("median time to the first answer, all time")))
    since = look.day(queue.median_at) if queue.median_at else "–"
    label = words("articles without an answer, half of them since before {day}", day=since)
    return [*found, Headline(look.number(queue.waiting), label)]
