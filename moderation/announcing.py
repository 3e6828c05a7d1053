"""What the indexes are told when something is published, corrected or withdrawn: the changes, and what they entail."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.index_changes import Change, append_changes
from storage.index_entries import IndexedReplies
from storage.tables import ArticleReply, ChangeKind, Status


async def announce_articles(session: AsyncSession, articles: Iterable[tuple[str, Status]]) -> None:
    """Tell the indexes about articles that were added, or whose texts or status were changed, by an importer."""
    await append_changes(session, [Change(article_id, to_kind(status)) for article_id, status in articles])


async def announce_texts(session: AsyncSession, article_ids: Iterable[str]) -> None:
    """Tell the indexes that other texts lead to these articles than before, say titles of their links."""
    await append_changes(session, [Change(article_id, ChangeKind.REINDEXED) for article_id in article_ids])


def to_change(link: ArticleReply) -> Change:
    shown = link.status == Status.NORMAL and link.state in PUBLISHED
    return Change(link.article_id, ChangeKind.PUBLISHED if shown else ChangeKind.WITHDRAWN, link.reply_id)


def to_kind(status: Status) -> ChangeKind:
    return ChangeKind.ADDED if status == Status.NORMAL else ChangeKind.REMOVED


async def load_articles_of(session: AsyncSession, reply_id: str) -> list[str]:
    """The articles for which this reply is shown."""
    rows = await session.scalars(
        select(col(ArticleReply.article_id)).where(
            col(ArticleReply.reply_id) == reply_id,
            col(ArticleReply.status) == Status.NORMAL,
            col(ArticleReply.state).in_(PUBLISHED),
        )
    )
    return list(rows)


async def append_with_stock(
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
