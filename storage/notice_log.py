"""From the change log to notices: who asked about the article is to be told what became of it, each change once.

Runs behind the log like every other reader of it, and remembers in `log_position` how far it has come: position and
notices are written in one transaction, and one process at a time holds the position, so nothing is told twice or lost.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.askers import SOURCE
from storage.database import Database
from storage.index_changes import NOTICES, load_changes
from storage.tables import (
    Asker,
    ChangeKind,
    IndexChange,
    LogPosition,
    Notice,
    NoticeKind,
    NoticeState,
    ReplyRequest,
    Status,
)

READER = NOTICES
CHANGES_AT_ONCE = 500
ASKERS_AT_ONCE = 500
"""People whose notices are written in one transaction: SQLite's other writers, the inbox first, wait for it."""

SETTLED_AFTER = timedelta(seconds=3)
"""A change this young is left for later: a request that was begun before it may still be on its way to the disk."""

TELLS = {ChangeKind.PUBLISHED, ChangeKind.CORRECTED, ChangeKind.WITHDRAWN}
"""The other kinds concern indexes, not people."""

Key = tuple[str, str, str]
"""Asker, article, reply."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One person's question about one article."""

    request_id: int
    article_id: str
    asker_id: str


@dataclass(slots=True)
class Told:
    """What one person knows of one reply, and what they are about to be told."""

    known: NoticeKind | None = None
    pending: NoticeKind | None = None
    pending_id: int | None = None


def choose_notice(change: ChangeKind, told: Told) -> NoticeKind | None:
    """What the person is to be told after this change, instead of anything that waits; None: nothing.

    A reply is new once: that it was confirmed later, or counted anew by an import, is no news. Whoever was never told
    of a reply needs no correction and no withdrawal of it. What was withdrawn and is shown again before they heard of
    that may read differently now, so it is told as a correction.
    """
    knows = told.known in {NoticeKind.ANSWERED, NoticeKind.CORRECTED}
    if change == ChangeKind.WITHDRAWN:
        return NoticeKind.WITHDRAWN if knows else None
    if not knows:
        return NoticeKind.ANSWERED
    if change == ChangeKind.CORRECTED or told.pending == NoticeKind.WITHDRAWN:
        return NoticeKind.CORRECTED
    return told.pending


async def make_notices(database: Database, now: datetime) -> int:
    """Read the log to its end and store what people are to be told; returns how many notices are new."""
    total = 0
    while True:
        async with database.transaction() as session:
            made = await _read_on(session, now)
        if made is None:
            return total
        total += made


async def _read_on(session: AsyncSession, now: datetime) -> int | None:
    """Take in the next changes; None when there are none that have settled."""
    position = await _hold_position(session)
    changes = []
    for change in await load_changes(session, position.seq, CHANGES_AT_ONCE):
        if change.created_at > now - SETTLED_AFTER:
            break
        changes.append(change)
    if not changes:
        return None
    if position.after_request:
        taken: Sequence[IndexChange] = changes[:1]  # begun already, and to be ended before any other
    else:
        taken = _choose_first(changes, await _count_askers(session, [c.article_id for c in changes if _tells(c)]))
    askers = await _load_askers(session, [c.article_id for c in taken if _tells(c)], position.after_request)
    made = await _make(session, taken, askers, now)
    if len(askers) == ASKERS_AT_ONCE:  # there may be more of them: the same change once more, from there on
        position.after_request = askers[-1].request_id
    else:
        position.seq, position.after_request = taken[-1].seq or position.seq, 0
    session.add(position)
    return made


def _tells(change: IndexChange) -> bool:
    return change.kind in TELLS and change.reply_id is not None


def _choose_first(changes: Sequence[IndexChange], askers: Mapping[str, int]) -> Sequence[IndexChange]:
    """As many changes as fit one short transaction; one that concerns too many people alone, to be told in parts."""
    total = 0
    for place, change in enumerate(changes):
        total += askers.get(change.article_id, 0) if _tells(change) else 0
        if total >= ASKERS_AT_ONCE:
            return changes[: max(place, 1)]
    return changes


async def _hold_position(session: AsyncSession) -> LogPosition:
    """The position, locked until the transaction ends."""
    upsert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(upsert(LogPosition).values(reader=READER, seq=0).on_conflict_do_nothing())
    return await session.get_one(LogPosition, READER, with_for_update=True)


