"""What the inbox counts, and how."""

from datetime import timedelta

from sqlalchemy import text

from moderation.console.pages.inbox import select_thanks
from storage.database import Database
from storage.tables import (
    Article,
    ArticleReply,
    DailyCount,
    Editor,
    Measure,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
    utc_now,
)

NOW = utc_now()

LINKS = (
    ("both", "one", "one", ReplyState.VERIFIED, Status.NORMAL),
    ("written", "one", "two", ReplyState.VERIFIED, Status.NORMAL),
    ("linked", "two", "one", ReplyState.VERIFIED, Status.NORMAL),
    ("another's", "two", "two", ReplyState.VERIFIED, Status.NORMAL),
    ("imported", None, None, ReplyState.VERIFIED, Status.NORMAL),
    ("proposed", "one", "one", ReplyState.PROPOSED, Status.NORMAL),
    ("hidden", "one", "one", ReplyState.VERIFIED, Status.BLOCKED),
)
"""Messages: who wrote the answer, who linked it, and what became of the link."""


async def furnish(database: Database) -> None:
    """Each message was asked about by one person, and answered a power of two times this week."""
    async with database.transaction() as session:
        session.add_all([Editor(id="one"), Editor(id="two")])
        for number, (name, writer, linker, state, status) in enumerate(LINKS):
            session.add_all(
                [
                    Article(id=name, text="謠言"),
                    Reply(id=name, verdict=Verdict.RUMOR, text="不對。", contributor=writer),
                    DailyCount(measure=Measure.ARTICLE_MESSAGES, key=name, day=NOW.date(), count=2**number),
                ]
            )
            await session.flush()
            session.add_all(
                [
                    ArticleReply(article_id=name, reply_id=name, contributor=linker, state=state, status=status),
                    ReplyRequest(article_id=name, contributor="asker"),
                ]
            )


async def test_one_is_thanked_once_for_what_one_wrote_or_linked_and_for_nothing_else(database: Database) -> None:
    await furnish(database)
    async with database.reading() as session:
        assert (await session.execute(select_thanks("one", NOW))).one() == (1 + 2 + 4, 3)
        assert (await session.execute(select_thanks("one", NOW + timedelta(days=9)))).one() == (None, 3)
        assert (await session.execute(select_thanks("nobody", NOW))).one() == (None, 0)


async def test_one_s_answers_are_found_by_index_on_both_databases(database: Database) -> None:
    statement = select_thanks("one", NOW).compile(database.engine.sync_engine, compile_kwargs={"literal_binds": True})
    async with database.reading() as session:
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        rows = await (await session.connection()).exec_driver_sql(f"{explain} {statement}")
        plan = "\n".join(str(row[-1]) for row in rows)
    assert "ix_article_reply_contributor" in plan
    assert "ix_reply_contributor" in plan
    assert "SCAN article_reply" not in plan
    assert "SCAN reply" not in plan
    assert "Seq Scan" not in plan
