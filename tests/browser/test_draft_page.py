"""The page on which a person cuts their own message, opened from the consent bubble on a phone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.bubbles.view import DRAFT_LINK
from bot.buttons import Press
from bot.draft_page import add_draft_page
from bot.outcome import HandlerResult
from bot.pages import add_pages
from scripts.simulator.actions import iterate_actions
from scripts.simulator.line import serve_app
from storage.database import Database
from storage.tables import Status, utc_now
from tests.bot.conftest import talking
from tests.bot.conversation import Conversation
from tests.bot.test_handlers import articles
from tests.browser.accessibility import accessibility_problems
from tests.browser.looking import pixels_sticking_out, watch_requests

pytestmark = pytest.mark.browser

PHONE = ViewportSize(width=360, height=740)
PUBLIC_URL = "https://chaming.example.tw"
MESSAGE = "衛福部公告：健保卡沒有照片的人不能看醫生。請打0912345678找王小明先生！快告訴家人"
CUT = "衛福部公告：健保卡沒有照片的人不能看醫生。"
OPENS_IT = "刪減內容、說明理由"
TEXT, REASON, WHERE = "請刪掉不想公開的部分", "為什麼覺得可疑", "您是在哪裡看到的"
LOOK, PUBLISH, CHANGE = "先看一遍再決定", "好，請志工查證", "我要再改"


@dataclass
class Site:
    """The pages on this machine, and the chat whose links lead to them."""

    chat: Conversation
    url: str

    async def ask(self) -> str:
        """Ask about the message; where the consent bubble's button leads."""
        return self.follow(await self.chat.say(MESSAGE))

    def follow(self, offered: HandlerResult) -> str:
        buttons = iterate_actions(list(offered.messages))
        uri = next(one["uri"] for one in buttons if one.get("label") == OPENS_IT)
        return str(uri).replace(PUBLIC_URL, self.url)


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[Site]:
    async with talking(sqlite_database) as chat:
        services, app = chat.services, web.Application()
        add_pages(
            app,
            database=services.database,
            wordings=services.wordings,
            buttons=services.buttons,
            public_url=PUBLIC_URL,
        )
        add_draft_page(app, services)
        async with serve_app(app) as url:
            yield Site(chat, url)


async def open_page(browser: Browser, address: str, **context: Any) -> Page:
    page = await browser.new_page(viewport=PHONE, locale="zh-TW", **context)
    await page.goto(address)
    return page


async def cut_and_look(page: Page) -> None:
    await page.get_by_label(TEXT).fill(CUT)
    await page.get_by_label(REASON).fill("衛福部網站上找不到")
    await page.get_by_label(WHERE).select_option(label="家人傳的")
    await page.get_by_role("button", name=LOOK).click()


async def looks_right(page: Page) -> None:
    """Nothing sticks out of a narrow phone, and axe-core has nothing to say, in the light and in the dark."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert await accessibility_problems(page) == []
    assert await pixels_sticking_out(page) == 0


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_it_is_cut_looked_at_and_published_on_a_phone(browser: Browser, site: Site, script: bool) -> None:
    page = await open_page(browser, await site.ask(), java_script_enabled=script)
    asked = watch_requests(page)
    await expect(page.get_by_label(TEXT)).to_have_value(MESSAGE.replace("0912345678", "○○○").replace("王小明", "○○○"))
    if script:
        await looks_right(page)
    await cut_and_look(page)
    await expect(page.locator("blockquote").first).to_have_text(CUT)
    assert await articles(site.chat) == [], "looking is not publishing"
    if script:
        await looks_right(page)
    await page.get_by_role("button", name=PUBLISH).click()
    await expect(page.locator("main")).to_contain_text("第 1 位")
    if script:
        await looks_right(page)
    (article,) = await articles(site.chat)
    assert article.text == CUT
    assert all(address.startswith(site.url) for address in asked)


async def test_pressed_twice_it_asks_once_and_can_be_taken_back(browser: Browser, site: Site) -> None:
    address = await site.ask()
    first, second = await open_page(browser, address), await open_page(browser, address)
    for page in (first, second):
        await cut_and_look(page)
    await first.get_by_role("button", name=PUBLISH).click()
    await expect(first.locator("main")).to_contain_text("第 1 位")
    await second.get_by_role("button", name=PUBLISH).click()
    await expect(second.locator("h1")).to_have_text("您的提問")
    assert len(await articles(site.chat)) == 1
    await looks_right(second)
    await second.get_by_role("button", name="收回我的提問").click()
    await expect(second.locator("main")).to_contain_text("已收回")
    assert [article.status for article in await articles(site.chat)] == [Status.DELETED]


async def test_one_can_go_back_and_change_it(browser: Browser, site: Site) -> None:
    page = await open_page(browser, await site.ask())
    await cut_and_look(page)
    await page.get_by_role("button", name=CHANGE).click()
    await expect(page.get_by_label(TEXT)).to_have_value(CUT)
    await expect(page.get_by_label(REASON)).to_have_value("衛福部網站上找不到")


async def test_what_was_written_into_it_is_refused_with_a_reason(browser: Browser, site: Site) -> None:
    page = await open_page(browser, await site.ask())
    await page.get_by_label(TEXT).fill(CUT + "而且會漏水")
    await page.get_by_role("button", name=LOOK).click()
    await expect(page.get_by_role("alert")).to_contain_text("只能刪除")
    await looks_right(page)


async def test_a_link_that_has_died_says_what_to_do(browser: Browser, site: Site) -> None:
    address = await site.ask()
    await site.chat.services.inbox.erase_expired(utc_now() + timedelta(days=2))
    page = await open_page(browser, address)
    await expect(page.locator("main")).to_contain_text("再傳一次")
    await looks_right(page)
    forged = site.chat.services.buttons.sign_link(DRAFT_LINK, "no such message")
    await page.goto(f"{site.url}/drafts/{forged}")
    await expect(page.locator("h1")).to_have_text("這個頁面已經關閉")


async def test_it_speaks_the_language_chosen_in_the_chat(browser: Browser, site: Site) -> None:
    await site.chat.press(site.chat.services.buttons.encode(Press.SET, kind="language:en"))
    offered = await site.chat.say(MESSAGE)
    uri = next(one["uri"] for one in iterate_actions(list(offered.messages)) if "/drafts/" in one.get("uri", ""))
    page = await open_page(browser, uri.replace(PUBLIC_URL, site.url))
    await expect(page.locator("h1")).to_have_text("What may become public?")
    await looks_right(page)
