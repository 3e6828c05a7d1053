"""A console to test: its server, its people, its messages."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from sqlalchemy import delete, select
from sqlmodel import col

from bot.wording import load_wordings
from moderation.console.app import console_app
from moderation.console.context import ConsoleContext
from moderation.console.editors import add_editor
from moderation.console.limits import RateLimits
from moderation.console.sessions import make_link
from moderation.console.task_cache import TaskCache
from moderation.console.wording import LOCALES
from moderation.intake import add_article, request_reply
from retrieval.types import Band, EntryKind, Match
from storage.articles import ArticleSummary
from storage.database import Database
from storage.tables import (
    ArticleReply,
    Editor,
    EditorSession,
    Reply,
    ReplyState,
    ReviewTask,
    Role,
    TaskState,
    Verdict,
    utc_now,
)

SECRET_KEY = "a key for tests, long enough"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CSRF = re.compile(r'name="csrf" content="(\w+)"')


@dataclass
class MailBox:
    """Keeps what is sent; fails while `broken`."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    broken: bool = False

    async def send(self, to: str, subject: str, text: str) -> None:
        if self.broken:
            raise OSError("refused")
        self.sent.append((to, subject, text))


@dataclass
class WordMatcher:
    """Finds articles that share a word with the text."""

    texts: dict[str, str] = field(default_factory=dict)
    ready: bool = True
    model_id: str = "words"

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        words = set(text.split())
        return [
            Match(id_, 0.8, Band.CANDIDATE, EntryKind.ARTICLE, known)
            for id_, known in self.texts.items()
            if words & set(known.split())
        ][:limit]


@dataclass
class Clock:
    """The console's time, which a test may let pass."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Volunteer:
    """A person at the console: `get` and `post` as their browser would."""

    editor: Editor
    role: Role
    browser: ClientSession
    base: str

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self.browser.get(self.base + path, **options)

    async def text(self, path: str) -> str:
        return await (await self.get(path)).text()

    async def csrf(self) -> str:
        found = CSRF.search(await self.text("/review/account"))
        assert found
        return found.group(1)

    async def post(self, path: str, **fields: str) -> ClientResponse:
        """Send a form of the page, and do not follow where it leads."""
        return await self.browser.post(
            self.base + path, data={"csrf": await self.csrf(), **fields}, allow_redirects=False
        )


@dataclass
class Desk:
    context: ConsoleContext
    base: str
    mail: MailBox
    matcher: WordMatcher
    clock: Clock
    count: int = 0

    @property
    def database(self) -> Database:
        return self.context.database

    @asynccontextmanager
    async def browser(self, user_agent: str = FIREFOX) -> AsyncIterator[ClientSession]:
        headers = {"User-Agent": user_agent, "Accept-Language": "en"}
        async with ClientSession(headers=headers, cookie_jar=CookieJar(unsafe=True)) as opened:
            yield opened

    async def invite(self, role: Role, name: str = "") -> tuple[Editor, str]:
        """An account and a one-time link for it."""
        self.count += 1
        async with self.database.transaction() as session:
            editor = await add_editor(session, f"person{self.count}@example.org", role, utc_now())
            editor.name = name or f"person {self.count}"
            session.add(editor)
            return editor, await make_link(session, editor.id, utc_now())

    @asynccontextmanager
    async def sign_in(self, role: Role, name: str = "") -> AsyncIterator[Volunteer]:
        editor, token = await self.invite(role, name)
        async with self.browser() as browser:
            page = await (await browser.get(f"{self.base}/review/sign-in/link?token={token}")).text()
            found = CSRF.search(page)
            assert found
            answer = await browser.post(
                f"{self.base}/review/sign-in/link",
                data={"csrf": found.group(1), "token": token, "next": "/review/account"},
            )
            assert answer.status == 200
            yield Volunteer(editor, role, browser, self.base)

    async def add_task(self, text: str, askers: int = 1) -> str:
        """A message that so many people ask about; returns its task's id."""
        async with self.database.transaction() as session:
            article = await add_article(session, text=text, matching_key_hash=None, contributor="asker0")
            for number in range(askers):
                await request_reply(session, article_id=article.id, asker_id=f"asker{number}")
        self.matcher.texts[article.id] = text
        self.context.tasks.forget()
        return await self.task_of(article.id)

    async def add_answer(self, task_id: str, author: str, state: ReplyState = ReplyState.PROPOSED) -> str:
        """Somebody's answer to a task's message; returns its page."""
        async with self.database.transaction() as session:
            task = await session.get_one(ReviewTask, task_id)
            reply = Reply(verdict=Verdict.RUMOR, text="It does not.", contributor=author)
            session.add(reply)
            await session.flush()
            session.add(ArticleReply(article_id=task.article_id, reply_id=reply.id, state=state, contributor=author))
            task.state = TaskState.SUBMITTED
        self.context.tasks.forget()
        return f"/review/answers/{task.article_id}/{reply.id}"

    async def task_of(self, article_id: str) -> str:
        async with self.database.reading() as session:
            found = await session.scalar(select(col(ReviewTask.id)).where(col(ReviewTask.article_id) == article_id))
        assert found
        return found

    async def end_sessions(self) -> None:
        """Everybody is signed out, without knowing it yet."""
        async with self.database.transaction() as session:
            await session.execute(delete(EditorSession))

    async def task(self, task_id: str) -> ReviewTask:
        async with self.database.reading() as session:
            return await session.get_one(ReviewTask, task_id)


def draw_nothing(article: ArticleSummary, language: str) -> str:
    return "<p>bubble</p>"


@asynccontextmanager
async def open_desk(database: Database, port: int | None = None, **given: Any) -> AsyncIterator[Desk]:
    mail, matcher = MailBox(), WordMatcher()
    app = web.Application()
    clock = Clock()
    context = ConsoleContext(
        **{
            "database": database,
            "wordings": load_wordings(LOCALES),
            "matcher": matcher,
            "preview": draw_nothing,
            "secret_key": SECRET_KEY,
            "public_url": "http://localhost",
            "mailer": mail,
            "limits": RateLimits(),
            "tasks": TaskCache(database),
            "now": clock.now,
            **given,
        }
    )
    app.add_subapp("/review/", console_app(context))
    async with TestServer(app, port=port) as server:
        yield Desk(context, f"http://127.0.0.1:{server.port}", mail, matcher, clock)
