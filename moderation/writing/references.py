"""What an answer cites: looked at by the fetcher while nobody waits, and checked before it is sent in.

A page that cannot be reached is no reason to refuse an answer: sites are down, and many show nothing to programs. One
that says of itself that it is gone is.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.fetching import FetchedPage, FetchError, MissingPageError, RefusedAddressError
from retrieval.urls import canonical_url, find_urls
from storage.database import Database
from storage.tables import Article, ArticleVariant, PageState, ReferenceCheck

ARCHIVE = "https://web.archive.org/web/{moment}/{url}"
"""Leads to the copy nearest to a moment; nothing is fetched from there."""

AT_ONCE = 4
"""Pages that are looked at side by side."""


class Fetcher(Protocol):
    """Fetches a page, bounded; `moderation.fetching.BoundedFetcher`."""

    async def fetch(self, url: str) -> FetchedPage: ...


def find_references(reference: str) -> list[str]:
    """The addresses in the references, each once, in order."""
    return list(dict.fromkeys(find_urls(reference)))


def find_circular(reference: str, message: Collection[str]) -> list[str]:
    """References that are the very links the message carries, however they are spelled: no proof of anything."""
    carried = {canonical_url(url) for text in message for url in find_urls(text)} - {None}
    return [url for url in find_references(reference) if canonical_url(url) in carried]


async def load_wordings_of(session: AsyncSession, article_id: str) -> list[str]:
    """The message and its other wordings."""
    article = await session.get_one(Article, article_id)
    variants = await session.scalars(
        select(col(ArticleVariant.text)).where(
            col(ArticleVariant.article_id) == article_id, col(ArticleVariant.detached_at).is_(None)
        )
    )
    return [article.text or "", *variants]


def archived_copy(url: str, seen_at: datetime) -> str:
    """Where a copy of the page is, if an archive has one, as it was about then."""
    return ARCHIVE.format(moment=seen_at.astimezone(UTC).strftime("%Y%m%d%H%M%S"), url=url)


async def note_references(session: AsyncSession, reference: str) -> list[str]:
    """Remember the addresses to be looked at; returns those that nobody has looked at yet."""
    urls = find_references(reference)
    if not urls:
        return []
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"url": url, "state": PageState.WAITING, "times_gone": 0} for url in urls]
    await session.execute(insert(ReferenceCheck).values(rows).on_conflict_do_nothing())
    return [check.url for check in await load_checks(session, urls) if check.state == PageState.WAITING]


async def load_checks(session: AsyncSession, urls: Sequence[str]) -> list[ReferenceCheck]:
    """What is known of these addresses, in their order."""
    rows = await session.scalars(select(ReferenceCheck).where(col(ReferenceCheck.url).in_(urls)))
    known = {row.url: row for row in rows}
    return [known[url] for url in urls if url in known]


async def check_references(database: Database, fetcher: Fetcher, urls: Sequence[str], now: datetime) -> None:
    """Look at the pages, a few side by side, and store what was found; no transaction is open meanwhile."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def check(url: str) -> None:
        async with turn:
            found = await _look(fetcher, url)
        async with database.transaction() as session:
            known = await session.get(ReferenceCheck, url, with_for_update=True) or ReferenceCheck(url=url)
            _note(known, found, now)
            session.add(known)

    async with asyncio.TaskGroup() as group:
        for url in urls:
            group.create_task(check(url))


async def load_unchecked(session: AsyncSession, limit: int = 50) -> list[str]:
    """Addresses that nobody has looked at: the process ended before it did."""
    rows = await session.scalars(
        select(col(ReferenceCheck.url)).where(col(ReferenceCheck.state) == PageState.WAITING).limit(limit)
    )
    return list(rows)


async def _look(fetcher: Fetcher, url: str) -> FetchedPage | PageState:
    try:
        return await fetcher.fetch(url)
    except RefusedAddressError:
        return PageState.REFUSED
    except MissingPageError as error:
        return PageState.GONE if error.is_gone else PageState.UNREACHABLE
    except FetchError:
        return PageState.UNREACHABLE


def _note(known: ReferenceCheck, found: FetchedPage | PageState, now: datetime) -> None:
    known.checked_at = now
    if isinstance(found, FetchedPage):
        known.state, known.final_url, known.times_gone = PageState.FOUND, found.final_url, 0
        known.title, known.reported_at = found.title or known.title, None
        return
    known.state = found
    known.times_gone = known.times_gone + 1 if found == PageState.GONE else 0
