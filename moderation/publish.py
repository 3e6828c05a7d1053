"""The one module that publishes, corrects and withdraws (in bulk, for importers: `moderation/taking_in.py`).

Whatever changes which texts lead to an article, or what people who ask are told about it, goes through here and is
appended to the change log in the same transaction: the console, jobs and tests call it. The caller commits.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from moderation.announcing import append_with_stock, load_articles_of, to_change, to_kind
from moderation.reply_versions import keep_version
from storage.articles import PUBLISHED
from storage.index_changes import Change, append_changes
from storage.index_entries import delete_embeddings, load_indexed_replies, load_indexed_texts
from storage.tables import (
    Article,
    ArticleReply,
    ChangeKind,
    Reply,
    ReplyState,
    Status,
    Verdict,
    hash_text,
    utc_now,
)


class PublishingError(Exception):
    """This cannot be published."""


class UnknownLinkError(PublishingError):
    """There is no such article, no such reply, or the one does not answer the other."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NotPublishableError(PublishingError):
    """The article or the link is blocked or deleted, or the state is not one that people who ask are shown."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def publish(session: AsyncSession, article_id: str, reply_id: str, state: ReplyState) -> bool:
    """Show this reply to people who ask about the article; False when it is shown in that state already."""
    link = await _get_link(session, article_id, reply_id)
    article = await session.get_one(Article, article_id)
    if state not in PUBLISHED or article.status != Status.NORMAL or link.status != Status.NORMAL:
        raise NotPublishableError
    if link.state == state:
        return False
    was_published = link.state in PUBLISHED
    before = await load_indexed_replies(session, [reply_id])
    link.state, link.updated_at, link.withdrawn_at = state, utc_now(), None
    link.published_at = link.published_at if was_published else utc_now()
    session.add(link)
    await session.flush()
    after = await load_indexed_replies(session, [reply_id])
    await append_with_stock(session, [Change(article_id, ChangeKind.PUBLISHED, reply_id)], before, after)
    return True


async def withdraw(session: AsyncSession, article_id: str, reply_id: str) -> bool:
    """Stop showing this reply for the article; False when it is not shown."""
    link = await _get_link(session, article_id, reply_id)
    return await _take_back(session, link, ReplyState.WITHDRAWN)


async def take_back(session: AsyncSession, article_id: str, reply_id: str, state: ReplyState) -> bool:
    """Let the ratings have the last word: the reply is PROPOSED again or REJECTED; False when it is so already."""
    link = await _get_link(session, article_id, reply_id)
    if link.state == state:
        return False
    if state not in {ReplyState.PROPOSED, ReplyState.REJECTED}:
        raise NotPublishableError
    if not await _take_back(session, link, state):
        link.state, link.updated_at = state, utc_now()
        session.add(link)
        await session.flush()
    return True


async def replace(session: AsyncSession, article_id: str, reply_id: str, *, by: str, editor: str) -> None:
    """Withdraw an answer, shown or not, and propose another one in its place."""
    link = await _get_link(session, article_id, reply_id)
    if not await _take_back(session, link, ReplyState.WITHDRAWN):
        link.state, link.updated_at, link.withdrawn_at = ReplyState.WITHDRAWN, utc_now(), utc_now()
        session.add(link)
    session.add(ArticleReply(article_id=article_id, reply_id=by, state=ReplyState.PROPOSED, contributor=editor))
    await session.flush()


async def correct(
    session: AsyncSession, reply_id: str, *, verdict: Verdict, text: str, reference: str | None, editor: str | None
) -> bool:
    """Change what a reply says, everywhere it is published, and keep how it read; False when nothing changes."""
    reply = await session.get(Reply, reply_id)
    if reply is None:
        raise UnknownLinkError
    if (reply.verdict, reply.text, reply.reference) == (verdict, text, reference):
        return False
    hashes = {hash_text(reply.text), hash_text(text)}
    before = await load_indexed_texts(session, hashes)
    await keep_version(session, reply)
    reply.verdict, reply.text, reply.reference = verdict, text, reference
    reply.contributor, reply.updated_at = editor or reply.contributor, utc_now()
    session.add(reply)
    await session.flush()
    changes = [Change(id_, ChangeKind.CORRECTED, reply_id) for id_ in await load_articles_of(session, reply_id)]
    await append_with_stock(session, changes, before, await load_indexed_texts(session, hashes))
    return True


async def set_article_status(session: AsyncSession, article_id: str, status: Status) -> bool:
    """Block, delete or restore an article; False when it has that status already."""
    article = await session.get(Article, article_id)
    if article is None:
        raise UnknownLinkError
    if article.status == status:
        return False
    article.status, article.updated_at = status, utc_now()
    session.add(article)
    if status != Status.NORMAL:
        await delete_embeddings(session, article_id)
    await append_changes(session, [Change(article_id, to_kind(status))])
    return True


async def set_link_status(session: AsyncSession, article_id: str, reply_id: str, status: Status) -> bool:
    """Hide one answer to one message, or show it again; False when it has that status already."""
    link = await _get_link(session, article_id, reply_id)
    if link.status == status:
        return False
    before = await load_indexed_replies(session, [reply_id])
    link.status, link.updated_at = status, utc_now()
    session.add(link)
    await session.flush()
    after = await load_indexed_replies(session, [reply_id])
    changes = [to_change(link)] if link.state in PUBLISHED else []
    await append_with_stock(session, changes, before, after)
    return True


async def _take_back(session: AsyncSession, link: ArticleReply, state: ReplyState) -> bool:
    """Give a reply that is shown a state in which it is not; False when it is not shown."""
    if link.state not in PUBLISHED:
        return False
    before = await load_indexed_replies(session, [link.reply_id])
    link.state, link.updated_at, link.withdrawn_at = state, utc_now(), utc_now()
    session.add(link)
    await session.flush()
    after = await load_indexed_replies(session, [link.reply_id])
    await append_with_stock(session, [Change(link.article_id, ChangeKind.WITHDRAWN, link.reply_id)], before, after)
    return True


async def _get_link(session: AsyncSession, article_id: str, reply_id: str) -> ArticleReply:
    link = await session.get(ArticleReply, (article_id, reply_id), with_for_update=True)
    if link is None:
        raise UnknownLinkError
    return link
