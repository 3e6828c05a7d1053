"""A notice is told by one, once: claims, what they become, and what people do not want to hear."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage import notices as queries
from storage.askers import set_follows
from storage.database import Database
from storage.notice_pushes import PUSH_LEASE, claim_for_push, finish_push, load_recipients, reclaim_push, release_push
from storage.notices import (
    PENDING,
    REPLY_LEASE,
    RETRY_KEY_LIVES,
    TELL_WITHIN,
    claim_for_reply,
    expire_old,
    load_waiting,
    mark_told_with_reply,
    set_wants_notices,
)
from storage.tables import Notice, utc_now
from tests.storage.asking import add_article, answer, ask, correct_reply, load_notices, make, told

NOW = utc_now()


@pytest.fixture(autouse=True)
def _set_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute after what a test stores, however long the tests before it took."""
    monkeypatch.setitem(globals(), "NOW", utc_now() + timedelta(minutes=1))


AT_ONCE = timedelta(0)


@pytest.fixture
async def waiting(database: Database) -> Database:
    """Three people wait for the same notice."""
    await add_article(database)
    await ask(database, "asker", "second", "third")
    await answer(database)
    await make(database)
    return database


async def mark(session: AsyncSession, event_id: str, ids: list[int]) -> int:
    connection = await session.connection()
    return await connection.run_sync(mark_told_with_reply, event_id, ids, NOW)


async def names(database: Database, limit: int = 10) -> list[str]:
    async with database.reading() as session:
        return [p.asker_id for p in await load_recipients(session, NOW, wait=AT_ONCE, limit=limit)]


async def test_it_knows_for_whom_notices_wait(waiting: Database) -> None:
    async with waiting.reading() as session:
        rows = await load_waiting(session, 0)
        assert [asker for _, asker in rows] == ["asker", "second", "third"]
        assert await load_waiting(session, rows[1][0]) == rows[2:]


async def test_one_event_claims_it_and_no_other(waiting: Database) -> None:
    async with waiting.transaction() as session:
        [claimed] = await claim_for_reply(session, "asker", "event", NOW)
        assert await claim_for_reply(session, "asker", "another", NOW) == []
        assert [n.id for n in await claim_for_reply(session, "asker", "event", NOW)] == [claimed.id], "tried again"
        assert await mark(session, "another", [claimed.id or 0]) == 0
        assert await mark(session, "event", [claimed.id or 0]) == 1
        assert await claim_for_reply(session, "asker", "event", NOW) == [], "told once"


async def test_a_claim_that_led_nowhere_lapses(waiting: Database) -> None:
    async with waiting.transaction() as session:
        await claim_for_reply(session, "asker", "event", NOW)
    assert await names(waiting) == ["second", "third"]
    async with waiting.transaction() as session:
        assert await claim_for_reply(session, "asker", "another", NOW + REPLY_LEASE)


async def test_a_push_takes_each_person_once(waiting: Database) -> None:
    async with waiting.transaction() as session:
        people = await load_recipients(session, NOW, wait=AT_ONCE, limit=10)
        assert len(await claim_for_push(session, people, "key", NOW)) == 3
        assert await claim_for_push(session, people, "another", NOW) == []
        assert await claim_for_reply(session, "asker", "event", NOW + PUSH_LEASE) == [], "LINE may have taken it"
    assert await names(waiting) == []
    async with waiting.transaction() as session:
        assert await finish_push(session, "key", NOW) == 3
    assert {state for _, _, state in await told(waiting)} == {"sent"}


async def test_a_push_leaves_out_whoever_is_being_told_already(waiting: Database) -> None:
    async with waiting.transaction() as session:
        people = await load_recipients(session, NOW, wait=AT_ONCE, limit=10)
        await claim_for_reply(session, "second", "event", NOW)
        claimed = await claim_for_push(session, people, "key", NOW)
    assert [person.asker_id for person in claimed] == ["asker", "third"]


async def test_an_interrupted_push_is_taken_over_once_under_its_own_key(waiting: Database) -> None:
    async with waiting.transaction() as session:
        people = await load_recipients(session, NOW, wait=AT_ONCE, limit=2)
        await claim_for_push(session, people, "key", NOW)
        assert await reclaim_push(session, NOW) is None
    later = NOW + PUSH_LEASE
    async with waiting.transaction() as session:
        found = await reclaim_push(session, later)
        assert found is not None
        assert (found[0], {p.asker_id for p in found[1]}) == ("key", {p.asker_id for p in people})
        assert await reclaim_push(session, later) is None


