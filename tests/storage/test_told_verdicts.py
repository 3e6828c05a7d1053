"""What people hear they were told before, they were told: never a verdict that they were not shown."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from storage.database import Database
from storage.tables import Notice, NoticeState, Verdict, utc_now
from storage.told_verdicts import load_told_verdicts
from tests.storage.asking import add_article, answer, ask, correct_reply, make, withdraw_reply


async def tell(database: Database) -> None:
    """Tell all that waits, at one time."""
    await make(database)
    now = utc_now()
    async with database.transaction() as session:
        waiting = update(Notice).where(col(Notice.state) == NoticeState.PENDING)
        await session.execute(waiting.values(state=NoticeState.SENT, sent_at=now))


async def told_before(database: Database) -> Verdict | None:
    """The verdict that what waits now is held against."""
    assert await make(database), "something is to be told"
    async with database.reading() as session:
        waiting = await session.scalars(select(Notice).where(col(Notice.state) == NoticeState.PENDING))
        return (await load_told_verdicts(session, list(waiting))).get(("asker", "article"))


@pytest.fixture
async def asked(database: Database) -> Database:
    """Somebody asked, and was told that it is false."""
    await add_article(database)
    await ask(database, "asker")
    await answer(database)
    await tell(database)
    return database


async def test_that_there_is_nothing_to_check_yields_to_a_verdict(asked: Database) -> None:
    await answer(asked, "nothing", verdict=Verdict.NOT_ARTICLE)
    await tell(asked)
    await correct_reply(asked, "更正", verdict=Verdict.RUMOR)
    assert await told_before(asked) == Verdict.RUMOR


@pytest.mark.parametrize("withdrawn", ["reply", "another"])
async def test_whoever_was_told_different_things_was_told_no_verdict(asked: Database, withdrawn: str) -> None:
    await answer(asked, "another", verdict=Verdict.NOT_RUMOR)
    await tell(asked)
    await withdraw_reply(asked, withdrawn)
    assert await told_before(asked) is None


async def test_what_was_told_withdrawn_counts_no_more(asked: Database) -> None:
    await answer(asked, "another", verdict=Verdict.NOT_RUMOR)
    await tell(asked)
    await withdraw_reply(asked, "another")
    await tell(asked)
    await correct_reply(asked, "更正", verdict=Verdict.NOT_RUMOR)
    assert await told_before(asked) == Verdict.RUMOR


async def test_it_is_the_verdict_of_that_time(asked: Database) -> None:
    await correct_reply(asked, "更正", verdict=Verdict.OPINIONATED)
    await answer(asked, "another", verdict=Verdict.OPINIONATED)
    await tell(asked)
    await correct_reply(asked, "又更正", verdict=Verdict.NOT_RUMOR)
    assert await told_before(asked) == Verdict.OPINIONATED


async def test_what_was_told_last_is_remembered_when_all_is_withdrawn(asked: Database) -> None:
    await withdraw_reply(asked)
    await tell(asked)
    await answer(asked, "another", verdict=Verdict.NOT_RUMOR)
    assert await told_before(asked) == Verdict.RUMOR
