"""Publishing and its change log."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.publish import (
    NotPublishableError,
    UnknownLinkError,
    correct,
    publish,
    set_article_status,
    withdraw,
)
from moderation.taking_in import publish_imported
from storage.articles import find_article_page, load_article_summaries
from storage.database import Database, open_database
from storage.index_changes import latest_seq, load_changes
from storage.index_entries import load_entries
from storage.tables import Article, ArticleReply, ChangeKind, Reply, ReplyState, ReplyVersion, Status, Verdict

RUMOR = "這則是謠言，醫師已出面說明。"


async def add_article(session: AsyncSession, article_id: str = "a", status: Status = Status.NORMAL) -> None:
    session.add(Article(id=article_id, text=f"訊息 {article_id}", status=status))
    await session.flush()


async def add_link(session: AsyncSession, article_id: str = "a", reply_id: str = "r", text: str = RUMOR) -> None:
    if await session.get(Reply, reply_id) is None:
        session.add(Reply(id=reply_id, verdict=Verdict.RUMOR, text=text))
        await session.flush()
    session.add(ArticleReply(article_id=article_id, reply_id=reply_id))
    await session.flush()


async def log(session: AsyncSession, after: int = 0) -> list[tuple[str, ChangeKind, str | None]]:
    return [(c.article_id, c.kind, c.reply_id) for c in await load_changes(session, after)]


async def shown(session: AsyncSession, article_id: str = "a") -> list[str]:
    return [reply.reply_id for reply in (await load_article_summaries(session, [article_id]))[article_id].replies]


async def test_it_publishes_and_says_so_in_the_log(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session)
        await add_link(session)
        assert await shown(session) == []
        assert await publish(session, "a", "r", ReplyState.VERIFIED)
    async with database.reading() as session:
        assert await shown(session) == ["r"]
        assert await log(session) == [("a", ChangeKind.PUBLISHED, "r")]
        reply = (await load_article_summaries(session, ["a"]))["a"].replies[0]
        assert reply.published_at is not None
        assert (reply.state, reply.verdict, reply.text) == (ReplyState.VERIFIED, Verdict.RUMOR, RUMOR)


async def test_it_does_nothing_when_published_again(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session)
        await add_link(session)
        await publish(session, "a", "r", ReplyState.PROVISIONAL)
        assert not await publish(session, "a", "r", ReplyState.PROVISIONAL)
        assert len(await log(session)) == 1


async def test_it_keeps_the_first_publication_date_when_verified_later(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session)
        await add_link(session)
        await publish(session, "a", "r", ReplyState.PROVISIONAL)
        first = (await session.get_one(ArticleReply, ("a", "r"))).published_at
        await publish(session, "a", "r", ReplyState.VERIFIED)
        assert (await session.get_one(ArticleReply, ("a", "r"))).published_at == first


async def test_it_leaves_no_trace_when_the_transaction_fails(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session)
        await add_link(session)

    async def fail() -> None:
        async with database.transaction() as session:
            await publish(session, "a", "r", ReplyState.VERIFIED)
            raise RuntimeError("killed half way")

    with pytest.raises(RuntimeError):
        await fail()
    async with database.reading() as session:
        assert await shown(session) == []
        assert await latest_seq(session) == 0


async def test_it_refuses_what_does_not_exist_or_must_not_be_shown(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session, "blocked", Status.BLOCKED)
        await add_link(session, "blocked")
        with pytest.raises(UnknownLinkError):
            await publish(session, "nowhere", "r", ReplyState.VERIFIED)
        with pytest.raises(UnknownLinkError):
            await correct(session, "nobody", verdict=Verdict.RUMOR, text="x", reference=None, editor=None)
        with pytest.raises(NotPublishableError):
            await publish(session, "blocked", "r", ReplyState.VERIFIED)
        await add_article(session, "a")
        await add_link(session, "a")
        with pytest.raises(NotPublishableError):
            await publish(session, "a", "r", ReplyState.PROPOSED)


async def test_it_withdraws_at_once_and_only_once(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session)
        await add_link(session)
        await publish(session, "a", "r", ReplyState.VERIFIED)
        assert await withdraw(session, "a", "r")
        assert not await withdraw(session, "a", "r")
        assert await shown(session) == []
        assert (await log(session))[1:] == [("a", ChangeKind.WITHDRAWN, "r")]
        page = await find_article_page(session, "a")
        assert page is not None
        assert [reply.reply_id for reply in page.withdrawn] == ["r"]


async def test_it_keeps_how_a_corrected_reply_read_before(database: Database) -> None:
    async with database.transaction() as session:
        for article_id in ("a", "b", "unpublished"):
            await add_article(session, article_id)
            await add_link(session, article_id)
        await publish(session, "a", "r", ReplyState.VERIFIED)
        await publish(session, "b", "r", ReplyState.VERIFIED)
        seq = await latest_seq(session)
        new = {"verdict": Verdict.OPINIONATED, "text": "更正：其實是意見。", "reference": "https://example.org"}
        assert await correct(session, "r", editor="second_volunteer", **new)  # type: ignore[arg-type]
        assert not await correct(session, "r", editor="second_volunteer", **new)  # type: ignore[arg-type]
        assert sorted(await log(session, seq)) == [("a", ChangeKind.CORRECTED, "r"), ("b", ChangeKind.CORRECTED, "r")]
        version = (await session.scalars(select(ReplyVersion))).one()
        assert (version.version, version.verdict, version.text) == (1, Verdict.RUMOR, RUMOR)
        await correct(session, "r", verdict=Verdict.RUMOR, text=RUMOR, reference=None, editor=None)
        assert len((await session.scalars(select(ReplyVersion))).all()) == 2
        assert (await load_entries(session, ["a"]))["a"][1].text == RUMOR


async def test_it_unindexes_a_blocked_article_and_indexes_it_again(database: Database) -> None:
    async with database.transaction() as session:
        await add_article(session)
        assert await set_article_status(session, "a", Status.BLOCKED)
        assert not await set_article_status(session, "a", Status.BLOCKED)
        assert (await load_entries(session, ["a"])) == {"a": []}
        await set_article_status(session, "a", Status.NORMAL)
        assert [entry.entry_id for entry in (await load_entries(session, ["a"]))["a"]] == ["article:a"]
        assert [kind for _, kind, _ in await log(session)] == [ChangeKind.REMOVED, ChangeKind.ADDED]


async def test_it_looks_again_at_the_articles_of_a_reply_that_became_a_stock_answer(database: Database) -> None:
    """The fourth article takes the reply's text out of the index for all; its withdrawal brings it back."""
    articles = ["a", "b", "c", "d"]
    async with database.transaction() as session:
        for article_id in articles:
            await add_article(session, article_id)
            await add_link(session, article_id)
        for article_id in articles[:3]:
            await publish(session, article_id, "r", ReplyState.VERIFIED)
        assert [kind for _, kind, _ in await log(session)] == [ChangeKind.PUBLISHED] * 3
        assert {entry.kind for entry in (await load_entries(session, ["a"]))["a"]} == {"article", "reply"}
        seq = await latest_seq(session)
        await publish(session, "d", "r", ReplyState.VERIFIED)
        reindexed = [(id_, ChangeKind.REINDEXED, None) for id_ in articles[:3]]
        assert await log(session, seq) == [("d", ChangeKind.PUBLISHED, "r"), *reindexed]
        assert {entry.kind for entry in (await load_entries(session, ["a"]))["a"]} == {"article"}
        seq = await latest_seq(session)
        await withdraw(session, "d", "r")
        assert await log(session, seq) == [("d", ChangeKind.WITHDRAWN, "r"), *reindexed]
        assert {entry.kind for entry in (await load_entries(session, ["a"]))["a"]} == {"article", "reply"}


