"""One vote a person, the last word counts, and what decides about answers is counted from the votes."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from moderation.feedback import HELPFUL, NOT_HELPFUL, give_comment, give_feedback, give_reason
from moderation.publish import set_article_status, withdraw
from moderation.taking_back import forget_asker
from moderation.taking_in import publish_imported
from storage.database import Database
from storage.tables import Article, ArticleReply, ArticleReplyFeedback, FeedbackReason, Reply, Status, Verdict

LINK = {"article_id": "a", "reply_id": "r"}
LONG_AGO = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
async def imported(database: Database) -> Database:
    """A reply that four people of its source liked, and one did not."""
    async with database.transaction() as session:
        session.add_all([Article(id="a", text="訊息"), Reply(id="r", verdict=Verdict.RUMOR, text="查過了")])
        await session.flush()
        await publish_imported(session, [_from_source(4, 1)])
    return database


def _from_source(liked: int, disliked: int) -> ArticleReply:
    return ArticleReply(**LINK, positive_feedback_count=liked, negative_feedback_count=disliked)


async def vote(database: Database, who: str, score: int | None) -> bool:
    async with database.transaction() as session:
        return await give_feedback(session, **LINK, contributor=who, score=score)


async def counts(database: Database) -> tuple[int, int]:
    async with database.reading() as session:
        link = await session.get_one(ArticleReply, ("a", "r"))
        return link.positive_feedback_count, link.negative_feedback_count


async def votes(database: Database) -> list[ArticleReplyFeedback]:
    async with database.reading() as session:
        return list(await session.scalars(select(ArticleReplyFeedback)))


async def test_it_counts_each_persons_last_word(imported: Database) -> None:
    assert await vote(imported, "asker", HELPFUL)
    assert await counts(imported) == (5, 1)
    assert await vote(imported, "asker", HELPFUL), "twice is once"
    assert await counts(imported) == (5, 1)
    assert await vote(imported, "asker", NOT_HELPFUL)
    assert await vote(imported, "second", NOT_HELPFUL)
    assert await counts(imported) == (4, 3)
    assert await vote(imported, "asker", None)
    assert await vote(imported, "outsider", None)
    assert await counts(imported) == (4, 2)
    assert len(await votes(imported)) == 1


async def test_a_vote_keeps_the_time_it_was_first_given(imported: Database) -> None:
    await vote(imported, "asker", HELPFUL)
    (first,) = await votes(imported)
    assert first.updated_at is None
    async with imported.transaction() as session:
        await session.execute(update(ArticleReplyFeedback).values(created_at=LONG_AGO))
    await vote(imported, "asker", NOT_HELPFUL)
    (changed,) = await votes(imported)
    assert changed.created_at == LONG_AGO
    assert changed.updated_at is not None
    async with imported.transaction() as session:
        assert await give_comment(session, contributor="asker", comment="看不懂"), "it was changed just now"
        await session.execute(update(ArticleReplyFeedback).values(updated_at=LONG_AGO))
        assert not await give_comment(session, contributor="asker", comment="太晚了")


async def test_votes_at_the_same_moment_are_all_counted(imported: Database) -> None:
    await asyncio.gather(*[vote(imported, f"person {number}", HELPFUL) for number in range(8)])
    await asyncio.gather(*[vote(imported, "person 0", NOT_HELPFUL) for _ in range(4)])
    assert await counts(imported) == (11, 2)


async def test_a_reason_belongs_to_the_vote_it_was_given_for(imported: Database) -> None:
    async def because(reason: FeedbackReason) -> bool:
        async with imported.transaction() as session:
            return await give_reason(session, **LINK, contributor="asker", reason=reason)

    assert not await because(FeedbackReason.WRONG)
    await vote(imported, "asker", NOT_HELPFUL)
    assert await because(FeedbackReason.UNCLEAR)
    assert await because(FeedbackReason.WRONG)
    assert [row.reason for row in await votes(imported)] == [FeedbackReason.WRONG]
    await vote(imported, "asker", HELPFUL)
    assert [row.reason for row in await votes(imported)] == [None]
    assert not await because(FeedbackReason.WRONG)


async def test_what_is_not_shown_cannot_be_voted_on(imported: Database) -> None:
    async with imported.transaction() as session:
        assert not await give_feedback(session, article_id="a", reply_id="gone", contributor="asker", score=HELPFUL)
        await set_article_status(session, "a", Status.BLOCKED)
    assert not await vote(imported, "asker", HELPFUL)
    async with imported.transaction() as session:
        await set_article_status(session, "a", Status.NORMAL)
        await withdraw(session, "a", "r")
    assert not await vote(imported, "asker", HELPFUL)
    assert await votes(imported) == []


async def test_an_import_keeps_the_votes_given_here(imported: Database) -> None:
    await vote(imported, "asker", NOT_HELPFUL)
    async with imported.transaction() as session:
        assert await publish_imported(session, [_from_source(4, 1)]) == (0, 0)
        assert await publish_imported(session, [_from_source(6, 1)]) == (0, 1)
    assert await counts(imported) == (6, 2)
    await vote(imported, "asker", None)
    assert await counts(imported) == (6, 1)


async def test_the_vote_of_somebody_who_wants_to_be_forgotten_is_nobodys(imported: Database) -> None:
    await vote(imported, "asker", HELPFUL)
    await vote(imported, "second", HELPFUL)
    async with imported.transaction() as session:
        await forget_asker(session, "asker")
        await forget_asker(session, "second")
    assert [row.contributor for row in await votes(imported)] == [None, None]
    await vote(imported, "asker", NOT_HELPFUL)
    assert await counts(imported) == (6, 2)


async def test_a_vote_that_was_blocked_does_not_count(imported: Database) -> None:
    await vote(imported, "asker", NOT_HELPFUL)
    async with imported.transaction() as session:
        (own,) = await session.scalars(select(ArticleReplyFeedback))
        own.status = Status.BLOCKED
    await vote(imported, "second", HELPFUL)
    assert await counts(imported) == (5, 1)
