"""The verdict that somebody who asked was last told: what they may have passed on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import Notice, NoticeKind, NoticeState, Reply, ReplyVersion, Verdict

Key = tuple[str, str]
"""Asker and article."""
Version = tuple[datetime, Verdict]
"""Until when a reply gave which verdict."""


async def load_told_verdicts(session: AsyncSession, waiting: Iterable[Notice]) -> dict[Key, Verdict]:
    """The one verdict each asker was left with about the article of one of these notices, as it was then.

    Who was told of answers that did not agree was told none.
    """
    pairs = {(notice.asker_id, notice.article_id) for notice in waiting}
    rows = await session.execute(
        select(Notice, col(Reply.verdict))
        .join(Reply, col(Reply.id) == col(Notice.reply_id))
        .where(
            col(Notice.article_id).in_({article_id for _, article_id in pairs}),
            col(Notice.asker_id).in_({asker_id for asker_id, _ in pairs}),
            col(Notice.state) == NoticeState.SENT,
        )
    )
    told: dict[Key, list[tuple[Notice, Verdict]]] = {}
    for notice, verdict in rows:
        told.setdefault((notice.asker_id, notice.article_id), []).append((notice, verdict))
    versions = await _load_versions(session, {notice.reply_id for one in told.values() for notice, _ in one})
    chosen = {key: _choose(one, versions) for key, one in told.items()}
    return {key: verdict for key, verdict in chosen.items() if verdict is not None}


def _choose(told: Sequence[tuple[Notice, Verdict]], versions: Mapping[str, Sequence[Version]]) -> Verdict | None:
    """What was shown the last time that anything was: every reply told of and not withdrawn, in its version of then.

    NOT_ARTICLE says that there is nothing to check, and yields to any other, as it does in what is shown.
    """
    standing: dict[str, Verdict] = {}
    shown: set[Verdict] = set()
    in_order = sorted(told, key=lambda one: (_told_at(one[0]), one[0].change_seq))
    for moment, at_once in groupby(in_order, key=lambda one: _told_at(one[0])):
        for notice, now in at_once:
            if notice.kind == NoticeKind.WITHDRAWN:
                standing.pop(notice.reply_id, None)
            else:
                standing[notice.reply_id] = now
        shown = {_as_of(moment, versions.get(id_, ()), now) for id_, now in standing.items()} or shown
    left = shown - {Verdict.NOT_ARTICLE} or shown
    return left.pop() if len(left) == 1 else None


def _as_of(moment: datetime, versions: Sequence[Version], now: Verdict) -> Verdict:
    return next((old for replaced_at, old in versions if replaced_at > moment), now)


def _told_at(notice: Notice) -> datetime:
    return notice.sent_at or notice.created_at


async def _load_versions(session: AsyncSession, reply_ids: Collection[str]) -> dict[str, list[Version]]:
    """Until when each of these replies gave which verdict, oldest first."""
    rows = await session.execute(
        select(col(ReplyVersion.reply_id), col(ReplyVersion.replaced_at), col(ReplyVersion.verdict))
        .where(col(ReplyVersion.reply_id).in_(reply_ids))
        .order_by(col(ReplyVersion.version))
    )
    found: dict[str, list[Version]] = {}
    for reply_id, replaced_at, verdict in rows:
        found.setdefault(reply_id, []).append((replaced_at, verdict))
    return found
