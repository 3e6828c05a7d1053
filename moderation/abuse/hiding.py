"""Hiding, and showing again: a message with its answers, an answer wherever it is shown, a wording, a reader's comment.

Nothing is erased: what was hidden is shown again as it was. The indexes follow within a second, by the change log; who
was told an answer that is hidden now is told that it is withdrawn.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.errors import NothingToDoError
from moderation.abuse.subjects import Subject
from moderation.feedback import recount
from moderation.publish import set_article_status, set_link_status
from moderation.review import follow_answers
from moderation.variants import Because, detach_variant, reattach_variant
from storage.tables import (
    Article,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    MeasureKind,
    ModerationMeasure,
    Rule,
    Status,
    SubjectKind,
)

HIDES = {
    SubjectKind.ARTICLE: MeasureKind.HIDE_ARTICLE,
    SubjectKind.ANSWER: MeasureKind.HIDE_ANSWER,
    SubjectKind.WORDING: MeasureKind.HIDE_WORDING,
    SubjectKind.COMMENT: MeasureKind.HIDE_COMMENT,
}
"""What can be hidden."""


async def hide(
    session: AsyncSession, subject: Subject, *, by: str, rule: Rule, note: str, now: datetime
) -> ModerationMeasure:
    """Hide it. Raises `NothingToDoError`."""
    if subject.kind not in HIDES:
        raise NothingToDoError
    measure = ModerationMeasure(
        kind=HIDES[subject.kind],
        article_id=subject.article_id,
        reply_id=subject.reply_id,
        subject_id=subject.id,
        rule=rule,
        reason=note,
        at=now,
    )
    if subject.kind == SubjectKind.ARTICLE:
        await _hide_article(session, subject)
    elif subject.kind == SubjectKind.ANSWER:
        measure.details = {"articles": await _hide_answer(session, subject, now)}
    elif subject.kind == SubjectKind.WORDING:
        await _hide_wording(session, subject, Because(by, f"hidden: {rule.value}"))
    else:
        await _set_comment(session, subject.id, Status.NORMAL, Status.BLOCKED)
    session.add(measure)
    await session.flush()
    return measure


async def show_again(session: AsyncSession, measure: ModerationMeasure, *, by: str, now: datetime) -> None:
    """Undo `hide`. What was erased or taken back meanwhile stays so."""
    measure.undone_at = now
    session.add(measure)
    await session.flush()
    if measure.kind == MeasureKind.HIDE_ARTICLE and measure.article_id:
        article = await session.get_one(Article, measure.article_id, with_for_update=True)
        if article.status == Status.BLOCKED:
            await set_article_status(session, article.id, Status.NORMAL)
    elif measure.kind == MeasureKind.HIDE_ANSWER:
        await set_answers(session, [(each, measure.reply_id or "") for each in measure.details["articles"]], now=now)
    elif measure.kind == MeasureKind.HIDE_WORDING and measure.subject_id:
        if await session.get(ArticleVariant, measure.subject_id) is not None:
            await reattach_variant(session, measure.subject_id, Because(by, "shown again"))
    elif measure.kind == MeasureKind.HIDE_COMMENT:
        await _set_comment(session, measure.subject_id, Status.BLOCKED, Status.NORMAL)


async def set_answers(
    session: AsyncSession, answers: Sequence[tuple[str, str]], status: Status = Status.NORMAL, *, now: datetime
) -> list[str]:
    """Hide or show answers by article and reply, and let the tasks follow; returns the articles that changed.

    Rows are locked in one order before the change log is, which is to be locked last.
    """
    changing = []
    for article_id, reply_id in sorted(answers):
        link = await session.get(ArticleReply, (article_id, reply_id), with_for_update=True, populate_existing=True)
        if link is not None and link.status == (Status.BLOCKED if status == Status.NORMAL else Status.NORMAL):
            changing.append((article_id, reply_id))
    for article_id, reply_id in changing:
        await set_link_status(session, article_id, reply_id, status)
    for article_id in dict.fromkeys(article_id for article_id, _ in changing):
        await follow_answers(session, article_id, now)
    return [article_id for article_id, _ in changing]


async def _hide_article(session: AsyncSession, subject: Subject) -> None:
    article = await session.get(Article, subject.article_id, with_for_update=True)
    if article is None or article.status != Status.NORMAL:
        raise NothingToDoError
    await set_article_status(session, article.id, Status.BLOCKED)


async def _hide_answer(session: AsyncSession, subject: Subject, now: datetime) -> list[str]:
    """Hide it for every message it answers: what must not be said of one must not be said of another."""
    rows = await session.scalars(
        select(col(ArticleReply.article_id)).where(
            col(ArticleReply.reply_id) == subject.reply_id, col(ArticleReply.status) == Status.NORMAL
        )
    )
    answers = [(article_id, subject.reply_id or "") for article_id in rows]
    hidden = await set_answers(session, answers, Status.BLOCKED, now=now)
    if not hidden:
        raise NothingToDoError
    return hidden


async def _hide_wording(session: AsyncSession, subject: Subject, because: Because) -> None:
    wording = await session.get(ArticleVariant, subject.id)
    if wording is None or not await detach_variant(session, wording.id, because):
        raise NothingToDoError


async def _set_comment(session: AsyncSession, feedback_id: str | None, before: Status, after: Status) -> None:
    vote = await session.get(ArticleReplyFeedback, int(feedback_id or 0), with_for_update=True)
    if vote is None or vote.status != before:
        raise NothingToDoError
    vote.status = after
    session.add(vote)
    await session.flush()
    await recount(session, vote.article_id, vote.reply_id)
