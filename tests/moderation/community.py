"""A message, its answers and its cast in the database: what the tests of rating and review start from."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from moderation.rating import Level, rate
from moderation.review import Review, review
from storage.tables import (
    Article,
    ArticleReply,
    RaterStanding,
    Reply,
    ReplyState,
    ReviewTask,
    Role,
    TaskState,
    Verdict,
    VerificationDecision,
)

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
DELAY = timedelta(minutes=47)

ROLES = {
    "asker": None,
    "outsider": None,
    "volunteer": Role.NEWCOMER,
    "second_volunteer": Role.REVIEWER,
    "moderator": Role.MODERATOR,
    "administrator": Role.ADMINISTRATOR,
}
"""The cast, with the role each signs in with. `volunteer` wrote the answer."""

HELPFUL, SOMEWHAT, NOT_HELPFUL = Level.HELPFUL, Level.SOMEWHAT, Level.NOT_HELPFUL


async def add_answer(
    session: AsyncSession,
    article_id: str = "a",
    reply_id: str = "r",
    *,
    state: ReplyState = ReplyState.PROPOSED,
    task: TaskState = TaskState.SUBMITTED,
    verdict: Verdict = Verdict.RUMOR,
) -> None:
    """An answer by `volunteer` to a message whose task is submitted."""
    if await session.get(Article, article_id) is None:
        session.add(Article(id=article_id, text=f"訊息 {article_id}"))
        await session.flush()
        session.add(ReviewTask(article_id=article_id, state=task))
    session.add(Reply(id=reply_id, verdict=verdict, text=f"查證回應 {reply_id}", contributor="volunteer"))
    await session.flush()
    session.add(ArticleReply(article_id=article_id, reply_id=reply_id, state=state, contributor="volunteer"))
    await session.flush()


async def add_standing(session: AsyncSession, rater: str, **values: object) -> None:
    session.add(RaterStanding(rater=rater, **values))
    await session.flush()


async def add_trusted(session: AsyncSession, *raters: str) -> None:
    for rater in raters:
        await add_standing(session, rater, level=Role.TRUSTED, granted=Role.TRUSTED)


async def say(
    session: AsyncSession, rater: str, level: Level, *, now: datetime = NOW, article_id: str = "a", reply_id: str = "r"
) -> Review:
    """Rate and review, as the console does."""
    await rate(session, article_id=article_id, reply_id=reply_id, rater=rater, role=Role.NEWCOMER, level=level, now=now)
    return await look(session, now=now, article_id=article_id, reply_id=reply_id)


async def look(session: AsyncSession, *, now: datetime = NOW, article_id: str = "a", reply_id: str = "r") -> Review:
    return await review(session, article_id, reply_id, now=now, delay=lambda _: DELAY)


async def task_state(session: AsyncSession, article_id: str = "a") -> TaskState:
    return (await session.scalars(select(col(ReviewTask.state)).where(col(ReviewTask.article_id) == article_id))).one()


async def decisions(session: AsyncSession) -> list[VerificationDecision]:
    return list(await session.scalars(select(VerificationDecision).order_by(col(VerificationDecision.id))))
