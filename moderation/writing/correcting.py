"""Correcting an answer that is there already.

A correction keeps what the answer has: its state, its ratings, its age. So it may mend words and sources, add and cut.
One that gives another verdict, leaves little of the words that were rated, or turns one of their sentences round, says
something else: it is proposed as an answer of its own, to be rated like any other. Else whoever has had an answer
verified could let it say what they like. The old answer is withdrawn only where whoever corrects it may withdraw it:
for the messages they gave it to themselves, and for all messages if they may withdraw anybody's. Elsewhere it stands,
and the new one is proposed beside it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.publish import correct
from moderation.publish import replace as replace_answer
from moderation.reopening import ensure_task
from moderation.review import follow_answers
from moderation.task_states import TransitionError
from moderation.writing.differences import measure_common
from moderation.writing.drafts import Writing, get_draft
from moderation.writing.references import note_references
from moderation.writing.submitting import Submitted, link_answer, refuse_faults, set_expiry, to_reply
from retrieval.contradiction import Difference, find_contradictions
from storage.tables import Article, ArticleReply, Draft, Reply, ReplyState, ReplyVersion, Status

REWRITTEN_BELOW = 0.6
"""With less than this share in common with what was first rated, an answer is another one."""


class Why(StrEnum):
    """What makes an answer another one."""

    OTHER_VERDICT = "other_verdict"
    OTHER_WORDS = "other_words"
    OTHER_SENSE = "other_sense"
    """Few words differ, and they turn it round: a negation, a number, a name."""


class Effect(StrEnum):
    """What becomes of the answer that is corrected."""

    MENDS = "mends"
    REPLACES = "replaces"
    """It is withdrawn, and the new one proposed in its place."""
    BESIDE = "beside"
    """It stands, and the new one is proposed beside it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a correction does, as it reads now."""

    effect: Effect
    articles: tuple[str, ...] = ()
    """The messages for which a new answer is proposed."""
    is_of_others: bool = False
    """For some of those, others gave the answer that is withdrawn."""
    why: Why | None = None
    """Why it is a new answer; None: it is not."""
    turned: Difference | None = None
    """Of OTHER_SENSE: the words that say so now, and those that said otherwise."""


async def foresee(session: AsyncSession, draft: Draft, *, withdraws_any: bool) -> Outcome:
    """What sending the correction in would do. Raises `TransitionError` when the answer is withdrawn or hidden."""
    return await _foresee(session, draft, await _load_links(session, draft), withdraws_any=withdraws_any)


async def send_correction(
    session: AsyncSession, draft_id: str, *, editor_id: str, withdraws_any: bool, now: datetime
) -> Submitted:
    """Let what is there read as the draft does, or propose the draft as an answer of its own; who asked is told.

    Who may correct, and who may withdraw what others gave, is the caller's to know. A new answer has the draft's id.
    Raises `TransitionError` when the answer was withdrawn or hidden meanwhile.
    """
    draft = await get_draft(session, draft_id, editor_id)
    links = await _load_links(session, draft, lock=True)
    writing = Writing.of(draft)
    await refuse_faults(session, draft.article_id, writing, now)
    assert writing.verdict is not None  # or it would have been a fault
    await note_references(session, draft.reference)
    outcome = await _foresee(session, draft, links, withdraws_any=withdraws_any)
    if outcome.effect == Effect.MENDS:
        reference = writing.reference.strip() or None
        text, verdict, answer = writing.text.strip(), writing.verdict, draft.corrects
        changed = await correct(session, answer, verdict=verdict, text=text, reference=reference, editor=editor_id)
        await set_expiry(session, answer, draft.expires_at)
        sent = Submitted(draft.article_id, answer, is_new=changed)
    else:
        await _propose(session, draft, outcome, now)
        sent = Submitted(draft.article_id, draft.id, is_new=True, articles=outcome.articles)
    await session.delete(draft)
    await session.flush()
    return sent


async def _foresee(
    session: AsyncSession, draft: Draft, links: Sequence[ArticleReply], *, withdraws_any: bool
) -> Outcome:
    why, turned = await _find_what_is_other(session, draft)
    if why is None:
        return Outcome(Effect.MENDS)
    own = tuple(link.article_id for link in links if link.contributor == draft.editor_id)
    outcome = Outcome(Effect.BESIDE, (draft.article_id,), why=why, turned=turned)
    if withdraws_any:
        everywhere = tuple(link.article_id for link in links)
        return replace(outcome, effect=Effect.REPLACES, articles=everywhere, is_of_others=len(own) < len(links))
    if draft.article_id in own:
        return replace(outcome, effect=Effect.REPLACES, articles=own)
    return outcome


async def _load_links(session: AsyncSession, draft: Draft, *, lock: bool = False) -> list[ArticleReply]:
    """Where the answer stands. Locked in one order, so that of two who correct it at once the second sees the first."""
    found = select(ArticleReply).where(col(ArticleReply.reply_id) == draft.corrects)
    found = found.order_by(col(ArticleReply.article_id)).execution_options(populate_existing=True)
    links = [
        link
        for link in await session.scalars(found.with_for_update() if lock else found)
        if link.status == Status.NORMAL and link.state != ReplyState.WITHDRAWN
    ]
    article = await session.get_one(Article, draft.article_id)
    if article.status != Status.NORMAL or draft.article_id not in {link.article_id for link in links}:
        raise TransitionError
    return links


async def _find_what_is_other(session: AsyncSession, draft: Draft) -> tuple[Why | None, Difference | None]:
    """Held against how it read at first, so that many small corrections do no more than one large one.

    What turns it round is looked for in what it says now, too: that is what its newest ratings are about.
    """
    reply = await session.get_one(Reply, draft.corrects, populate_existing=True)
    if draft.verdict != reply.verdict:
        return Why.OTHER_VERDICT, None
    first = await session.scalar(
        select(col(ReplyVersion.text))
        .where(col(ReplyVersion.reply_id) == reply.id)
        .order_by(col(ReplyVersion.version))
        .limit(1)
    )
    text = draft.text.strip()
    if measure_common(first or reply.text, text) < REWRITTEN_BELOW:
        return Why.OTHER_WORDS, None
    rated = dict.fromkeys((first or reply.text, reply.text))
    turned = await asyncio.to_thread(_find_turned, text, list(rated))  # tens of milliseconds for a long answer
    return (Why.OTHER_SENSE, turned) if turned else (None, None)


def _find_turned(text: str, rated: Sequence[str]) -> Difference | None:
    """The first words that contradict what was rated. The check is not the same in both directions for long texts."""
    for before in rated:
        if text == before:
            continue
        if found := find_contradictions(text, before):
            return found[0]
        if found := find_contradictions(before, text):
            said, now = found[0]
            return now, said
    return None


async def _propose(session: AsyncSession, draft: Draft, outcome: Outcome, now: datetime) -> None:
    """Propose the draft in place of the answer that it corrects, or beside it; the tasks follow."""
    session.add(to_reply(draft, now))
    await session.flush()
    await set_expiry(session, draft.id, draft.expires_at)
    for article_id in outcome.articles:
        if outcome.effect == Effect.REPLACES:
            await replace_answer(session, article_id, draft.corrects, by=draft.id, editor=draft.editor_id)
        else:
            await link_answer(session, article_id, draft.id, draft.editor_id, now)
    for article_id in outcome.articles:
        await ensure_task(session, article_id, now)  # an imported answer may stand without one
        await follow_answers(session, article_id, now)
