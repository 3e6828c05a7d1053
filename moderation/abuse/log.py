"""The public moderation log: what was hidden, blocked and restored, by which rule, when; and of nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Article, MeasureKind, ModerationMeasure, Rule, Status


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One measure, as the public reads it."""

    kind: MeasureKind
    rule: Rule
    at: datetime
    undone_at: datetime | None
    article_id: str | None
    """The message's public page, where it still has one and the measure was about an answer."""


async def load_public_log(session: AsyncSession, limit: int = 200) -> Sequence[LogEntry]:
    """The newest first."""
    rows = await session.execute(
        select(ModerationMeasure, col(Article.status))
        .outerjoin(Article, col(Article.id) == col(ModerationMeasure.article_id))
        .order_by(col(ModerationMeasure.id).desc())
        .limit(limit)
    )
    linked = {MeasureKind.HIDE_ANSWER, MeasureKind.GRANT_APPEAL}
    return [
        LogEntry(
            measure.kind,
            measure.rule,
            measure.at,
            measure.undone_at,
            measure.article_id if status == Status.NORMAL and measure.kind in linked else None,
        )
        for measure, status in rows
    ]


async def load_measures(session: AsyncSession, limit: int = 50) -> Sequence[ModerationMeasure]:
    """For moderators: the newest first, with what they noted."""
    rows = await session.scalars(select(ModerationMeasure).order_by(col(ModerationMeasure.id).desc()).limit(limit))
    return list(rows)
