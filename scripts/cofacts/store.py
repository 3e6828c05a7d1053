"""Storing a batch of rows: what is new is inserted, what differs is taken over, what is the same is left alone.

What was decided here stays: a blocked article is not unblocked, a corrected reply not set back, a withdrawn one not
republished, and a row that was written here is never overwritten. So an import can be run again at any time, with the
same files or newer ones, and one that was killed half way is completed by running it again.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from moderation.announcing import announce_articles, announce_texts
from moderation.taking_in import correct_imported, publish_imported
from scripts.cofacts.rows import SOURCE
from storage.bulk import insert_rows
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleReplyFeedback,
    Category,
    Editor,
    Hyperlink,
    Reply,
    ReplyRequest,
    ReplyVersion,
    Status,
)

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Row]):
    """A row of the file that could be read, with its line."""

    line: int
    row: Row


@dataclass(slots=True)
class BatchResult:
    """What became of a batch."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)


Store = Callable[[AsyncSession, Sequence[Parsed[Any]]], Awaitable[BatchResult]]


async def store_categories(session: AsyncSession, batch: Sequence[Parsed[Category]]) -> BatchResult:
    existing = await _load_by_id(session, Category, (item.row.id for item in batch))
    merge = Merge(existing, lambda row: row.id, ("title", "description", "created_at", "updated_at"))
    return await merge.apply(session, batch)


async def store_articles(session: AsyncSession, batch: Sequence[Parsed[Article]]) -> BatchResult:
    existing = await _load_by_id(session, Article, (item.row.id for item in batch))
    shown_before = {id_: (row.status, row.text) for id_, row in existing.items()}
    names = ("type", "text", "matching_key_hash", "contributor", "app_id", "references", "created_at")
    merge = Merge(existing, lambda row: row.id, names, take=_take_over_article, refuse=_refuse_foreign)
    result = await merge.apply(session, batch)
    added = [(row.id, row.status) for row in merge.added if row.status == Status.NORMAL]
    changed = [(row.id, row.status) for row in merge.changed if shown_before[row.id] != (row.status, row.text)]
    await announce_articles(session, added + changed)
    return result


async def store_hyperlinks(session: AsyncSession, batch: Sequence[Parsed[Hyperlink]]) -> BatchResult:
    known, result = await _keep_known(session, batch, article=Article)
    existing = {(row.article_id, row.url): row for row in await _load_of_articles(session, Hyperlink, known)}
    titles = {key: row.title for key, row in existing.items()}
    merge = Merge(existing, lambda row: (row.article_id, row.url), ("normalized_url", "title"))
    await merge.apply(session, known, result)
    titled = [row for row in merge.added if row.title]
    titled += [row for row in merge.changed if titles[row.article_id, row.url] != row.title]
    await announce_texts(session, [row.article_id for row in titled])
    return result


async def store_article_categories(session: AsyncSession, batch: Sequence[Parsed[ArticleCategory]]) -> BatchResult:
    known, result = await _keep_known(session, batch, article=Article, category=Category)
    rows = await _load_of_articles(session, ArticleCategory, known)
    existing = {(row.article_id, row.category_id): row for row in rows}
    editors = await _find_editors(session, rows)
    names = tuple(name for name in ArticleCategory.model_fields if name not in ("article_id", "category_id"))

    def take(stored: ArticleCategory, incoming: ArticleCategory, names: Sequence[str]) -> bool:
        return stored.contributor not in editors and _take_over_unless_hidden(stored, incoming, names)

    merge = Merge(existing, lambda row: (row.article_id, row.category_id), names, take=take)
    return await merge.apply(session, known, result)


async def store_replies(session: AsyncSession, batch: Sequence[Parsed[Reply]]) -> BatchResult:
    ids = [item.row.id for item in batch]
    existing = await _load_by_id(session, Reply, ids)
    corrected = set(
        await session.scalars(select(col(ReplyVersion.reply_id)).where(col(ReplyVersion.reply_id).in_(ids)))
    )
    corrections: dict[str, tuple[Reply, Reply]] = {}

    def take(stored: Reply, incoming: Reply, names: Sequence[str]) -> bool:
        if stored.id not in existing:  # the same reply twice in this batch
            return _take_over(stored, incoming, names)
        if stored.id in corrected or all(getattr(stored, name) == getattr(incoming, name) for name in names):
            return False
        corrections[stored.id] = (stored, incoming)
        return True

    names = ("verdict", "text", "text_hash", "reference", "contributor", "app_id", "created_at")
    merge = Merge(existing, lambda row: row.id, names, take=take, refuse=_refuse_foreign)
    result = await merge.apply(session, batch)
    await correct_imported(session, list(corrections.values()), names)
    return result


async def store_article_replies(session: AsyncSession, batch: Sequence[Parsed[ArticleReply]]) -> BatchResult:
    known, result = await _keep_known(session, batch, article=Article, reply=Reply)
    added, changed = await publish_imported(session, [item.row for item in known])
    result.added, result.changed = added, changed
    result.unchanged = len(known) - added - changed
    return result


async def store_reply_requests(session: AsyncSession, batch: Sequence[Parsed[ReplyRequest]]) -> BatchResult:
    known, result = await _keep_known(session, batch, article=Article)
    rows = await _load_of_articles(session, ReplyRequest, known)
    existing = {_request_key(row): row for row in rows if row.source == SOURCE}
    names = ("reason", "status", "positive_feedback_count", "negative_feedback_count", "created_at")
    merge = Merge(existing, _request_key, names, take=_take_over_unless_hidden)
    return await merge.apply(session, known, result)


