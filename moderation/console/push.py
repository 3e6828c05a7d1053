"""Telling volunteers in their browsers: who subscribed where, and sending what is new in their inbox.

A message is sent again if this process dies between sending it and noting so; the browser shows one in place of the
other, since all carry the same tag.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.console.notices import base_kind
from moderation.console.push_service import Delivered, Delivery, Keys, PushService
from moderation.console.push_topics import kinds_of, to_message
from moderation.console.sessions import SignedIn
from moderation.console.wording import Words, choose_words
from storage.database import Database
from storage.tables import Editor, EditorNotice, PushSubscription

MAX_BROWSERS = 10
"""Of one person; the oldest goes."""
AT_ONCE = 200
"""Browsers told in one run of the job."""
MAX_FAILURES = 5
"""After so many tries a message is given up; the next one is tried anew."""
FIRST_WAIT = timedelta(minutes=2)
"""Doubled with each failure."""


@dataclass(frozen=True, slots=True)
class Due:
    """A browser, and what is new for whoever sits there."""

    subscription: PushSubscription
    language: str | None
    kinds: list[str]
    """Of the new notices, oldest first."""
    up_to: int


async def subscribe(
    session: AsyncSession, signed_in: SignedIn, keys: Keys, topics: list[str], now: datetime
) -> PushSubscription:
    """Remember a browser, or whose it is now: one address belongs to whoever signed in there last."""
    rows = await session.scalars(select(PushSubscription).where(col(PushSubscription.endpoint) == keys.endpoint))
    found = rows.first() or PushSubscription(
        editor_id=signed_in.editor.id, endpoint=keys.endpoint, p256dh="", auth="", created_at=now
    )
    found.editor_id, found.session_id = signed_in.editor.id, signed_in.session.id
    found.p256dh, found.auth, found.device = keys.p256dh, keys.auth, signed_in.session.device
    found.topics, found.failures, found.try_at = topics, 0, None
    newest = select(func.max(col(EditorNotice.id))).where(col(EditorNotice.editor_id) == signed_in.editor.id)
    found.told_up_to = await session.scalar(newest) or 0
    session.add(found)
    await session.flush()
    await _forget_oldest(session, signed_in.editor.id)
    return found


async def load_subscriptions(session: AsyncSession, editor_id: str) -> Sequence[PushSubscription]:
    """Somebody's browsers, the oldest first."""
    rows = await session.scalars(
        select(PushSubscription)
        .where(col(PushSubscription.editor_id) == editor_id)
        .order_by(col(PushSubscription.created_at), col(PushSubscription.id))
    )
    return list(rows)


async def find_subscription(session: AsyncSession, editor_id: str, subscription_id: str) -> PushSubscription | None:
    """One's own subscription of that id."""
    found = await session.get(PushSubscription, subscription_id)
    return found if found is not None and found.editor_id == editor_id else None


async def forget_session(session: AsyncSession, session_id: str) -> None:
    """Whoever signs out is told nothing in that browser any more."""
    await session.execute(delete(PushSubscription).where(col(PushSubscription.session_id) == session_id))


async def push_notices(
    database: Database, service: PushService | None, words_of: dict[str, Words], url: str, now: datetime
) -> str:
    """Send what is new to the browsers that want it; returns counts."""
    if service is None:
        return "no key: nothing is sent"
    async with database.reading() as session:
        due = await _load_due(session, now)
    counts = dict.fromkeys(Delivery, 0)
    for each in due:
        delivered = None
        if each.kinds:
            message = to_message(choose_words(words_of, each.language, ""), each.kinds, f"{url}/inbox")
            delivered = await service.send(to_keys(each.subscription), message, now)
            counts[delivered.outcome] += 1
        async with database.transaction() as session:
            await _note(session, each, delivered, now)
    return ", ".join(f"{outcome} {number}" for outcome, number in counts.items())


def to_keys(subscription: PushSubscription) -> Keys:
    """What is needed to send there."""
    return Keys(subscription.endpoint, subscription.p256dh, subscription.auth)


async def _load_due(session: AsyncSession, now: datetime) -> list[Due]:
    newer = (
        (col(EditorNotice.editor_id) == col(PushSubscription.editor_id))
        & (col(EditorNotice.id) > col(PushSubscription.told_up_to))
        & col(EditorNotice.read_at).is_(None)
    )
    rows = await session.execute(
        select(PushSubscription, col(Editor.language))
        .join(Editor, col(Editor.id) == col(PushSubscription.editor_id))
        .where(
            col(Editor.blocked_at).is_(None),
            (col(PushSubscription.try_at).is_(None)) | (col(PushSubscription.try_at) <= now),
            exists().where(newer),
        )
        .order_by(col(PushSubscription.id))
        .limit(AT_ONCE)
    )
    due = []
    for subscription, language in rows.all():
        notices = await session.execute(
            select(col(EditorNotice.id), col(EditorNotice.kind))
            .where(
                col(EditorNotice.editor_id) == subscription.editor_id,
                col(EditorNotice.id) > subscription.told_up_to,
                col(EditorNotice.read_at).is_(None),
            )
            .order_by(col(EditorNotice.id))
        )
        new, wanted = notices.all(), kinds_of(subscription.topics)
        kinds = [base_kind(kind) for _, kind in new if base_kind(kind) in wanted]
        up_to = max((id_ or 0 for id_, _ in new), default=subscription.told_up_to)
        due.append(Due(subscription, language, kinds, up_to))
    return due


async def _note(session: AsyncSession, due: Due, delivered: Delivered | None, now: datetime) -> None:
    """What became of it: told, gone, or to be tried again, a bounded number of times."""
    found = await session.get(PushSubscription, due.subscription.id, with_for_update=True)
    if found is None:
        return
    if delivered is not None and delivered.outcome == Delivery.GONE:
        await session.delete(found)
        return
    is_failed = delivered is not None and delivered.outcome == Delivery.FAILED
    found.failures = found.failures + 1 if is_failed else 0
    if found.failures in (0, MAX_FAILURES):
        found.told_up_to, found.failures = due.up_to, 0
    wait = (
        max(FIRST_WAIT * 2 ** (found.failures - 1), delivered.wait or timedelta(0)) if is_failed and delivered else None
    )
    found.try_at = now + wait if wait else None
    session.add(found)


async def _forget_oldest(session: AsyncSession, editor_id: str) -> None:
    subscriptions = await load_subscriptions(session, editor_id)
    for old in subscriptions[: max(0, len(subscriptions) - MAX_BROWSERS)]:
        await session.delete(old)
