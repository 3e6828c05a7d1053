"""The change log: appended to by whoever publishes, followed by every matching process.

A follower remembers the last `seq` it has seen, so rows must become visible in the order of `seq`. SQLite has one
writer at a time; on PostgreSQL numbers are drawn before the commit, so appending takes a lock held to the commit.

The log is kept for a month. Who comes later, with an old snapshot or from a month without the database, is told so
instead of being shown the rest, and begins anew from the articles themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.database import Database
from storage.tables import ChangeKind, IndexChange, LogPosition, utc_now

APPEND_LOCK = 0x63686D01
"""PostgreSQL advisory lock of everyone who appends; taken last in a transaction, to be held shortly."""

CHANNEL = "chaming_index_change"
"""PostgreSQL channel that is notified when new rows are visible."""

ROWS_PER_STATEMENT = 1_000
DELETE_AT_ONCE = 5_000

KEEP_CHANGES = timedelta(days=30)

NOTICES = "notices"
FOLLOWERS = (NOTICES,)
"""The readers whose `LogPosition` is a place in this log; the log keeps what one of them has still to read.

The table holds other readers too, with their place in another log. Indexes have none: they know theirs themselves.
"""

TRIMMED = "trimmed"
"""The `LogPosition` that is no reader's: up to there the log is gone."""


class LogTrimmedError(Exception):
    """The log no longer holds what came right after this change: begin anew from the articles."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Change:
    """An article that every index must look at again, and why."""

    article_id: str
    kind: ChangeKind
    reply_id: str | None = None


async def append_changes(session: AsyncSession, changes: Iterable[Change]) -> None:
    """Append to the log, in the caller's transaction; the last thing it does before it commits."""
    now = utc_now()
    rows = [
        {"article_id": c.article_id, "kind": c.kind, "reply_id": c.reply_id, "created_at": now}
        for c in dict.fromkeys(changes)
    ]
    if not rows:
        return
    await session.flush()
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPEND_LOCK})
        await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        await session.execute(insert(IndexChange), rows[start : start + ROWS_PER_STATEMENT])


async def load_changes(session: AsyncSession, after_seq: int, limit: int = 1_000) -> list[IndexChange]:
    """The next rows of the log after `after_seq`, in order; raises `LogTrimmedError` where some are gone."""
    rows = await session.scalars(
        select(IndexChange).where(col(IndexChange.seq) > after_seq).order_by(col(IndexChange.seq)).limit(limit)
    )
    changes = list(rows)
    # Asked afterwards: what is trimmed between the two is missed by nobody. The newest change is never trimmed, so
    # whoever finds nothing has missed nothing.
    if changes and after_seq < await trimmed_seq(session):
        raise LogTrimmedError
    return changes


async def latest_seq(session: AsyncSession) -> int:
    """The number of the newest change; 0 before the first."""
    return await session.scalar(select(func.max(IndexChange.seq))) or 0


async def trimmed_seq(session: AsyncSession) -> int:
    """The number of the last change that was trimmed, and all before it were; 0 where none was."""
    statement = select(col(LogPosition.seq)).where(col(LogPosition.reader) == TRIMMED)
    return await session.scalar(statement) or 0


async def trim_changes(database: Database, now: datetime) -> int:
    """Delete changes older than `KEEP_CHANGES`, but none that one of the `FOLLOWERS` has still to read."""
    total = 0
    while True:
        async with database.transaction() as session:
            deleted = await _trim_slice(session, now)
        total += deleted
        if not deleted:
            return total


async def _trim_slice(session: AsyncSession, now: datetime) -> int:
    seq = col(IndexChange.seq)
    read_by_all = select(func.min(LogPosition.seq)).where(col(LogPosition.reader).in_(FOLLOWERS)).scalar_subquery()
    young = select(func.min(seq)).where(col(IndexChange.created_at) >= now - KEEP_CHANGES).scalar_subquery()
    newest = select(func.max(seq)).scalar_subquery()
    old = select(seq).where(seq < func.coalesce(young, newest), seq <= read_by_all).order_by(seq).limit(DELETE_AT_ONCE)
    going = list(await session.scalars(old))
    if going:
        last = going[-1] or 0
        await session.execute(delete(IndexChange).where(seq <= last))
        await session.merge(LogPosition(reader=TRIMMED, seq=last))
    return len(going)
