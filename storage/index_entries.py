"""What is indexed: the texts that lead to an article, and the vectors stored for them.

Only NORMAL articles are indexed, answered or not. Their entries are the article's own text, its variants, the titles
of its links, and the texts of its published replies, unless that reply text answers more than `MAX_REPLY_ARTICLES`
articles: stock answers ("this is an advertisement") attract every message. What an article says twice is one entry.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.index_changes import latest_seq, load_changes
from storage.tables import (
    AdoptedModel,
    Article,
    ArticleReply,
    ArticleVariant,
    Embedding,
    Hyperlink,
    Reply,
    Status,
)

__all__ = [
    "IndexedText",
    "adopt_model",
    "adopted_model",
    "count_indexed_articles",
    "iterate_entries",
    "latest_seq",
    "load_changes",
    "load_embeddings",
    "load_entries",
    "save_embeddings",
]

Item = TypeVar("Item")

IndexedReplies = Mapping[str, Collection[str]]
"""By hash of a reply text that is no stock answer: the articles it is published for."""

MAX_REPLY_ARTICLES = 3
PAGE = 500
"""Articles read, and rows named, in one statement."""


@dataclass(frozen=True, slots=True)
class IndexedText:
    """One text of the index. `kind` is the prefix of `entry_id`: article, variant, title or reply."""

    entry_id: str
    article_id: str
    kind: str
    text: str


async def load_entries(session: AsyncSession, article_ids: Collection[str]) -> dict[str, list[IndexedText]]:
    """The entries of each article, for every id asked for; an article that must not be matched has none."""
    entries: dict[str, list[IndexedText]] = {article_id: [] for article_id in article_ids}
    for page in _pages(list(entries)):
        for entry in await _load_page(session, page):
            entries[entry.article_id].append(entry)
    return {article_id: _without_repeats(found) for article_id, found in entries.items()}


async def count_indexed_articles(session: AsyncSession) -> int:
    """How many articles `iterate_entries` goes through."""
    count = await session.scalar(select(func.count()).select_from(Article).where(col(Article.status) == Status.NORMAL))
    return count or 0


async def iterate_entries(
    session: AsyncSession, page: int = PAGE, *, after: str = ""
) -> AsyncIterator[list[IndexedText]]:
    """All entries, a page of articles at a time in the order of their ids, none split between two pages.

    With `after`, only those of articles whose ids come after it.
    """
    last = after
    while True:
        ids = list(
            await session.scalars(
                select(col(Article.id))
                .where(col(Article.id) > last, col(Article.status) == Status.NORMAL)
                .order_by(col(Article.id))
                .limit(page)
            )
        )
        if not ids:
            return
        found = await load_entries(session, ids)
        yield [entry for article_id in ids for entry in found[article_id]]
        last = ids[-1]


async def load_indexed_replies(session: AsyncSession, reply_ids: Collection[str]) -> IndexedReplies:
    """`load_indexed_texts` for the texts of these replies."""
    hashes: set[str | None] = set()
    for page in _pages(list(reply_ids)):
        hashes.update(await session.scalars(select(col(Reply.text_hash)).where(col(Reply.id).in_(page))))
    return await load_indexed_texts(session, {hash_ for hash_ in hashes if hash_})


async def load_indexed_texts(session: AsyncSession, text_hashes: Collection[str]) -> IndexedReplies:
    """By hash of a reply text: the articles it is published for. Stock answers and unused texts are missing."""
    found: dict[str, set[str]] = {}
    for page in _pages(list(text_hashes)):
        published = (
            select(col(Reply.text_hash), col(ArticleReply.article_id))
            .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
            .where(col(Reply.text_hash).in_(page), *_link_is_published())
        )
        plain = (
            select(col(Reply.text_hash))
            .join(ArticleReply, col(Reply.id) == col(ArticleReply.reply_id))
            .where(col(Reply.text_hash).in_(page), *_link_is_published())
            .group_by(col(Reply.text_hash))
            .having(func.count(func.distinct(col(ArticleReply.article_id))) <= MAX_REPLY_ARTICLES)
        )
        for text_hash, article_id in await session.execute(published.where(col(Reply.text_hash).in_(plain))):
            found.setdefault(text_hash or "", set()).add(article_id)
    return found


async def load_embeddings(session: AsyncSession, entry_ids: Collection[str], model_id: str) -> dict[str, Embedding]:
    """Stored vectors by entry id; entries never encoded under this model are missing."""
    found: dict[str, Embedding] = {}
    for page in _pages(list(entry_ids)):
        rows = await session.scalars(
            select(Embedding).where(col(Embedding.model_id) == model_id, col(Embedding.entry_id).in_(page))
        )
        found.update((row.entry_id, row) for row in rows)
    return found


async def save_embeddings(session: AsyncSession, embeddings: Iterable[Embedding]) -> None:
    """Store vectors, replacing those of the same entry and model."""
    rows = [embedding.model_dump() for embedding in embeddings]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for page in _pages(rows):
        statement = insert(Embedding).values(page)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["entry_id", "model_id"],
                set_={name: statement.excluded[name] for name in ("article_id", "text_hash", "vector")},
            )
        )


async def delete_embeddings(session: AsyncSession, article_id: str) -> None:
    """Forget every vector made from this article's texts."""
    await session.execute(delete(Embedding).where(col(Embedding.article_id) == article_id))


