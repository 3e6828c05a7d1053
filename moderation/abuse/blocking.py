"""Blocking a volunteer or an asker: what they did no longer counts, and counts again when it is undone.

What a blocked volunteer wrote and others have found good stays shown; what nobody has decided on is taken out of the
review. After the transaction, `review_rated_by` lets the rule look at each answer they have rated, one transaction
each, so that nobody who rates meanwhile waits for all of them; if it is cut short, the nightly review does the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.errors import NotAllowedError, NothingToDoError
from moderation.abuse.hiding import set_answers
from moderation.feedback import last_said, recount
from moderation.review import review
from moderation.task_states import Act, Mover, get_next
from moderation.thresholds import DEFAULT, Thresholds
from storage.askers import SOURCE
from storage.database import Database
from storage.tables import (
    ArticleReply,
    ArticleReplyFeedback,
    Editor,
    EditorSession,
    MeasureKind,
    ModerationMeasure,
    PushSubscription,
    RaterStanding,
    Rating,
    ReplyRequest,
    ReplyState,
    ReviewTask,
    Role,
    Rule,
    Status,
    TaskState,
)


@dataclass(frozen=True, slots=True)
class HeavyAsker:
    """Somebody who asked for very much of late."""

    asker_id: str
    requests: int
    votes: int
    blocked_by: int | None
    """The measure that makes them count no more."""


async def block_editor(
    session: AsyncSession, editor_id: str, *, by: str, role: Role, rule: Rule, note: str, now: datetime
) -> ModerationMeasure:
    """Sign somebody out for good, free their tasks, take their undecided answers out of the review.

    Raises `MeasureError`: nobody blocks themselves, and only administrators block administrators.
    """
    editor = await session.get(Editor, editor_id, with_for_update=True)
    if editor is None or editor.blocked_at is not None:
        raise NothingToDoError
    if editor_id == by or (editor.role == Role.ADMINISTRATOR and role != Role.ADMINISTRATOR):
        raise NotAllowedError
    editor.blocked_at = now
    session.add(editor)
    await _set_blocked(session, editor_id, blocked=True)
    await _sign_out(session, editor_id)
    await _free_tasks(session, editor_id, now)
    answers = await _load_undecided(session, editor_id)
    await set_answers(session, answers, Status.BLOCKED, now=now)
    measure = ModerationMeasure(
        kind=MeasureKind.BLOCK_EDITOR,
        editor_id=editor_id,
        rule=rule,
        reason=note,
        details={"answers": [list(answer) for answer in answers]},
        at=now,
    )
    session.add(measure)
    await session.flush()
    return measure


async def unblock_editor(session: AsyncSession, measure: ModerationMeasure, now: datetime) -> None:
    """Undo `block_editor`; the caller runs `review_rated_by` again."""
    editor = await session.get_one(Editor, measure.editor_id or "", with_for_update=True)
    editor.blocked_at, measure.undone_at = None, now
    session.add_all([editor, measure])
    await _set_blocked(session, editor.id, blocked=False)
    await set_answers(session, [(article_id, reply_id) for article_id, reply_id in measure.details["answers"]], now=now)


async def review_rated_by(
    database: Database, editor_id: str, now: datetime, thresholds: Thresholds = DEFAULT
) -> list[tuple[str, str]]:
    """Let the rule look again at all that this person has rated; returns the answers that changed."""
    async with database.reading() as session:
        rows = await session.execute(
            select(col(Rating.article_id), col(Rating.reply_id))
            .where(col(Rating.rater) == editor_id)
            .order_by(col(Rating.id))
        )
        rated = [(article_id, reply_id) for article_id, reply_id in rows]
    changed = []
    for article_id, reply_id in rated:
        async with database.transaction() as session:
            before = (await session.get_one(ArticleReply, (article_id, reply_id), with_for_update=True)).state
            after = (await review(session, article_id, reply_id, now=now, thresholds=thresholds)).state
        if after != before:
            changed.append((article_id, reply_id))
    return changed


async def block_asker(
    session: AsyncSession, asker_id: str, *, rule: Rule, note: str, now: datetime
) -> ModerationMeasure:
    """Let an asker's requests and votes, those to come included, count no more. Raises `NothingToDoError`."""
    known = select(col(ModerationMeasure.id)).where(
        col(ModerationMeasure.subject_id) == asker_id,
        col(ModerationMeasure.kind) == MeasureKind.BLOCK_ASKER,
        col(ModerationMeasure.undone_at).is_(None),
    )
    if await session.scalar(known.limit(1)) is not None:
        raise NothingToDoError
    measure = ModerationMeasure(kind=MeasureKind.BLOCK_ASKER, subject_id=asker_id, rule=rule, reason=note, at=now)
    session.add(measure)
    if not await _set_counted(session, asker_id, Status.NORMAL, Status.BLOCKED):
        raise NothingToDoError
    return measure


