"""What the tests know about the installation: real messages of the shipped sample, and how to change the database."""

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot.decide import best_replies
from moderation.publish import publish, withdraw
from scripts.simulator.line import LineSimulator
from scripts.simulator.web.samples import load_samples
from scripts.simulator.world import Group, User
from storage.articles import ArticleSummary, load_article_summaries
from storage.database import Database
from storage.tables import Article, ArticleReply, Reply, ReplyRequest, ReplyState, Verdict

SAMPLES = {sample.title: sample.text for sample in load_samples()}
KNOWN = "菌類和茄子同吃"
UNCHECKED = "沒人查過的說法"
SMALL_TALK = "閒聊"
CALL = "@查明"
WITHIN_S = 60.0
"""When to give up waiting for another process: long, for a busy machine."""
THANKS, HOW_TO_ASK = "謝謝您", "@我"
"""What the bot says to a sticker, and to being called with nothing."""


def words(messages: list[dict[str, Any]]) -> str:
    """Return everything one can read in messages, one piece a line."""
    return "\n".join(_texts(messages))


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value[key]) for key in ("text", "altText", "label", "uri") if isinstance(value.get(key), str)]
        return own + [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return []


def is_answer(messages: list[dict[str, Any]]) -> bool:
    """Whether the bot gave one article's verdict: nothing else is offered to be shared."""
    return "分享給親友" in words(messages)


async def find_article(session: AsyncSession, text: str) -> ArticleSummary:
    """Return the sample's article with exactly this text."""
    article_id = await session.scalar(select(col(Article.id)).where(col(Article.text).contains(text.strip())))
    assert article_id is not None, f"the shipped sample lacks {text[:40]!r}"
    return (await load_article_summaries(session, [article_id]))[article_id]


async def best_reply_text(database: Database, text: str) -> str:
    """Return what the best reply to the sample's article with this text says."""
    async with database.reading() as session:
        return best_replies(await find_article(session, text))[0].text


async def publish_fact_check(
    database: Database, text: str, reply: str, verdict: Verdict = Verdict.RUMOR, state: ReplyState = ReplyState.VERIFIED
) -> tuple[str, str]:
    """Store a message and a reply to it, published, as the console will; return both ids."""
    async with database.transaction() as session:
        article = Article(text=text, source="chaming")
        stored = Reply(verdict=verdict, text=reply, reference="https://example.org/fact-check", source="chaming")
        session.add_all([article, stored])
        await session.flush()
        session.add(ArticleReply(article_id=article.id, reply_id=stored.id))
        await session.flush()
        await publish(session, article.id, stored.id, state)
        return article.id, stored.id


async def withdraw_reply(database: Database, article_id: str, reply_id: str) -> None:
    async with database.transaction() as session:
        await withdraw(session, article_id, reply_id)


async def load_requests(database: Database, article_id: str) -> list[ReplyRequest]:
    async with database.reading() as session:
        rows = await session.scalars(select(ReplyRequest).where(col(ReplyRequest.article_id) == article_id))
        return list(rows)


async def find_articles_with(database: Database, text: str) -> list[Article]:
    async with database.reading() as session:
        return list(await session.scalars(select(Article).where(col(Article.text) == text)))


def never_seen(topic: str) -> str:
    """Return a claim nobody has checked, another one for each topic, unlike anything in the sample."""
    number = zlib.crc32(topic.encode()) % 9_000 + 1_000
    return f"聽說{topic}研究所第{number}號公告，陽台的風鈴每響{number}下，冰箱裡的布丁就會少一個，請轉告大家。"


async def ask_until(line: LineSimulator, user: User, text: str, seen: str, *, within: float = WITHIN_S) -> float:
    """Ask again and again until the newest answer says `seen`; return the seconds that took.

    What another process publishes is known to the server within a second, not at once.
    """
    return await _ask_until(line, user, text, lambda said: seen in said, within)


async def ask_until_gone(line: LineSimulator, user: User, text: str, gone: str, *, within: float = WITHIN_S) -> float:
    """Ask again and again until the newest answer no longer says `gone`; return the seconds that took."""
    return await _ask_until(line, user, text, lambda said: gone not in said, within)


async def _ask_until(
    line: LineSimulator, user: User, text: str, is_right: Callable[[str], bool], within: float
) -> float:
    begin = time.monotonic()
    while time.monotonic() - begin < within:
        said = words(await line.ask(user, text))
        if is_right(said):
            return time.monotonic() - begin
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {within} s; the last answer: {said[:400]}")


async def said_before(line: LineSimulator, user: User, *, to: Group | None = None) -> list[dict[str, Any]]:
    """Return what the bot had to say to everything up to now, of which there may be nothing.

    A chat's events are handled one after another, so once a last one is answered, those before it are done.
    """
    chat = to or user
    before = len(line.messages(chat))
    if to is None:
        await line.send_sticker(user)
    else:
        await line.send_text(user, CALL, to=to, mentions={CALL: line.channel})
    heard = THANKS if to is None else HOW_TO_ASK
    await line.wait_until(lambda: heard in words(line.messages(chat)[before:]))
    return line.messages(chat)[:-1]


async def comes_true(condition: Callable[[], Awaitable[bool]], *, within: float = WITHIN_S) -> bool:
    """Whether something that another process does becomes so in time."""
    end = time.monotonic() + within
    while not await condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True