def imported(article_id: str, reply_id: str, **values: object) -> ArticleReply:
    return ArticleReply(article_id=article_id, reply_id=reply_id, created_at=None, **values)


async def test_it_publishes_an_import_in_bulk_and_changes_nothing_the_second_time(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(6):
            await add_article(session, f"a{number}")
        session.add(Reply(id="stock", verdict=Verdict.NOT_ARTICLE, text="廣告"))
        session.add(Reply(id="own", verdict=Verdict.RUMOR, text=RUMOR))
        await session.flush()
        pairs = [(f"a{number}", "stock") for number in range(6)] + [("a0", "own")]
        assert await publish_imported(session, [imported(*pair) for pair in pairs]) == (7, 0)
        assert len(await log(session)) == 7
        assert await publish_imported(session, [imported(*pair) for pair in pairs]) == (0, 0)
        assert len(await log(session)) == 7
        assert sorted(await shown(session, "a0")) == ["own", "stock"]
        assert (await session.get_one(ArticleReply, ("a0", "own"))).created_at is None, "no date is made up"
        entries = (await load_entries(session, ["a0"]))["a0"]
        assert [entry.entry_id for entry in entries] == ["article:a0", "reply:own:a0"]


async def test_it_reindexes_when_an_import_makes_a_stock_answer_at_one_go(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(8):
            await add_article(session, f"a{number}")
        session.add(Reply(id="r", verdict=Verdict.NOT_ARTICLE, text="廣告"))
        await session.flush()
        await publish_imported(session, [imported("a0", "r")])
        seq = await latest_seq(session)
        await publish_imported(session, [imported(f"a{number}", "r") for number in range(1, 8)])
        assert (await log(session, seq))[-1] == ("a0", ChangeKind.REINDEXED, None)


async def test_it_takes_over_counts_and_deletion_but_never_republishes_what_was_withdrawn_here(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await add_article(session)
        session.add(Reply(id="r", verdict=Verdict.RUMOR, text=RUMOR))
        session.add(Reply(id="s", verdict=Verdict.RUMOR, text="另一則"))
        await session.flush()
        await publish_imported(session, [imported("a", "r"), imported("a", "s")])
        await withdraw(session, "a", "r")
        seq = await latest_seq(session)
        again = [imported("a", "r", positive_feedback_count=5), imported("a", "s", status=Status.DELETED)]
        assert await publish_imported(session, again) == (0, 2)
        assert await shown(session) == []
        assert await log(session, seq) == [("a", ChangeKind.WITHDRAWN, "r"), ("a", ChangeKind.WITHDRAWN, "s")]


@pytest.mark.postgres
async def test_it_shows_changes_in_the_order_of_their_numbers_under_many_publishers(
    postgres_database: Database, postgres_url: str
) -> None:
    """A follower that remembers the last number it saw misses nothing, however the publishers interleave."""
    async with postgres_database.transaction() as session:
        for number in range(40):
            await add_article(session, f"a{number}")
            await add_link(session, f"a{number}", f"r{number}", text=f"回應 {number}")
    publishers = [open_database(postgres_url) for _ in range(4)]
    seen: list[str] = []
    done = asyncio.Event()

    async def publish_ten(database: Database, first: int) -> None:
        for number in range(first, first + 10):
            async with database.transaction() as session:
                await publish(session, f"a{number}", f"r{number}", ReplyState.VERIFIED)
                await asyncio.sleep(0.001 * (number % 3))

    async def follow() -> None:
        last = 0
        while not done.is_set() or len(seen) < 40:
            async with postgres_database.reading() as session:
                for change in await load_changes(session, last, limit=7):
                    assert change.seq is not None
                    assert change.seq > last
                    last = change.seq
                    seen.append(change.article_id)
            await asyncio.sleep(0)

    follower = asyncio.create_task(follow())
    await asyncio.gather(*(publish_ten(database, 10 * number) for number, database in enumerate(publishers)))
    done.set()
    await asyncio.wait_for(follower, 60)
    assert sorted(seen) == sorted(f"a{number}" for number in range(40))
    for database in publishers:
        await database.close()
