"""Sending an answer in, taking one's own back: what is checked, and what follows.

The reply takes the draft's id: sent in twice, by a second press or a second window, it is there once.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.publish import withdraw
from moderation.task_states import Act, Mover, TransitionError, get_next, to_movers
from moderation.writing.drafts import UnknownDraftError, Writing, get_draft
from moderation.writing.limits import MAX_REFERENCE_UNITS, MAX_UNITS, count_units
from moderation.writing.references import (
    find_circular,
    find_references,
    load_checks,
    load_wordings_of,
    note_references,
)
from storage.articles import PUBLISHED
from storage.tables import (
    Article,
    ArticleReply,
    Draft,
    PageState,
    Reply,
    ReplyExpiry,
    ReplyState,
    ReviewTask,
    Role,
    Status,
    Verdict,
)

CLOCK = frozenset({Mover.CLOCK})


class Fault(StrEnum):
    """Why an answer cannot be sent in as it is; whoever shows it puts it into words."""

    NO_VERDICT = "no_verdict"
    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    NO_REFERENCE = "no_reference"
    REFERENCES_TOO_LONG = "references_too_long"
    CIRCULAR_REFERENCE = "circular_reference"
    PAGE_GONE = "page_gone"
    NOT_A_PAGE = "not_a_page"
    EXPIRED_ALREADY = "expired_already"


class FaultyAnswerError(Exception):
    """The answer cannot be sent in like this: `faults` says why, and about which address where it is one."""

    def __init__(self, faults: "list[FoundFault]") -> None:
        super().__init__(self.__doc__)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class FoundFault:
    fault: Fault
    about: str = ""
    """The address it is about."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """Where the answer is now."""

    article_id: str
    reply_id: str
    is_new: bool
    """False: it was there already, and nothing has changed."""
    articles: tuple[str, ...] = ()
    """Of a correction that became an answer of its own: the messages for which it is proposed, where more than one."""


async def find_faults(session: AsyncSession, article_id: str, writing: Writing, now: datetime) -> list[FoundFault]:
    """Everything that is wrong with an answer, so that it can be mended at once."""
    faults = [FoundFault(fault) for fault in _find_in_words(writing, now)]
    urls = find_references(writing.reference)
    circular = find_circular(writing.reference, await load_wordings_of(session, article_id))
    faults += [FoundFault(Fault.CIRCULAR_REFERENCE, url) for url in circular]
    known = {PageState.GONE: Fault.PAGE_GONE, PageState.REFUSED: Fault.NOT_A_PAGE}
    checks = await load_checks(session, urls)
    return faults + [FoundFault(known[check.state], check.url) for check in checks if check.state in known]


async def submit(
    session: AsyncSession, draft_id: str, *, editor_id: str, role: Role | None, now: datetime
) -> Submitted:
    """Propose the draft as an answer, and move the task on.

    Raises `UnknownDraftError`, `TransitionError` when the task is not this person's (any more), `FaultyAnswerError`.
    """
    sent = await _find_sent(session, draft_id, editor_id)
    if sent is not None:
        return sent
    draft = await get_draft(session, draft_id, editor_id)
    task = await _get_task(session, draft.article_id)
    after = get_next(Act.SUBMIT, task.state, to_movers(role, is_claimant=task.claimed_by == editor_id))
    writing = Writing.of(draft)
    await refuse_faults(session, draft.article_id, writing, now)
    session.add(to_reply(draft, now))
    await session.flush()
    await link_answer(session, draft.article_id, draft.id, editor_id, now)
    await set_expiry(session, draft.id, draft.expires_at)
    await note_references(session, draft.reference)
    task.state, task.claimed_by, task.lease_until, task.updated_at = after, None, None, now
    task.appeal_of = None
    session.add(task)
    await session.delete(draft)
    await session.flush()
    return Submitted(draft.article_id, draft.id, is_new=True)


async def reuse(
    session: AsyncSession, article_id: str, reply_id: str, *, editor_id: str, role: Role | None, now: datetime
) -> Submitted:
    """Answer the message with a reply that is published for another one; it is rated here anew."""
    if await session.get(ArticleReply, (article_id, reply_id)) is not None:
        return Submitted(article_id, reply_id, is_new=False)
    task = await _get_task(session, article_id)
    after = get_next(Act.SUBMIT, task.state, to_movers(role, is_claimant=task.claimed_by == editor_id))
    reply = await session.get(Reply, reply_id)
    if reply is None or not await _is_published(session, reply_id):
        raise UnknownDraftError
    await refuse_faults(session, article_id, Writing(reply.verdict, reply.text, reply.reference or ""), now)
    await link_answer(session, article_id, reply_id, editor_id, now)
    task.state, task.claimed_by, task.lease_until, task.updated_at = after, None, None, now
    task.appeal_of = None
    session.add(task)
    await session.flush()
    return Submitted(article_id, reply_id, is_new=True)


async def withdraw_answer(session: AsyncSession, article_id: str, reply_id: str, now: datetime) -> bool:
    """Stop showing an answer, and open the message's task again when nothing else answers it."""
    if not await withdraw(session, article_id, reply_id):
        return False
    await reopen_by_clock(session, article_id, now)
    return True


