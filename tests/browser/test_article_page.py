"""The public page of an article, as whoever was sent the link sees it on an old, narrow phone."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Browser, ViewportSize

from bot.buttons import Buttons
from bot.pages import add_pages
from bot.wording import load_wordings
from scripts.simulator.line import serve_app
from storage.database import Database
from storage.tables import Verdict
from tests.acceptance.library import publish_fact_check, withdraw_reply
from tests.browser.looking import faint_texts, pixels_sticking_out, watch_requests

pytestmark = pytest.mark.browser

MESSAGE = "喝熱檸檬水可以治癌症，請轉發給所有人！\nhttps://example.org/" + "very-long-address-" * 12
REPLY = "假的。沒有研究證明熱檸檬水能治療癌症。\n出處：https://example.org/" + "a" * 200
WIDTHS = (320, 390, 1024)


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[str]:
    app = web.Application()
    add_pages(
        app,
        database=sqlite_database,
        wordings=load_wordings(),
        buttons=Buttons("a key for tests, long enough"),
        public_url="https://bot.example.org",
    )
    async with serve_app(app) as url:
        yield url


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_it_can_be_read_at_every_width(
    browser: Browser, site: str, sqlite_database: Database, verdict: Verdict
) -> None:
    article_id, _ = await publish_fact_check(sqlite_database, MESSAGE, REPLY, verdict)
    page = await browser.new_page(locale="zh-TW")
    asked = watch_requests(page)
    for width in WIDTHS:
        await page.set_viewport_size(ViewportSize(width=width, height=800))
        await page.goto(f"{site}/articles/{article_id}")
        assert await page.get_by_text("沒有研究證明").is_visible()
        assert await pixels_sticking_out(page) == 0
        assert await faint_texts(page) == []
    assert {url.split("?")[0] for url in asked} == {f"{site}/articles/{article_id}"}, "no assets from anywhere"


async def test_it_says_what_is_withdrawn_and_what_is_not_there(
    browser: Browser, site: str, sqlite_database: Database
) -> None:
    article_id, reply_id = await publish_fact_check(sqlite_database, MESSAGE, REPLY)
    await withdraw_reply(sqlite_database, article_id, reply_id)
    page = await browser.new_page(locale="zh-TW")
    await page.goto(f"{site}/articles/{article_id}")
    assert await page.get_by_text("撤回").first.is_visible()
    assert not await page.get_by_text("沒有研究證明").is_visible()
    answer = await page.goto(f"{site}/articles/nothing-here")
    assert answer
    assert answer.status == 404
    assert await faint_texts(page) == []
