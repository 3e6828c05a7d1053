"""How an answer came to read as it does and to stand where it stands: public, and without anybody's name."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.writing.differences import Piece, find_differences
from storage.tables import (
    Article,
    ArticleReply,
    Reply,
    ReplyState,
    ReplyVersion,
    Status,
    Verdict,
    VerificationDecision,
)
from storage.verification import load_decisions


@dataclass(frozen=True, slots=True)
class Version:
    """How an answer read from a moment on, and what differs from the version before."""

    number: int
    since: datetime | None
    verdict: Verdict
    verdict_before: Verdict | None
    """None: it was the same, or this is the first version."""
    text: list[Piece]
    reference: list[Piece]


@dataclass(frozen=True, slots=True)
class History:
    article: Article
    link: ArticleReply
    versions: list[Version]
    """Newest first."""
    decisions: list[VerificationDecision]
    """Newest first."""


async def find_history(session: AsyncSession, article_id: str, reply_id: str) -> History | None:
    """The history of an answer to a public message; None: there is no such answer, or it was hidden."""
    link = await session.get(ArticleReply, (article_id, reply_id))
    article = await session.get(Article, article_id)
    if link is None or article is None or article.status != Status.NORMAL or link.status != Status.NORMAL:
        return None
    decisions = await load_decisions(session, article_id, reply_id)
    is_public = link.published_at is not None or link.state == ReplyState.IMPORTED
    versions = await _load_versions(session, reply_id) if is_public else []
    return History(article, link, versions[::-1], decisions[::-1])


async def _load_versions(session: AsyncSession, reply_id: str) -> list[Version]:
    """Oldest first. A stored version says until when it was read; so each one's beginning is the end of the last."""
    reply = await session.get_one(Reply, reply_id)
    rows = await session.scalars(
        select(ReplyVersion).where(col(ReplyVersion.reply_id) == reply_id).order_by(col(ReplyVersion.version))
    )
    older = list(rows)
    since = [reply.created_at, *(version.replaced_at for version in older)]
    readings = [(each.verdict, each.text, each.reference or "") for each in older]
    readings.append((reply.verdict, reply.text, reply.reference or ""))
    return await asyncio.to_thread(  # comparing long texts takes seconds at worst: nobody else is to wait for it
        lambda: [
            _to_version(number, since[number], readings[number], readings[number - 1] if number else None)
            for number in range(len(readings))
        ]
    )


def _to_version(
    number: int, since: datetime | None, now: tuple[Verdict, str, str], before: tuple[Verdict, str, str] | None
) -> Version:
    verdict, text, reference = now
    old_verdict, old_text, old_reference = before or now
    return Version(
        number=number + 1,
        since=since,
        verdict=verdict,
        verdict_before=old_verdict if old_verdict != verdict else None,
        text=find_differences(old_text, text),
        reference=find_differences(old_reference, reference),
    )
