"""What people take back: one message, one question, or everything. Nothing of it stays that was theirs alone."""

from collections.abc import Collection, Sequence

from sqlalchemy import Update, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.feedback import unlink_feedback
from moderation.intake import find_request
from moderation.variants import delete_variant_vectors
from storage.articles import PUBLISHED, resolve_article
from storage.askers import SOURCE, erase_asker, load_asked_articles
from storage.index_changes import Change, append_changes
from storage.index_entries import delete_embeddings
from storage.match_decisions import find_decision, load_decisions_of, sighting_of, unlink_decision
from storage.media import delete_media
from storage.notices import delete_notices
from storage.tables import (
    Article,
    ArticleReply,
    ArticleVariant,
    CaseKind,
    CaseState,
    ChangeKind,
    Hyperlink,
    ModerationCase,
    ReplyRequest,
    ReviewTask,
    Status,
    VariantSighting,
    utc_now,
)
from storage.variant_sightings import forget_sighting


async def take_back_request(session: AsyncSession, *, article_id: str, asker_id: str) -> bool:
    """Remove the person's request and reason, and the article with them when nobody is left who sent it.

    An article stays when someone else sent the same message or a reply to it is published: then only the link to this
    person goes. A wording of it goes when nobody else sent just that, answered or not. Imported articles are public
    already and stay. False when there was nothing to take back.
    """
    merged_id, article_id = article_id, await resolve_article(session, article_id)
    requests = [await find_request(session, id_, asker_id) for id_ in dict.fromkeys([article_id, merged_id])]
    article = await session.get(Article, article_id)
    is_sender = article is not None and article.contributor == asker_id and article.source == SOURCE
    sent = {own.variant_id for own in requests if own is not None and own.variant_id is not None}
    wordings = await _load_wordings(session, article_id, asker_id, sent)
    if not any(requests) and not is_sender and not wordings:
        return False
    for own in filter(None, requests):
        await session.delete(own)
        await delete_notices(session, asker_id, own.article_id)
    await session.flush()
    await _release_wordings(session, wordings, asker_id)
    if article is None or article.source != SOURCE:
        return True
    if is_sender:
        article.contributor = None
        session.add(article)
    if article.contributor is None and not await _is_needed(session, article_id):
        await _remove_article(session, article)
    return True


async def take_back_message(session: AsyncSession, *, decision_id: str, asker_id: str) -> bool:
    """Take back what this person asked with one message, and forget that it was theirs; False when nothing is known."""
    decision = await find_decision(session, decision_id)
    if decision is None or decision.asker_id != asker_id:
        return False
    if decision.asked_article_id is not None:
        await take_back_request(session, article_id=decision.asked_article_id, asker_id=asker_id)
    sighting = sighting_of(decision)
    if sighting is not None:
        await session.run_sync(lambda sync: forget_sighting(sync.connection(), *sighting))
    await unlink_decision(session, decision_id)
    return True


async def forget_asker(session: AsyncSession, asker_id: str) -> None:
    """Take back everything a person sent in, and forget the person."""
    contributed = await session.scalars(
        select(col(Article.id)).where(col(Article.contributor) == asker_id, col(Article.source) == SOURCE)
    )
    worded = await session.scalars(
        select(col(ArticleVariant.article_id)).where(col(ArticleVariant.contributor) == asker_id)
    )
    for article_id in dict.fromkeys([*contributed, *worded, *await load_asked_articles(session, asker_id)]):
        await take_back_request(session, article_id=article_id, asker_id=asker_id)
    for decision in await load_decisions_of(session, asker_id):
        await take_back_message(session, decision_id=decision.id, asker_id=asker_id)
    await delete_notices(session, asker_id)
    await unlink_feedback(session, asker_id)
    await erase_asker(session, asker_id)


async def _load_wordings(
    session: AsyncSession, article_id: str, asker_id: str, sent: Collection[str]
) -> list[ArticleVariant]:
    """The wordings of the article that this person sent in, or asked with."""
    rows = await session.scalars(
        select(ArticleVariant).where(
            col(ArticleVariant.article_id) == article_id,
            col(ArticleVariant.source) == SOURCE,
            or_(col(ArticleVariant.contributor) == asker_id, col(ArticleVariant.id).in_(sent)),
        )
    )
    return list(rows)


async def _release_wordings(session: AsyncSession, wordings: Sequence[ArticleVariant], asker_id: str) -> None:
    """Forget that the wordings were this person's, and erase those that nobody else sent."""
    for variant in wordings:
        if variant.contributor == asker_id:
            variant.contributor = None
            session.add(variant)
        merged = await session.get(Article, variant.id)  # a merged article's words go by its own id
        if merged is not None and merged.contributor == asker_id:
            merged.contributor = None
            session.add(merged)
        others = select(col(ReplyRequest.id)).where(col(ReplyRequest.variant_id) == variant.id)
        if variant.contributor is not None or await session.scalar(others.limit(1)):
            continue
        await session.delete(variant)
        await delete_variant_vectors(session, [variant.id])
        if merged is not None:
            await _remove_article(session, merged)
        await append_changes(session, [Change(variant.article_id, ChangeKind.REINDEXED)])


async def _is_needed(session: AsyncSession, article_id: str) -> bool:
    """Someone else asked about it, or people are shown an answer to it."""
    request = select(col(ReplyRequest.id)).where(col(ReplyRequest.article_id) == article_id)
    reply = select(col(ArticleReply.article_id)).where(
        col(ArticleReply.article_id) == article_id, col(ArticleReply.state).in_(PUBLISHED)
    )
    return bool(await session.scalar(select(or_(request.exists(), reply.exists()))))


async def _remove_article(session: AsyncSession, article: Article) -> None:
    """Erase the text and what was made from it; the row stays, so that its id is never given away again."""
    article.status, article.text, article.matching_key_hash = Status.DELETED, None, None
    article.updated_at = utc_now()
    session.add(article)
    await session.execute(delete(ArticleVariant).where(col(ArticleVariant.article_id) == article.id))
    await session.execute(delete(VariantSighting).where(col(VariantSighting.article_id) == article.id))
    await session.execute(delete(Hyperlink).where(col(Hyperlink.article_id) == article.id))
    await session.execute(delete(ReviewTask).where(col(ReviewTask.article_id) == article.id))
    await session.execute(_blank_sources(article.id))
    await delete_media(session, article.id)
    await delete_embeddings(session, article.id)
    await append_changes(session, [Change(article.id, ChangeKind.REMOVED)])


def _blank_sources(article_id: str) -> Update:
    """What people from outside wrote stayed for whoever answers; nobody does any more."""
    return (
        update(ModerationCase)
        .where(
            col(ModerationCase.article_id) == article_id,
            col(ModerationCase.kind) == CaseKind.SOURCE,
            col(ModerationCase.state) == CaseState.GRANTED,
            col(ModerationCase.raised_by).is_(None),
        )
        .values(grounds="")
    )
