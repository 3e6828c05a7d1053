"""The log of what the verification rule decided, and what can be read from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import VerificationDecision, VerificationOutcome

FINAL = frozenset({VerificationOutcome.VERIFIED, VerificationOutcome.REJECTED})
"""Outcomes at which an answer's way ends, unless an appeal re-opens it."""


@dataclass(frozen=True, slots=True)
class FinalOutcome:
    """How an answer's way ended, and when."""

    outcome: VerificationOutcome
    since: datetime


async def load_decisions(session: AsyncSession, article_id: str, reply_id: str) -> list[VerificationDecision]:
    """All that was decided on this answer, oldest first: its public history."""
    rows = await session.scalars(
        select(VerificationDecision)
        .where(col(VerificationDecision.article_id) == article_id, col(VerificationDecision.reply_id) == reply_id)
        .order_by(col(VerificationDecision.id))
    )
    return list(rows)


async def load_newest_decisions(session: AsyncSession, article_id: str) -> dict[str, VerificationDecision]:
    """The last decision on each answer to a message, by the reply's id."""
    rows = await session.scalars(
        select(VerificationDecision)
        .where(col(VerificationDecision.article_id) == article_id)
        .order_by(col(VerificationDecision.id))
    )
    return {row.reply_id: row for row in rows}


async def load_final_outcomes(session: AsyncSession) -> dict[tuple[str, str], FinalOutcome]:
    """Article and reply of every answer whose way has ended, with its outcome."""
    history: dict[tuple[str, str], list[VerificationDecision]] = {}
    for decision in await session.scalars(select(VerificationDecision).order_by(col(VerificationDecision.id))):
        history.setdefault((decision.article_id, decision.reply_id), []).append(decision)
    finals = ((link, find_final(decisions)) for link, decisions in history.items())
    return {link: final for link, final in finals if final is not None}


def find_final(decisions: Sequence[VerificationDecision]) -> FinalOutcome | None:
    """The final outcome of a history, and since when it has been that without a break; None: it is open."""
    final: FinalOutcome | None = None
    for decision in decisions:
        if decision.outcome not in FINAL:
            final = None
        elif final is None or final.outcome != decision.outcome:
            final = FinalOutcome(decision.outcome, decision.public_at or decision.decided_at)
    return final
