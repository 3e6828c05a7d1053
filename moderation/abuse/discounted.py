"""Askers whose requests and votes do not count: they are answered like everybody, and do not move the queue."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import MeasureKind, ModerationMeasure, Status


async def choose_status(session: AsyncSession, asker_id: str) -> Status:
    """With which status what this person asks or votes is stored: BLOCKED is kept, and counts nowhere."""
    blocked = select(col(ModerationMeasure.id)).where(
        col(ModerationMeasure.subject_id) == asker_id,
        col(ModerationMeasure.kind) == MeasureKind.BLOCK_ASKER,
        col(ModerationMeasure.undone_at).is_(None),
    )
    return Status.BLOCKED if await session.scalar(blocked.limit(1)) is not None else Status.NORMAL
