"""Notices on their way to the people who asked: claimed by whoever tells them, and marked when they are told.

A notice rides along with an answer (`event_id`) or is pushed (`retry_key`); either claim is a conditional update, so
two processes never tell the same one. A claim that led nowhere lapses with its lease. One under a retry key does not:
LINE may have taken that push, so it is only ever repeated under the same key, which LINE delivers once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Boolean,
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

PUSH_LEASE = timedelta(minutes=5)
"""After which an interrupted push is repeated, under the same retry key."""

RETRY_KEY_LIVES = timedelta(hours=20)
"""LINE remembers a retry key for a day; after this we no longer rely on it."""

TELL_WITHIN = timedelta(days=30)
"""An older notice is no news: it expires."""

notices: Table = Notice.__table__  # type: ignore[attr-defined]

_PENDING: ColumnElement[bool] = literal_column("notice.state = 'pending'", Boolean)
"""Word for word the condition of the partial indexes, which is what lets SQLite use them."""
_URGENCY = case((col(Notice.kind) == NoticeKind.ANSWERED, 1), else_=0)
"""0 for a correction or a withdrawal, which somebody may be acting against, 1 for a first answer."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can be pushed to, with all that waits for them, most urgent first."""

    asker_id: str
    line_user_id: str
    language: str | None
    large_text: bool
    notices: tuple[Notice, ...]

    @property
    def is_urgent(self) -> bool:
        return any(notice.kind != NoticeKind.ANSWERED for notice in self.notices)


async def load_waiting(session: AsyncSession, after_id: int) -> list[tuple[int, str]]:
    """Ids and askers of pending notices made after that one, in order."""
    rows = await session.execute(
        select(col(Notice.id), col(Notice.asker_id)).where(_PENDING, col(Notice.id) > after_id).order_by(col(Notice.id))
    )
    return [(notice_id or 0, asker_id) for notice_id, asker_id in rows]


