"""Answers that grow old: a verdict's time is over, or a page it cites is gone. What that does is nobody's decision."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.writing.references import Fetcher, check_references, find_references, note_references
from moderation.writing.submitting import reopen_by_clock, withdraw_answer
from storage.articles import PUBLISHED
from storage.askers import SOURCE
from storage.database import Database
from storage.tables import ArticleReply, PageState, ReferenceCheck, Reply, ReplyExpiry, Status

LOOK_AGAIN_AFTER = timedelta(days=7)
GONE_AFTER = 3
"""So many looks in a row must find a page gone, a week apart: sites are rebuilt, and come back."""
PAGES_AT_ONCE = 200
"""Pages looked at in one run of the job."""


async def expire_verdicts(database: Database, now: datetime) -> int:
    """Take back the answers whose time is over, and open their tasks again; returns how many.

    One that is not shown is left alone until it is: its ratings may still come.
    """
    async with database.reading() as session:
        due = await session.scalars(
            select(col(ReplyExpiry.reply_id))
            .join(ArticleReply, col(ArticleReply.reply_id) == col(ReplyExpiry.reply_id))
            .where(col(ReplyExpiry.expires_at) <= now, col(ReplyExpiry.expired_at).is_(None), _is_published())
            .distinct()
        )
        reply_ids = list(due)
    expired = 0
    for reply_id in reply_ids:
        async with database.transaction() as session:
            expiry = await session.get(ReplyExpiry, reply_id, with_for_update=True)
            if expiry is None or expiry.expired_at is not None or expiry.expires_at > now:
                continue
            expiry.expired_at = now
            session.add(expiry)
            for article_id in await _load_answered(session, reply_id):
                expired += await withdraw_answer(session, article_id, reply_id, now)
    return expired


async def recheck_references(database: Database, fetcher: Fetcher, now: datetime) -> tuple[int, int]:
    """Look again at what published answers cite; returns how many pages, and how many tasks were opened again."""
    async with database.transaction() as session:
        for reference in await _load_cited(session):
            await note_references(session, reference)
    async with database.reading() as session:
        old = or_(col(ReferenceCheck.checked_at).is_(None), col(ReferenceCheck.checked_at) <= now - LOOK_AGAIN_AFTER)
        due = await session.scalars(
            select(col(ReferenceCheck.url))
            .where(old)
            .order_by(col(ReferenceCheck.checked_at).nulls_first())
            .limit(PAGES_AT_ONCE)
        )
        urls = list(due)
    await check_references(database, fetcher, urls, now)
    return len(urls), await reopen_for_dead_references(database, now)


async def reopen_for_dead_references(database: Database, now: datetime) -> int:
    """Open the tasks of answers that cite a page which has been gone for long; each page once. Returns how many."""
    async with database.transaction() as session:
        dead = await session.scalars(
            select(ReferenceCheck).where(
                col(ReferenceCheck.state) == PageState.GONE,
                col(ReferenceCheck.times_gone) >= GONE_AFTER,
                col(ReferenceCheck.reported_at).is_(None),
            )
        )
        opened = 0
        for check in dead:
            check.reported_at = now
            session.add(check)
            for reply_id in await _load_citing(session, check.url):
                for article_id in await _load_answered(session, reply_id):
                    opened += await reopen_by_clock(session, article_id, now)
    return opened


async def _load_cited(session: AsyncSession) -> list[str]:
    """The references of all answers written here that are published; those of an import are its source's to mend."""
    rows = await session.scalars(
        select(col(Reply.reference))
        .join(ArticleReply, col(ArticleReply.reply_id) == col(Reply.id))
        .where(_is_published(), col(Reply.source) == SOURCE, col(Reply.reference).is_not(None))
        .distinct()
    )
    return [reference for reference in rows if reference]


async def _load_citing(session: AsyncSession, url: str) -> list[str]:
    rows = await session.execute(
        select(col(Reply.id), col(Reply.reference)).where(
            col(Reply.source) == SOURCE, col(Reply.reference).contains(url, autoescape=True)
        )
    )
    return [reply_id for reply_id, reference in rows if url in find_references(reference or "")]


async def _load_answered(session: AsyncSession, reply_id: str) -> list[str]:
    rows = await session.scalars(
        select(col(ArticleReply.article_id)).where(col(ArticleReply.reply_id) == reply_id, _is_published())
    )
    return list(rows)


def _is_published() -> ColumnElement[bool]:
    return and_(col(ArticleReply.status) == Status.NORMAL, col(ArticleReply.state).in_(PUBLISHED))
