"""Two articles that turn out to be one message: merged so that those who asked about either make one task.

The merged article's text becomes a wording of the other, *under the article's own id*, and its requests go along,
marked with that wording; so unmerging finds again what came with it, and taking a message back finds its text. Neither
may be answered yet, and they must not contradict each other. The caller commits.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.variants import (
    Because,
    UnknownVariantError,
    VariantError,
    log_variants,
    move_variants,
    refuse_contradiction,
)
from storage.askers import SOURCE
from storage.index_entries import delete_embeddings
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    ReplyRequest,
    ReviewTask,
    Status,
    TaskState,
    VariantAction,
    VariantLog,
    utc_now,
)


class NotMergeableError(VariantError):
    """One of the articles is answered or worked on, is not public, or comes from elsewhere."""


async def merge_articles(session: AsyncSession, source_id: str, target_id: str, because: Because) -> bool:
    """Merge the source into the target; False when it is merged into it already. Raises `VariantError`."""
    source, target = await _lock(session, source_id, target_id)
    if source.merged_into == target_id:
        return False
    await _refuse_unmergeable(session, source, target)
    refuse_contradiction(source.text or "", target.text)
    session.add(_to_variant(source, target_id))
    await session.flush()
    variants = await _load_variant_ids(session, source_id)
    await move_variants(session, variants, target_id)
    await _move_requests(session, source_id, target_id)
    await session.execute(delete(ReviewTask).where(col(ReviewTask.article_id) == source_id))
    await delete_embeddings(session, source_id)
    source.status, source.merged_into, source.updated_at = Status.MERGED, target_id, utc_now()
    target.last_requested_at = max(filter(None, (source.last_requested_at, target.last_requested_at)), default=None)
    session.add_all([source, target])
    await log_variants(
        session,
        target_id,
        VariantAction.MERGED,
        because,
        variant_id=source_id,
        other_article_id=source_id,
        variants=variants,
    )
    return True


async def unmerge_article(session: AsyncSession, source_id: str, because: Because) -> bool:
    """Part a merged article from the other again, with what came with it and since; False when it is not merged."""
    merged = await session.get(Article, source_id)
    if merged is None:
        raise UnknownVariantError
    if merged.status != Status.MERGED or merged.merged_into is None:
        return False
    source, target = await _lock(session, source_id, merged.merged_into)
    variants = await _load_merged_variants(session, source_id, target.id)
    source.status, source.merged_into, source.updated_at = Status.NORMAL, None, utc_now()
    session.add_all([source, ReviewTask(article_id=source_id)])
    await session.execute(
        update(ReplyRequest)
        .where(col(ReplyRequest.article_id) == target.id, col(ReplyRequest.variant_id).in_([source_id, *variants]))
        .values(article_id=source_id)
    )
    await session.execute(
        update(ReplyRequest)
        .where(col(ReplyRequest.article_id) == source_id, col(ReplyRequest.variant_id) == source_id)
        .values(variant_id=None)
    )
    await move_variants(session, [source_id, *variants], source_id)
    await session.execute(delete(ArticleVariant).where(col(ArticleVariant.id) == source_id))
    await log_variants(
        session,
        target.id,
        VariantAction.UNMERGED,
        because,
        variant_id=source_id,
        other_article_id=source_id,
        variants=variants,
    )
    return True


async def _lock(session: AsyncSession, one_id: str, other_id: str) -> tuple[Article, Article]:
    """Both articles, locked in one order, so that two who merge at the same time do not wait for each other."""
    rows = await session.scalars(
        select(Article).where(col(Article.id).in_([one_id, other_id])).order_by(col(Article.id)).with_for_update()
    )
    found = {article.id: article for article in rows}
    if len(found) < 2:
        raise UnknownVariantError
    return found[one_id], found[other_id]


async def _refuse_unmergeable(session: AsyncSession, source: Article, target: Article) -> None:
    replied = select(col(ArticleReply.reply_id)).where(col(ArticleReply.article_id).in_([source.id, target.id]))
    taken = select(col(ReviewTask.id)).where(
        col(ReviewTask.article_id) == source.id, col(ReviewTask.state) != TaskState.OPEN
    )
    if (
        source.status != Status.NORMAL
        or target.status != Status.NORMAL
        or source.source != SOURCE
        or not source.text
        or await session.scalar(replied.limit(1))
        or await session.scalar(taken.limit(1))
    ):
        raise NotMergeableError


def _to_variant(source: Article, target_id: str) -> ArticleVariant:
    return ArticleVariant(
        id=source.id,
        article_id=target_id,
        text=source.text or "",
        matching_key_hash=source.matching_key_hash,
        contributor=source.contributor,
        source=source.source,
        created_at=source.created_at or utc_now(),
    )


async def _move_requests(session: AsyncSession, source_id: str, target_id: str) -> None:
    """Move those of people who do not wait for the target already; each remembers which wording it was about."""
    waiting = select(col(ReplyRequest.contributor)).where(
        col(ReplyRequest.article_id) == target_id, col(ReplyRequest.contributor).is_not(None)
    )
    about_source = col(ReplyRequest.article_id) == source_id
    await session.execute(
        update(ReplyRequest).where(about_source, col(ReplyRequest.variant_id).is_(None)).values(variant_id=source_id)
    )
    await session.execute(
        update(ReplyRequest)
        .where(about_source, col(ReplyRequest.contributor).not_in(waiting) | col(ReplyRequest.contributor).is_(None))
        .values(article_id=target_id)
        .execution_options(synchronize_session="fetch")
    )


async def _load_variant_ids(session: AsyncSession, article_id: str) -> Sequence[str]:
    rows = await session.scalars(
        select(col(ArticleVariant.id)).where(col(ArticleVariant.article_id) == article_id).order_by(ArticleVariant.id)
    )
    return list(rows)


async def _load_merged_variants(session: AsyncSession, source_id: str, target_id: str) -> Sequence[str]:
    """The wordings the source brought along, those of them that are still the target's."""
    log = await session.scalar(
        select(VariantLog)
        .where(col(VariantLog.other_article_id) == source_id, col(VariantLog.action) == VariantAction.MERGED)
        .order_by(col(VariantLog.id).desc())
        .limit(1)
    )
    brought = log.details.get("variants", []) if log else []
    there = await _load_variant_ids(session, target_id)
    return [variant_id for variant_id in brought if variant_id in there]
