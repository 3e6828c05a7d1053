"""What would take a page's first reader seconds on a large instance: worked out by the job `statistics`, and kept.

Only numbers are kept. Whether an article is public, its text and its verdicts are read when it is shown.
"""

from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.statistics.asked import (
    MORE,
    Asked,
    MostAsked,
    Queue,
    count_asked,
    load_most_asked,
    measure_queue,
    show_asked,
)
from storage.statistics.counts import to_monday
from storage.tables import PreparedFigure

PERIODS = (13, 53, 520)
"""The periods that pages offer, in weeks: a quarter, a year, ten years."""
MOST_ASKED = 20
GOOD_FOR = timedelta(hours=3)
"""Older figures are not shown: the job runs every hour, and when it does not, pages count themselves."""
QUEUE = "queue"


def first_day(weeks: int, today: date) -> date:
    """The Monday with which the last `weeks` weeks begin, this one included."""
    return to_monday(today) - timedelta(weeks=weeks - 1)


async def prepare_figures(database: Database, today: date, now: datetime) -> None:
    """Work out the figures of all periods up to `today`, Taiwan's day, and keep them."""
    async with database.reading() as session:
        made = [PreparedFigure(name=QUEUE, content=_to_json(await measure_queue(session)), made_at=now)]
        for weeks in PERIODS:
            since = first_day(weeks, today)
            asked = await count_asked(session, since, today, 2 * MOST_ASKED + MORE)
            content = {"asked": [asdict(each) for each in asked]}
            made.append(PreparedFigure(name=_name(since, today), content=content, made_at=now))
    async with database.transaction() as session:
        await session.execute(delete(PreparedFigure))
        session.add_all(made)


async def load_prepared_asked(session: AsyncSession, since: date, until: date, now: datetime) -> list[MostAsked]:
    """What is asked most, from the prepared figures where there are any."""
    prepared = await _find(session, _name(since, until), now)
    if prepared is None:
        return await load_most_asked(session, since, until, MOST_ASKED)
    return await show_asked(session, [Asked(**each) for each in prepared.content["asked"]], MOST_ASKED)


async def find_prepared_queue(session: AsyncSession, now: datetime) -> Queue:
    """The queue as it was when the figures were prepared, or as it is."""
    prepared = await _find(session, QUEUE, now)
    if prepared is None:
        return await measure_queue(session)
    moments = (prepared.content[name] for name in ("oldest_at", "median_at"))
    return Queue(prepared.content["waiting"], *(datetime.fromisoformat(at) if at else None for at in moments))


async def _find(session: AsyncSession, name: str, now: datetime) -> PreparedFigure | None:
    found = await session.get(PreparedFigure, name)
    return found if found is not None and now - found.made_at < GOOD_FOR else None


def _name(since: date, until: date) -> str:
    return f"asked {since.isoformat()}/{until.isoformat()}"


def _to_json(queue: Queue) -> dict[str, object]:
    at = {"oldest_at": queue.oldest_at, "median_at": queue.median_at}
    return {"waiting": queue.waiting} | {name: moment.isoformat() if moment else None for name, moment in at.items()}
