"""Running the verification rule on an answer, and letting happen what it says: shown, held, rejected, re-opened.

The answer's row is locked first, so that of two ratings that arrive together the second review sees both. Every change
of rule or outcome is a row of `verification_decision`, written in the same transaction as what follows from it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.cases import load_case
from moderation.publish import publish, take_back
from moderation.rating import UnknownAnswerError
from moderation.task_states import (
    DECIDED,
    MODERATORS,
    Act,
    TransitionError,
    choose_state,
    find_act,
    get_next,
    to_movers,
)
from moderation.thresholds import DEFAULT, Thresholds
from moderation.verification import Finding, decide
from storage.articles import PUBLISHED
from storage.tables import (
    Article,
    ArticleReply,
    ReplyState,
    ReviewTask,
    Role,
    Status,
    TaskState,
    VerificationDecision,
    VerificationOutcome,
    VerificationRule,
    utc_now,
)
from storage.verification import find_final, load_decisions

SHOWN = {
    VerificationOutcome.PROVISIONAL: ReplyState.PROVISIONAL,
    VerificationOutcome.VERIFIED: ReplyState.VERIFIED,
}


@dataclass(frozen=True, slots=True)
class Review:
    """What the rule said, and what came of it."""

    finding: Finding
    state: ReplyState
    """The answer's state now."""
    public_at: datetime | None = None
    """It was decided that it goes public, and it waits until then; None: it waits for nothing."""
    locked: bool = False
    """Decided too long ago: whatever the rule would say now, nothing changes."""


def draw_delay(thresholds: Thresholds) -> timedelta:
    """A random time, so that nobody can have their way in the moment they choose."""
    span = (thresholds.delay_to - thresholds.delay_from).total_seconds()
    return thresholds.delay_from + timedelta(seconds=SystemRandom().uniform(0, span))


async def assess(session: AsyncSession, article_id: str, reply_id: str, thresholds: Thresholds = DEFAULT) -> Finding:
    """What the rule would say now; nothing is changed."""
    link = await session.get(ArticleReply, (article_id, reply_id))
    if link is None:
        raise UnknownAnswerError
    return decide(await load_case(session, link), thresholds)


async def review(
    session: AsyncSession,
    article_id: str,
    reply_id: str,
    *,
    now: datetime | None = None,
    thresholds: Thresholds = DEFAULT,
    delay: Callable[[Thresholds], timedelta] = draw_delay,
) -> Review:
    """Run the rule on one answer and carry out what it says. Run again, nothing happens a second time."""
    now = now or utc_now()
    link = await session.get(ArticleReply, (article_id, reply_id), with_for_update=True)
    if link is None:
        raise UnknownAnswerError
    article = await session.get_one(Article, article_id)
    finding = decide(await load_case(session, link), thresholds)
    if article.status != Status.NORMAL or link.status != Status.NORMAL or link.state == ReplyState.WITHDRAWN:
        return Review(finding, link.state)
    history = await load_decisions(session, article_id, reply_id)
    final = find_final(history)
    if final is not None and now >= final.since + thresholds.lock_after:
        return Review(finding, link.state, locked=True)
    newest = history[-1] if history else None
    shown = choose_shown(finding.outcome, thresholds)
    public_at = _choose_time(shown, finding, link, newest, now, lambda: delay(thresholds))
    if newest is None or (newest.rule, newest.outcome) != (finding.rule, finding.outcome):
        session.add(_to_decision(finding, link, now, public_at))
    if public_at is not None and now < public_at:
        return Review(finding, link.state, public_at)
    task = await _find_task(session, article_id)  # before the change log's lock, which is to be taken last
    await _carry_out(session, link, finding.outcome, shown)
    if task is not None:
        await _move_task(session, task, reply_id, finding.outcome, now)
    return Review(finding, link.state)


async def reopen(
    session: AsyncSession, article_id: str, reply_id: str, *, moderator: str, role: Role | None, now: datetime
) -> None:
    """Grant an appeal: ratings count again, a withdrawn or rejected answer is proposed again, the task is open again.

    Raises `TransitionError` for whoever is no moderator.
    """
    if role not in MODERATORS:
        raise TransitionError
    link = await session.get(ArticleReply, (article_id, reply_id), with_for_update=True)
    if link is None:
        raise UnknownAnswerError
    session.add(
        VerificationDecision(
            article_id=article_id,
            reply_id=reply_id,
            rule=VerificationRule.APPEAL,
            outcome=VerificationOutcome.REOPENED,
            actor=moderator,
            decided_at=now,
        )
    )
    task = await _find_task(session, article_id)
    if link.state not in PUBLISHED:
        await take_back(session, article_id, reply_id, ReplyState.PROPOSED)
    if task is not None and task.state in DECIDED:
        task.state, task.updated_at = get_next(Act.REOPEN, task.state, to_movers(role)), now
        task.appeal_of = reply_id
        session.add(task)


