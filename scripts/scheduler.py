"""Runs the scheduled jobs: by APScheduler in the worker, and by hand with `chaming run-job NAME`.

A job that works on the database runs in one process at a time, held by its row in `job_run`; one that works on this
process' own files (the index snapshot) runs in each.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.services import Services, name_process
from scripts.jobs import JOBS, Job
from storage.job_runs import claim_job, finish_job
from storage.tables import utc_now

log = structlog.get_logger()

LEASE = timedelta(minutes=30)
"""How long a job may run before another process may take it for dead."""

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
        outcome = await job.run(services)
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        async with services.database.transaction() as session:
            await finish_job(session, job.name, owner=owner, now=utc_now(), outcome=outcome)
    return outcome


async def run_scheduled(services: Services, job: Job, owner: str) -> None:
    """Run a job that is due; whatever it raises is logged, and the next run comes all the same."""
    try:
        outcome = await run_job(services, job, owner=owner, scheduled=True)
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("job_failed", job=job.name)
    else:
        log.info("job_done", job=job.name, outcome=outcome)


@asynccontextmanager
async def running_scheduler(services: Services) -> AsyncIterator[AsyncIOScheduler]:
    """Run every job at its interval while the block lasts."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    owner = name_process()
    for job in JOBS.values():
        scheduler.add_job(
            run_scheduled,
            "interval",
            args=(services, job, owner),
            id=job.name,
            seconds=job.every.total_seconds(),
            jitter=min(60, int(job.every.total_seconds() / 10)),
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)
