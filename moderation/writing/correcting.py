"""Correcting an answer that is there already.

A correction keeps what the answer has: its state, its ratings, its age. So it may mend words and sources, add and cut.
One that gives another verdict, or leaves little of the words that were rated, says something else: the old answer is
withdrawn and the new one proposed in its place, to be rated like any other. Else whoever has had an answer verified
could let it say what they like.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.publish import correct, replace
from moderation.reopening import ensure_task
from moderation.review import follow_answers
from moderation.writing.differences import measure_common
from moderation.writing.drafts import UnknownDraftError, Writing, get_draft
from moderation.writing.references import note_references
from moderation.writing.submitting import Submitted, refuse_faults, set_expiry, to_reply
from storage.tables import ArticleReply, Draft, Reply, ReplyState, ReplyVersion, Status, Verdict

REWRITTEN_BELOW = 0.6
"""With less than this share in common with what was first rated, an answer is another one."""


async def send_correction(session: AsyncSession, draft_id: str, *, editor_id: str, now: datetime) -> Submitted:
    """Let what is there read as the draft does, or propose the draft in its place; who asked is told.

    Who may is the caller's to know. What takes an answer's place has an id of its own: the draft's.
    """
    draft = await get_draft(session, draft_id, editor_id)
    writing = Writing.of(draft)
    await refuse_faults(session, draft.article_id, writing, now)
    assert writing.verdict is not None  # or it would have been a fault
    reply = await session.get(Reply, draft.corrects)
    if reply is None:
        raise UnknownDraftError
    await note_references(session, draft.reference)
    if await _says_something_else(session, reply, writing.verdict, writing.text.strip()):
        await _replace(session, draft, now)
        sent = Submitted(draft.article_id, draft.id, is_new=True)
    else:
        reference = writing.reference.strip() or None
        text, verdict = writing.text.strip(), writing.verdict
        changed = await correct(session, reply.id, verdict=verdict, text=text, reference=reference, editor=editor_id)
        await set_expiry(session, reply.id, draft.expires_at)
        sent = Submitted(draft.article_id, reply.id, is_new=changed)
    await session.delete(draft)
    await session.flush()
    return sent


async def _says_something_else(session: AsyncSession, reply: Reply, verdict: Verdict, text: str) -> bool:
    """Held against how it read at first, so that many small corrections do no more than one large one."""
    first = await session.scalar(
        select(col(ReplyVersion.text))
        .where(col(ReplyVersion.reply_id) == reply.id)
        .order_by(col(ReplyVersion.version))
        .limit(1)
    )
    return verdict != reply.verdict or measure_common(first or reply.text, text) < REWRITTEN_BELOW


async def _replace(session: AsyncSession, draft: Draft, now: datetime) -> None:
    """Propose the draft wherever the answer that it corrects stands; the tasks follow."""
    session.add(to_reply(draft, now))
    await session.flush()
    await set_expiry(session, draft.id, draft.expires_at)
    rows = await session.scalars(
        select(ArticleReply)
        .where(
            col(ArticleReply.reply_id) == draft.corrects,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state) != ReplyState.WITHDRAWN,
        )
        .order_by(col(ArticleReply.article_id))
    )
    articles = [link.article_id for link in rows]
    for article_id in articles:
        await replace(session, article_id, draft.corrects, by=draft.id, editor=draft.editor_id)
    for article_id in articles:
        await ensure_task(session, article_id, now)  # an imported answer may stand without one
        await follow_answers(session, article_id, now)
