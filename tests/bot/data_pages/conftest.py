"""The data pages over a small database, without anything else of the bot."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.data_pages.routes import add_data_pages
from storage.database import Database
from storage.statistics.rollup import roll_up
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleReply,
    Category,
    MatchDecision,
    MatchOutcome,
    Reply,
    ReplyRequest,
    ReplyState,
    Verdict,
    utc_now,
)

Client = TestClient[web.Request, web.Application]
PUBLIC_URL = "https://chaming.example.tw"
HOSTILE = "=1+1<script>alert(1)</script>"


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    return tmp_path / "releases"


@pytest.fixture
async def site(sqlite_database: Database, releases: Path) -> web.Application:
    app = web.Application()
    add_data_pages(app, database=sqlite_database, public_url=PUBLIC_URL + "/", releases=releases)
    return app


@pytest.fixture
async def client(site: web.Application) -> AsyncIterator[Client]:
    async with TestClient(TestServer(site)) as opened:
        yield opened


async def fill(database: Database, now: datetime | None = None) -> None:
    """An answered rumour that 25 people sent in, an open article with a hostile text, and their counts."""
    now = now or utc_now()
    asked = now - timedelta(days=10)
    async with database.transaction() as session:
        session.add_all(
            [
                Article(id="rumour", text="喝熱水可以殺死病毒", created_at=asked),
                Article(id="open", text=HOSTILE, created_at=now - timedelta(days=3)),
                Category(id="health", title="保健秘訣"),
                Reply(id="reply", verdict=Verdict.RUMOR, text="這是謠言。", created_at=asked, contributor="writer"),
            ]
        )
        await session.flush()
        session.add_all(
            [
                ArticleCategory(article_id="rumour", category_id="health"),
                ReplyRequest(article_id="open", contributor="someone", created_at=now - timedelta(days=3)),
                ArticleReply(
                    article_id="rumour",
                    reply_id="reply",
                    state=ReplyState.VERIFIED,
                    created_at=asked + timedelta(hours=6),
                    published_at=asked + timedelta(hours=6),
                ),
            ]
        )
        for number in range(25):
            outcome = MatchOutcome.ANSWER if number else MatchOutcome.NO_MATCH
            offered = [{"article_id": "rumour"}]
            when = now.astimezone(UTC) - timedelta(days=number % 9)
            session.add(MatchDecision(id=f"d{number}", model_id="m", outcome=outcome, offered=offered, created_at=when))
    await roll_up(database, now)
