"""What is published already and close to a message: answers to reuse or start from, and categories it may be in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from retrieval.types import Match
from storage.articles import ArticleSummary, ReplySummary, load_article_summaries
from storage.tables import ArticleCategory, Category, Status, utc_now

MIN_PROBABILITY = 0.02
"""Below it an answer is about something else; far below what people who ask are ever offered."""
MAX_SIMILAR = 5
MAX_SUGGESTED = 3


class Matcher(Protocol):
    """Finds articles that say the same or nearly so, best first."""

    async def match(self, text: str, *, limit: int = 10) -> list[Match]: ...


@dataclass(frozen=True, slots=True)
class SimilarReply:
    """A published reply to a message like this one."""

    reply: ReplySummary
    article: ArticleSummary
    probability: float
    """That the two messages make the same claim."""


async def load_similar(session: AsyncSession, article_id: str, matches: Sequence[Match]) -> list[SimilarReply]:
    """The replies published for the matched articles, each text once, the likeliest first."""
    near = {match.article_id: match for match in matches if match.probability >= MIN_PROBABILITY}
    near.pop(article_id, None)
    articles = await load_article_summaries(session, near.keys())
    found: dict[str, SimilarReply] = {}
    for match in near.values():
        article = articles.get(match.article_id)
        if article is None or article.status != Status.NORMAL:
            continue
        for reply in article.replies:
            found.setdefault(reply.text, SimilarReply(reply, article, match.probability))
    return list(found.values())[:MAX_SIMILAR]


async def suggest_categories(session: AsyncSession, article_id: str, matches: Sequence[Match]) -> list[Category]:
    """The categories of the nearest articles that it does not have yet, weighed by how near they are."""
    weights = {match.article_id: match.probability for match in matches if match.article_id != article_id}
    rows = await session.execute(
        select(col(ArticleCategory.article_id), col(ArticleCategory.category_id)).where(
            col(ArticleCategory.article_id).in_([*weights, article_id]),
            col(ArticleCategory.status) == Status.NORMAL,
        )
    )
    votes: dict[str, float] = defaultdict(float)
    has: set[str] = set()
    for neighbour, category_id in rows:
        if neighbour == article_id:
            has.add(category_id)
        else:
            votes[category_id] += weights[neighbour]
    wanted = [id_ for id_ in sorted(votes, key=votes.__getitem__, reverse=True) if id_ not in has][:MAX_SUGGESTED]
    known = {row.id: row for row in await session.scalars(select(Category).where(col(Category.id).in_(wanted)))}
    return [known[category_id] for category_id in wanted if category_id in known]


async def set_categories(session: AsyncSession, article_id: str, wanted: Sequence[str], editor_id: str) -> None:
    """Let the article be in just these categories; those taken off are kept as deleted, as the data's source does.

    One that is put back is this editor's from then on, whoever gave it first: its source may have taken it off, and an
    import would follow that.
    """
    known = set(await session.scalars(select(col(Category.id)).where(col(Category.id).in_(wanted))))
    rows = await session.scalars(select(ArticleCategory).where(col(ArticleCategory.article_id) == article_id))
    stored = {row.category_id: row for row in rows}
    for category_id in known | stored.keys():
        status = Status.NORMAL if category_id in known else Status.DELETED
        row = stored.get(category_id) or ArticleCategory(
            article_id=article_id, category_id=category_id, contributor=editor_id
        )
        if status == Status.NORMAL != row.status:
            row.contributor, row.app_id, row.updated_at = editor_id, None, utc_now()
        row.status = status
        session.add(row)
    await session.flush()
