"""All that one task's page shows, read in one short look at the database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.abuse.sources import ToldSource, read_sources
from moderation.claims import PRESENT_FOR, read_present
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    Editor,
    Hyperlink,
    Presence,
    Reply,
    ReplyRequest,
    ReviewTask,
    Status,
    TaskState,
)

MAX_REASONS = 20
MAX_WORDINGS = 10
MAX_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class TaskPage:
    task: ReviewTask
    article: Article
    is_held: bool
    """Somebody has claimed it, and their lease lasts."""
    claimant: Editor | None
    present: Sequence[Editor]
    is_noted: bool
    """It is known already, and lately enough, that the viewer is looking."""
    answers: Sequence[tuple[ArticleReply, Reply]]
    variants: Sequence[str]
    """Other wordings, the newest first."""
    wordings: int
    """How many there are."""
    links: Sequence[Hyperlink]
    reasons: Mapping[str, int]
    """Why people ask, the newest first, and how many of the last said so."""
    sources: Sequence[ToldSource]
    """What people have told of, through the report form."""
    people: Sequence[Editor]
    """To whom it could be handed over."""

    @property
    def is_free(self) -> bool:
        return self.task.state == TaskState.OPEN or (self.task.state == TaskState.CLAIMED and not self.is_held)


def find_task_page(session: Session, task_id: str, viewer: str, now: datetime) -> TaskPage | None:
    """The task and everything about its message; None when there is none, or its message is hidden or taken back."""
    task = session.get(ReviewTask, task_id)
    article = session.get(Article, task.article_id) if task else None
    if task is None or article is None or article.status != Status.NORMAL:
        return None
    is_held = task.state == TaskState.CLAIMED and task.lease_until is not None and task.lease_until > now
    own = session.get(Presence, (task_id, viewer))
    others = select(Editor).where(col(Editor.blocked_at).is_(None), col(Editor.id) != viewer).limit(MAX_PEOPLE)
    attached = (col(ArticleVariant.article_id) == article.id, col(ArticleVariant.detached_at).is_(None))
    return TaskPage(
        task=task,
        article=article,
        is_held=is_held,
        claimant=session.get(Editor, task.claimed_by) if is_held else None,
        present=read_present(session, task_id, now, but=viewer),
        is_noted=own is not None and now - own.seen_at < PRESENT_FOR / 3,
        answers=_read_answers(session, article.id),
        variants=session.scalars(
            select(col(ArticleVariant.text))
            .where(*attached)
            .order_by(col(ArticleVariant.created_at).desc())
            .limit(MAX_WORDINGS)
        ).all(),
        wordings=session.scalar(select(func.count()).select_from(ArticleVariant).where(*attached)) or 0,
        links=list(session.scalars(select(Hyperlink).where(col(Hyperlink.article_id) == article.id))),
        reasons=_read_reasons(session, article.id),
        sources=read_sources(session, article.id),
        people=list(session.scalars(others)) if is_held else [],
    )


def _read_answers(session: Session, article_id: str) -> list[tuple[ArticleReply, Reply]]:
    rows = session.execute(
        select(ArticleReply, Reply)
        .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
        .where(col(ArticleReply.article_id) == article_id, col(ArticleReply.status) == Status.NORMAL)
        .order_by(col(ArticleReply.created_at))
    )
    return [(link, reply) for link, reply in rows]


def _read_reasons(session: Session, article_id: str) -> Counter[str]:
    rows = session.scalars(
        select(col(ReplyRequest.reason))
        .where(
            col(ReplyRequest.article_id) == article_id,
            col(ReplyRequest.reason).is_not(None),
            col(ReplyRequest.status) == Status.NORMAL,
        )
        .order_by(col(ReplyRequest.id).desc())
        .limit(MAX_REASONS)
    )
    return Counter(reason for reason in rows if reason)