async def reopen_by_clock(session: AsyncSession, article_id: str, now: datetime) -> bool:
    """Open the message's task again, or give it one; False when it is open or somebody's."""
    task = await _find_task(session, article_id)
    if task is None:
        session.add(ReviewTask(article_id=article_id, created_at=now))
        await session.flush()
        return True
    try:
        task.state = get_next(Act.REOPEN, task.state, CLOCK)
    except TransitionError:
        return False
    task.updated_at = now
    session.add(task)
    await session.flush()
    return True


def _find_in_words(writing: Writing, now: datetime) -> list[Fault]:
    needs_proof = writing.verdict is not Verdict.NOT_ARTICLE
    found = {
        Fault.NO_VERDICT: writing.verdict is None,
        Fault.NO_TEXT: not writing.text.strip(),
        Fault.TOO_LONG: count_units(writing.text) > MAX_UNITS,
        Fault.NO_REFERENCE: needs_proof and not find_references(writing.reference),
        Fault.REFERENCES_TOO_LONG: count_units(writing.reference) > MAX_REFERENCE_UNITS,
        Fault.EXPIRED_ALREADY: writing.expires_at is not None and writing.expires_at <= now,
    }
    return [fault for fault, is_there in found.items() if is_there]


async def refuse_faults(session: AsyncSession, article_id: str, writing: Writing, now: datetime) -> None:
    """Raise `FaultyAnswerError` with all that is wrong."""
    faults = await find_faults(session, article_id, writing, now)
    if faults:
        raise FaultyAnswerError(faults)


async def _find_sent(session: AsyncSession, draft_id: str, editor_id: str) -> Submitted | None:
    """The answer that this draft has become already."""
    rows = await session.scalars(
        select(ArticleReply).where(col(ArticleReply.reply_id) == draft_id, col(ArticleReply.contributor) == editor_id)
    )
    link = rows.first()
    return Submitted(link.article_id, link.reply_id, is_new=False) if link else None


def to_reply(draft: Draft, now: datetime) -> Reply:
    """The draft as an answer of its own; it keeps the draft's id."""
    assert draft.verdict is not None  # or it would have been a fault
    return Reply(
        id=draft.id,
        verdict=draft.verdict,
        text=draft.text.strip(),
        reference=draft.reference.strip() or None,
        contributor=draft.editor_id,
        created_at=now,
    )


async def link_answer(session: AsyncSession, article_id: str, reply_id: str, editor_id: str, now: datetime) -> None:
    """Propose a reply for a message. Raises `TransitionError` when the message is hidden."""
    article = await session.get_one(Article, article_id)
    if article.status != Status.NORMAL:
        raise TransitionError
    session.add(
        ArticleReply(
            article_id=article_id,
            reply_id=reply_id,
            state=ReplyState.PROPOSED,
            contributor=editor_id,
            created_at=now,
        )
    )
    await session.flush()


async def _is_published(session: AsyncSession, reply_id: str) -> bool:
    rows = await session.scalars(
        select(col(ArticleReply.article_id)).where(
            col(ArticleReply.reply_id) == reply_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
    )
    return rows.first() is not None


async def set_expiry(session: AsyncSession, reply_id: str, expires_at: datetime | None) -> None:
    """Remember until when an answer holds; None: until something else is known."""
    known = await session.get(ReplyExpiry, reply_id)
    if expires_at is None:
        if known is not None:
            await session.delete(known)
        return
    known = known or ReplyExpiry(reply_id=reply_id, expires_at=expires_at)
    known.expires_at, known.expired_at = expires_at, None
    session.add(known)


async def _get_task(session: AsyncSession, article_id: str) -> ReviewTask:
    task = await _find_task(session, article_id)
    if task is None:
        raise TransitionError
    return task


async def _find_task(session: AsyncSession, article_id: str) -> ReviewTask | None:
    rows = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article_id).with_for_update())
    return rows.first()
