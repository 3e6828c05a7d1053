"""Runs the scheduled jobs: by APScheduler in the worker, and by hand with `chaming run-job NAME`.

A job that works on the database runs in one process at a time, held by its row in `job_run`; one that works on this
process' own files (the index snapshot) runs in each.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot.services import Services, name_process
from scripts.jobs import JOBS, Job
from storage.job_runs import claim_job, finish_job, load_job_runs, renew_job
from storage.tables import utc_now

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
"""How long after its last sign of life a process that runs a job is taken for dead."""
RENEW_EVERY = LEASE / 4

FIRST_PAUSE_S = (5, 60)
"""A job that fell due while nothing ran starts so soon after the scheduler, so that not all start at once."""

EARLY = 0.5
"""A job started less than half its interval ago is not due: another process' scheduler has just run it."""

SKIPPED = "skipped: another process has it"


async def run_job(services: Services, job: Job, *, owner: str, scheduled: bool = False) -> str:
    """Run the job and return its outcome, SKIPPED when another process has it or has just run it.

    Raises what the job raises, after recording its type as the outcome.
    """
    if not job.shared:
        return await job.run(services)
    now = utc_now()
    not_since = now - job.every * EARLY if scheduled else None
    async with services.database.transaction() as session:
        if not await claim_job(session, job.name, owner=owner, now=now, lease=LEASE, not_since=not_since):
            return SKIPPED
    outcome = "interrupted"
    try:
        async with held(services, job.name, owner):
            outcome = await job.run(services)
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        async with services.database.transaction() as session:
            await finish_job(session, job.name, owner=owner, now=utc_now(), outcome=outcome)
    return outcome


@asynccontextmanager
async def held(services: Services, name: str, owner: str) -> AsyncIterator[None]:
    """Show signs of life while the block runs: killed, the job is free again after `LEASE`."""
    renewing = asyncio.create_task(_renew_for_ever(services, name, owner))
    try:
        yield
    finally:
        renewing.cancel()


async def _renew_for_ever(services: Services, name: str, owner: str) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY.total_seconds())
        try:
            async with services.database.transaction() as session:
                await renew_job(session, name, owner=owner, until=utc_now() + LEASE)
        except SQLAlchemyError:
            log.exception("job_not_renewed", job=name)


async def run_scheduled(services: Services, job: Job, owner: str) -> None:
    """Run a job that is due; whatever it raises is logged, and the next run comes all the same."""
    try:
        outcome = await run_job(services, job, owner=owner, scheduled=True)
    except asyncio.CancelledError:
        log.info("job_cut_short", job=job.name)  # the process stops; nothing failed
    except Exception:
        log.exception("job_failed", job=job.name)
    else:
        log.info("job_done", job=job.name, outcome=outcome)


def choose_first_run(job: Job, last_start: datetime | None, now: datetime) -> datetime:
    """When a scheduler that starts now runs the job for the first time."""
    soon = now + timedelta(seconds=random.uniform(*FIRST_PAUSE_S))
    due = (last_start or now) + job.every
    return max(soon, due) if last_start or not job.shared else soon


@asynccontextmanager
async def running_scheduler(services: Services) -> AsyncIterator[AsyncIOScheduler]:
    """Run every job at its interval while the block lasts.

    The interval counts from the last run, whoever ran it: a process restarted every day still has its daily jobs.
    """
    scheduler = AsyncIOScheduler(timezone="UTC")
    owner = name_process()
    async with services.database.reading() as session:
        runs = await load_job_runs(session)
    now = utc_now()
    for job in JOBS.values():
        scheduler.add_job(
            run_scheduled,
            "interval",
            args=(services, job, owner),
            id=job.name,
            next_run_time=choose_first_run(job, runs[job.name].started_at if job.name in runs else None, now),
            seconds=job.every.total_seconds(),
            jitter=min(60, int(job.every.total_seconds() / 10)),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # however late: a machine that slept must not wait another day for a daily job
        )
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)
