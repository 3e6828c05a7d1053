"""The picture on an article's page: shown while the article is, in parts where a phone asks so, and never run."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.buttons import Buttons
from bot.pages import add_pages
from bot.wording import load_wordings
from storage.database import Database
from storage.media import save_media
from storage.tables import Article, ArticleMedia, ArticleType, HashKind, Status

Client = TestClient[web.Request, web.Application]
DATA = bytes(range(100))


@pytest.fixture
async def client(sqlite_database: Database) -> AsyncIterator[Client]:
    app = web.Application()
    add_pages(
        app,
        database=sqlite_database,
        wordings=load_wordings(),
        buttons=Buttons("a secret for tests"),
        public_url="https://chaming.example.tw/",
    )
    async with sqlite_database.transaction() as session:
        for article_id, content_type, status in (
            ("picture", "image/jpeg", Status.NORMAL),
            ("video", "video/mp4", Status.NORMAL),
            ("sound", "audio/mp4", Status.NORMAL),
            ("blocked", "image/jpeg", Status.BLOCKED),
        ):
            kind = {"image/jpeg": ArticleType.IMAGE, "video/mp4": ArticleType.VIDEO}.get(
                content_type, ArticleType.AUDIO
            )
            session.add(Article(id=article_id, type=kind, status=status))
            await session.flush()
            media = ArticleMedia(article_id=article_id, content_type=content_type, data=DATA, width=40, height=30)
            await save_media(session, media, [(HashKind.BYTES, article_id.encode())])
        session.add(Article(id="text", text="訊息"))
    async with TestClient(TestServer(app)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("article_id", "tag"), [("picture", '<img class="sent"'), ("video", "<video"), ("sound", "<audio")]
)
async def test_it_stands_on_the_page_and_is_served_as_what_it_is(client: Client, article_id: str, tag: str) -> None:
    page = await (await client.get(f"/articles/{article_id}")).text()
    assert tag in page
    assert f'src="/articles/{article_id}/media"' in page
    shown = await client.get(f"/articles/{article_id}/media")
    assert await shown.read() == DATA
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(("article_id", "status"), [("blocked", 410), ("text", 410), ("unknown", 404), ("a%00b", 404)])
async def test_it_serves_nothing_that_is_not_shown(client: Client, article_id: str, status: int) -> None:
    assert (await client.get(f"/articles/{article_id}/media")).status == status


@pytest.mark.parametrize(
    ("wanted", "status", "data", "told"),
    [
        ("bytes=0-9", 206, DATA[:10], "bytes 0-9/100"),
        ("bytes=90-", 206, DATA[90:], "bytes 90-99/100"),
        ("bytes=-5", 206, DATA[95:], "bytes 95-99/100"),
        ("bytes=200-", 416, b"", "bytes */100"),
        ("pages=1-2", 200, DATA, None),
    ],
)
async def test_it_serves_the_part_that_is_asked_for(
    client: Client, wanted: str, status: int, data: bytes, told: str | None
) -> None:
    shown = await client.get("/articles/video/media", headers={"Range": wanted})
    assert (shown.status, await shown.read(), shown.headers.get("Content-Range")) == (status, data, told)
