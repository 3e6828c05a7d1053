"""Reading what a theme map is made from, storing it, and reading it for the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.bulk import insert_rows
from storage.database import Database
from storage.tables import Article, ArticleReply, ArticleTheme, Embedding, Status, Theme, ThemeMap

BATCH = 2_000
"""Rows in one transaction."""


@dataclass(frozen=True, slots=True)
class MappedText:
    """An article's text with its stored vector (float16, little-endian)."""

    article_id: str
    text: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class NewPlace:
    article_id: str
    number: int | None
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Place:
    """A public article on the newest map."""

    article_id: str
    text: str | None
    created_at: datetime | None
    is_answered: bool
    number: int | None
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class FoundMap:
    made_at: datetime
    articles: int
    words: dict[int, list[str]]
    """By theme, the largest first."""
    places: list[Place]
    """The newest articles first."""


async def load_mapped_texts(session: AsyncSession, model_id: str, after: str = "") -> list[MappedText]:
    """The next `BATCH` public articles with their own text's vector, in the order of their ids."""
    rows = await session.execute(
        select(col(Article.id), col(Article.text), col(Embedding.vector))
        .join(Embedding, col(Embedding.entry_id) == "article:" + col(Article.id))
        .where(col(Article.status) == Status.NORMAL, col(Embedding.model_id) == model_id, col(Article.id) > after)
        .order_by(col(Article.id))
        .limit(BATCH)
    )
    return [MappedText(row.id, row.text or "", row.vector) for row in rows]


async def save_map(
    database: Database, model_id: str, words: dict[int, list[str]], places: Sequence[NewPlace], now: datetime
) -> None:
    """Store a map in short transactions; it is shown when it is complete, and the ones before it go."""
    async with database.transaction() as session:
        new = ThemeMap(model_id=model_id, articles=len(places), made_at=now)
        session.add(new)
        await session.flush()
        map_id = new.id or 0
        await insert_rows(session, [Theme(map_id=map_id, number=number, words=each) for number, each in words.items()])
    for start in range(0, len(places), BATCH):
        async with database.transaction() as session:
            batch = places[start : start + BATCH]
            rows = [
                ArticleTheme(map_id=map_id, article_id=each.article_id, number=each.number, x=each.x, y=each.y)
                for each in batch
            ]
            await insert_rows(session, rows)
    async with database.transaction() as session:
        await session.execute(update(ThemeMap).where(col(ThemeMap.id) == map_id).values(is_complete=True))
        await session.execute(delete(ArticleTheme).where(col(ArticleTheme.map_id) < map_id))
        await session.execute(delete(Theme).where(col(Theme.map_id) < map_id))
        await session.execute(delete(ThemeMap).where(col(ThemeMap.id) < map_id))


async def find_map(session: AsyncSession, limit: int) -> FoundMap | None:
    """The newest map with at most `limit` public articles, the newest; None before the first."""
    found = await session.scalar(
        select(ThemeMap).where(col(ThemeMap.is_complete)).order_by(col(ThemeMap.id).desc()).limit(1)
    )
    if found is None:
        return None
    themes = await session.scalars(select(Theme).where(col(Theme.map_id) == found.id).order_by(col(Theme.number)))
    is_answered = exists().where(
        col(ArticleReply.article_id) == col(Article.id),
        col(ArticleReply.status) == Status.NORMAL,
        col(ArticleReply.state).in_(PUBLISHED),
    )
    rows = await session.execute(
        select(
            col(Article.id),
            col(Article.text),
            col(Article.created_at),
            is_answered,
            col(ArticleTheme.number),
            col(ArticleTheme.x),
            col(ArticleTheme.y),
        )
        .join(ArticleTheme, col(ArticleTheme.article_id) == col(Article.id))
        .where(col(ArticleTheme.map_id) == found.id, col(Article.status) == Status.NORMAL)
        .order_by(col(Article.created_at).desc(), col(Article.id))
        .limit(limit)
    )
    words = {theme.number: theme.words for theme in themes}
    return FoundMap(found.made_at, found.articles, words, [Place(*row) for row in rows])
