"""The job behind the statistics: counts everything anew, except what has been erased since it was counted."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Executable, Table, bindparam, delete, exists, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.match_decisions import KEEP_LINK
from storage.statistics.prepared import prepare_figures
from storage.statistics.queries import IS_ERASED_LATER, count_query, waiting_query
from storage.tables import Article, DailyCount, Measure, Status, UtcDateTime, WaitingTime

COUNTED_AGAIN = KEEP_LINK - timedelta(days=14)
"""How far back messages are counted again: whole weeks in which nothing has been unlinked by age yet."""

COUNTED_HOURLY = timedelta(days=28)
NIGHTLY_HOUR = 3
"""Of Taiwan's night; the job runs once an hour."""

BATCH = 2_000
"""Rows written in one transaction."""
COUNTS: Table = DailyCount.__table__  # type: ignore[attr-defined]
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def roll_up(database: Database, now: datetime) -> tuple[int, bool]:
    """Renew the counts: the last weeks' each time, all of them when some are missing and once a night.

    Returns how many rows changed, and whether all were counted. Counting only reads; what changed is written in short
    transactions, since SQLite has one writer and webhooks wait for it.
    """
    async with database.reading() as session:
        everything = _is_night(now) or not await _adds_up(session)
    changed = 0
    for measure in Measure:
        changed += await _renew(database, measure, now, everything)
    await _renew_waiting_times(database)
    await prepare_figures(database, (now.astimezone(UTC) + TAIPEI_OFFSET).date(), now)
    return changed, everything


async def _renew(database: Database, measure: Measure, now: datetime, everything: bool) -> int:
    async with database.reading() as session:
        since = await _choose_since(session, measure, now, everything)
        query = count_query(measure, session.get_bind().dialect.name)
        counted = await _read(session, text(query).bindparams(bindparam("since", since, type_=UtcDateTime())))
        stored = await _read(
            session,
            select(col(DailyCount.key), col(DailyCount.day), col(DailyCount.count)).where(
                col(DailyCount.measure) == measure, col(DailyCount.day) >= (since + TAIPEI_OFFSET).date()
            ),
        )
    changed = [
        {"measure": measure, "key": key, "day": day, "count": count}
        for (key, day), count in counted.items()
        if stored.get((key, day)) != count
    ]
    gone = [{"gone_key": key, "gone_day": day} for key, day in stored if (key, day) not in counted]
    for start in range(0, len(changed), BATCH):
        async with database.transaction() as session:
            await _upsert(session, changed[start : start + BATCH])
    for start in range(0, len(gone), BATCH):
        async with database.transaction() as session:
            await (await session.connection()).execute(_delete_of(measure), gone[start : start + BATCH])
    return len(changed) + len(gone)


async def _choose_since(session: AsyncSession, measure: Measure, now: datetime, everything: bool) -> datetime:
    if not everything:
        return _monday_midnight(now - COUNTED_HOURLY)
    if measure in IS_ERASED_LATER and await _has_counts(session, measure):
        return _monday_midnight(now - COUNTED_AGAIN)
    return BEGINNING


async def _read(session: AsyncSession, query: Executable) -> dict[tuple[str, date], int]:
    """The counts by key and day; read bit by bit, so that the loop has others' turns between."""
    found: dict[tuple[str, date], int] = {}
    rows = await session.stream(query)
    async for page in rows.partitions(BATCH):
        for key, day, count in page:
            found[key, date.fromisoformat(day) if isinstance(day, str) else day] = count
    return found


async def _upsert(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(COUNTS)
    await (await session.connection()).execute(
        statement.on_conflict_do_update(
            index_elements=["measure", "key", "day"], set_={"count": statement.excluded["count"]}
        ),
        rows,
    )


def _delete_of(measure: Measure) -> Delete:
    return delete(COUNTS).where(
        COUNTS.c.measure == measure, COUNTS.c.key == bindparam("gone_key"), COUNTS.c.day == bindparam("gone_day")
    )


async def _renew_waiting_times(database: Database) -> None:
    async with database.reading() as session:
        rows = (await session.execute(text(waiting_query(session.get_bind().dialect.name)))).all()
    async with database.transaction() as session:
        await session.execute(delete(WaitingTime))
        session.add_all([WaitingTime(**row._mapping) for row in rows])


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
