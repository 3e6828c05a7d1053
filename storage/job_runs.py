"""When each scheduled job last ran, and the lock that keeps two processes from running one at the same time."""

from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select, update

from storage.tables import JobRun


async def claim_job(
    session: AsyncSession, name: str, *, owner: str, now: datetime, lease: timedelta, not_since: datetime | None = None
) -> bool:
    """Take the job for `owner` until `now + lease`; False when another process has it.

    With `not_since`, a job that was started after that moment is not taken either: of many schedulers that wake at
    the same time, one runs it.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(insert(JobRun).values(name=name).on_conflict_do_nothing())
    free = or_(col(JobRun.lease_until).is_(None), col(JobRun.lease_until) < now)
    due = [or_(col(JobRun.started_at).is_(None), col(JobRun.started_at) <= not_since)] if not_since else []
    taken = await session.execute(
        update(JobRun)
        .where(col(JobRun.name) == name, free, *due)
        .values(owner=owner, lease_until=now + lease, started_at=now, finished_at=None, outcome=None)
        .returning(col(JobRun.name))
    )
    return taken.first() is not None


async def renew_job(session: AsyncSession, name: str, *, owner: str, until: datetime) -> None:
    """Hold the job until `until`; nothing happens when the lease was lost meanwhile."""
    await session.execute(
        update(JobRun)
        .where(col(JobRun.name) == name, col(JobRun.owner) == owner, col(JobRun.lease_until).is_not(None))
        .values(lease_until=until)
    )


async def finish_job(session: AsyncSession, name: str, *, owner: str, now: datetime, outcome: str) -> None:
    """Record how the job ended and give the lock back; nothing happens when the lease was lost meanwhile."""
    await session.execute(
        update(JobRun)
        .where(col(JobRun.name) == name, col(JobRun.owner) == owner)
        .values(lease_until=None, finished_at=now, outcome=outcome)
    )


async def load_job_runs(session: AsyncSession) -> dict[str, JobRun]:
    return {run.name: run for run in (await session.execute(select(JobRun))).scalars()}
