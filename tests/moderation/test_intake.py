"""What people send in, and what remains when they take it back."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.intake import UnknownArticleError, add_article, request_reply
from moderation.publish import publish, set_article_status
from moderation.taking_back import forget_asker, take_back_request
from storage.askers import ensure_asker, find_asker, find_line_user_id, set_follows
from storage.database import Database
from storage.index_changes import load_changes
from storage.index_entries import load_entries, save_embeddings
from storage.tables import (
    Article,
    ArticleReply,
    ArticleType,
    ChangeKind,
    Embedding,
    Reply,
    ReplyRequest,
    ReplyState,
    ReviewTask,
    Status,
    Verdict,
)

TEXT = "喝熱水可以殺死病毒"


async def send(session: AsyncSession, contributor: str = "asker", key: str | None = "k", text: str = TEXT) -> Article:
    return await add_article(session, text=text, matching_key_hash=key, contributor=contributor)


async def test_it_adds_an_article_with_a_task_and_tells_the_indexes(database: Database) -> None:
    async with database.transaction() as session:
        article = await send(session)
    async with database.reading() as session:
        assert article.type == ArticleType.TEXT
        assert [entry.text for entry in (await load_entries(session, [article.id]))[article.id]] == [TEXT]
        assert [(c.article_id, c.kind) for c in await load_changes(session, 0)] == [(article.id, ChangeKind.ADDED)]
        assert await session.scalar(select(ReviewTask.article_id)) == article.id


async def test_it_returns_the_article_with_the_same_key(database: Database) -> None:
    async with database.transaction() as session:
        first = await send(session)
        assert (await send(session, "outsider", text="喝熱水，可以殺死病毒！")).id == first.id
        assert len(await load_changes(session, 0)) == 1


async def test_it_treats_messages_without_a_key_as_different(database: Database) -> None:
    async with database.transaction() as session:
        assert (await send(session, key=None)).id != (await send(session, key=None)).id


async def test_it_does_not_bring_back_a_blocked_message(database: Database) -> None:
    async with database.transaction() as session:
        article = await send(session)
        await set_article_status(session, article.id, Status.BLOCKED)
        again = await send(session)
        assert (again.id, again.status) == (article.id, Status.BLOCKED)
        with pytest.raises(UnknownArticleError):
            await request_reply(session, article_id=again.id, asker_id="asker")


async def test_it_adds_one_article_when_two_people_send_it_at_once(database: Database) -> None:
    async def send_one(contributor: str) -> str:
        async with database.transaction() as session:
            return (await send(session, contributor)).id

    assert len(set(await asyncio.gather(*(send_one(f"asker-{n}") for n in range(8))))) == 1


async def test_it_counts_who_waits_and_counts_each_person_once(database: Database) -> None:
    async with database.transaction() as session:
        article = await send(session)
        first = await request_reply(session, article_id=article.id, asker_id="asker", reason="家人轉傳")
        second = await request_reply(session, article_id=article.id, asker_id="outsider")
        again = await request_reply(session, article_id=article.id, asker_id="asker", reason="又收到一次")
        assert [(r.nth, r.is_new) for r in (first, second, again)] == [(1, True), (2, True), (1, False)]
        reasons = (await session.scalars(select(ReplyRequest.reason).order_by(ReplyRequest.id))).all()  # type: ignore[arg-type]
        assert list(reasons) == ["又收到一次", None]


async def test_it_counts_one_request_sent_twice_at_the_same_moment_once(database: Database) -> None:
    async with database.transaction() as session:
        article_id = (await send(session)).id

    async def ask() -> bool:
        async with database.transaction() as session:
            return (await request_reply(session, article_id=article_id, asker_id="asker")).is_new

    assert sorted(await asyncio.gather(*(ask() for _ in range(6)))) == [False] * 5 + [True]


async def test_it_refuses_a_request_for_nothing(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(UnknownArticleError):
            await request_reply(session, article_id="nowhere", asker_id="asker")


async def test_it_erases_text_and_vectors_when_the_only_sender_takes_back(database: Database) -> None:
    async with database.transaction() as session:
        article = await send(session)
        await request_reply(session, article_id=article.id, asker_id="asker", reason="我媽媽傳的")
        await save_embeddings(
            session,
            [
                Embedding(
                    entry_id=f"article:{article.id}", model_id="m", article_id=article.id, text_hash="h", vector=b""
                )
            ],
        )
        assert await take_back_request(session, article_id=article.id, asker_id="asker")
        assert not await take_back_request(session, article_id=article.id, asker_id="asker")
    async with database.reading() as session:
        left = await session.get_one(Article, article.id)
        assert (left.text, left.matching_key_hash, left.contributor, left.status) == (None, None, None, Status.DELETED)
        for table in (ReplyRequest, Embedding, ReviewTask):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        assert [c.kind for c in await load_changes(session, 0)] == [ChangeKind.ADDED, ChangeKind.REMOVED]


async def test_it_keeps_an_article_someone_else_sent_too_until_they_take_back_as_well(database: Database) -> None:
    async with database.transaction() as session:
        article = await send(session)
        await request_reply(session, article_id=article.id, asker_id="asker")
        await request_reply(session, article_id=article.id, asker_id="outsider")
        await take_back_request(session, article_id=article.id, asker_id="asker")
        assert (article.text, article.contributor, article.status) == (TEXT, None, Status.NORMAL)
        await take_back_request(session, article_id=article.id, asker_id="outsider")
        assert (article.text, article.status) == (None, Status.DELETED)


async def test_it_keeps_an_answered_article_without_the_person(database: Database) -> None:
    async with database.transaction() as session:
        article = await send(session)
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text="謠言"))
        await session.flush()
        session.add(ArticleReply(article_id=article.id, reply_id="r"))
        await session.flush()
        await publish(session, article.id, "r", ReplyState.VERIFIED)
        await take_back_request(session, article_id=article.id, asker_id="asker")
        assert (article.text, article.contributor) == (TEXT, None)


async def test_it_never_removes_an_imported_article(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Article(id="c", text=TEXT, source="cofacts"))
        await session.flush()
        await request_reply(session, article_id="c", asker_id="asker")
        await take_back_request(session, article_id="c", asker_id="asker")
        assert (await session.get_one(Article, "c")).text == TEXT


async def test_it_forgets_a_person_wholly(database: Database) -> None:
    async with database.transaction() as session:
        await ensure_asker(session, "asker", "U123")
        await ensure_asker(session, "outsider", "U456")
        article = await send(session)
        other = await send(session, "outsider", key="other", text="別人的訊息")
        await request_reply(session, article_id=article.id, asker_id="asker", reason="私事")
        await request_reply(session, article_id=other.id, asker_id="asker")
        await forget_asker(session, "asker")
        assert await find_asker(session, "asker") is None
        assert await find_line_user_id(session, "outsider") == "U456"
        assert article.text is None
        assert other.text == "別人的訊息"
        assert await session.scalar(select(func.count()).select_from(ReplyRequest)) == 0


async def test_it_finds_no_address_of_someone_who_blocked_the_bot(database: Database) -> None:
    async with database.transaction() as session:
        await ensure_asker(session, "asker", "U123")
        await ensure_asker(session, "asker", "U123")
        assert await find_line_user_id(session, "asker") == "U123"
        await set_follows(session, "asker", False)
        assert await find_line_user_id(session, "asker") is None
        await set_follows(session, "asker", True)
        await ensure_asker(session, "asker", "U789")
        assert await find_line_user_id(session, "asker") == "U789"
