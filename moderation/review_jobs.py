"""Running the rule on many answers: those whose waiting is over, and after a refit all that are not locked.

Each answer in a transaction of its own, so that nobody's rating waits for the whole of it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlmodel import col

from moderation.review import review
from moderation.thresholds import DEFAULT, Thresholds
from storage.database import Database
from storage.tables import ArticleReply, Rating, ReplyState, VerificationDecision
from storage.verification import load_final_outcomes

LATE_FOR = timedelta(days=7)
"""How long after its time a waiting answer is still looked for, should the job that does so have stood still."""


async def review_due(database: Database, now: datetime, thresholds: Thresholds = DEFAULT) -> int:
    """Show the answers whose waiting is over, if the rule still says so; returns how many are shown now."""
    async with database.reading() as session:
        rows = await session.execute(
            _select_answers(VerificationDecision)
            .where(
                col(VerificationDecision.public_at) <= now,
                col(VerificationDecision.public_at) > now - LATE_FOR,
                col(ArticleReply.state).in_([ReplyState.PROPOSED, ReplyState.REJECTED]),
            )
            .distinct()
        )
        due = [(article_id, reply_id) for article_id, reply_id in rows]
    return await _review_all(database, due, now, thresholds)


async def review_open(database: Database, now: datetime, thresholds: Thresholds = DEFAULT) -> int:
    """Review every answer with enough ratings that is not locked, as after a refit; returns how many changed."""
    async with database.reading() as session:
        rows = await session.execute(
            _select_answers(Rating)
            .where(col(ArticleReply.state) != ReplyState.WITHDRAWN)
            .group_by(col(ArticleReply.article_id), col(ArticleReply.reply_id))
            .having(func.count() >= thresholds.min_ratings)
        )
        finals = await load_final_outcomes(session)
        locked = {answer for answer, final in finals.items() if now >= final.since + thresholds.lock_after}
        rated = [(article_id, reply_id) for article_id, reply_id in rows if (article_id, reply_id) not in locked]
    return await _review_all(database, rated, now, thresholds)


def _select_answers(table: type[Rating] | type[VerificationDecision]) -> Select[str, str]:
    """Answers with what the table holds of them."""
    return select(col(ArticleReply.article_id), col(ArticleReply.reply_id)).join(
        table,
        (col(table.article_id) == col(ArticleReply.article_id)) & (col(table.reply_id) == col(ArticleReply.reply_id)),
    )


async def _review_all(database: Database, answers: list[tuple[str, str]], now: datetime, thresholds: Thresholds) -> int:
    changed = 0
    for article_id, reply_id in answers:
        async with database.transaction() as session:
            before = await session.scalar(
                select(col(ArticleReply.state)).where(
                    col(ArticleReply.article_id) == article_id, col(ArticleReply.reply_id) == reply_id
                )
            )
            after = await review(session, article_id, reply_id, now=now, thresholds=thresholds)
            changed += after.state != before
    return changed
