"""Rating an answer: on three levels, with reasons, once per person, changeable until the answer is locked.

Ratings are hidden from a person until they have rated themselves, so that nobody says what the others said.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.thresholds import DEFAULT, Thresholds
from storage.tables import (
    Article,
    ArticleReply,
    RaterStanding,
    Rating,
    Reply,
    ReplyState,
    ReplyVersion,
    Role,
    Status,
    utc_now,
)
from storage.verification import find_final, load_decisions


class RatingError(Exception):
    """This rating cannot be taken.

    RatingError
    ├── UnknownAnswerError   there is no such answer to this message
    ├── NotRateableError     the message or the answer is not open to rating
    ├── NotAVolunteerError   the person has no role, or is blocked
    ├── OwnAnswerError       the person wrote it
    ├── LockedError          it was decided too long ago
    └── WrongReasonError     the reasons do not go with the rating
    """

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class UnknownAnswerError(RatingError):
    """There is no such answer to this message."""


class NotRateableError(RatingError):
    """The message is blocked, deleted or merged, or its answer was withdrawn."""


class NotAVolunteerError(RatingError):
    """Only volunteers rate, and none whose account is blocked."""


class OwnAnswerError(RatingError):
    """Nobody rates what they have written or corrected themselves."""


class LockedError(RatingError):
    """This answer was decided too long ago; only an appeal opens it again."""


class WrongReasonError(RatingError):
    """These reasons do not go with this rating, or one is given twice."""


class Level(StrEnum):
    HELPFUL = "helpful"
    SOMEWHAT = "somewhat"
    NOT_HELPFUL = "not_helpful"


SCORES = {Level.HELPFUL: 1.0, Level.SOMEWHAT: 0.5, Level.NOT_HELPFUL: 0.0}


class ReasonTag(StrEnum):
    """Why an answer helps, or does not. Stored; labels live with whoever shows them."""

    CLEAR = "clear"
    GOOD_SOURCES = "good_sources"
    ADDRESSES_CLAIM = "addresses_claim"
    ADDS_CONTEXT = "adds_context"
    FAIR = "fair"

    INCORRECT = "incorrect"
    SOURCES_MISSING = "sources_missing"
    SOURCES_DO_NOT_SAY_SO = "sources_do_not_say_so"
    MISSES_THE_POINT = "misses_the_point"
    HARD_TO_UNDERSTAND = "hard_to_understand"
    BIASED = "biased"
    OUTDATED = "outdated"


PRAISE = frozenset(
    {ReasonTag.CLEAR, ReasonTag.GOOD_SOURCES, ReasonTag.ADDRESSES_CLAIM, ReasonTag.ADDS_CONTEXT, ReasonTag.FAIR}
)
REASONS = {
    Level.HELPFUL: PRAISE,
    Level.SOMEWHAT: frozenset(ReasonTag),
    Level.NOT_HELPFUL: frozenset(ReasonTag) - PRAISE,
}
"""The reasons that go with each level."""


async def rate(
    session: AsyncSession,
    *,
    article_id: str,
    reply_id: str,
    rater: str,
    role: Role | None,
    level: Level,
    reasons: Collection[ReasonTag] = (),
    now: datetime | None = None,
    thresholds: Thresholds = DEFAULT,
) -> bool:
    """Store what a person says about an answer, in place of what they said before; False when it is the same.

    Raises `RatingError`. The caller runs `moderation.review.review` next, in the same transaction.
    """
    now = now or utc_now()
    if len(set(reasons)) < len(reasons) or not REASONS[level].issuperset(reasons):
        raise WrongReasonError
    await _refuse_rater(session, rater, role)
    link = await _get_link(session, article_id, reply_id)
    if rater in await load_authors(session, link):
        raise OwnAnswerError
    if await is_locked(session, article_id, reply_id, now, thresholds):
        raise LockedError
    stored = [tag.value for tag in sorted(reasons)]
    own = await _find_own(session, article_id, reply_id, rater)
    if own is None:
        own = Rating(article_id=article_id, reply_id=reply_id, rater=rater, score=SCORES[level], created_at=now)
    elif (own.score, own.reasons) == (SCORES[level], stored):
        return False
    elif own.score != SCORES[level]:
        own.updated_at = now
    own.score, own.reasons = SCORES[level], stored
    session.add(own)
    await session.flush()
    return True


async def load_ratings(session: AsyncSession, article_id: str, reply_id: str, viewer: str) -> Sequence[Rating] | None:
    """The ratings of an answer, oldest first, for a volunteer who has rated it; None: say your own first."""
    if await _find_own(session, article_id, reply_id, viewer) is None:
        return None
    rows = await session.scalars(
        select(Rating)
        .where(col(Rating.article_id) == article_id, col(Rating.reply_id) == reply_id)
        .order_by(col(Rating.id))
    )
    return list(rows)


async def load_authors(session: AsyncSession, link: ArticleReply) -> set[str]:
    """Everyone whose words the answer has or had, and who chose it for this message."""
    return await load_writers(session, link.reply_id) | ({link.contributor} if link.contributor else set())


async def load_writers(session: AsyncSession, reply_id: str) -> set[str]:
    """Everyone whose words the answer has or had."""
    reply = await session.get_one(Reply, reply_id)
    versions = await session.scalars(
        select(col(ReplyVersion.contributor)).where(col(ReplyVersion.reply_id) == reply_id)
    )
    return set(filter(None, (reply.contributor, *versions)))


async def is_locked(
    session: AsyncSession, article_id: str, reply_id: str, now: datetime, thresholds: Thresholds = DEFAULT
) -> bool:
    """Whether it was verified or rejected so long ago that ratings no longer change it."""
    final = find_final(await load_decisions(session, article_id, reply_id))
    return final is not None and now >= final.since + thresholds.lock_after


async def _refuse_rater(session: AsyncSession, rater: str, role: Role | None) -> None:
    standing = await session.get(RaterStanding, rater)
    if role is None or (standing is not None and standing.blocked):
        raise NotAVolunteerError


async def _get_link(session: AsyncSession, article_id: str, reply_id: str) -> ArticleReply:
    """The answer, locked until the transaction ends, so that two ratings are reviewed one after the other."""
    link = await session.get(ArticleReply, (article_id, reply_id), with_for_update=True)
    if link is None:
        raise UnknownAnswerError
    article = await session.get_one(Article, article_id)
    if article.status != Status.NORMAL or link.status != Status.NORMAL or link.state == ReplyState.WITHDRAWN:
        raise NotRateableError
    return link


async def _find_own(session: AsyncSession, article_id: str, reply_id: str, rater: str) -> Rating | None:
    rows = await session.scalars(
        select(Rating).where(
            col(Rating.article_id) == article_id, col(Rating.reply_id) == reply_id, col(Rating.rater) == rater
        )
    )
    return rows.first()
