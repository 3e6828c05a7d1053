"""Imported messages become volunteers' work when somebody wants them to, the most asked first."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from moderation.backlog import queue_unanswered
from moderation.taking_in import publish_imported
from storage.database import Database
from storage.tables import Article, ArticleReply, Reply, ReplyRequest, ReviewTask, Status, TaskState, Verdict


async def import_article(
    session: AsyncSession, article_id: str, asks: int, status: Status = Status.NORMAL, blocked: int = 0
) -> None:
    session.add(Article(id=article_id, text=article_id, source="cofacts", status=status))
    await session.flush()
    for number in range(asks + blocked):
        counts = Status.NORMAL if number < asks else Status.BLOCKED
        session.add(ReplyRequest(article_id=article_id, contributor=str(number), source="cofacts", status=counts))
    await session.flush()


async def find_tasks(database: Database) -> dict[str, TaskState]:
    async with database.reading() as session:
        rows = await session.execute(select(col(ReviewTask.article_id), col(ReviewTask.state)))
        return {row.article_id: row.state for row in rows}


async def test_it_takes_those_most_people_asked_about(database: Database) -> None:
    async with database.transaction() as session:
        for article_id, asks in (("once", 1), ("often", 5), ("twice", 2), ("never", 0)):
            await import_article(session, article_id, asks)
        assert await queue_unanswered(session, 2) == 2
    assert await find_tasks(database) == {"often": TaskState.OPEN, "twice": TaskState.OPEN}


async def test_what_does_not_count_lifts_nothing_up(database: Database) -> None:
    async with database.transaction() as session:
        await import_article(session, "asked", 2)
        await import_article(session, "blocked", 1, blocked=5)
        assert await queue_unanswered(session, 1) == 1
    assert set(await find_tasks(database)) == {"asked"}


async def test_it_goes_on_where_it_was(database: Database) -> None:
    async with database.transaction() as session:
        for article_id in ("a", "b", "c"):
            await import_article(session, article_id, 1)
        assert [await queue_unanswered(session, 2) for _ in range(3)] == [2, 1, 0]
    assert set(await find_tasks(database)) == {"a", "b", "c"}


async def test_it_passes_over_what_is_answered_or_removed(database: Database) -> None:
    async with database.transaction() as session:
        await import_article(session, "answered", 9)
        await import_article(session, "removed", 9, Status.BLOCKED)
        session.add(Reply(id="reply", verdict=Verdict.RUMOR, text="不是真的", reference="https://example.org/"))
        await session.flush()
        await publish_imported(session, [ArticleReply(article_id="answered", reply_id="reply")])
        assert await queue_unanswered(session, 10) == 0
    assert await find_tasks(database) == {}
