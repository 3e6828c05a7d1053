"""The verdict that somebody who asked was last told: what they may have passed on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Notice, NoticeKind, NoticeState, Reply, ReplyVersion, Verdict

Key = tuple[str, str]
"""Asker and article."""
_TOLD_A_VERDICT = (NoticeKind.ANSWERED, NoticeKind.CORRECTED)


async def load_told_verdicts(session: AsyncSession, waiting: Iterable[Notice]) -> dict[Key, Verdict]:
    """The verdict each asker was told last about the article of one of these notices, as it was then.

    Who was told several at once, of answers that did not agree, was told none.
    """
    pairs = {(notice.asker_id, notice.article_id) for notice in waiting}
    rows = await session.execute(
        select(Notice, col(Reply.verdict))
        .join(Reply, col(Reply.id) == col(Notice.reply_id))
        .where(
            col(Notice.article_id).in_({article_id for _, article_id in pairs}),
            col(Notice.asker_id).in_({asker_id for asker_id, _ in pairs}),
            col(Notice.state) == NoticeState.SENT,
            col(Notice.kind).in_(_TOLD_A_VERDICT),
        )
    )
    told: dict[Key, list[tuple[Notice, Verdict]]] = {}
    for notice, verdict in rows:
        told.setdefault((notice.asker_id, notice.article_id), []).append((notice, verdict))
    versions = await _load_versions(session, {notice.reply_id for one in told.values() for notice, _ in one})
    chosen = {key: _choose_last(one, versions) for key, one in told.items()}
    return {key: verdict for key, verdict in chosen.items() if verdict is not None}


def _choose_last(
    told: Sequence[tuple[Notice, Verdict]], versions: dict[str, list[tuple[datetime, Verdict]]]
) -> Verdict | None:
    last = max(notice.sent_at or notice.created_at for notice, _ in told)
    verdicts = {
        next((old for replaced_at, old in versions.get(notice.reply_id, ()) if replaced_at > last), now)
        for notice, now in told
        if (notice.sent_at or notice.created_at) == last
    }
    return verdicts.pop() if len(verdicts) == 1 else None


async def _load_versions(
    session: AsyncSession, reply_ids: Collection[str]
) -> dict[str, list[tuple[datetime, Verdict]]]:
    """Until when each of these replies gave which verdict, oldest first."""
    rows = await session.execute(
        select(col(ReplyVersion.reply_id), col(ReplyVersion.replaced_at), col(ReplyVersion.verdict))
        .where(col(ReplyVersion.reply_id).in_(reply_ids))
        .order_by(col(ReplyVersion.version))
    )
    found: dict[str, list[tuple[datetime, Verdict]]] = {}
    for reply_id, replaced_at, verdict in rows:
        found.setdefault(reply_id, []).append((replaced_at, verdict))
    return found
