"""Reads the figures of a period once and keeps them some minutes: the counts behind them change once an hour."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bot.wording import TAIPEI
from storage.database import Database
from storage.statistics import (
    CategoryCounts,
    MostAsked,
    Queue,
    Spread,
    Waiting,
    Week,
    find_waiting,
    load_categories,
    load_category_weeks,
    load_spread,
    load_weeks,
)
from storage.statistics.prepared import find_prepared_queue, first_day, load_prepared_asked
from storage.statistics.queries import count_query, waiting_query
from storage.tables import Measure, utc_now

KEPT_S = 300.0
DEFAULT_PERIODS = (53, 520)
MAX_KEPT = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """All statistics of a period."""

    as_of: datetime
    since: date
    until: date
    weeks: list[Week]
    waiting: Waiting | None
    categories: list[CategoryCounts]
    articles_by_category: dict[str, dict[date, int]]
    most_asked: list[MostAsked]
    spread: Spread | None
    """Of the article most asked about."""
    queue: Queue
    queries: dict[Measure, str]
    waiting_query: str


class FiguresReader:
    """`await reader.read(weeks)`: one read at a time for all readers, kept for `KEPT_S`."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept: dict[int, tuple[float, Figures]] = {}
        self._reading = asyncio.Lock()

    async def read(self, weeks: int) -> Figures:
        """The figures of the last `weeks` weeks."""
        async with self._reading:
            kept = self._kept.pop(weeks, None)
            if kept is None or self._clock() - kept[0] > KEPT_S:
                kept = (self._clock(), await read_figures(self._database, weeks, utc_now()))
            self._kept[weeks] = kept
            while len(self._kept) > MAX_KEPT:
                self._kept.pop(next(iter(self._kept)))
            return kept[1]

    async def read_shortest(self) -> tuple[int, Figures]:
        """The first of `DEFAULT_PERIODS` in which anything happened: an archive's years are shown, not an empty one."""
        for weeks in DEFAULT_PERIODS:
            figures = await self.read(weeks)
            if any(week.messages or week.articles or week.answers for week in figures.weeks):
                break
        return weeks, figures

    async def read_spread(self, article_id: str) -> Spread:
        async with self._database.reading() as session:
            return await load_spread(session, article_id)


async def read_figures(database: Database, weeks: int, now: datetime) -> Figures:
    """Everything of the last `weeks` weeks, this one included."""
    until = now.astimezone(TAIPEI).date()
    since = first_day(weeks, until)
    async with database.reading() as session:
        dialect = session.get_bind().dialect.name
        most_asked = await load_prepared_asked(session, since, until, now)
        return Figures(
            as_of=now,
            since=since,
            until=until,
            weeks=await load_weeks(session, since, until),
            waiting=await find_waiting(session),
            categories=await load_categories(session, since, until),
            articles_by_category=await load_category_weeks(session, Measure.ARTICLES_IN, since, until),
            most_asked=most_asked,
            spread=await load_spread(session, most_asked[0].article_id) if most_asked else None,
            queue=await find_prepared_queue(session, now),
            queries={
                measure: count_query(measure, dialect).replace(":since", f"'{since.isoformat()}'")
                for measure in Measure
            },
            waiting_query=waiting_query(dialect),
        )
