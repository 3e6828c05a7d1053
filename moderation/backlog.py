"""Messages that nobody has answered and that are nobody's task yet: they came by an import."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.articles import PUBLISHED
from storage.tables import Article, ArticleReply, ReplyRequest, ReviewTask, Status, TaskState, new_id, utc_now


async def ensure_work(session: AsyncSession, article_id: str) -> None:
    """What somebody waits for is a task, though it came by an import, unless people are shown an answer to it."""
    found = select(col(Article.id)).where(col(Article.id) == article_id, _is_nobodys_work())
    await _open_tasks(session, list(await session.scalars(found)))


async def queue_unanswered(session: AsyncSession, at_most: int) -> int:
    """Put imported messages before the volunteers, those most people have asked about first; how many they are."""
    asked = (col(ReplyRequest.article_id) == col(Article.id)) & (col(ReplyRequest.status) == Status.NORMAL)
    asks = select(func.count()).where(asked).scalar_subquery()
    found = select(col(Article.id)).where(col(Article.status) == Status.NORMAL, _is_nobodys_work())
    most_asked = found.order_by(asks.desc(), col(Article.created_at).desc().nulls_last(), col(Article.id)).limit(
        at_most
    )
    article_ids = list(await session.scalars(most_asked))
    await _open_tasks(session, article_ids)
    return len(article_ids)


def _is_nobodys_work() -> ColumnElement[bool]:
    """An article without a task, and without an answer that people are shown."""
    task = select(col(ReviewTask.id)).where(col(ReviewTask.article_id) == col(Article.id))
    shown = select(col(ArticleReply.reply_id)).where(
        col(ArticleReply.article_id) == col(Article.id),
        col(ArticleReply.status) == Status.NORMAL,
        col(ArticleReply.state).in_(PUBLISHED),
    )
    return and_(~task.exists(), ~shown.exists())


async def _open_tasks(session: AsyncSession, article_ids: Sequence[str]) -> None:
    """Somebody else may be opening the same: whoever is second finds it done."""
    if not article_ids:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    now = utc_now()
    tasks = [{"id": new_id(), "article_id": id_, "state": TaskState.OPEN, "created_at": now} for id_ in article_ids]
    await session.execute(insert(ReviewTask).values(tasks).on_conflict_do_nothing())
