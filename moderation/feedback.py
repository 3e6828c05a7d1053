"""What readers say of a reply: that it helped them, or that it did not, and why.

One vote a person for each reply to an article, changed or taken back as often as they like. The counts that decide what
is an answer are made from the votes in the same transaction, so the next person who asks is answered by them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.abuse.discounted import choose_status
from moderation.intake import APP_ID
from storage.articles import PUBLISHED
from storage.exports.pseudonyms import PUBLIC
from storage.tables import Article, ArticleReply, ArticleReplyFeedback, FeedbackReason, Status, utc_now

HELPFUL, NOT_HELPFUL = 1, -1
COMMENT_WITHIN = timedelta(days=1)
"""How long somebody may say more about a vote."""


async def give_feedback(
    session: AsyncSession, *, article_id: str, reply_id: str, contributor: str, score: int | None
) -> bool:
    """Record this person's vote, None takes it back; False when the reply is not shown for the article (any more).

    A changed vote forgets the reason given for the old one, and keeps the time it was first given, by which releases
    name the person; the same vote once more changes nothing.
    """
    link = await _find_shown_link(session, article_id, reply_id)
    if link is None:
        return False
    own = await _find_own(session, article_id, reply_id, contributor)
    if own is not None and score is None:
        await session.delete(own)
    elif own is not None and score is not None and own.score != score:
        own.score, own.reason, own.comment, own.updated_at = score, None, None, utc_now()
        session.add(own)
    elif own is None and score is not None:
        session.add(
            ArticleReplyFeedback(
                article_id=article_id,
                reply_id=reply_id,
                contributor=contributor,
                app_id=APP_ID,
                score=score,
                status=await choose_status(session, contributor),
            )
        )
    await session.flush()
    await _count(session, link)
    return True


async def give_comment(session: AsyncSession, *, contributor: str, comment: str) -> bool:
    """Keep somebody's own words about the reply they last said did not help; False without such a vote of late."""
    rows = await session.scalars(
        select(ArticleReplyFeedback)
        .where(
            col(ArticleReplyFeedback.contributor) == contributor,
            col(ArticleReplyFeedback.score) == NOT_HELPFUL,
            col(ArticleReplyFeedback.status) == Status.NORMAL,
            last_said() >= utc_now() - COMMENT_WITHIN,
        )
        .order_by(last_said().desc(), col(ArticleReplyFeedback.id).desc())
        .limit(1)
    )
    vote = rows.first()
    if vote is None:
        return False
    vote.comment = comment
    session.add(vote)
    return True


async def give_reason(
    session: AsyncSession, *, article_id: str, reply_id: str, contributor: str, reason: FeedbackReason
) -> bool:
    """Record why the reply did not help; False when the person does not say (any more) that it did not."""
    own = await _find_own(session, article_id, reply_id, contributor)
    if own is None or own.score >= 0:
        return False
    own.reason = reason
    session.add(own)
    return True


def last_said() -> ColumnElement[datetime]:
    """When a vote got the score that it has."""
    return func.coalesce(col(ArticleReplyFeedback.updated_at), col(ArticleReplyFeedback.created_at))


async def recount(session: AsyncSession, article_id: str, reply_id: str) -> None:
    """Make the counts anew after votes have come to count, or ceased to."""
    await _count(session, await session.get_one(ArticleReply, (article_id, reply_id), with_for_update=True))


async def find_counted_here(session: AsyncSession, links: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these links (article, reply) whose counts are not what a release says, since a vote is hidden here,
    or is somebody's here."""
    vote = ArticleReplyFeedback
    rows = await session.execute(
        select(col(vote.article_id), col(vote.reply_id), col(vote.contributor), col(vote.status)).where(
            tuple_(col(vote.article_id), col(vote.reply_id)).in_(links), col(vote.app_id) == APP_ID
        )
    )
    return {
        (article_id, reply_id)
        for article_id, reply_id, person, status in rows
        if status != Status.NORMAL or (person is not None and not PUBLIC.fullmatch(person))
    }


async def unlink_feedback(session: AsyncSession, contributor: str) -> None:
    """Forget whose votes these were; they still count, as the votes of somebody."""
    await session.execute(
        update(ArticleReplyFeedback)
        .where(col(ArticleReplyFeedback.contributor) == contributor, col(ArticleReplyFeedback.app_id) == APP_ID)
        .values(contributor=None, comment=None)
    )


async def _find_shown_link(session: AsyncSession, article_id: str, reply_id: str) -> ArticleReply | None:
    """The link, locked so that votes that come at the same time are counted one after another."""
    rows = await session.scalars(
        select(ArticleReply)
        .join(Article, col(Article.id) == col(ArticleReply.article_id))
        .where(
            col(ArticleReply.article_id) == article_id,
            col(ArticleReply.reply_id) == reply_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
            col(Article.status) == Status.NORMAL,
        )
        .with_for_update(of=ArticleReply)
    )
    return rows.first()


async def _find_own(
    session: AsyncSession, article_id: str, reply_id: str, contributor: str
) -> ArticleReplyFeedback | None:
    rows = await session.scalars(
        select(ArticleReplyFeedback).where(
            col(ArticleReplyFeedback.article_id) == article_id,
            col(ArticleReplyFeedback.reply_id) == reply_id,
            col(ArticleReplyFeedback.contributor) == contributor,
            col(ArticleReplyFeedback.app_id) == APP_ID,
        )
    )
    return rows.first()


async def _count(session: AsyncSession, link: ArticleReply) -> None:
    """Make the link's counts anew: what its source had counted, and every vote given here that counts."""
    score = col(ArticleReplyFeedback.score)
    counted = await session.execute(
        select(func.sum(case((score > 0, 1), else_=0)), func.sum(case((score < 0, 1), else_=0))).where(
            col(ArticleReplyFeedback.article_id) == link.article_id,
            col(ArticleReplyFeedback.reply_id) == link.reply_id,
            col(ArticleReplyFeedback.app_id) == APP_ID,
            col(ArticleReplyFeedback.status) == Status.NORMAL,
        )
    )
    liked, disliked = counted.one()
    link.positive_feedback_count = link.source_positive_count + (liked or 0)
    link.negative_feedback_count = link.source_negative_count + (disliked or 0)
    session.add(link)