async def test_what_line_surely_did_not_take_is_free_again(waiting: Database) -> None:
    async with waiting.transaction() as session:
        people = await load_recipients(session, NOW, wait=AT_ONCE, limit=10)
        await claim_for_push(session, people, "key", NOW)
        await release_push(session, "key")
    assert len(await names(waiting)) == 3


async def test_corrections_come_first_and_then_the_newest(waiting: Database) -> None:
    async with waiting.transaction() as session:
        await session.execute(
            update(Notice).where(col(Notice.asker_id) == "second").values(created_at=NOW - timedelta(hours=5))
        )
        [claimed] = await claim_for_reply(session, "third", "event", NOW)
        await mark(session, "event", [claimed.id or 0])
    await correct_reply(waiting, "更正：下個月起要有照片。")
    await make(waiting)
    async with waiting.transaction() as session:
        corrected = col(Notice.kind) == "corrected"
        await session.execute(update(Notice).where(corrected).values(created_at=NOW - timedelta(hours=9)))
    assert await names(waiting) == ["third", "asker", "second"]
    assert await names(waiting, limit=2) == ["third", "asker"]


async def test_it_waits_an_hour_for_a_free_reply(waiting: Database) -> None:
    hour = timedelta(hours=1)
    async with waiting.reading() as session:
        assert await load_recipients(session, NOW, wait=hour, limit=10) == []
        assert len(await load_recipients(session, NOW + hour, wait=hour, limit=10)) == 3


async def test_whoever_blocked_the_bot_is_passed_over_until_they_come_back(waiting: Database) -> None:
    async with waiting.transaction() as session:
        await set_follows(session, "asker", False)
    assert "asker" not in await names(waiting)
    async with waiting.transaction() as session:
        await set_follows(session, "asker", True)
    assert "asker" in await names(waiting)


async def test_what_is_not_wanted_is_dropped_at_once(waiting: Database) -> None:
    async with waiting.transaction() as session:
        await set_wants_notices(session, "asker", False, NOW, "article")
        await set_wants_notices(session, "second", False, NOW, "another article")
        await set_wants_notices(session, "third", False, NOW)
    assert await names(waiting) == ["second"]
    async with waiting.transaction() as session:
        await set_wants_notices(session, "third", True, NOW)
    assert await names(waiting) == ["second"], "what was dropped stays dropped"


async def test_old_news_expires_and_so_does_a_push_nobody_can_tell_about(waiting: Database) -> None:
    async with waiting.transaction() as session:
        people = await load_recipients(session, NOW, wait=AT_ONCE, limit=1)
        await claim_for_push(session, people, "key", NOW)
        assert await expire_old(session, NOW + RETRY_KEY_LIVES) == 0
        assert await expire_old(session, NOW + RETRY_KEY_LIVES + timedelta(seconds=1)) == 1
        assert await expire_old(session, NOW + TELL_WITHIN) == 2


async def test_somebody_with_more_than_a_screen_can_hold_is_told_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_ARTICLES", 2)
    for number in range(3):
        await add_article(database, f"a{number}", f"訊息{number}")
        await ask(database, "asker", article_id=f"a{number}")
        await answer(database, f"r{number}", f"a{number}")
    await make(database)
    async with database.transaction() as session:
        first = await claim_for_reply(session, "asker", "event", NOW)
        second = await claim_for_reply(session, "asker", "another", NOW)
    assert (len(first), len(second)) == (2, 1)
    assert len(await load_notices(database)) == 3


async def test_looking_for_one_persons_notices_uses_an_index(sqlite_database: Database) -> None:
    wanted = "asker_id = 'asker' AND notice.state = 'pending'"
    async with sqlite_database.reading() as session:
        connection = await session.connection()
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN SELECT * FROM notice WHERE {wanted}")
        assert "notice_pending" in str(plan.all())


async def test_what_waits_is_found_by_its_indexes(sqlite_database: Database) -> None:
    """Before every answer to somebody for whom something may wait."""
    waits = select(col(Notice.id)).where(PENDING)
    async with sqlite_database.reading() as session:
        connection = await session.connection()
        for query in (waits.where(col(Notice.asker_id) == "asker"), waits.order_by(col(Notice.created_at)).limit(9)):
            statement = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
            (plan,) = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
            assert "INDEX notice_" in plan[-1]
