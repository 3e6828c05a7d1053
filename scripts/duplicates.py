"""The job `join-duplicates`: unanswered articles that came in side by side and are one message become one task.

Two people may agree to publish the same rumour, in different words, before either article is in the index. What is new
and unanswered is therefore matched again a few minutes later, and merged into an older one that it surely is.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlmodel import col

from bot.decide import is_sure
from bot.services import Services
from moderation.merging import merge_articles
from moderation.variants import Because, VariantError
from retrieval.types import Match
from storage.askers import SOURCE
from storage.tables import Article, ArticleReply, Status

LOOK_BACK = timedelta(minutes=30)
"""Three times the job's interval: an article that was not indexed yet, or could not be merged, is looked at again."""

log = structlog.get_logger()


async def join_duplicates(services: Services, now: datetime) -> tuple[int, int]:
    """Merge what is new into what it is; returns how many were merged, and how many were looked at."""
    await services.follower.load()
    fresh = await _load_fresh(services, now)
    joined = 0
    for article_id, text in fresh:
        model_id = services.matching.model_id
        matches = [match for match in await services.matching.match(text) if is_sure(match)]
        joined += await _merge(services, article_id, matches, model_id)
    return joined, len(fresh)


async def _merge(services: Services, article_id: str, matches: list[Match], model_id: str) -> bool:
    """Merge into the first that can be merged with; the older of the two stays."""
    for match in matches:
        if match.article_id == article_id or not await _is_older(services, match.article_id, article_id):
            continue
        because = Because.of_match(model_id, match.probability)
        try:
            async with services.database.transaction() as session:
                await merge_articles(session, article_id, match.article_id, because)
        except VariantError as error:
            log.info("articles_not_merged", article_id=article_id, into=match.article_id, reason=type(error).__name__)
            continue
        log.info("articles_merged", article_id=article_id, into=match.article_id)
        return True
    return False


async def _is_older(services: Services, one_id: str, other_id: str) -> bool:
    async with services.database.reading() as session:
        rows = await session.execute(
            select(col(Article.id), col(Article.created_at)).where(col(Article.id).in_([one_id, other_id]))
        )
        created = {id_: (at is not None, at, id_) for id_, at in rows}
    return one_id in created and other_id in created and created[one_id] < created[other_id]


async def _load_fresh(services: Services, now: datetime) -> list[tuple[str, str]]:
    """Unanswered articles of our own that came in lately, oldest first."""
    answered = select(col(ArticleReply.article_id)).where(col(ArticleReply.article_id) == col(Article.id))
    async with services.database.reading() as session:
        rows = await session.execute(
            select(col(Article.id), col(Article.text))
            .where(
                col(Article.created_at) >= now - LOOK_BACK,
                col(Article.status) == Status.NORMAL,
                col(Article.source) == SOURCE,
                ~answered.exists(),
            )
            .order_by(col(Article.created_at), col(Article.id))
        )
    return [(article_id, text) for article_id, text in rows if text]