async def claim_for_reply(session: AsyncSession, asker_id: str, event_id: str, now: datetime) -> list[Notice]:
    """Claim what this person is to be told with the answer to this event, most urgent first and then newest."""
    rows = await session.scalars(
        select(Notice)
        .where(_PENDING, col(Notice.asker_id) == asker_id, _is_free(now, event_id))
        .order_by(_URGENCY, col(Notice.created_at).desc(), col(Notice.id).desc())
    )
    wanted = _of_first_articles(list(rows))
    claimed = await session.scalars(
        update(Notice)
        .where(col(Notice.id).in_([notice.id for notice in wanted]), _PENDING, _is_free(now, event_id))
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


async def load_recipients(session: AsyncSession, now: datetime, *, wait: timedelta, limit: int) -> list[Recipient]:
    """People to be pushed to, the most urgent first and then the newest; whoever has blocked the bot is not among them.

    Somebody is due when one of their notices has waited that long; what else waits for them goes along.
    """
    due = (
        select(col(Notice.asker_id))
        .join(Asker, col(Asker.id) == col(Notice.asker_id))
        .where(
            _PENDING,
            _is_free(now),
            col(Notice.created_at) <= now - wait,
            col(Asker.follows).is_(True),
            col(Asker.wants_notices).is_(True),
            col(Asker.line_user_id).is_not(None),
        )
        .group_by(col(Notice.asker_id))
        .order_by(func.min(_URGENCY), func.max(col(Notice.created_at)).desc(), col(Notice.asker_id))
        .limit(limit)
    )
    asker_ids = list(await session.scalars(due))
    waiting = await session.scalars(
        select(Notice)
        .where(_PENDING, _is_free(now), col(Notice.asker_id).in_(asker_ids))
        .order_by(_URGENCY, col(Notice.created_at).desc(), col(Notice.id).desc())
    )
    return await _to_recipients(session, asker_ids, list(waiting))


async def claim_for_push(
    session: AsyncSession, people: Sequence[Recipient], retry_key: str, now: datetime
) -> list[Recipient]:
    """Claim all that waits for these people under one retry key; returns those of whom all was still free."""
    ids = [notice.id for person in people for notice in person.notices]
    claimed = await session.scalars(
        update(Notice)
        .where(col(Notice.id).in_(ids), _PENDING, _is_free(now))
        .values(event_id=None, retry_key=retry_key, lease_until=now + PUSH_LEASE, first_pushed_at=now)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    ours = set(claimed)
    whole = [person for person in people if all(notice.id in ours for notice in person.notices)]
    kept = {notice.id for person in whole for notice in person.notices}
    if ours - kept:
        await _release(session, col(Notice.id).in_(ours - kept))
    return whole


async def reclaim_push(session: AsyncSession, now: datetime) -> tuple[str, list[Recipient]] | None:
    """Take over one push that was begun and not finished: its retry key, and to whom it goes. None: there is none."""
    lapsed = and_(_PENDING, col(Notice.retry_key).is_not(None), col(Notice.lease_until) <= now)
    retry_key = await session.scalar(select(col(Notice.retry_key)).where(lapsed).limit(1))
    if retry_key is None:
        return None
    taken = await session.scalars(
        update(Notice)
        .where(lapsed, col(Notice.retry_key) == retry_key)
        .values(lease_until=now + PUSH_LEASE)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    rows = await session.scalars(
        select(Notice)
        .where(col(Notice.id).in_(list(taken)))
        .order_by(_URGENCY, col(Notice.created_at).desc(), col(Notice.id).desc())
        .execution_options(populate_existing=True)
    )
    waiting = list(rows)
    return retry_key, await _to_recipients(session, dict.fromkeys(notice.asker_id for notice in waiting), waiting)


async def finish_push(
    session: AsyncSession, retry_key: str, now: datetime, state: NoticeState = NoticeState.SENT
) -> int:
    """Note what became of a push."""
    marked = await session.scalars(
        update(Notice)
        .where(col(Notice.retry_key) == retry_key, _PENDING)
        .values(state=state, sent_at=now, lease_until=None)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    return len(marked.all())


async def release_push(session: AsyncSession, retry_key: str) -> None:
    """Give back what LINE has surely not taken."""
    await _release(session, and_(col(Notice.retry_key) == retry_key, _PENDING))


async def suppress(session: AsyncSession, ids: Collection[int], now: datetime) -> None:
    """Take notices that have nothing to tell any more, and that nobody is telling, out of the queue."""
    await _suppress(session, and_(col(Notice.id).in_(ids), _is_free(now)), now)


async def expire_old(session: AsyncSession, now: datetime) -> int:
    """Give up what has waited too long, and pushes of which nobody can tell any more whether LINE took them."""
    too_old = and_(_is_free(now), col(Notice.created_at) < now - TELL_WITHIN)
    untellable = and_(col(Notice.retry_key).is_not(None), col(Notice.first_pushed_at) < now - RETRY_KEY_LIVES)
    expired = await session.scalars(
        update(Notice)
        .where(_PENDING, or_(too_old, untellable))
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
    return await session.scalar(select(func.count()).select_from(Notice).where(_PENDING)) or 0


def _is_free(now: datetime, event_id: str | None = None) -> ColumnElement[bool]:
    """Nobody is telling it; or the same event is being answered once more."""
    free = or_(col(Notice.lease_until).is_(None), col(Notice.lease_until) <= now)
    if event_id is not None:
        free = or_(free, col(Notice.event_id) == event_id)
    return and_(col(Notice.retry_key).is_(None), free)


def _of_first_articles(waiting: Sequence[Notice]) -> list[Notice]:
    articles = list(dict.fromkeys(notice.article_id for notice in waiting))[:MAX_ARTICLES]
    return [notice for notice in waiting if notice.article_id in articles]


async def _to_recipients(session: AsyncSession, asker_ids: Iterable[str], waiting: Sequence[Notice]) -> list[Recipient]:
    """In the order of `asker_ids`; whoever was forgotten meanwhile is left out."""
    theirs: dict[str, list[Notice]] = {asker_id: [] for asker_id in asker_ids}
    for notice in waiting:
        theirs[notice.asker_id].append(notice)
    rows = await session.scalars(select(Asker).where(col(Asker.id).in_(theirs)))
    known = {asker.id: asker for asker in rows}
    people = []
    for asker_id, own in theirs.items():
        asker = known.get(asker_id)
        if own and asker is not None and asker.line_user_id:
            people.append(
                Recipient(
                    asker_id, asker.line_user_id, asker.language, asker.large_text, tuple(_of_first_articles(own))
                )
            )
    return people


async def _release(session: AsyncSession, which: ColumnElement[bool]) -> None:
    await session.execute(
        update(Notice)
        .where(which)
        .values(retry_key=None, lease_until=None, first_pushed_at=None)
        .execution_options(synchronize_session=False)
    )


async def _suppress(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    await session.execute(
        update(Notice)
        .where(which, _PENDING)
        .values(state=NoticeState.SUPPRESSED, sent_at=now, lease_until=None)
        .execution_options(synchronize_session=False)
    )
