"""Who works on what: tasks are claimed for a while, renewed, given back, handed over, set aside.

A claim is a conditional update: one row changed means it is yours, whoever else pressed at the same moment. A lease
that has run out counts as open, before the job has noticed.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.task_states import Act, Mover, TransitionError, get_next, to_movers
from storage.tables import Editor, Presence, ReviewTask, Role, SetAside, TaskState

LEASE = timedelta(minutes=15)
"""How long a claim lasts without a sign of life."""
HANDED_OVER_LEASE = timedelta(hours=12)
"""How long a task that was handed over waits for whom it was given to."""
PRESENT_FOR = timedelta(seconds=90)
LATER = timedelta(days=1)


class ClaimError(Exception):
    """This task is somebody else's, or no longer to be claimed."""


async def claim(session: AsyncSession, task_id: str, editor_id: str, role: Role | None, now: datetime) -> ReviewTask:
    """Make the task this person's. Claimed again by its claimant, the lease is renewed. Raises `ClaimError`."""
    get_next(Act.CLAIM, TaskState.OPEN, to_movers(role))
    mine = and_(col(ReviewTask.state) == TaskState.CLAIMED, col(ReviewTask.claimed_by) == editor_id)
    changed = await session.execute(
        update(ReviewTask)
        .where(col(ReviewTask.id) == task_id, or_(is_free(now), mine))
        .values(state=TaskState.CLAIMED, claimed_by=editor_id, lease_until=now + LEASE, updated_at=now)
        .returning(col(ReviewTask.id))
    )
    if changed.first() is None:
        raise ClaimError
    await session.execute(
        delete(SetAside).where(col(SetAside.task_id) == task_id, col(SetAside.editor_id) == editor_id)
    )
    return await session.get_one(ReviewTask, task_id, populate_existing=True)


async def renew(session: AsyncSession, task_id: str, editor_id: str, now: datetime) -> bool:
    """Somebody is still at it. False when the task has become somebody else's, or was answered."""
    changed = await session.execute(
        update(ReviewTask)
        .where(
            col(ReviewTask.id) == task_id,
            col(ReviewTask.state) == TaskState.CLAIMED,
            col(ReviewTask.claimed_by) == editor_id,
        )
        .values(lease_until=now + LEASE)
        .returning(col(ReviewTask.id))
    )
    return changed.first() is not None


async def release(session: AsyncSession, task_id: str, editor_id: str, role: Role | None, now: datetime) -> None:
    """Give the task back. Raises `TransitionError` for whoever has not claimed it and is no moderator."""
    task = await _get_locked(session, task_id)
    movers = to_movers(role, is_claimant=task.claimed_by == editor_id)
    task.state = get_next(Act.RELEASE, task.state, movers)
    task.claimed_by, task.lease_until, task.updated_at = None, None, now
    session.add(task)


async def hand_over(
    session: AsyncSession, task_id: str, editor_id: str, role: Role | None, to_editor_id: str, now: datetime
) -> None:
    """Let somebody else go on. Raises `TransitionError`; the caller tells whom it was given to."""
    task = await _get_locked(session, task_id)
    movers = to_movers(role, is_claimant=task.claimed_by == editor_id)
    receiver = await session.get(Editor, to_editor_id)
    if receiver is None or receiver.blocked_at is not None:
        raise TransitionError
    task.state = get_next(Act.HAND_OVER, task.state, movers)
    task.claimed_by, task.lease_until, task.updated_at = to_editor_id, now + HANDED_OVER_LEASE, now
    session.add(task)


async def set_aside(
    session: AsyncSession,
    task_id: str,
    editor_id: str,
    now: datetime,
    *,
    until: datetime | None = None,
    reason: str = "",
) -> None:
    """Take the task out of this person's queue, for a while (`until`) or for good; a claim of theirs is given back."""
    task = await _get_locked(session, task_id)
    if task.state == TaskState.CLAIMED and task.claimed_by == editor_id:
        task.state = get_next(Act.RELEASE, task.state, frozenset({Mover.CLAIMANT}))
        task.claimed_by, task.lease_until = None, None
        session.add(task)
    aside = await session.get(SetAside, (task_id, editor_id)) or SetAside(task_id=task_id, editor_id=editor_id)
    aside.until, aside.reason, aside.created_at = until, reason, now
    session.add(aside)
    await session.flush()


async def release_lapsed(session: AsyncSession, now: datetime) -> int:
    """Open again what nobody has worked on for the length of a lease; returns how many tasks."""
    get_next(Act.RELEASE, TaskState.CLAIMED, frozenset({Mover.CLOCK}))
    changed = await session.execute(
        update(ReviewTask)
        .where(col(ReviewTask.state) == TaskState.CLAIMED, col(ReviewTask.lease_until) <= now)
        .values(state=TaskState.OPEN, claimed_by=None, lease_until=None, updated_at=now)
        .returning(col(ReviewTask.id))
    )
    gone = len(changed.all())
    await session.execute(delete(Presence).where(col(Presence.seen_at) <= now - PRESENT_FOR))
    return gone


async def show_presence(session: AsyncSession, task_id: str, editor_id: str, now: datetime) -> None:
    """Remember that this person has the task open."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(
        insert(Presence)
        .values(task_id=task_id, editor_id=editor_id, seen_at=now)
        .on_conflict_do_update(index_elements=["task_id", "editor_id"], set_={"seen_at": now})
    )


def read_present(session: Session, task_id: str, now: datetime, *, but: str) -> list[Editor]:
    """Who else has the task open."""
    rows = session.scalars(
        select(Editor)
        .join(Presence, col(Presence.editor_id) == col(Editor.id))
        .where(
            col(Presence.task_id) == task_id, col(Presence.seen_at) > now - PRESENT_FOR, col(Presence.editor_id) != but
        )
        .order_by(col(Editor.id))
    )
    return list(rows)


def is_free(now: datetime) -> ColumnElement[bool]:
    """Open, or claimed by somebody who has gone."""
    lapsed = and_(col(ReviewTask.state) == TaskState.CLAIMED, col(ReviewTask.lease_until) <= now)
    return or_(col(ReviewTask.state) == TaskState.OPEN, lapsed)


async def _get_locked(session: AsyncSession, task_id: str) -> ReviewTask:
    task = await session.get(ReviewTask, task_id, with_for_update=True, populate_existing=True)
    if task is None:
        raise TransitionError
    return task
