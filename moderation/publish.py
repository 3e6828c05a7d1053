"""The one module that publishes, corrects and withdraws.

Whatever changes which texts lead to an article, or what people who ask are told about it, goes through here and is
appended to the change log in the same transaction: importers, the console and tests call it. The caller commits.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.reply_versions import keep_version
from storage.articles import PUBLISHED
from storage.askers import SOURCE
from storage.bulk import insert_rows
from storage.index_changes import Change, append_changes
from storage.index_entries import IndexedReplies, delete_embeddings, load_indexed_replies, load_indexed_texts
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
    await _append(session, [Change(article_id, ChangeKind.PUBLISHED, reply_id)], before, after)
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
    changes = [Change(id_, ChangeKind.CORRECTED, reply_id) for id_ in await _load_articles_of(session, reply_id)]
    await _append(session, changes, before, await load_indexed_texts(session, hashes))
    return True


async def correct_imported(
    session: AsyncSession, corrections: Sequence[tuple[Reply, Reply]], names: Sequence[str]
) -> None:
    """Take over what an import's source has changed in its replies: pairs of the stored reply and the new one.

    How it read before is not kept: nobody here corrected it, and its history is the source's.
    """
    if not corrections:
        return
    hashes = {hash_text(reply.text) for pair in corrections for reply in pair}
    before = await load_indexed_texts(session, hashes)
    changes: list[Change] = []
    for stored, incoming in corrections:
        for name in names:
            setattr(stored, name, getattr(incoming, name))
        changes += [Change(id_, ChangeKind.CORRECTED, stored.id) for id_ in await _load_articles_of(session, stored.id)]
    await session.flush()
    await _append(session, changes, before, await load_indexed_texts(session, hashes))


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
    await append_changes(session, [Change(article_id, _kind_of(status))])
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
    changes = [_change_of(link)] if link.state in PUBLISHED else []
    await _append(session, changes, before, after)
    return True


async def announce_articles(session: AsyncSession, articles: Iterable[tuple[str, Status]]) -> None:
    """Tell the indexes about articles that were added, or whose texts or status were changed, by an importer."""
    await append_changes(session, [Change(article_id, _kind_of(status)) for article_id, status in articles])


async def announce_texts(session: AsyncSession, article_ids: Iterable[str]) -> None:
    """Tell the indexes that other texts lead to these articles than before, say titles of their links."""
    await append_changes(session, [Change(article_id, ChangeKind.REINDEXED) for article_id in article_ids])


async def publish_imported(session: AsyncSession, links: Sequence[ArticleReply]) -> tuple[int, int]:
    """Publish links that come from an import, in bulk; returns how many are new and how many changed.

    A new link gets the state `imported`. A link that is here already keeps its state, so that what was withdrawn here
    stays withdrawn, and takes over the import's status and counts. Articles and replies must be stored before.
    """
    reply_ids = {link.reply_id for link in links}
    before = await load_indexed_replies(session, reply_ids)
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    new: dict[tuple[str, str], ArticleReply] = {}
    changed: list[ArticleReply] = []
    for link in links:
        key = (link.article_id, link.reply_id)
        link.source_positive_count = link.positive_feedback_count
        link.source_negative_count = link.negative_feedback_count
        existing = stored.get(key) or new.get(key)
        if existing is None:
            link.state, link.published_at = ReplyState.IMPORTED, link.published_at or link.created_at or utc_now()
            new[key] = link
        elif _take_over(existing, link) and key in stored:
            changed.append(existing)
    await session.flush()
    await insert_rows(session, list(new.values()))
    changed += new.values()
    after = await load_indexed_replies(session, reply_ids)
    await _append(session, [_change_of(link) for link in changed], before, after)
    return len(new), len(changed) - len(new)


async def restore_links(session: AsyncSession, links: Sequence[ArticleReply]) -> tuple[int, int]:
    """Take links over exactly as a release of chaming has them, their states included; how many are new and changed.

    A link whose reply was written here is left as it is: nobody else's copy of it counts more. So is one hidden here.
    """
    reply_ids = {link.reply_id for link in links}
    own = set(
        await session.scalars(select(col(Reply.id)).where(col(Reply.id).in_(reply_ids), col(Reply.source) == SOURCE))
    )
    before = await load_indexed_replies(session, reply_ids)
    stored = await _load_links(session, [(link.article_id, link.reply_id) for link in links])
    new = [link for link in links if (link.article_id, link.reply_id) not in stored]
    changed = []
    for link in links:
        existing = stored.get((link.article_id, link.reply_id))
        if existing is None or link.reply_id in own or existing.status == Status.BLOCKED:
            continue
        differing = [n for n in ArticleReply.model_fields if getattr(existing, n) != getattr(link, n)]
        for name in differing:
            setattr(existing, name, getattr(link, name))
        changed += [existing] if differing else []
    await session.flush()
    await insert_rows(session, new)
    after = await load_indexed_replies(session, reply_ids)
    told = [_change_of(link) for link in (*new, *changed) if link.state in PUBLISHED or link in changed]
    await _append(session, told, before, after)
    return len(new), len(changed)


def _change_of(link: ArticleReply) -> Change:
    shown = link.status == Status.NORMAL and link.state in PUBLISHED
    return Change(link.article_id, ChangeKind.PUBLISHED if shown else ChangeKind.WITHDRAWN, link.reply_id)


def _kind_of(status: Status) -> ChangeKind:
    return ChangeKind.ADDED if status == Status.NORMAL else ChangeKind.REMOVED


def _take_over(existing: ArticleReply, imported: ArticleReply) -> bool:
    """Copy what the source may change; True when any of it did. Votes given here stay counted."""
    names = ("status", "source_positive_count", "source_negative_count", "contributor", "app_id", "updated_at")
    differing = [name for name in names if getattr(existing, name) != getattr(imported, name)]
    if existing.status == Status.BLOCKED and "status" in differing:  # hidden here, or there for good reason
        differing.remove("status")
    existing.positive_feedback_count += imported.source_positive_count - existing.source_positive_count
    existing.negative_feedback_count += imported.source_negative_count - existing.source_negative_count
    for name in differing:
        setattr(existing, name, getattr(imported, name))
    return bool(differing)


async def _take_back(session: AsyncSession, link: ArticleReply, state: ReplyState) -> bool:
    """Give a reply that is shown a state in which it is not; False when it is not shown."""
    if link.state not in PUBLISHED:
        return False
    before = await load_indexed_replies(session, [link.reply_id])
    link.state, link.updated_at, link.withdrawn_at = state, utc_now(), utc_now()
    session.add(link)
    await session.flush()
    after = await load_indexed_replies(session, [link.reply_id])
    await _append(session, [Change(link.article_id, ChangeKind.WITHDRAWN, link.reply_id)], before, after)
    return True


async def _get_link(session: AsyncSession, article_id: str, reply_id: str) -> ArticleReply:
    link = await session.get(ArticleReply, (article_id, reply_id), with_for_update=True)
    if link is None:
        raise UnknownLinkError
    return link


async def _load_links(session: AsyncSession, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], ArticleReply]:
    rows = await session.scalars(
        select(ArticleReply).where(tuple_(col(ArticleReply.article_id), col(ArticleReply.reply_id)).in_(keys))
    )
    return {(row.article_id, row.reply_id): row for row in rows}


async def _load_articles_of(session: AsyncSession, reply_id: str) -> list[str]:
    """The articles for which this reply is shown."""
    rows = await session.scalars(
        select(col(ArticleReply.article_id)).where(
            col(ArticleReply.reply_id) == reply_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
    )
    return list(rows)


async def _append(
    session: AsyncSession, changes: Sequence[Change], before: IndexedReplies, after: IndexedReplies
) -> None:
    """Append changes, and one for each other article that lost or gained a reply entry by them.

    A reply text leaves the index when it has become a stock answer, and comes back when it has ceased to be one: the
    articles it answered all along must be looked at too.
    """
    told = {change.article_id for change in changes}
    flipped = before.keys() ^ after.keys()
    affected = {article_id for text in flipped for article_id in before.get(text) or after[text]} - told
    await append_changes(session, [*changes, *(Change(id_, ChangeKind.REINDEXED) for id_ in sorted(affected))])
