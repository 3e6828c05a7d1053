"""Notices on their way to the people who asked: claimed by whoever tells them, and marked when they are told.

A notice rides along with an answer (`event_id`) or is pushed (`retry_key`: `storage/notice_pushes.py`); either claim is
a conditional update, so two processes never tell the same one. A claim that led nowhere lapses with its lease.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.askers import SOURCE
from storage.tables import ArticleVariant, Asker, Notice, NoticeKind, NoticeState, ReplyRequest

MAX_ARTICLES = 10
"""Articles told of at once: as many as a carousel has room for, with two bubbles to spare."""

REPLY_LEASE = timedelta(minutes=4)
"""Longer than an event can be tried again with its reply token."""

RETRY_KEY_LIVES = timedelta(hours=20)
"""LINE remembers a retry key for a day; after this we no longer rely on it."""

TELL_WITHIN = timedelta(days=30)
"""An older notice is no news: it expires."""

notices: Table = Notice.__table__  # type: ignore[attr-defined]

PENDING: ColumnElement[Any] = literal_column("notice.state = 'pending'")
"""Word for word the condition of the partial indexes, which is what lets SQLite use them. Without a type: to what is
called a Boolean, "= 1" is added there, and no index has that."""
URGENCY = case((col(Notice.kind) == NoticeKind.ANSWERED, 1), else_=0)
"""0 for a correction or a withdrawal, which somebody may be acting against, 1 for a first answer."""


async def load_waiting(session: AsyncSession, after_id: int) -> list[tuple[int, str]]:
    """Ids and askers of pending notices made after that one, in order."""
    rows = await session.execute(
        select(col(Notice.id), col(Notice.asker_id)).where(PENDING, col(Notice.id) > after_id).order_by(col(Notice.id))
    )
    return [(notice_id or 0, asker_id) for notice_id, asker_id in rows]


async def claim_for_reply(session: AsyncSession, asker_id: str, event_id: str, now: datetime) -> list[Notice]:
    """Claim what this person is to be told with the answer to this event, most urgent first and then newest."""
    rows = await session.scalars(
        select(Notice)
        .where(PENDING, col(Notice.asker_id) == asker_id, is_free(now, event_id))
        .order_by(URGENCY, col(Notice.created_at).desc(), col(Notice.id).desc())
    )
    wanted = of_first_articles(list(rows))
    claimed = await session.scalars(
        update(Notice)
        .where(col(Notice.id).in_([notice.id for notice in wanted]), PENDING, is_free(now, event_id))
        .values(event_id=event_id, lease_until=now + REPLY_LEASE)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    ours = set(claimed)
    return [notice for notice in wanted if notice.id in ours]


def mark_told_with_reply(
    connection: Connection, event_id: str, ids: Collection[int], now: datetime, state: NoticeState = NoticeState.SENT
) -> int:
    """Note what became of the notices claimed for this event; how many were still its own."""
    marked = connection.execute(
        update(notices)
        .where(notices.c.id.in_(ids), notices.c.event_id == event_id, notices.c.state == NoticeState.PENDING)
        .values(state=state, sent_at=now, lease_until=None)
    )
    return marked.rowcount


async def suppress(session: AsyncSession, ids: Collection[int], now: datetime) -> None:
    """Take notices that have nothing to tell any more, and that nobody is telling, out of the queue."""
    await _suppress(session, and_(col(Notice.id).in_(ids), is_free(now)), now)


async def expire_old(session: AsyncSession, now: datetime) -> int:
    """Give up what has waited too long, and pushes of which nobody can tell any more whether LINE took them."""
    too_old = and_(is_free(now), col(Notice.created_at) < now - TELL_WITHIN)
    untellable = and_(col(Notice.retry_key).is_not(None), col(Notice.first_pushed_at) < now - RETRY_KEY_LIVES)
    expired = await session.scalars(
        update(Notice)
        .where(PENDING, or_(too_old, untellable))
        .values(state=NoticeState.EXPIRED, sent_at=now, lease_until=None)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    return len(expired.all())


async def set_wants_notices(
    session: AsyncSession, asker_id: str, wants: bool, now: datetime, article_id: str | None = None
) -> None:
    """Record whether the person wants to be told about the article (None: about any), and drop what waits if not."""
    if article_id is None:
        await session.execute(update(Asker).where(col(Asker.id) == asker_id).values(wants_notices=wants))
        theirs: ColumnElement[bool] = col(Notice.asker_id) == asker_id
    else:
        await session.execute(
            update(ReplyRequest)
            .where(
                col(ReplyRequest.article_id) == article_id,
                col(ReplyRequest.contributor) == asker_id,
                col(ReplyRequest.source) == SOURCE,
            )
            .values(wants_notices=wants)
        )
        theirs = and_(col(Notice.asker_id) == asker_id, col(Notice.article_id) == article_id)
    if not wants:
        await _suppress(session, and_(theirs, col(Notice.retry_key).is_(None)), now)


async def delete_notices(session: AsyncSession, asker_id: str, article_id: str | None = None) -> None:
    """Forget what the person was or is to be told, about one article or all: they took their question back."""
    about = [col(Notice.article_id) == article_id] if article_id else []
    await session.execute(delete(Notice).where(col(Notice.asker_id) == asker_id, *about))


async def load_wordings(session: AsyncSession, told: Iterable[Notice]) -> dict[tuple[str, str], str]:
    """In which words each asker sent the message, by asker and article, where they were not the article's own."""
    pairs = {(notice.asker_id, notice.article_id) for notice in told}
    rows = await session.execute(
        select(col(ReplyRequest.contributor), col(ReplyRequest.article_id), col(ArticleVariant.text))
        .join(ArticleVariant, col(ArticleVariant.id) == col(ReplyRequest.variant_id))
        .where(
            col(ReplyRequest.article_id).in_({article_id for _, article_id in pairs}),
            col(ReplyRequest.contributor).in_({asker_id for asker_id, _ in pairs}),
            col(ReplyRequest.source) == SOURCE,
        )
    )
    return {(str(asker_id), article_id): text for asker_id, article_id, text in rows}


async def count_pending(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Notice).where(PENDING)) or 0


def is_free(now: datetime, event_id: str | None = None) -> ColumnElement[bool]:
    """Nobody is telling it; or the same event is being answered once more."""
    free = or_(col(Notice.lease_until).is_(None), col(Notice.lease_until) <= now)
    if event_id is not None:
        free = or_(free, col(Notice.event_id) == event_id)
    return and_(col(Notice.retry_key).is_(None), free)


def of_first_articles(waiting: Sequence[Notice]) -> list[Notice]:
    articles = list(dict.fromkeys(notice.article_id for notice in waiting))[:MAX_ARTICLES]
    return [notice for notice in waiting if notice.article_id in articles]


async def _suppress(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    await session.execute(
        update(Notice)
        .where(which, PENDING)
        .values(state=NoticeState.SUPPRESSED, sent_at=now, lease_until=None)
        .execution_options(synchronize_session=False)
    )
