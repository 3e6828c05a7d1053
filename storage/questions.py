"""What a person has asked the volunteers, and how each question stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.askers import SOURCE
from storage.tables import Article, ArticleReply, ReplyRequest, ReviewTask, SeenWhere, Status, TaskState, utc_now

TAKE_BACK_WITHIN = timedelta(days=1)
"""How long a question can be taken back by a button; deleting everything is possible at any time."""


class Progress(StrEnum):
    """How far a question has come."""

    WAITING = "waiting"
    WORKED_ON = "worked_on"
    IN_REVIEW = "in_review"
    ANSWERED = "answered"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Question:
    """One person's question about one article."""

    article_id: str
    text: str | None
    asked_at: datetime | None
    progress: Progress
    reason: str | None = None
    seen_where: SeenWhere | None = None

    @property
    def may_be_taken_back(self) -> bool:
        return self.asked_at is not None and utc_now() - self.asked_at < TAKE_BACK_WITHIN


_ANSWERS = (
    select(func.count())
    .where(col(ArticleReply.article_id) == col(Article.id), col(ArticleReply.state).in_(PUBLISHED))
    .correlate(Article)
    .scalar_subquery()
)
_PROGRESS = {TaskState.CLAIMED: Progress.WORKED_ON, TaskState.SUBMITTED: Progress.IN_REVIEW}


async def load_questions(session: AsyncSession, asker_id: str, limit: int = 10) -> list[Question]:
    """The person's questions, the newest first."""
    rows = await session.execute(_questions(asker_id).order_by(col(ReplyRequest.id).desc()).limit(limit))
    return [_to_question(row) for row in rows]


async def find_question(session: AsyncSession, asker_id: str, article_id: str) -> Question | None:
    rows = await session.execute(_questions(asker_id).where(col(Article.id) == article_id))
    row = rows.first()
    return _to_question(row) if row else None


async def count_questions_since(session: AsyncSession, asker_id: str, since: datetime) -> int:
    found = await session.scalar(
        select(func.count()).where(
            col(ReplyRequest.contributor) == asker_id,
            col(ReplyRequest.source) == SOURCE,
            col(ReplyRequest.created_at) >= since,
        )
    )
    return found or 0


async def note_seen_where(session: AsyncSession, asker_id: str, article_id: str, where: SeenWhere) -> bool:
    """Keep where the person saw it; False when they have not asked about it."""
    request = await _find_request(session, asker_id, article_id)
    if request is None:
        return False
    request.seen_where = where
    session.add(request)
    return True


async def note_reason(session: AsyncSession, asker_id: str, reason: str) -> bool:
    """Keep why the person doubts what they asked about last, within a day; False when there is no such question."""
    rows = await session.scalars(
        select(ReplyRequest)
        .where(
            col(ReplyRequest.contributor) == asker_id,
            col(ReplyRequest.source) == SOURCE,
            col(ReplyRequest.created_at) >= utc_now() - TAKE_BACK_WITHIN,
        )
        .order_by(col(ReplyRequest.id).desc())
        .limit(1)
    )
    request = rows.first()
    if request is None:
        return False
    request.reason = reason
    session.add(request)
    return True


async def _find_request(session: AsyncSession, asker_id: str, article_id: str) -> ReplyRequest | None:
    rows: Sequence[ReplyRequest] = (
        await session.scalars(
            select(ReplyRequest).where(
                col(ReplyRequest.contributor) == asker_id,
                col(ReplyRequest.source) == SOURCE,
                col(ReplyRequest.article_id) == article_id,
            )
        )
    ).all()
    return rows[0] if rows else None


def _questions(asker_id: str) -> Select[*tuple[ReplyRequest, Article, TaskState, int]]:
    return (
        select(ReplyRequest, Article, col(ReviewTask.state), _ANSWERS)
        .join(Article, col(Article.id) == col(ReplyRequest.article_id))
        .outerjoin(ReviewTask, col(ReviewTask.article_id) == col(Article.id))
        .where(col(ReplyRequest.contributor) == asker_id, col(ReplyRequest.source) == SOURCE)
    )


def _to_question(row: Row[*tuple[ReplyRequest, Article, TaskState, int]]) -> Question:
    request, article, state, answers = row
    progress = Progress.ANSWERED if answers else _PROGRESS.get(state, Progress.WAITING)
    if article.status not in {Status.NORMAL, Status.MERGED}:
        progress = Progress.GONE
    return Question(article.id, article.text, request.created_at, progress, request.reason, request.seen_where)