async def store_feedbacks(session: AsyncSession, batch: Sequence[Parsed[ArticleReplyFeedback]]) -> BatchResult:
    known, result = await _keep_known(session, batch, article=Article, reply=Reply)
    existing = {_feedback_key(row): row for row in await _load_of_articles(session, ArticleReplyFeedback, known)}
    names = ("score", "comment", "status", "created_at")
    merge = Merge(existing, _feedback_key, names, take=_take_over_unless_hidden)
    return await merge.apply(session, known, result)


class Merge(Generic[Row]):
    """Brings a batch into a table, given the rows of it that may be meant."""

    def __init__(
        self,
        existing: dict[Any, Row],
        key: Callable[[Row], Hashable],
        names: Sequence[str],
        take: Callable[[Row, Row, Sequence[str]], bool] | None = None,
        refuse: Callable[[Row], str | None] = lambda stored: None,
    ) -> None:
        self._existing = existing
        self._key = key
        self._names = names
        self._take = take or _take_over
        self._refuse = refuse
        self.added: list[Row] = []
        self.changed: list[Row] = []

    async def apply(
        self, session: AsyncSession, batch: Sequence[Parsed[Row]], result: BatchResult | None = None
    ) -> BatchResult:
        """Insert and update; a row that comes twice counts once, and its last form is stored."""
        result = result or BatchResult()
        new: dict[Hashable, Row] = {}
        for item in batch:
            key = self._key(item.row)
            stored = self._existing.get(key) or new.get(key)
            if stored is None:
                new[key] = item.row
                result.added += 1
            elif reason := self._refuse(stored):
                result.rejects.append((item.line, reason))
            elif self._take(stored, item.row, self._names) and key not in new:
                self.changed.append(stored)
                result.changed += 1
            else:
                result.unchanged += 1
        self.added = list(new.values())
        await insert_rows(session, self.added)
        return result


def _take_over(stored: SQLModel, incoming: SQLModel, names: Sequence[str]) -> bool:
    """Copy the fields that differ; True when there were any."""
    differing = [name for name in names if getattr(stored, name) != getattr(incoming, name)]
    for name in differing:
        setattr(stored, name, getattr(incoming, name))
    return bool(differing)


def _take_over_unless_hidden(stored: Any, incoming: Any, names: Sequence[str]) -> bool:
    """What is NORMAL no longer stays so: hidden here, taken off here, or gone from the source for good reason."""
    if stored.status != Status.NORMAL:
        incoming.status = stored.status
    return _take_over(stored, incoming, names)


def _take_over_article(stored: Article, incoming: Article, names: Sequence[str]) -> bool:
    """Dates only move forward, and only a NORMAL article changes its status: what was blocked here stays blocked."""
    for name in ("updated_at", "last_requested_at"):
        dates = [date for date in (getattr(stored, name), getattr(incoming, name)) if date is not None]
        setattr(incoming, name, max(dates, default=None))
    if stored.status != Status.NORMAL:
        incoming.status = stored.status
    return _take_over(stored, incoming, (*names, "status", "updated_at", "last_requested_at"))


def _refuse_foreign(stored: Article | Reply) -> str | None:
    return None if stored.source == SOURCE else f"id {stored.id!r} belongs to a row from {stored.source}"


def _request_key(row: ReplyRequest) -> Hashable:
    """Who asked about what; without a pseudonym only a row that is the same in all is the same request."""
    if row.contributor and row.app_id:
        return (row.article_id, row.contributor, row.app_id)
    return (row.article_id, row.contributor, row.app_id, row.created_at, row.reason)


def _feedback_key(row: ArticleReplyFeedback) -> Hashable:
    if row.contributor and row.app_id:
        return (row.article_id, row.reply_id, row.contributor, row.app_id)
    return (row.article_id, row.reply_id, row.contributor, row.app_id, row.created_at, row.comment)


async def _find_editors(session: AsyncSession, rows: Iterable[ArticleCategory]) -> set[str]:
    """Those of the people named in these rows who are volunteers here."""
    people = {row.contributor for row in rows if row.contributor is not None}
    return set(await session.scalars(select(col(Editor.id)).where(col(Editor.id).in_(people))))


async def _load_by_id(session: AsyncSession, table: type[Any], ids: Iterable[str]) -> dict[str, Any]:
    rows = await session.scalars(select(table).where(col(table.id).in_(list(ids))))
    return {row.id: row for row in rows}


async def _load_of_articles(session: AsyncSession, table: type[Any], batch: Sequence[Parsed[Any]]) -> list[Any]:
    article_ids = {item.row.article_id for item in batch}
    return list(await session.scalars(select(table).where(col(table.article_id).in_(article_ids))))


async def _keep_known(
    session: AsyncSession, batch: Sequence[Parsed[Row]], **tables: type[Any]
) -> tuple[list[Parsed[Row]], BatchResult]:
    """The rows whose article (reply, category) is stored, and a result that rejects the others."""
    result = BatchResult()
    known = list(batch)
    for name, table in tables.items():
        ids = {getattr(item.row, f"{name}_id") for item in known}
        stored = set(await session.scalars(select(col(table.id)).where(col(table.id).in_(ids))))
        unknown = [item for item in known if getattr(item.row, f"{name}_id") not in stored]
        result.rejects += [(i.line, f"there is no {name} {getattr(i.row, f'{name}_id')!r}") for i in unknown]
        known = [item for item in known if getattr(item.row, f"{name}_id") in stored]
    return known, result