async def follow_answers(session: AsyncSession, article_id: str, now: datetime) -> None:
    """Let the task follow the answers that are left, or there again, after some were hidden or shown again.

    With none left the task is open: somebody is to write one.
    """
    task = await _find_task(session, article_id)
    if task is None or task.state not in DECIDED | {TaskState.OPEN}:
        return
    links = list(
        await session.scalars(
            select(ArticleReply).where(
                col(ArticleReply.article_id) == article_id, col(ArticleReply.status) == Status.NORMAL
            )
        )
    )
    after = choose_state(frozenset(link.state for link in links))
    if after is None and task.state in DECIDED and not any(link.state in PUBLISHED for link in links):
        after = TaskState.OPEN
    may = after == TaskState.OPEN or (after is not None and find_act(task.state, after) is not None)
    if after is not None and after != task.state and may:
        task.state, task.updated_at, task.appeal_of = after, now, None
        session.add(task)


def choose_shown(outcome: VerificationOutcome, thresholds: Thresholds) -> ReplyState | None:
    """The state in which people who ask are shown an answer of this outcome; None: they are not."""
    if outcome == VerificationOutcome.PROVISIONAL and not thresholds.answer_provisional:
        return None
    return SHOWN.get(outcome)


def _choose_time(
    shown: ReplyState | None,
    finding: Finding,
    link: ArticleReply,
    newest: VerificationDecision | None,
    now: datetime,
    delay: Callable[[], timedelta],
) -> datetime | None:
    """When an answer that is about to be shown may be; None: nothing holds it up."""
    if shown is None or link.state in PUBLISHED:
        return None
    if newest is not None and newest.public_at is not None and newest.outcome in SHOWN:
        return newest.public_at
    return now + delay() if finding.contested else None


def _to_decision(
    finding: Finding, link: ArticleReply, now: datetime, public_at: datetime | None
) -> VerificationDecision:
    reason = {"key": finding.reason.key.value, "values": finding.reason.values}
    return VerificationDecision(
        article_id=link.article_id,
        reply_id=link.reply_id,
        rule=finding.rule,
        inputs={"reason": reason, "figures": asdict(finding.figures)},
        outcome=finding.outcome,
        public_at=public_at,
        decided_at=now,
    )


async def _carry_out(
    session: AsyncSession, link: ArticleReply, outcome: VerificationOutcome, shown: ReplyState | None
) -> None:
    if shown is not None:
        await publish(session, link.article_id, link.reply_id, shown)
    elif outcome == VerificationOutcome.REJECTED:
        await take_back(session, link.article_id, link.reply_id, ReplyState.REJECTED)
    elif link.state != ReplyState.IMPORTED:
        await take_back(session, link.article_id, link.reply_id, ReplyState.PROPOSED)


async def _move_task(
    session: AsyncSession, task: ReviewTask, reply_id: str, outcome: VerificationOutcome, now: datetime
) -> None:
    """Let the message's task follow its best answer, where the rule may move it at all.

    One that an appeal opened is closed once the rule has decided on the answer that the appeal was about.
    """
    is_settled_appeal = (
        task.state == TaskState.OPEN and task.appeal_of == reply_id and outcome != VerificationOutcome.HELD
    )
    if task.state not in DECIDED and not is_settled_appeal:
        return
    after = await _choose_task_state(session, task.article_id)
    if after is not None and after != task.state and find_act(task.state, after) is not None:
        task.state, task.updated_at, task.appeal_of = after, now, None
        session.add(task)


async def _choose_task_state(session: AsyncSession, article_id: str) -> TaskState | None:
    states = await session.scalars(
        select(col(ArticleReply.state)).where(
            col(ArticleReply.article_id) == article_id, col(ArticleReply.status) == Status.NORMAL
        )
    )
    return choose_state(frozenset(states))


async def _find_task(session: AsyncSession, article_id: str) -> ReviewTask | None:
    rows = await session.scalars(select(ReviewTask).where(col(ReviewTask.article_id) == article_id).with_for_update())
    return rows.first()
