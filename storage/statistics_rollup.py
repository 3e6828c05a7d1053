"""The job behind the statistics: counts everything anew, except what has been erased since it was counted."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.match_decisions import KEEP_LINK
from storage.statistics_queries import IS_ERASED_LATER, count_query, waiting_query
from storage.tables import DailyCount, Measure, UtcDateTime, WaitingTime

COUNTED_AGAIN = KEEP_LINK - timedelta(days=14)
"""How far back messages are counted again: whole weeks in which nothing has been unlinked by age yet."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def roll_up(database: Database, now: datetime) -> int:
    """Renew all counts and return how many rows there are; each measure in a short transaction of its own."""
    rows = 0
    for measure in Measure:
        async with database.transaction() as session:
            rows += await _count(session, measure, now)
    async with database.transaction() as session:
        await session.execute(delete(WaitingTime))
        await session.execute(
            text(
                "INSERT INTO waiting_time (period, answered, median_s, p90_s) "
                + waiting_query(session.get_bind().dialect.name)
            )
        )
    return rows


async def _count(session: AsyncSession, measure: Measure, now: datetime) -> int:
    since = BEGINNING
    gone = delete(DailyCount).where(col(DailyCount.measure) == measure)
    if measure in IS_ERASED_LATER and await _has_counts(session, measure):
        since = _monday_midnight(now - COUNTED_AGAIN)
        gone = gone.where(col(DailyCount.day) >= (since + TAIPEI_OFFSET).date())
    await session.execute(gone)
    query = count_query(measure, session.get_bind().dialect.name)
    insert = text(
        "INSERT INTO daily_count (measure, key, day, count) "
        f"SELECT '{measure.value}', counted.key, counted.day, counted.count FROM (\n{query}\n) counted"
    )
    if ":since" in query:
        insert = insert.bindparams(bindparam("since", since, type_=UtcDateTime()))
    inserted = await session.execute(insert)
    return int(getattr(inserted, "rowcount", 0))


async def _has_counts(session: AsyncSession, measure: Measure) -> bool:
    found = await session.scalar(
        text("SELECT 1 FROM daily_count WHERE measure = :measure LIMIT 1"), {"measure": measure.value}
    )
    return found is not None


TAIPEI_OFFSET = timedelta(hours=8)
"""Taiwan has had no summer time since 1979."""


def _monday_midnight(moment: datetime) -> datetime:
    """The beginning of that week in Taiwan, as a moment."""
    local = moment.astimezone(UTC) + TAIPEI_OFFSET
    monday = local.date() - timedelta(days=local.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - TAIPEI_OFFSET
