"""The audit log: who did what, when. Only ever added to, each row carrying the hash of the one before.

Whoever changes or removes a row breaks the chain from there on; whoever rewrites the whole chain changes its last
hash, which `chaming audit verify` prints, to be noted elsewhere.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import AuditEntry, utc_now

AUDIT_LOCK = 0x63686D02
"""PostgreSQL advisory lock of everyone who appends, held to the commit."""

FIRST = "0" * 64
ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found when the chain was walked."""

    entries: int
    last_hash: str
    broken_at: int | None = None
    """The first row that is not what it was when it was written, or does not follow the one before it."""


async def record(
    session: AsyncSession, actor: str | None, act: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Append one act, in the transaction in which it happens; the last thing that transaction does.

    `details` are ids, numbers and states: no message text, no person's name.
    """
    await session.flush()
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": AUDIT_LOCK})
    newest = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(1))).first()
    entry = AuditEntry(
        seq=newest.seq + 1 if newest else 1,
        at=utc_now(),
        actor=actor,
        act=act,
        subject=subject,
        details=dict(details or {}),
        previous_hash=newest.hash if newest else FIRST,
        hash="",
    )
    entry.hash = compute_hash(entry)
    session.add(entry)
    await session.flush()


async def verify(session: AsyncSession) -> Verified:
    """Walk the whole chain."""
    seq, last = 0, FIRST
    while True:
        rows = await session.scalars(
            select(AuditEntry).where(col(AuditEntry.seq) > seq).order_by(col(AuditEntry.seq)).limit(ROWS_AT_ONCE)
        )
        entries = list(rows)
        for entry in entries:
            if entry.seq != seq + 1 or entry.previous_hash != last or entry.hash != compute_hash(entry):
                return Verified(seq, last, broken_at=seq + 1)
            seq, last = entry.seq, entry.hash
        session.expunge_all()
        if len(entries) < ROWS_AT_ONCE:
            return Verified(seq, last)


async def holds_hash(session: AsyncSession, wanted: str) -> bool:
    """Whether a hash noted earlier is still in the chain."""
    return await session.scalar(select(col(AuditEntry.seq)).where(col(AuditEntry.hash) == wanted)) is not None


def compute_hash(entry: AuditEntry) -> str:
    """SHA-256 over everything in the row but the hash itself, in one fixed spelling."""
    row = [entry.seq, _spell(entry.at), entry.actor, entry.act, entry.subject, entry.details, entry.previous_hash]
    spelled = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()


def _spell(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
