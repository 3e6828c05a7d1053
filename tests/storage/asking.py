"""Makers for tests of what happens to people who asked: articles, replies to them, and who waits for one."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from moderation.intake import request_reply
from moderation.publish import correct, publish, withdraw
from storage.askers import ensure_asker
from storage.database import Database
from storage.notice_log import SETTLED_AFTER, make_notices
from storage.tables import Article, ArticleReply, Notice, Reply, ReplyState, Verdict, utc_now

LATER = SETTLED_AFTER + timedelta(seconds=1)
MESSAGE = "衛福部公告：從下個月起，健保卡沒有照片的人不能看醫生，請大家互相轉告！"


async def add_article(database: Database, article_id: str = "article", text: str = MESSAGE) -> None:
    async with database.transaction() as session:
        session.add(Article(id=article_id, text=text))


async def ask(database: Database, *askers: str, article_id: str = "article") -> None:
    """Let people ask about the article; in LINE they are called as here, with a U before it."""
    async with database.transaction() as session:
        for asker in askers:
            await ensure_asker(session, asker, line_id(asker))
            await request_reply(session, article_id=article_id, asker_id=asker)


def line_id(asker: str) -> str:
    return "U" + asker.encode().hex().rjust(32, "0")[-32:]


async def answer(
    database: Database,
    reply_id: str = "reply",
    article_id: str = "article",
    verdict: Verdict = Verdict.RUMOR,
    state: ReplyState = ReplyState.VERIFIED,
    text: str = "衛福部說沒有這件事，沒有照片也可以看醫生。",
) -> None:
    """Publish a reply, written now if it was not before."""
    async with database.transaction() as session:
        if await session.get(ArticleReply, (article_id, reply_id)) is None:
            session.add(Reply(id=reply_id, verdict=verdict, text=text))
            await session.flush()
            session.add(ArticleReply(article_id=article_id, reply_id=reply_id))
            await session.flush()
        await publish(session, article_id, reply_id, state)


async def correct_reply(
    database: Database, text: str, reply_id: str = "reply", verdict: Verdict = Verdict.NOT_RUMOR
) -> None:
    async with database.transaction() as session:
        await correct(session, reply_id, verdict=verdict, text=text, reference=None, editor="editor")


async def withdraw_reply(database: Database, reply_id: str = "reply", article_id: str = "article") -> None:
    async with database.transaction() as session:
        await withdraw(session, article_id, reply_id)


async def make(database: Database) -> int:
    """Make notices of every change so far, however new."""
    return await make_notices(database, utc_now() + LATER)


async def load_notices(database: Database) -> list[Notice]:
    async with database.reading() as session:
        return list(await session.scalars(select(Notice).order_by(col(Notice.id))))


async def told(database: Database) -> list[tuple[str, str, str]]:
    """Asker, kind and state of every notice, in the order they were made."""
    return [(notice.asker_id, notice.kind.value, notice.state.value) for notice in await load_notices(database)]
