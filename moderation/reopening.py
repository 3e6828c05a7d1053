"""What makes a settled task work again: readers who say that the answer does not help, a wording that has changed much.

Each cause looks only at what happened since the task was last moved, so that the same complaint re-opens it once.
Appeals re-open by a moderator (`moderation.review.reopen`); whoever finds a dead reference or an expired verdict calls
`reopen_task`.
"""

from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.feedback import last_said
from moderation.task_states import Act, Mover, get_next, may_move
from storage.articles import PUBLISHED
from storage.tables import (
    Article,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    ReviewTask,
    Status,
    TaskState,
)

UNHELPFUL_BOUND = 3
"""By how many more readers than not must have found the answers unhelpful, since the task was last moved."""
MUTATED_BELOW = 0.6
"""A wording with less than this share of the message in common (difflib's ratio) is looked at by a person."""
COMPARED_CHARACTERS = 2_000
SETTLED = (TaskState.PROVISIONAL, TaskState.VERIFIED)
_CLOCK = frozenset({Mover.CLOCK})


class Cause(StrEnum):
    """Why a task is open again; the audit log keeps it."""

    UNHELPFUL = "unhelpful"
    MUTATED = "mutated"
    DEAD_REFERENCE = "dead reference"
    EXPIRED = "expired"


async def ensure_task(session: AsyncSession, article_id: str, now: datetime) -> ReviewTask:
    """The message's task; one is made for what came without, an imported message say."""
    rows = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article_id).with_for_update())
    task = rows.first()
    if task is None:
        task = ReviewTask(article_id=article_id, created_at=now)
        session.add(task)
        await session.flush()
    return task


async def reopen_task(session: AsyncSession, article_id: str, now: datetime) -> ReviewTask | None:
    """Open a settled task again, or make one; None when it is open or being worked on already."""
    known = await session.scalar(select(col(ReviewTask.id)).where(col(ReviewTask.article_id) == article_id))
    task = await ensure_task(session, article_id, now)
    if known is None:
        return task
    if not may_move(Act.REOPEN, task.state, _CLOCK):
        return None
    task.state, task.updated_at = get_next(Act.REOPEN, task.state, _CLOCK), now
    session.add(task)
    return task


async def find_unhelpful(session: AsyncSession) -> list[str]:
    """Messages whose answers readers have come to find unhelpful."""
    since = func.coalesce(col(ReviewTask.updated_at), col(ReviewTask.created_at))
    rows = await session.scalars(
        select(col(ArticleReplyFeedback.article_id))
        .join(
            ArticleReply,
            (col(ArticleReply.article_id) == col(ArticleReplyFeedback.article_id))
            & (col(ArticleReply.reply_id) == col(ArticleReplyFeedback.reply_id)),
        )
        .join(Article, col(Article.id) == col(ArticleReplyFeedback.article_id))
        .outerjoin(ReviewTask, col(ReviewTask.article_id) == col(ArticleReplyFeedback.article_id))
        .where(
            col(Article.status) == Status.NORMAL,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
            col(ArticleReplyFeedback.status) == Status.NORMAL,
            col(ArticleReplyFeedback.app_id).is_not(None),
            (col(ReviewTask.id).is_(None)) | ((col(ReviewTask.state).in_(SETTLED)) & (last_said() > since)),
        )
        .group_by(col(ArticleReplyFeedback.article_id))
        .having(-func.sum(col(ArticleReplyFeedback.score)) >= UNHELPFUL_BOUND)
    )
    return list(rows)


async def find_mutated(session: AsyncSession) -> list[str]:
    """Settled messages of which a wording has come in since that has little in common with what was checked."""
    since = func.coalesce(col(ReviewTask.updated_at), col(ReviewTask.created_at))
    rows = await session.execute(
        select(col(Article.id), col(Article.text), col(ArticleVariant.text))
        .join(ReviewTask, col(ReviewTask.article_id) == col(Article.id))
        .join(ArticleVariant, col(ArticleVariant.article_id) == col(Article.id))
        .where(
            col(Article.status) == Status.NORMAL,
            col(ReviewTask.state).in_(SETTLED),
            col(ArticleVariant.detached_at).is_(None),
            col(ArticleVariant.created_at) > since,
        )
    )
    return list(dict.fromkeys(article_id for article_id, text, wording in rows if is_mutated(text or "", wording)))


def is_mutated(text: str, wording: str) -> bool:
    """Whether a wording has so little in common with the message that its answer may not fit. Pure."""
    compared = SequenceMatcher(None, text[:COMPARED_CHARACTERS], wording[:COMPARED_CHARACTERS], autojunk=False)
    return compared.ratio() < MUTATED_BELOW
