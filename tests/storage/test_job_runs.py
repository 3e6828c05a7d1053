"""The job table as a lock: one process at a time, and a dead one does not hold it for ever."""

from datetime import UTC, datetime, timedelta

from storage.database import Database
from storage.job_runs import claim_job, finish_job, load_job_runs

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEASE = timedelta(minutes=10)


async def claim(database: Database, owner: str, now: datetime, not_since: datetime | None = None) -> bool:
    async with database.transaction() as session:
        return await claim_job(session, "sweep", owner=owner, now=now, lease=LEASE, not_since=not_since)


async def finish(database: Database, owner: str, now: datetime) -> None:
    async with database.transaction() as session:
        await finish_job(session, "sweep", owner=owner, now=now, outcome="done")


async def test_it_gives_a_job_to_one_process_only(database: Database) -> None:
    assert await claim(database, "one", NOON)
    assert not await claim(database, "two", NOON)


async def test_it_gives_a_finished_job_to_the_next(database: Database) -> None:
    await claim(database, "one", NOON)
    await finish(database, "one", NOON)
    assert await claim(database, "two", NOON)


async def test_it_takes_over_from_a_process_that_died(database: Database) -> None:
    await claim(database, "one", NOON)
    assert await claim(database, "two", NOON + LEASE + timedelta(seconds=1))


async def test_it_does_not_let_a_late_finisher_free_another_s_lock(database: Database) -> None:
    await claim(database, "one", NOON)
    later = NOON + LEASE + timedelta(seconds=1)
    await claim(database, "two", later)
    await finish(database, "one", later)
    assert not await claim(database, "three", later)


async def test_it_runs_a_job_once_though_two_schedulers_woke_for_it(database: Database) -> None:
    assert await claim(database, "one", NOON, not_since=NOON - timedelta(minutes=1))
    await finish(database, "one", NOON)
    assert not await claim(database, "two", NOON + timedelta(seconds=2), not_since=NOON - timedelta(seconds=58))


async def test_it_remembers_how_the_last_run_ended(database: Database) -> None:
    await claim(database, "one", NOON)
    await finish(database, "one", NOON + timedelta(seconds=3))
    async with database.reading() as session:
        run = (await load_job_runs(session))["sweep"]
    assert (run.outcome, run.started_at, run.finished_at) == ("done", NOON, NOON + timedelta(seconds=3))
