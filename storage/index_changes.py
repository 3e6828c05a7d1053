"""The change log: appended to by whoever publishes, followed by every matching process.

A follower remembers the last `seq` it has seen, so rows must become visible in the order of `seq`. SQLite has one
writer at a time; on PostgreSQL numbers are drawn before the commit, so appending takes a lock held to the commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import ChangeKind, IndexChange, utc_now

APPEND_LOCK = 0x63686D01
"""PostgreSQL advisory lock of everyone who appends; taken last in a transaction, to be held shortly."""

CHANNEL = "chaming_index_change"
"""PostgreSQL channel that is notified when new rows are visible."""

ROWS_PER_STATEMENT = 1_000


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
    """The next rows of the log after `after_seq`, in order."""
    rows = await session.scalars(
        select(IndexChange).where(col(IndexChange.seq) > after_seq).order_by(col(IndexChange.seq)).limit(limit)
    )
    return list(rows)


async def latest_seq(session: AsyncSession) -> int:
    """The number of the newest change; 0 before the first."""
    return await session.scalar(select(func.max(IndexChange.seq))) or 0
