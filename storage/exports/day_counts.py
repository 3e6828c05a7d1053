"""How many people were shown an article on a day: counted once the day is over, and kept only from twenty upwards.

A smaller count is never written down, so that no release, and no difference of two, can tell it.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.exports.cleaning import HERE
from storage.tables import ArticleDay, MatchDecision

K_ANONYMITY = 20
"""The fewest people a published count of people may stand for."""

LOOK_BACK = timedelta(days=89)
"""Decisions name nobody after 90 days, and can no longer be counted by person."""

People = Mapping[str, Mapping[str, int]]
"""By article: how many messages by person."""


async def count_days(database: Database, now: datetime) -> int:
    """Count the days that are over and were not counted yet; returns how many counts were kept."""
    async with database.reading() as session:
        day = await _first_uncounted(session, now)
    kept = 0
    while day is not None and day < now.astimezone(UTC).date():
        async with database.transaction() as session:
            counts = choose_counts(await _load_day(session, day), day)
            session.add_all(counts)
        kept += len(counts)
        day += timedelta(days=1)
    return kept


def choose_counts(people: People, day: date) -> list[ArticleDay]:
    """The counts that stand for enough people."""
    return [
        ArticleDay(article_id=article_id, day=day, people=len(by_person), messages=sum(by_person.values()))
        for article_id, by_person in sorted(people.items())
        if len(by_person) >= K_ANONYMITY
    ]


async def _first_uncounted(session: AsyncSession, now: datetime) -> date | None:
    """The day after the last one that has a count; a day without any is looked at again, which finds nothing again."""
    counted = await session.scalar(select(func.max(ArticleDay.day)).where(col(ArticleDay.source) == HERE))
    oldest = await session.scalar(
        select(func.min(MatchDecision.created_at)).where(col(MatchDecision.asker_id).is_not(None))
    )
    if oldest is None:
        return None
    since = max(oldest.astimezone(UTC), now - LOOK_BACK).date()
    return max(since, counted + timedelta(days=1)) if counted else since


async def _load_day(session: AsyncSession, day: date) -> People:
    begin = datetime.combine(day, time(), UTC)
    rows = await session.stream(
        select(col(MatchDecision.asker_id), col(MatchDecision.offered)).where(
            col(MatchDecision.created_at) >= begin,
            col(MatchDecision.created_at) < begin + timedelta(days=1),
            col(MatchDecision.asker_id).is_not(None),
        )
    )
    people: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    async for asker_id, offered in rows:
        for one in offered:
            people[one["article_id"]][asker_id] += 1
    return people