async def adopted_model(session: AsyncSession) -> str | None:
    """The id of the encoder this database matches with; None before the first was adopted."""
    return await session.scalar(select(col(AdoptedModel.model_id)).order_by(col(AdoptedModel.id).desc()).limit(1))


async def adopt_model(
    session: AsyncSession, model_id: str, *, forced: bool = False, report: dict[str, object] | None = None
) -> None:
    """Match with this encoder from now on; the earlier row stays, as the history and the way back."""
    session.add(AdoptedModel(model_id=model_id, forced=forced, report=report or {}))
    await session.flush()


async def _load_page(session: AsyncSession, article_ids: Sequence[str]) -> list[IndexedText]:
    texts = await session.execute(
        select(col(Article.id), col(Article.text)).where(col(Article.id).in_(article_ids), _is_normal())
    )
    entries = [IndexedText(f"article:{id_}", id_, "article", text) for id_, text in texts if text]
    normal = select(col(Article.id)).where(col(Article.id).in_(article_ids), _is_normal())
    variants = await session.execute(
        select(col(ArticleVariant.id), col(ArticleVariant.article_id), col(ArticleVariant.text))
        .where(col(ArticleVariant.article_id).in_(normal), col(ArticleVariant.detached_at).is_(None))
        .order_by(col(ArticleVariant.id))
    )
    entries += [IndexedText(f"variant:{id_}", article_id, "variant", text) for id_, article_id, text in variants]
    titles = await session.execute(
        select(col(Hyperlink.id), col(Hyperlink.article_id), col(Hyperlink.title))
        .where(col(Hyperlink.article_id).in_(normal), col(Hyperlink.title).is_not(None))
        .order_by(col(Hyperlink.id))
    )
    entries += [IndexedText(f"title:{id_}", article_id, "title", title) for id_, article_id, title in titles if title]
    replies = await session.execute(
        select(col(ArticleReply.reply_id), col(ArticleReply.article_id), col(Reply.text))
        .join(Reply, col(Reply.id) == col(ArticleReply.reply_id))
        .where(col(ArticleReply.article_id).in_(normal), *_link_is_published(), _is_no_stock_answer())
        .order_by(col(ArticleReply.article_id), col(ArticleReply.reply_id))
    )
    entries += [
        IndexedText(f"reply:{id_}:{article_id}", article_id, "reply", text) for id_, article_id, text in replies
    ]
    return entries


def _is_normal() -> ColumnElement[bool]:
    return col(Article.status) == Status.NORMAL


def _link_is_published() -> tuple[ColumnElement[bool], ...]:
    return (col(ArticleReply.status) == Status.NORMAL, col(ArticleReply.state).in_(PUBLISHED))


def _is_no_stock_answer() -> ColumnElement[bool]:
    same, link = aliased(Reply), aliased(ArticleReply)
    some = (
        select(col(link.article_id))
        .join(same, col(same.id) == col(link.reply_id))
        .where(
            col(same.text_hash) == col(Reply.text_hash),
            col(link.status) == Status.NORMAL,
            col(link.state).in_(PUBLISHED),
        )
        .distinct()
        .limit(MAX_REPLY_ARTICLES + 1)  # a stock answer has thousands: counting them all, for each, takes minutes
        .correlate(Reply)
        .subquery()
    )
    articles = select(func.count()).select_from(some).scalar_subquery()
    return articles <= MAX_REPLY_ARTICLES


def _without_repeats(entries: Sequence[IndexedText]) -> list[IndexedText]:
    first: dict[str, IndexedText] = {}
    for entry in entries:
        text = entry.text.strip()
        if text:
            first.setdefault(text, entry)
    return list(first.values())


def _pages(items: Sequence[Item], size: int = PAGE) -> Iterable[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
