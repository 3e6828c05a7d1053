"""What moderators do: hide, block, undo; reports and appeals. Each measure is a row of the public moderation log.

Nobody decides on a case of their own. Hiding removes nothing: an undone measure leaves everything as it was.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.publish import set_article_status, set_link_status
from moderation.rating import load_authors
from moderation.review import reopen, review
from moderation.task_states import TransitionError
from storage.tables import (
    Article,
    ArticleReply,
    CaseKind,
    CaseState,
    Editor,
    EditorSession,
    MeasureKind,
    ModerationCase,
    ModerationMeasure,
    RaterStanding,
    Rating,
    ReviewTask,
    Role,
    Status,
    TaskState,
)


class MeasureError(Exception):
    """This cannot be done: it is done already, there is no such thing, or it would be one's own case."""


async def hide(
    session: AsyncSession, *, article_id: str, reply_id: str | None, reason: str, now: datetime
) -> ModerationMeasure:
    """Hide a message with all its answers, or one answer of it. Raises `MeasureError`."""
    if reply_id is None:
        article = await session.get(Article, article_id)
        if article is None or article.status != Status.NORMAL:
            raise MeasureError
        await set_article_status(session, article_id, Status.BLOCKED)
        kind = MeasureKind.HIDE_ARTICLE
    else:
        link = await session.get(ArticleReply, (article_id, reply_id))
        if link is None or not await set_link_status(session, article_id, reply_id, Status.BLOCKED):
            raise MeasureError
        kind = MeasureKind.HIDE_ANSWER
    return await _log(
        session, ModerationMeasure(kind=kind, article_id=article_id, reply_id=reply_id, reason=reason, at=now)
    )


async def block(session: AsyncSession, editor_id: str, *, by: str, reason: str, now: datetime) -> ModerationMeasure:
    """Block an account: it is signed out, its claims are free, its ratings count nowhere. Raises `MeasureError`."""
    editor = await session.get(Editor, editor_id, with_for_update=True)
    if editor is None or editor.blocked_at is not None or editor_id == by:
        raise MeasureError
    editor.blocked_at = now
    session.add(editor)
    await session.flush()
    await _forget_presence_of(session, editor_id)
    await _set_blocked(session, editor_id, blocked=True)
    changed = await _review_rated(session, editor_id, now)
    details = {"answers_reviewed": changed}
    measure = ModerationMeasure(
        kind=MeasureKind.BLOCK_EDITOR, editor_id=editor_id, reason=reason, details=details, at=now
    )
    return await _log(session, measure)


async def undo(session: AsyncSession, measure_id: int, now: datetime) -> ModerationMeasure:
    """Take a measure back. Raises `MeasureError`."""
    measure = await session.get(ModerationMeasure, measure_id, with_for_update=True)
    if measure is None or measure.undone_at is not None:
        raise MeasureError
    if measure.kind == MeasureKind.HIDE_ARTICLE and measure.article_id:
        await set_article_status(session, measure.article_id, Status.NORMAL)
    elif measure.kind == MeasureKind.HIDE_ANSWER and measure.article_id and measure.reply_id:
        await set_link_status(session, measure.article_id, measure.reply_id, Status.NORMAL)
    elif measure.kind == MeasureKind.BLOCK_EDITOR and measure.editor_id:
        editor = await session.get_one(Editor, measure.editor_id)
        editor.blocked_at = None
        session.add(editor)
        await _set_blocked(session, measure.editor_id, blocked=False)
        await _review_rated(session, measure.editor_id, now)
    else:
        raise MeasureError
    measure.undone_at = now
    session.add(measure)
    return measure


async def raise_case(session: AsyncSession, case: ModerationCase) -> ModerationCase:
    """Take in a report or an appeal. Raises `MeasureError` when what it is about does not exist."""
    is_about = case.article_id or case.editor_id
    if case.article_id and await session.get(Article, case.article_id) is None:
        raise MeasureError
    if case.reply_id and await session.get(ArticleReply, (case.article_id, case.reply_id)) is None:
        raise MeasureError
    if not is_about or (case.kind == CaseKind.APPEAL and not case.reply_id):
        raise MeasureError
    session.add(case)
    await session.flush()
    return case


async def decide_case(
    session: AsyncSession, case_id: str, *, granted: bool, answer: str, moderator: str, role: Role, now: datetime
) -> ModerationCase:
    """Grant or refuse. A granted appeal re-opens the answer, a granted report hides what it is about.

    Raises `MeasureError`, for whoever raised the case or wrote what it is about as well.
    """
    case = await session.get(ModerationCase, case_id, with_for_update=True)
    if case is None or case.state != CaseState.OPEN or moderator in await _concerned(session, case):
        raise MeasureError
    if granted and case.kind == CaseKind.APPEAL and case.article_id and case.reply_id:
        try:
            await reopen(session, case.article_id, case.reply_id, moderator=moderator, role=role, now=now)
        except TransitionError as error:
            raise MeasureError from error
        measure = ModerationMeasure(
            kind=MeasureKind.GRANT_APPEAL, article_id=case.article_id, reply_id=case.reply_id, reason=answer, at=now
        )
        await _log(session, measure)
    elif granted and case.article_id:
        await hide(session, article_id=case.article_id, reply_id=case.reply_id, reason=answer, now=now)
    case.state = CaseState.GRANTED if granted else CaseState.REFUSED
    case.answer, case.decided_by, case.decided_at = answer, moderator, now
    session.add(case)
    return case


async def load_log(session: AsyncSession, limit: int = 200) -> Sequence[ModerationMeasure]:
    """The newest measures first."""
    rows = await session.scalars(select(ModerationMeasure).order_by(col(ModerationMeasure.id).desc()).limit(limit))
    return list(rows)


async def _concerned(session: AsyncSession, case: ModerationCase) -> set[str]:
    concerned = {case.raised_by, case.editor_id} - {None}
    if case.article_id and case.reply_id:
        link = await session.get_one(ArticleReply, (case.article_id, case.reply_id))
        concerned |= await load_authors(session, link)
    return {each for each in concerned if each is not None}


async def _log(session: AsyncSession, measure: ModerationMeasure) -> ModerationMeasure:
    session.add(measure)
    await session.flush()
    return measure


async def _set_blocked(session: AsyncSession, editor_id: str, *, blocked: bool) -> None:
    standing = await session.get(RaterStanding, editor_id) or RaterStanding(rater=editor_id)
    standing.blocked = blocked
    session.add(standing)
    await session.flush()


async def _forget_presence_of(session: AsyncSession, editor_id: str) -> None:
    """Sign out everywhere, and give back what was claimed."""
    for found in await session.scalars(select(EditorSession).where(col(EditorSession.editor_id) == editor_id)):
        await session.delete(found)
    await session.execute(
        update(ReviewTask)
        .where(col(ReviewTask.claimed_by) == editor_id, col(ReviewTask.state) == TaskState.CLAIMED)
        .values(state=TaskState.OPEN, claimed_by=None, lease_until=None)
    )


async def _review_rated(session: AsyncSession, editor_id: str, now: datetime) -> int:
    """Let the rule look again at everything this person has rated; returns how many answers."""
    rows = await session.execute(
        select(col(Rating.article_id), col(Rating.reply_id))
        .where(col(Rating.rater) == editor_id)
        .order_by(col(Rating.id))
    )
    rated = [(article_id, reply_id) for article_id, reply_id in rows]
    for article_id, reply_id in rated:
        await review(session, article_id, reply_id, now=now)
    return len(rated)