async def unblock_asker(session: AsyncSession, measure: ModerationMeasure, now: datetime) -> None:
    """Undo `block_asker`: what they asked and voted meanwhile counts as well, but no comment hidden by itself."""
    measure.undone_at = now
    session.add(measure)
    await _set_counted(session, measure.subject_id or "", Status.BLOCKED, Status.NORMAL)


async def load_heavy_askers(
    session: AsyncSession, since: datetime, *, at_least: int = 20, limit: int = 20
) -> Sequence[HeavyAsker]:
    """Who has asked about the most messages since then."""
    requests = func.count(col(ReplyRequest.id))
    rows = await session.execute(
        select(col(ReplyRequest.contributor), requests)
        .where(
            col(ReplyRequest.source) == SOURCE,
            col(ReplyRequest.created_at) > since,
            col(ReplyRequest.contributor).is_not(None),
        )
        .group_by(col(ReplyRequest.contributor))
        .having(requests >= at_least)
        .order_by(requests.desc(), col(ReplyRequest.contributor))
        .limit(limit)
    )
    counts = {str(asker_id): int(number) for asker_id, number in rows}
    votes = await session.execute(
        select(col(ArticleReplyFeedback.contributor), func.count())
        .where(col(ArticleReplyFeedback.contributor).in_(counts), last_said() > since)
        .group_by(col(ArticleReplyFeedback.contributor))
    )
    voted = {str(asker_id): int(number) for asker_id, number in votes}
    blocked = await session.execute(
        select(col(ModerationMeasure.subject_id), col(ModerationMeasure.id)).where(
            col(ModerationMeasure.subject_id).in_(counts),
            col(ModerationMeasure.kind) == MeasureKind.BLOCK_ASKER,
            col(ModerationMeasure.undone_at).is_(None),
        )
    )
    measures = {str(asker_id): int(measure_id or 0) for asker_id, measure_id in blocked}
    return [HeavyAsker(who, number, voted.get(who, 0), measures.get(who)) for who, number in counts.items()]


async def _set_blocked(session: AsyncSession, editor_id: str, *, blocked: bool) -> None:
    standing = await session.get(RaterStanding, editor_id) or RaterStanding(rater=editor_id)
    standing.blocked = blocked
    session.add(standing)
    await session.flush()


async def _sign_out(session: AsyncSession, editor_id: str) -> None:
    """Everywhere, and they are told nothing there any more, also after they are let in again."""
    await session.execute(delete(EditorSession).where(col(EditorSession.editor_id) == editor_id))
    await session.execute(delete(PushSubscription).where(col(PushSubscription.editor_id) == editor_id))


async def _free_tasks(session: AsyncSession, editor_id: str, now: datetime) -> None:
    opened = get_next(Act.RELEASE, TaskState.CLAIMED, frozenset({Mover.MODERATOR}))
    await session.execute(
        update(ReviewTask)
        .where(col(ReviewTask.claimed_by) == editor_id, col(ReviewTask.state) == TaskState.CLAIMED)
        .values(state=opened, claimed_by=None, lease_until=None, updated_at=now)
    )


async def _load_undecided(session: AsyncSession, editor_id: str) -> list[tuple[str, str]]:
    rows = await session.execute(
        select(col(ArticleReply.article_id), col(ArticleReply.reply_id)).where(
            col(ArticleReply.contributor) == editor_id,
            col(ArticleReply.state) == ReplyState.PROPOSED,
            col(ArticleReply.status) == Status.NORMAL,
        )
    )
    return [(article_id, reply_id) for article_id, reply_id in rows]


async def _set_counted(session: AsyncSession, asker_id: str, before: Status, after: Status) -> int:
    """Change the status of all this person asked and voted, and the counts with it; returns how many rows."""
    hidden = select(col(ModerationMeasure.subject_id)).where(
        col(ModerationMeasure.kind) == MeasureKind.HIDE_COMMENT, col(ModerationMeasure.undone_at).is_(None)
    )
    kept = {int(feedback_id) for feedback_id in await session.scalars(hidden) if feedback_id}
    own = select(ArticleReplyFeedback).where(
        col(ArticleReplyFeedback.contributor) == asker_id,
        col(ArticleReplyFeedback.status) == before,
        col(ArticleReplyFeedback.id).not_in(kept),
    )
    voted = sorted({(vote.article_id, vote.reply_id) for vote in await session.scalars(own)})
    for answer in voted:  # locked before the votes are, as whoever votes does
        await session.get(ArticleReply, answer, with_for_update=True)
    votes = list(await session.scalars(own))
    for vote in votes:
        vote.status = after
        session.add(vote)
    requests = await session.execute(
        update(ReplyRequest)
        .where(
            col(ReplyRequest.contributor) == asker_id,
            col(ReplyRequest.source) == SOURCE,
            col(ReplyRequest.status) == before,
        )
        .values(status=after)
        .returning(col(ReplyRequest.id))
    )
    changed = len(votes) + len(requests.all())
    await session.flush()
    for article_id, reply_id in voted:
        await recount(session, article_id, reply_id)
    return changed
