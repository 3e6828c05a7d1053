"""What no import brings back: an answer hidden here, or taken here from every message it answered.

Its source goes on using it for other messages, and each is a new link, which nobody here has decided on. What was
hidden was hidden wherever it is shown, so it is hidden there too, and shown again with the rest. What was withdrawn
or rejected for one message alone may be right for another: only when it stands nowhere here, it stands nowhere new.
Where it is hidden it stands, and is shown again with the rest.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.exports.cleaning import to_hour
from storage.tables import ArticleReply, MeasureKind, ModerationMeasure, ReplyState, Status, utc_now

_TAKEN_OFF = frozenset({ReplyState.WITHDRAWN, ReplyState.REJECTED})


async def keep_out(session: AsyncSession, links: Sequence[ArticleReply]) -> None:
    """Hide or withdraw those of these new links, not stored yet, whose answer may not be shown here.

    Before anything else is changed in the transaction: measures are locked ahead of links, as showing again does.
    """
    await _hide(session, links)
    taken_off = await _find_taken_off(session, {link.reply_id for link in links})
    for link in links:
        if link.reply_id in taken_off:
            link.state, link.withdrawn_at = ReplyState.WITHDRAWN, utc_now()


def is_of_here(moment: datetime | None) -> bool:
    """Whether this instance's clock wrote the time: releases cut theirs to the hour, or to the day."""
    return moment is not None and moment != to_hour(moment)


def is_withdrawn_here(link: ArticleReply) -> bool:
    """Whether people here had the last word on it, and want it not to be shown."""
    return link.state not in PUBLISHED and is_of_here(link.withdrawn_at or link.updated_at)


async def _hide(session: AsyncSession, links: Sequence[ArticleReply]) -> None:
    measures = await session.scalars(
        select(ModerationMeasure)
        .where(
            col(ModerationMeasure.kind) == MeasureKind.HIDE_ANSWER,
            col(ModerationMeasure.reply_id).in_({link.reply_id for link in links}),
            col(ModerationMeasure.undone_at).is_(None),
        )
        .order_by(col(ModerationMeasure.id))
        .with_for_update()
    )
    for measure in measures:
        more = [link for link in links if link.reply_id == measure.reply_id and link.status == Status.NORMAL]
        for link in more:
            link.status = Status.BLOCKED
        articles = dict.fromkeys([*measure.details["articles"], *(link.article_id for link in more)])
        measure.details = {**measure.details, "articles": list(articles)}
        session.add(measure)


async def _find_taken_off(session: AsyncSession, reply_ids: Collection[str]) -> set[str]:
    """Those of these replies that people here have taken off, and that stand for no message here."""
    of_these = select(ArticleReply).where(col(ArticleReply.reply_id).in_(reply_ids))
    off = await session.scalars(of_these.where(col(ArticleReply.state).in_(_TAKEN_OFF)))
    taken_off = {link.reply_id for link in off if is_withdrawn_here(link)}
    if not taken_off:
        return set()
    standing = select(col(ArticleReply.reply_id)).where(
        col(ArticleReply.reply_id).in_(taken_off),
        col(ArticleReply.state).not_in(_TAKEN_OFF),
    )
    return taken_off - set(await session.scalars(standing.distinct()))
