"""Jobs: run by hand or on time, once among several processes, and a failure is recorded and stays alone."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from scripts import scheduler
from scripts.jobs import JOBS, Job
from scripts.scheduler import SKIPPED, choose_first_run, run_job, run_scheduled, running_scheduler
from storage.database import Database
from storage.job_runs import claim_job, load_job_runs
from storage.tables import utc_now
from tests.waiting import until, wait_until


class Services(SimpleNamespace):
    """What a job is given: here a database, and a count of the runs."""

    database: Database
    runs: int = 0


async def count(services: Any) -> str:
    services.runs += 1
    return "counted"


async def fail(services: Any) -> str:
    raise LookupError("no text of this may be stored")


COUNT = Job("count", "Count the runs.", timedelta(hours=1), count)
FAIL = Job("fail", "Fail.", timedelta(hours=1), fail)


async def last_outcome(database: Database, name: str) -> str | None:
    async with database.reading() as session:
        return (await load_job_runs(session))[name].outcome


async def is_held(database: Database, name: str) -> bool:
    async with database.reading() as session:
        until = (await load_job_runs(session))[name].lease_until
        return until is not None and until > utc_now()


@pytest.fixture
def services(sqlite_database: Database) -> Services:
    return Services(database=sqlite_database)


async def test_it_runs_a_job_by_hand_as_often_as_asked(services: Services) -> None:
    assert [await run_job(services, COUNT, owner="me") for _ in range(2)] == ["counted", "counted"]
    assert await last_outcome(services.database, "count") == "counted"


async def test_it_runs_a_scheduled_job_once_though_two_processes_woke(services: Services) -> None:
    outcomes = [await run_job(services, COUNT, owner=owner, scheduled=True) for owner in ("one", "two")]
    assert outcomes == ["counted", SKIPPED]
    assert services.runs == 1


async def test_it_skips_a_job_that_another_process_is_running(services: Services) -> None:
    async def meanwhile(_: Any) -> str:
        return await run_job(services, Job("slow", "", COUNT.every, count), owner="two")

    assert await run_job(services, Job("slow", "", COUNT.every, meanwhile), owner="one") == SKIPPED
    assert services.runs == 0


async def test_it_records_a_failure_by_its_kind_and_gives_the_job_back(services: Services) -> None:
    with pytest.raises(LookupError):
        await run_job(services, FAIL, owner="me")
    assert await last_outcome(services.database, "fail") == "LookupError"
    with pytest.raises(LookupError):
        await run_job(services, FAIL, owner="another")


async def test_it_lets_the_scheduler_live_when_a_job_fails(services: Services) -> None:
    await run_scheduled(services, FAIL, "me")
    assert await last_outcome(services.database, "fail") == "LookupError"


async def test_a_job_that_is_cut_short_by_the_stop_is_no_failure(services: Services) -> None:
    begun = asyncio.Event()

    async def last_long(_: Any) -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    running = asyncio.create_task(run_scheduled(services, Job("long", "", COUNT.every, last_long), "me"))
    await begun.wait()
    running.cancel()
    with structlog.testing.capture_logs() as logged:
        await running
    assert [(line["event"], line["log_level"]) for line in logged] == [("job_cut_short", "info")]
    assert await last_outcome(services.database, "long") == "interrupted"


async def test_it_schedules_every_job_of_the_table(services: Services) -> None:
    async with running_scheduler(services) as running:
        assert {each.id: each.trigger.interval for each in running.get_jobs()} == {
            name: job.every for name, job in JOBS.items()
        }


async def test_a_job_that_is_late_runs_all_the_same(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    async def note(services: Any, job: Job, owner: str) -> None:
        ran.append(job.name)

    monkeypatch.setattr(scheduler, "run_scheduled", note)
    async with running_scheduler(services) as running:
        running.pause()
        running.modify_job("retention", next_run_time=utc_now() - timedelta(hours=3))
        running.resume()
        await until(lambda: "retention" in ran)


async def test_a_job_whose_process_is_alive_stays_held_and_a_dead_ones_is_free_soon(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "RENEW_EVERY", timedelta(seconds=0.02))

    async def outlive_the_first_lease(_: Any) -> str:
        async with services.database.transaction() as session:
            (await load_job_runs(session))["slow"].lease_until = utc_now() - timedelta(seconds=1)
        await wait_until(lambda: is_held(services.database, "slow"))
        return await run_job(services, slow, owner="two")

    slow = Job("slow", "", COUNT.every, outlive_the_first_lease)
    assert await run_job(services, slow, owner="one") == SKIPPED
    async with services.database.transaction() as session:
        assert await claim_job(session, "killed", owner="dead", now=utc_now(), lease=timedelta(seconds=-1))
    assert await run_job(services, Job("killed", "", COUNT.every, count), owner="two") == "counted"


def test_a_daily_job_comes_though_the_process_is_restarted_more_often() -> None:
    now, daily = utc_now(), Job("daily", "", timedelta(days=1), count)
    soon = now + timedelta(minutes=1)
    assert now < choose_first_run(daily, None, now) <= soon
    assert now < choose_first_run(daily, now - timedelta(days=2), now) <= soon
    assert choose_first_run(daily, now - timedelta(hours=1), now) == now + timedelta(hours=23)