async def _make(session: AsyncSession, changes: Sequence[IndexChange], askers: Sequence[Waiting], now: datetime) -> int:
    if not askers:
        return 0
    by_article: dict[str, list[str]] = {}
    for one in askers:
        by_article.setdefault(one.article_id, []).append(one.asker_id)
    told = await _load_told(session, by_article, {one.asker_id for one in askers}, now)
    fresh: dict[Key, dict[str, object]] = {}
    overtaken: list[int] = []
    for change in filter(_tells, changes):
        for asker_id in by_article.get(change.article_id, ()):
            _take_in(change, (asker_id, change.article_id, change.reply_id or ""), told, fresh, overtaken, now)
    await _suppress(session, overtaken, now)
    if fresh:
        await session.execute(insert(Notice), list(fresh.values()))
    return len(fresh)


def _take_in(
    change: IndexChange,
    key: Key,
    told: dict[Key, Told],
    fresh: dict[Key, dict[str, object]],
    overtaken: list[int],
    now: datetime,
) -> None:
    state = told.setdefault(key, Told())
    kind = choose_notice(change.kind, state)
    if kind == state.pending:
        return  # it will be rendered from how things stand when it is told
    if state.pending_id is not None:
        overtaken.append(state.pending_id)
    fresh.pop(key, None)
    state.pending, state.pending_id = kind, None
    if kind is not None:
        asker_id, article_id, reply_id = key
        fresh[key] = {
            "asker_id": asker_id,
            "article_id": article_id,
            "reply_id": reply_id,
            "kind": kind,
            "change_seq": change.seq,
            "state": NoticeState.PENDING,
            "created_at": now,
        }


def _wanted(article_ids: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Requests about these articles of people who want to be told; joined with `Asker`."""
    return (
        col(ReplyRequest.article_id).in_(article_ids),
        col(ReplyRequest.source) == SOURCE,
        col(ReplyRequest.status) == Status.NORMAL,
        col(ReplyRequest.wants_notices).is_(True),
        col(Asker.wants_notices).is_(True),
    )


async def _count_askers(session: AsyncSession, article_ids: Sequence[str]) -> dict[str, int]:
    rows = await session.execute(
        select(col(ReplyRequest.article_id), func.count())
        .join(Asker, col(Asker.id) == col(ReplyRequest.contributor))
        .where(*_wanted(set(article_ids)))
        .group_by(col(ReplyRequest.article_id))
    )
    return {article_id: count for article_id, count in rows}  # noqa: C416 - rows are not pairs to mypy


async def _load_askers(session: AsyncSession, article_ids: Sequence[str], after_request: int) -> list[Waiting]:
    """Who asked about these articles and wants to be told, in the order of asking; the next of them."""
    rows = await session.execute(
        select(col(ReplyRequest.id), col(ReplyRequest.article_id), col(ReplyRequest.contributor))
        .join(Asker, col(Asker.id) == col(ReplyRequest.contributor))
        .where(*_wanted(set(article_ids)), col(ReplyRequest.id) > after_request)
        .order_by(col(ReplyRequest.id))
        .limit(ASKERS_AT_ONCE)
    )
    return [Waiting(request_id or 0, article_id, str(asker_id)) for request_id, article_id, asker_id in rows]


async def _load_told(
    session: AsyncSession, article_ids: Collection[str], asker_ids: Collection[str], now: datetime
) -> dict[Key, Told]:
    """What was told and what waits. What is being told at this moment counts as told: they may be reading it."""
    rows = await session.scalars(
        select(Notice)
        .where(col(Notice.article_id).in_(article_ids), col(Notice.state).in_([NoticeState.PENDING, NoticeState.SENT]))
        .order_by(col(Notice.change_seq))
        .with_for_update()
    )
    told: dict[Key, Told] = {}
    for notice in rows:
        state = told.setdefault((notice.asker_id, notice.article_id, notice.reply_id), Told())
        on_its_way = notice.retry_key is not None or (notice.lease_until is not None and notice.lease_until > now)
        if notice.state == NoticeState.SENT or on_its_way:
            state.known = notice.kind
        else:
            state.pending, state.pending_id = notice.kind, notice.id
    return told


async def _suppress(session: AsyncSession, ids: Sequence[int], now: datetime) -> None:
    if ids:
        await session.execute(
            update(Notice)
            .where(col(Notice.id).in_(ids))
            .values(state=NoticeState.SUPPRESSED, sent_at=now)
            .execution_options(synchronize_session=False)
        )
