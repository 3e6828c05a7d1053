"""Storing a batch of a release: what is new is inserted, what differs is taken over where it is not ours.

What was written, blocked, corrected or taken back here stays as it is.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from moderation.publish import (
    announce_articles,
    announce_texts,
    correct_imported,
    publish_imported,
    restore_links,
    set_article_status,
    withdraw,
)
from storage.articles import PUBLISHED
from storage.bulk import insert_rows
from storage.exports.cleaning import HERE
from storage.tables import (
    Article,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleVariant,
    Category,
    Hyperlink,
    Reply,
    ReplyRequest,
    ReplyVersion,
    Status,
    Tombstone,
)


@dataclass(slots=True)
class Stored:
    """What became of rows."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    """Taken back here, of an id that is another's here, or about something that is not here."""

    def __iadd__(self, other: "Stored") -> "Stored":
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.refused += other.refused
        return self


Batch = Sequence[Any]
Store = Callable[[AsyncSession, Batch, tuple[str, ...]], Awaitable[Stored]]


async def store_articles(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    gone = await _tombstones(session, "articles", batch)
    kept = [row for row in batch if row.id not in gone]
    stored = {row.id: row for row in await _load(session, Article, "id", (row.id for row in kept))}
    before = {id_: (row.status, row.text) for id_, row in stored.items()}
    result = Stored(refused=len(batch) - len(kept))
    new, foreign = [], []
    for row in kept:
        existing = stored.get(row.id)
        if existing is None:
            new.append(row)
        elif existing.source == HERE or existing.status != Status.NORMAL:
            result.unchanged += 1
        elif existing.source != row.source:
            result.refused += 1
        else:
            foreign.append((existing, row))
    changed = [existing for existing, row in foreign if _take_over(existing, row, (*fields, "matching_key_hash"))]
    await insert_rows(session, new)
    retold = [row for row in changed if before[row.id] != (row.status, row.text)]
    await announce_articles(session, [(row.id, row.status) for row in (*new, *retold)])
    result += Stored(len(new), len(changed), len(foreign) - len(changed))
    return result


async def store_variants(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    result, new = await _insert_new(session, ArticleVariant, batch, lambda row: row.id)
    await announce_texts(session, {row.article_id for row in new})
    return result


async def store_hyperlinks(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    result, new = await _insert_new(session, Hyperlink, batch, lambda row: (row.article_id, row.url))
    await announce_texts(session, {row.article_id for row in new if row.title})
    return result


async def store_categories(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    stored = {row.id: row for row in await _load(session, Category, "id", (row.id for row in batch))}
    new = [row for row in batch if row.id not in stored]
    await insert_rows(session, new)
    return Stored(added=len(new), unchanged=len(batch) - len(new))


async def store_replies(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    gone = await _tombstones(session, "replies", batch)
    kept = [row for row in batch if row.id not in gone]
    stored = {row.id: row for row in await _load(session, Reply, "id", (row.id for row in kept))}
    new = [row for row in kept if row.id not in stored]
    names = (*fields, "text_hash")
    corrections = [
        (stored[row.id], row)
        for row in kept
        if row.id in stored
        and stored[row.id].source == row.source != HERE
        and any(getattr(stored[row.id], name) != getattr(row, name) for name in names)
    ]
    await insert_rows(session, new)
    await correct_imported(session, corrections, names)
    rest = len(kept) - len(new) - len(corrections)
    return Stored(len(new), len(corrections), rest, len(batch) - len(kept))


async def store_versions(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    known = await _known(session, Reply, {row.reply_id for row in batch})
    mine = [row for row in batch if row.reply_id in known]
    stored = await _load(session, ReplyVersion, "reply_id", (row.reply_id for row in mine))
    have = {(row.reply_id, row.version) for row in stored}
    new = [row for row in mine if (row.reply_id, row.version) not in have]
    await insert_rows(session, new)
    return Stored(len(new), 0, len(mine) - len(new), len(batch) - len(mine))


async def restore_states(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Links exactly as they were."""
    known = await _about_known(session, batch)
    added, changed = await restore_links(session, known)
    return Stored(added, changed, len(known) - added - changed, len(batch) - len(known))


async def store_as_imported(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """Links as answers of another instance."""
    known = [row for row in await _about_known(session, batch) if row.state in PUBLISHED]
    added, changed = await publish_imported(session, known)
    return Stored(added, changed, len(known) - added - changed, len(batch) - len(known))


def insert_missing(model: type[SQLModel], key: Callable[[Any], Hashable]) -> Store:
    """A store for rows that are never changed: those that are not here are inserted."""

    async def store(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
        return (await _insert_new(session, model, batch, key))[0]

    return store


def request_key(row: ReplyRequest) -> Hashable:
    """Who asked about what; without a pseudonym, everything that is known of it."""
    if row.contributor:
        return (row.article_id, row.contributor, row.app_id, row.source)
    return (row.article_id, row.reason, row.variant_id, row.app_id, row.source, row.created_at)


def feedback_key(row: ArticleReplyFeedback) -> Hashable:
    if row.contributor:
        return (row.article_id, row.reply_id, row.contributor, row.app_id)
    return (row.article_id, row.reply_id, row.score, row.reason, row.comment, row.app_id, row.created_at)


async def store_tombstones(session: AsyncSession, batch: Batch, fields: tuple[str, ...]) -> Stored:
    """What its own instance has taken back is taken back here too, words and all."""
    stored = {(row.kind, row.id): row for row in await _load(session, Tombstone, "id", (row.id for row in batch))}
    kept, refused = [], 0
    for row in batch:
        if (row.kind, row.id) in stored:
            continue
        model: Any = Article if row.kind == "articles" else Reply
        taken_back = await session.get(model, row.id)
        if taken_back is None:
            kept.append(row)
        elif taken_back.source != row.source or row.source == HERE:
            refused += 1
        else:
            await _take_back(session, taken_back)
            kept.append(row)
    await insert_rows(session, kept)
    return Stored(len(kept), 0, len(batch) - len(kept) - refused, refused)


async def _take_back(session: AsyncSession, row: Article | Reply) -> None:
    if isinstance(row, Article):
        await set_article_status(session, row.id, Status.DELETED)
        row.text = row.matching_key_hash = None
        session.add(row)
        return
    for link in await _load(session, ArticleReply, "reply_id", [row.id]):
        await withdraw(session, link.article_id, row.id)
        link.status = Status.DELETED
        session.add(link)
    row.text, row.reference = "", None
    session.add(row)


async def _insert_new(
    session: AsyncSession, model: type[SQLModel], batch: Batch, key: Callable[[Any], Hashable]
) -> tuple[Stored, list[Any]]:
    """Insert the rows that are not here; of rows that are alike in all, as many as the release has."""
    about = "article_id" if "article_id" in model.model_fields else "id"
    known = await _about_known(session, batch) if about == "article_id" else list(batch)
    stored = Counter(key(row) for row in await _load(session, model, about, {getattr(row, about) for row in known}))
    new = []
    for row in known:
        if stored[key(row)]:
            stored[key(row)] -= 1
        else:
            new.append(row)
    await insert_rows(session, new)
    return Stored(len(new), 0, len(known) - len(new), len(batch) - len(known)), new


async def _about_known(session: AsyncSession, batch: Batch) -> list[Any]:
    """The rows whose article (and reply, category) is here."""
    rows = list(batch)
    for name, model in (("article_id", Article), ("reply_id", Reply), ("category_id", Category)):
        if rows and hasattr(rows[0], name):
            known = await _known(session, model, {getattr(row, name) for row in rows})
            rows = [row for row in rows if getattr(row, name) in known]
    return rows


async def _known(session: AsyncSession, model: Any, ids: Iterable[str]) -> set[str]:
    return set(await session.scalars(select(col(model.id)).where(col(model.id).in_(list(ids)))))


async def _load(session: AsyncSession, model: Any, name: str, values: Iterable[str]) -> list[Any]:
    return list(await session.scalars(select(model).where(getattr(model, name).in_(list(values)))))


async def _tombstones(session: AsyncSession, kind: str, batch: Batch) -> set[str]:
    ids = [row.id for row in batch]
    rows = await session.scalars(
        select(col(Tombstone.id)).where(col(Tombstone.kind) == kind, col(Tombstone.id).in_(ids))
    )
    return set(rows)


def _take_over(stored: Any, incoming: Any, names: Iterable[str]) -> bool:
    """Copy the fields that differ; True when there were any."""
    differing = [name for name in names if getattr(stored, name) != getattr(incoming, name)]
    for name in differing:
        setattr(stored, name, getattr(incoming, name))
    return bool(differing)
