"""Invitations to rate: people drawn at random, what they say to it, and who is drawn in their place.

Nobody chooses their judges, and nobody is held to it: whoever declines, says nothing for two days, or says yes and does
not rate within three, is replaced by another draw, until so many have been asked that asking more is no use.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console.notices import tell
from moderation.rating import load_authors
from moderation.trust import EARNED, choose_invited
from storage.tables import (
    ArticleReply,
    Editor,
    RaterStanding,
    Rating,
    RatingInvitation,
    ReplyState,
    Role,
    Rsvp,
    Status,
)

INVITED = 5
"""How many people are asked to rate each new answer."""
MAX_INVITED = 20
"""With those drawn in place of others."""
MAX_OPEN = 5
"""So many invitations of one person wait for a word at once, and no more."""
TO_ANSWER, TO_RATE = timedelta(days=2), timedelta(days=3)
OPEN = (Rsvp.WAITING, Rsvp.ACCEPTED)
UNDECIDED = (ReplyState.PROPOSED, ReplyState.PROVISIONAL)
AT_ONCE = 100


async def invite_raters(
    session: AsyncSession, article_id: str, reply_id: str, now: datetime, number: int = INVITED
) -> tuple[str, ...]:
    """Ask some people, drawn at random, to rate an answer; returns whom."""
    link = await session.get_one(ArticleReply, (article_id, reply_id), with_for_update=True)
    known = await _load_invited(session, article_id, reply_id)
    excluded = known | await load_authors(session, link) | await _load_raters(session, link) | await _load_busy(session)
    number = min(number, MAX_INVITED - len(known))
    if number <= 0:
        return ()
    drawn = choose_invited(await _load_levels(session), excluded=excluded, number=number, random=SystemRandom())
    session.add_all(
        RatingInvitation(
            article_id=article_id, reply_id=reply_id, editor_id=person, invited_at=now, until=now + TO_ANSWER
        )
        for person in drawn
    )
    await session.flush()
    await tell(session, drawn, "invited", article_id=article_id, reply_id=reply_id)
    return drawn


async def answer_invitation(
    session: AsyncSession, editor_id: str, article_id: str, reply_id: str, *, accept: bool, now: datetime
) -> RatingInvitation | None:
    """Say yes or no, or change one's mind; None where nobody asked. After a no, somebody else is drawn."""
    invitation = await session.get(RatingInvitation, (article_id, reply_id, editor_id), with_for_update=True)
    if invitation is None:
        return None
    was_open = invitation.rsvp in OPEN
    invitation.rsvp = Rsvp.ACCEPTED if accept else Rsvp.DECLINED
    invitation.until = now + TO_RATE
    session.add(invitation)
    await session.flush()
    if not accept and was_open:
        await invite_raters(session, article_id, reply_id, now, number=1)
    return invitation


async def replace_lapsed(session: AsyncSession, now: datetime) -> int:
    """Draw others for those who said nothing, or yes and did not rate; returns how many lapsed."""
    rows = await session.scalars(
        select(RatingInvitation)
        .join(
            ArticleReply,
            (col(ArticleReply.article_id) == col(RatingInvitation.article_id))
            & (col(ArticleReply.reply_id) == col(RatingInvitation.reply_id)),
        )
        .where(
            col(RatingInvitation.rsvp).in_(OPEN),
            col(RatingInvitation.until) <= now,
            col(ArticleReply.state).in_(UNDECIDED),
            col(ArticleReply.status) == Status.NORMAL,
            ~_has_rated(),
        )
        .order_by(col(RatingInvitation.until), col(RatingInvitation.editor_id))
        .limit(AT_ONCE)
    )
    lapsed = list(rows)
    for invitation in lapsed:
        invitation.rsvp = Rsvp.LAPSED
        session.add(invitation)
        await session.flush()
        await invite_raters(session, invitation.article_id, invitation.reply_id, now, number=1)
    return len(lapsed)


async def load_invitations(session: AsyncSession, editor_id: str) -> Mapping[tuple[str, str], tuple[Rsvp, bool]]:
    """What one was asked to rate: by message and answer, what one said, and whether one has rated."""
    rows = await session.execute(
        select(RatingInvitation, _has_rated()).where(col(RatingInvitation.editor_id) == editor_id)
    )
    return {(each.article_id, each.reply_id): (each.rsvp, bool(rated)) for each, rated in rows}


async def count_invited(session: AsyncSession, article_id: str, reply_id: str) -> Mapping[Rsvp, int]:
    """How many people were drawn for an answer, by what they said."""
    rows = await session.execute(
        select(col(RatingInvitation.rsvp), func.count())
        .where(col(RatingInvitation.article_id) == article_id, col(RatingInvitation.reply_id) == reply_id)
        .group_by(col(RatingInvitation.rsvp))
    )
    return dict(rows.tuples().all())


def _has_rated() -> Exists:
    """Whether the invited person has rated that answer."""
    return exists().where(
        col(Rating.article_id) == col(RatingInvitation.article_id),
        col(Rating.reply_id) == col(RatingInvitation.reply_id),
        col(Rating.rater) == col(RatingInvitation.editor_id),
    )


async def _load_levels(session: AsyncSession) -> dict[str, Role]:
    rows = await session.execute(
        select(Editor, RaterStanding)
        .outerjoin(RaterStanding, col(RaterStanding.rater) == col(Editor.id))
        .where(col(Editor.blocked_at).is_(None))
    )
    return {
        editor.id: standing.level if standing else (editor.role if editor.role in EARNED else EARNED[-1])
        for editor, standing in rows
        if standing is None or not standing.blocked
    }


async def _load_invited(session: AsyncSession, article_id: str, reply_id: str) -> set[str]:
    rows = await session.scalars(
        select(col(RatingInvitation.editor_id)).where(
            col(RatingInvitation.article_id) == article_id, col(RatingInvitation.reply_id) == reply_id
        )
    )
    return set(rows)


async def _load_raters(session: AsyncSession, link: ArticleReply) -> set[str]:
    rows = await session.scalars(
        select(col(Rating.rater)).where(
            col(Rating.article_id) == link.article_id, col(Rating.reply_id) == link.reply_id
        )
    )
    return set(rows)


async def _load_busy(session: AsyncSession) -> set[str]:
    """Those with so many invitations that another would only be one more."""
    rows = await session.scalars(
        select(col(RatingInvitation.editor_id))
        .where(col(RatingInvitation.rsvp) == Rsvp.WAITING)
        .group_by(col(RatingInvitation.editor_id))
        .having(func.count() >= MAX_OPEN)
    )
    return set(rows)
