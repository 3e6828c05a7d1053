"""The job behind the statistics: counts everything anew, except what has been erased since it was counted."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.match_decisions import KEEP_LINK
from storage.statistics_queries import IS_ERASED_LATER, count_query, waiting_query
from storage.tables import Article, DailyCount, Measure, Status, UtcDateTime, WaitingTime

COUNTED_AGAIN = KEEP_LINK - timedelta(days=14)
"""How far back messages are counted again: whole weeks in which nothing has been unlinked by age yet."""

COUNTED_HOURLY = timedelta(days=28)
NIGHTLY_HOUR = 3
"""Of Taiwan's night; the job runs once an hour."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def roll_up(database: Database, now: datetime) -> tuple[int, bool]:
    """Renew the counts: the last weeks' each time, all of them when some are missing and once a night.

    Returns how many rows were written, and whether all were renewed. Each measure has a short transaction of its own.
    """
    async with database.reading() as session:
        everything = _is_night(now) or not await _adds_up(session)
    rows = 0
    for measure in Measure:
        async with database.transaction() as session:
            rows += await _count(session, measure, now, everything)
    async with database.transaction() as session:
        await _renew_waiting_times(session)
    return rows, everything


async def _count(session: AsyncSession, measure: Measure, now: datetime, everything: bool) -> int:
    since = BEGINNING if everything else _monday_midnight(now - COUNTED_HOURLY)
    if everything and measure in IS_ERASED_LATER and await _has_counts(session, measure):
        since = _monday_midnight(now - COUNTED_AGAIN)
    first_day = (since + TAIPEI_OFFSET).date()
    await session.execute(
        delete(DailyCount).where(col(DailyCount.measure) == measure, col(DailyCount.day) >= first_day)
    )
    query = count_query(measure, session.get_bind().dialect.name)
    insert = text(
        "INSERT INTO daily_count (measure, key, day, count) "
        f"SELECT '{measure.value}', counted.key, counted.day, counted.count FROM (\n{query}\n) counted"
    )
    inserted = await session.execute(insert.bindparams(bindparam("since", since, type_=UtcDateTime())))
    return int(getattr(inserted, "rowcount", 0))


async def _renew_waiting_times(session: AsyncSession) -> None:
    query = waiting_query(session.get_bind().dialect.name)
    await session.execute(delete(WaitingTime))
    await session.execute(text(f"INSERT INTO waiting_time (period, answered, median_s, p90_s) {query}"))


async def _adds_up(session: AsyncSession) -> bool:
    """Whether every article has been counted: after an import of older ones, and at first, it has not."""
    articles = await session.scalar(
        select(func.count()).where(col(Article.status) == Status.NORMAL, col(Article.created_at).is_not(None))
    )
    counted = await session.scalar(
        select(func.sum(col(DailyCount.count))).where(col(DailyCount.measure) == Measure.ARTICLES)
    )
    new = await session.scalar(select(func.count()).select_from(DailyCount)) == 0
    return not new and articles == counted


async def _has_counts(session: AsyncSession, measure: Measure) -> bool:
    return bool(await session.scalar(select(exists().where(col(DailyCount.measure) == measure))))


def _is_night(now: datetime) -> bool:
    return (now.astimezone(UTC) + TAIPEI_OFFSET).hour == NIGHTLY_HOUR


TAIPEI_OFFSET = timedelta(hours=8)
"""Taiwan has had no summer time since 1979."""


def _monday_midnight(moment: datetime) -> datetime:
    """The beginning of that week in Taiwan, as a moment."""
    local = moment.astimezone(UTC) + TAIPEI_OFFSET
    monday = local.date() - timedelta(days=local.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - TAIPEI_OFFSET
