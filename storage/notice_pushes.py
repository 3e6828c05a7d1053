"""Notices that are pushed to people, many in one call: claimed under LINE's retry key, and finished or given back.

A claim under a retry key does not lapse: LINE may have taken that push, so it is only ever repeated under the same key,
which LINE delivers once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.notices import PENDING, URGENCY, is_free, of_first_articles
from storage.tables import Asker, Notice, NoticeKind, NoticeState

PUSH_LEASE = timedelta(minutes=5)
"""After which an interrupted push is repeated, under the same retry key."""


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


async def load_recipients(session: AsyncSession, now: datetime, *, wait: timedelta, limit: int) -> list[Recipient]:
    """People to be pushed to, the most urgent first and then the newest; whoever has blocked the bot is not among them.

    Somebody is due when one of their notices has waited that long; what else waits for them goes along.
    """
    due = (
        select(col(Notice.asker_id))
        .join(Asker, col(Asker.id) == col(Notice.asker_id))
        .where(
            PENDING,
            is_free(now),
            col(Notice.created_at) <= now - wait,
            col(Asker.follows).is_(True),
            col(Asker.wants_notices).is_(True),
            col(Asker.line_user_id).is_not(None),
        )
        .group_by(col(Notice.asker_id))
        .order_by(func.min(URGENCY), func.max(col(Notice.created_at)).desc(), col(Notice.asker_id))
        .limit(limit)
    )
    asker_ids = list(await session.scalars(due))
    waiting = await session.scalars(
        select(Notice)
        .where(PENDING, is_free(now), col(Notice.asker_id).in_(asker_ids))
        .order_by(URGENCY, col(Notice.created_at).desc(), col(Notice.id).desc())
    )
    return await _to_recipients(session, asker_ids, list(waiting))


async def claim_for_push(
    session: AsyncSession, people: Sequence[Recipient], retry_key: str, now: datetime
) -> list[Recipient]:
    """Claim all that waits for these people under one retry key; returns those of whom all was still free."""
    ids = [notice.id for person in people for notice in person.notices]
    claimed = await session.scalars(
        update(Notice)
        .where(col(Notice.id).in_(ids), PENDING, is_free(now))
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
    lapsed = and_(PENDING, col(Notice.retry_key).is_not(None), col(Notice.lease_until) <= now)
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
        .order_by(URGENCY, col(Notice.created_at).desc(), col(Notice.id).desc())
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
        .where(col(Notice.retry_key) == retry_key, PENDING)
        .values(state=state, sent_at=now, lease_until=None)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    return len(marked.all())


async def release_push(session: AsyncSession, retry_key: str) -> None:
    """Give back what LINE has surely not taken."""
    await _release(session, and_(col(Notice.retry_key) == retry_key, PENDING))


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
                Recipient(asker_id, asker.line_user_id, asker.language, asker.large_text, tuple(of_first_articles(own)))
            )
    return people


async def _release(session: AsyncSession, which: ColumnElement[bool]) -> None:
    await session.execute(
        update(Notice)
        .where(which)
        .values(retry_key=None, lease_until=None, first_pushed_at=None)
        .execution_options(synchronize_session=False)
    )
