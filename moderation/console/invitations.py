"""Invitations to rate: people drawn at random, what they say to it, and who is drawn in their place.

Nobody chooses their judges, and nobody is held to it: whoever declines, says nothing for two days, or says yes and does
not rate within three, is replaced by another draw, until so many have been asked that asking more is no use.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import ColumnElement, Exists, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import col

from moderation.console.notices import tell
from moderation.rating import load_authors
from moderation.trust import EARNED, choose_invited
from storage.database import Database
from storage.tables import (
    Article,
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


@dataclass(frozen=True, slots=True)
class People:
    """Who may be drawn, and how many invitations of each wait for a word."""

    levels: Mapping[str, Role]
    waiting: Counter[str]

    @property
    def busy(self) -> set[str]:
        """Those with so many invitations that another would only be one more."""
        return {person for person, number in self.waiting.items() if number >= MAX_OPEN}


async def invite_raters(
    session: AsyncSession, article_id: str, reply_id: str, now: datetime, people: People | None = None
) -> tuple[str, ...]:
    """Ask people, drawn at random, to rate an answer, until five have rated or may yet; returns whom.

    Nobody, where it is decided or hidden.
    """
    link = await session.get_one(ArticleReply, (article_id, reply_id), with_for_update=True)
    number = await _count_places(session, link)
    if number <= 0:
        return ()
    people = people or await _load_people(session)
    excluded = (
        await _load_invited(session, link) | await load_authors(session, link) | await _load_raters(session, link)
    )
    drawn = choose_invited(people.levels, excluded=excluded | people.busy, number=number, random=SystemRandom())
    session.add_all(
        RatingInvitation(
            article_id=article_id, reply_id=reply_id, editor_id=person, invited_at=now, until=now + TO_ANSWER
        )
        for person in drawn
    )
    await session.flush()
    people.waiting.update(drawn)
    await tell(session, drawn, "invited", article_id=article_id, reply_id=reply_id)
    return drawn


async def answer_invitation(
    session: AsyncSession, editor_id: str, article_id: str, reply_id: str, *, accept: bool, now: datetime
) -> RatingInvitation | None:
    """Say yes or no, or change one's mind; None where nobody asked. After a no, somebody else is drawn if needed."""
    invitation = await session.get(RatingInvitation, (article_id, reply_id, editor_id), with_for_update=True)
    if invitation is None:
        return None
    was_open = invitation.rsvp in OPEN
    invitation.rsvp = Rsvp.ACCEPTED if accept else Rsvp.DECLINED
    invitation.until = now + TO_RATE
    session.add(invitation)
    await session.flush()
    if not accept and was_open:
        await invite_raters(session, article_id, reply_id, now)
    return invitation


async def replace_lapsed(database: Database, now: datetime) -> int:
    """Draw others for those who said nothing, or yes and did not rate; returns how many lapsed.

    One transaction each, and what all need is read before: nobody else waits for the hundred of them.
    """
    async with database.reading() as session:
        rows = await session.scalars(
            select(RatingInvitation)
            .where(_has_lapsed(now))
            .order_by(col(RatingInvitation.until), col(RatingInvitation.editor_id))
            .limit(AT_ONCE)
        )
        lapsed = list(rows)
        people = await _load_people(session) if lapsed else None
    replaced = 0
    for invitation in lapsed:
        async with database.transaction() as session:
            replaced += await _replace(session, invitation, now, people)
    return replaced


async def _replace(session: AsyncSession, seen: RatingInvitation, now: datetime, people: People | None) -> bool:
    """Let one lapse, unless its person has said or done something since it was seen."""
    rows = await session.scalars(
        select(RatingInvitation)
        .where(
            _has_lapsed(now),
            col(RatingInvitation.article_id) == seen.article_id,
            col(RatingInvitation.reply_id) == seen.reply_id,
            col(RatingInvitation.editor_id) == seen.editor_id,
        )
        .with_for_update()
    )
    invitation = rows.first()
    if invitation is None:
        return False
    invitation.rsvp = Rsvp.LAPSED
    session.add(invitation)
    await session.flush()
    await invite_raters(session, invitation.article_id, invitation.reply_id, now, people)
    return True


def read_invitations(session: Session, editor_id: str) -> Mapping[tuple[str, str], tuple[Rsvp, bool]]:
    """What one was asked to rate: by message and answer, what one said, and whether one has rated."""
    rows = session.execute(select(RatingInvitation, _has_rated()).where(col(RatingInvitation.editor_id) == editor_id))
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


def _is_undecided() -> Exists:
    """Whether the answer one was invited to still needs to be rated, and can be seen."""
    return exists().where(
        col(ArticleReply.article_id) == col(RatingInvitation.article_id),
        col(ArticleReply.reply_id) == col(RatingInvitation.reply_id),
        col(ArticleReply.state).in_(UNDECIDED),
        col(ArticleReply.status) == Status.NORMAL,
        col(Article.id) == col(RatingInvitation.article_id),
        col(Article.status) == Status.NORMAL,
    )


def _has_lapsed(now: datetime) -> ColumnElement[bool]:
    is_over = col(RatingInvitation.rsvp).in_(OPEN) & (col(RatingInvitation.until) <= now)
    return is_over & _is_undecided() & ~_has_rated()


async def _count_places(session: AsyncSession, link: ArticleReply) -> int:
    """How many more may be asked: some have rated or may yet, and so many at all are enough."""
    article = await session.get_one(Article, link.article_id)
    if link.state not in UNDECIDED or link.status != Status.NORMAL or article.status != Status.NORMAL:
        return 0
    is_filled = case((col(RatingInvitation.rsvp).in_(OPEN) | _has_rated(), 1), else_=0)
    row = await session.execute(
        select(func.count(), func.coalesce(func.sum(is_filled), 0)).where(
            col(RatingInvitation.article_id) == link.article_id, col(RatingInvitation.reply_id) == link.reply_id
        )
    )
    asked, filled = (int(number) for number in row.one())
    return min(INVITED - filled, MAX_INVITED - asked)


async def _load_people(session: AsyncSession) -> People:
    rows = await session.execute(
        select(col(Editor.id), col(Editor.role), col(RaterStanding.level))
        .outerjoin(RaterStanding, col(RaterStanding.rater) == col(Editor.id))
        .where(col(Editor.blocked_at).is_(None), col(RaterStanding.blocked).is_not(True))
    )
    levels = {person: level or (role if role in EARNED else EARNED[-1]) for person, role, level in rows}
    waiting = await session.execute(
        select(col(RatingInvitation.editor_id), func.count())
        .where(col(RatingInvitation.rsvp) == Rsvp.WAITING, _is_undecided(), ~_has_rated())
        .group_by(col(RatingInvitation.editor_id))
    )
    return People(levels, Counter(dict(waiting.tuples().all())))


async def _load_invited(session: AsyncSession, link: ArticleReply) -> set[str]:
    rows = await session.scalars(
        select(col(RatingInvitation.editor_id)).where(
            col(RatingInvitation.article_id) == link.article_id, col(RatingInvitation.reply_id) == link.reply_id
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
