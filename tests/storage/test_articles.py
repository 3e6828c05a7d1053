"""What an answer and a page are made from, and what is indexed."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from storage.articles import PageLink, find_article_page, load_article_summaries
from storage.database import Database
from storage.index_entries import (
    adopt_model,
    adopted_model,
    iterate_entries,
    load_embeddings,
    load_entries,
    save_embeddings,
)
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    ArticleVariant,
    Category,
    Embedding,
    Hyperlink,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
)


async def add_article(session: AsyncSession, article_id: str, **values: object) -> None:
    session.add(Article(id=article_id, **{"text": f"訊息 {article_id}", **values}))
    await session.flush()


async def add_reply(
    session: AsyncSession, article_id: str, reply_id: str, text: str = "謠言", **values: object
) -> None:
    if await session.get(Reply, reply_id) is None:
        session.add(Reply(id=reply_id, verdict=Verdict.RUMOR, text=text))
        await session.flush()
    session.add(ArticleReply(article_id=article_id, reply_id=reply_id, **{"state": ReplyState.VERIFIED, **values}))
    await session.flush()


async def ids(session: AsyncSession, article_id: str) -> list[str]:
    return [entry.entry_id for entry in (await load_entries(session, [article_id]))[article_id]]


async def test_it_loads_only_replies_that_may_be_shown(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session, "a")
        for state in ReplyState:
            await add_reply(session, "a", state, state=state)
        await add_reply(session, "a", "deleted", status=Status.DELETED)
        await add_article(session, "b", text=None)
        session.add(ReplyRequest(article_id="a", contributor="asker"))
        session.add(ReplyRequest(article_id="a", contributor="outsider", status=Status.BLOCKED))
    async with database.reading() as session:
        found = await load_article_summaries(session, ["a", "b", "nowhere"])
        assert found.keys() == {"a", "b"}
        assert {reply.reply_id for reply in found["a"].replies} == {"verified", "imported", "provisional"}
        assert (found["a"].request_count, found["b"].request_count, found["b"].replies) == (1, 0, ())
        assert await load_article_summaries(session, []) == {}


async def test_it_asks_the_database_once_however_many_articles_are_shown(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        for number in range(12):
            await add_article(session, f"a{number}")
            await add_reply(session, f"a{number}", "r")
    statements: list[str] = []
    event.listen(
        sqlite_database.engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    async with sqlite_database.reading() as session:
        assert len(await load_article_summaries(session, [f"a{number}" for number in range(12)])) == 12
    assert sum(statement.startswith("SELECT") for statement in statements) == 1


async def test_it_shows_everything_about_an_article_on_its_page(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session, "a")
        await add_reply(session, "a", "r")
        await add_reply(session, "a", "w", state=ReplyState.WITHDRAWN, withdrawn_at=datetime(2020, 1, 2, tzinfo=UTC))
        session.add(Hyperlink(article_id="a", url="https://example.org", title="標題"))
        session.add(ArticleVariant(article_id="a", text="另一種寫法"))
        session.add_all([Category(id="c1", title="疾病"), Category(id="c2", title="政治")])
        await session.flush()
        session.add(ArticleCategory(article_id="a", category_id="c1"))
        session.add(ArticleCategory(article_id="a", category_id="c2", status=Status.DELETED))
    async with database.reading() as session:
        page = await find_article_page(session, "a")
        assert page is not None
        assert [reply.reply_id for reply in page.summary.replies] == ["r"]
        assert [(reply.reply_id, reply.withdrawn_at) for reply in page.withdrawn] == [
            ("w", datetime(2020, 1, 2, tzinfo=UTC))
        ]
        assert (page.hyperlinks, page.categories) == ((PageLink("https://example.org", "標題"),), ("疾病",))
        assert page.variants == ("另一種寫法",)
        assert await find_article_page(session, "nowhere") is None


async def test_it_indexes_text_variants_titles_and_replies(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session, "a")
        session.add(ArticleVariant(id="v", article_id="a", text="另一種寫法"))
        session.add(Hyperlink(id=7, article_id="a", url="u", title="標題"))
        session.add(Hyperlink(id=8, article_id="a", url="u2", title=None))
        await add_reply(session, "a", "r")
        assert await ids(session, "a") == ["article:a", "variant:v", "title:7", "reply:r:a"]
        entries = (await load_entries(session, ["a"]))["a"]
        assert [entry.text for entry in entries] == ["訊息 a", "另一種寫法", "標題", "謠言"]
        assert [entry.kind for entry in entries] == ["article", "variant", "title", "reply"]


async def test_it_indexes_what_is_said_twice_once_and_nothing_empty(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session, "a")
        session.add(ArticleVariant(id="v", article_id="a", text=" 訊息 a\n"))
        session.add(Hyperlink(article_id="a", url="u", title="  "))
        await add_reply(session, "a", "r", text="一樣")
        await add_reply(session, "a", "s", text="一樣")
        await add_article(session, "picture", text=None)
        assert await ids(session, "a") == ["article:a", "reply:r:a"]
        assert await ids(session, "picture") == []


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.DELETED])
async def test_it_indexes_nothing_of_an_article_that_does_not_count(database: Database, status: Status) -> None:
    async with database.transaction() as session:
        await add_article(session, "a", status=status)
        await add_reply(session, "a", "r")
        assert await ids(session, "a") == []
        assert await ids(session, "nowhere") == []
        assert [page async for page in iterate_entries(session)] == []


async def test_it_indexes_no_reply_that_is_not_shown(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session, "a")
        await add_reply(session, "a", "proposed", text="一", state=ReplyState.PROPOSED)
        await add_reply(session, "a", "withdrawn", text="二", state=ReplyState.WITHDRAWN)
        await add_reply(session, "a", "deleted", text="三", status=Status.DELETED)
        assert await ids(session, "a") == ["article:a"]


async def test_it_indexes_no_stock_answer_even_when_it_is_written_anew_each_time(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(4):
            await add_article(session, f"a{number}")
            await add_reply(session, f"a{number}", f"r{number}", text="這是廣告")
        await add_reply(session, "a0", "own", text="只答這一則")
        assert await ids(session, "a0") == ["article:a0", "reply:own:a0"]
        (await session.get_one(ArticleReply, ("a3", "r3"))).state = ReplyState.WITHDRAWN
        await session.flush()
        assert await ids(session, "a0") == ["article:a0", "reply:own:a0", "reply:r0:a0"]


async def test_it_goes_through_all_entries_a_page_at_a_time(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(25):
            await add_article(session, f"a{number:02d}")
        await add_article(session, "a03x", status=Status.BLOCKED)
    async with database.reading() as session:
        pages = [[entry.article_id for entry in page] async for page in iterate_entries(session, page=10)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(id_ for page in pages for id_ in page) == [f"a{number:02d}" for number in range(25)]


async def test_it_replaces_a_stored_vector(database: Database) -> None:
    def embedding(model_id: str, vector: bytes) -> Embedding:
        return Embedding(entry_id="article:a", model_id=model_id, article_id="a", text_hash="h", vector=vector)

    async with database.transaction() as session:
        await add_article(session, "a")
        await save_embeddings(session, [embedding("m", b"old"), embedding("other", b"else")])
        await save_embeddings(session, [embedding("m", b"new")])
        await save_embeddings(session, [])
    async with database.reading() as session:
        found = await load_embeddings(session, ["article:a", "article:b"], "m")
        assert {id_: row.vector for id_, row in found.items()} == {"article:a": b"new"}


async def test_it_knows_which_model_was_adopted_last(database: Database) -> None:
    async with database.transaction() as session:
        assert await adopted_model(session) is None
        await adopt_model(session, "first")
        await adopt_model(session, "second", forced=True, report={"parity": 0.99})
        assert await adopted_model(session) == "second"


async def test_it_refuses_a_time_without_a_zone(sqlite_database: Database) -> None:
    with pytest.raises(Exception, match="naive"):
        async with sqlite_database.transaction() as session:
            session.add(Article(id="a", created_at=datetime(2020, 1, 1)))  # noqa: DTZ001


async def test_it_reads_while_another_writes_and_never_sees_half_of_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as writing:
        await add_article(writing, "a")
        async with sqlite_database.reading() as session:
            assert await load_article_summaries(session, ["a"]) == {}
    async with sqlite_database.reading() as session:
        assert "a" in await load_article_summaries(session, ["a"])
